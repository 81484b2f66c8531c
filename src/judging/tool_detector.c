/* tool_detector.c: see tool_detector.h. */
#include "tool_detector.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool_network.h"

int tool_detector_classes(tool_model *model, const char *cfg) {
    const network *net = tool_model_network(model);
    int found = -1;
    for (int i = 0; i < net->n; ++i) {
        if (!host_finds_boxes(&net->layers[i])) continue;
        if (found >= 0 && net->layers[i].classes != net->layers[found].classes) {
            tool_fail("%s: layer %s has %d classes, layer %s %d", cfg, tool_model_layer_name(model, i),
                      net->layers[i].classes, tool_model_layer_name(model, found), net->layers[found].classes);
        }
        found = i;
    }
    if (found < 0) tool_fail("%s: has no layer that finds boxes: [yolo] or [region]", cfg);
    if (net->layers[net->n - 1].classes != net->layers[found].classes)
        tool_fail("%s: layer %s comes after the last that finds boxes", cfg, tool_model_layer_name(model, net->n - 1));
    return net->layers[found].classes;
}

void tool_detector_find(tool_model *model, const char *path, int image_index, float threshold, float nms,
                        tool_objects *found) {
    network *net = tool_model_network(model);
    const int first = found->count, classes = host_boxes_layer(net)->classes;
    float *x = lgg_allocate((size_t)net->inputs, sizeof *x, "an image");
    int w, h, count;
    host_read_for_detector(net, path, x, &w, &h);
    tool_model_forward(model, x, 1);
    detection *boxes = host_find_boxes(net, w, h, threshold, nms, &count);
    for (int i = 0; i < count; ++i) {
        const box b = boxes[i].bbox;
        for (int c = 0; c < classes; ++c) {
            if (!(boxes[i].prob[c] > 0)) continue;
            const tool_object o = {{b.x, b.y, b.w, b.h}, image_index, c, boxes[i].prob[c]};
            tool_objects_add(found, o);
        }
    }
    free_detections(boxes, count);
    free(x);
    tool_objects_keep_best(found, first, TOOL_MAP_MOST);
}

/* Boxes may reach beyond the image a little. */
#define FARTHEST 2.f

/* The five numbers of a line; 0 where it is none such. */
static int parse_truth(const char *line, int classes, tool_object *truth) {
    float *value[4] = {&truth->box.x, &truth->box.y, &truth->box.w, &truth->box.h};
    char *end;
    errno = 0;
    const long label = strtol(line, &end, 10);
    if (end == line || errno || label < 0 || label >= classes) return 0;
    truth->label = (int)label;
    for (int i = 0; i < 4; ++i) {
        const char *text = end;
        *value[i] = strtof(text, &end);
        if (end == text || !isspace((unsigned char)*text) || !isfinite(*value[i])) return 0;
        if (fabsf(*value[i]) > FARTHEST) return 0; /* pixels */
    }
    while (isspace((unsigned char)*end))
        ++end;
    return *end == '\0' && truth->box.w > 0 && truth->box.h > 0;
}

int tool_detector_read_truths(const char *path, int image, int classes, tool_objects *truths, char **labels) {
    char *line = NULL;
    size_t size = 0;
    *labels = host_labels_path(path);
    if (strcmp(*labels, path) == 0 || (access(*labels, F_OK) != 0 && errno == ENOENT)) return 0;
    FILE *file = tool_open_text(*labels);
    for (int number = 1; tool_getline(&line, &size, file) >= 0; ++number) {
        tool_object truth = {.image = image};
        if (line[strspn(line, " \t\r\n")] == '\0') continue;
        if (!parse_truth(line, classes, &truth)) {
            tool_fail("%s, line %d: should be class x y w h: 0 to %d, and parts of the image's width and height",
                      *labels, number, classes - 1);
        }
        tool_objects_add(truths, truth);
    }
    free(line);
    fclose(file);
    free(*labels);
    *labels = NULL;
    return 1;
}
