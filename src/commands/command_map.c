/* command_map.c: `lgg map`: mean average precision of a detector on the test list, as COCO defines it (tool_map.h). */
#include <stdlib.h>

#include "commands.h"
#include "tool.h"
#include "tool_detector.h"

typedef struct {
    int classes, images;
    tool_precision all, *of; /* of (classes) */
} judgement;

/* Of the class, in a new string. */
static char *class_name(const tool_data *data, int label) {
    if (label < data->classes) return lgg_copy_string(data->names[label]);
    char number[16];
    snprintf(number, sizeof number, "%d", label);
    return lgg_copy_string(number);
}

/* The list is for messages. */
static tool_objects read_truths(const char *list, const tool_images *images, int classes) {
    tool_objects truths = {0};
    char *missing = NULL;
    int unlabelled = 0;
    for (int i = 0; i < images->count; ++i) {
        char *labels;
        if (tool_detector_read_truths(images->path[i], i, classes, &truths, &labels)) continue;
        if (unlabelled++ == 0)
            missing = labels;
        else
            free(labels);
    }
    if (unlabelled == images->count)
        tool_fail("%s: no image has a labels file; that of the first would be %s", list, missing);
    if (!truths.count) tool_fail("%s: no labels file has a box in it", list);
    if (missing) {
        tool_note("%d of the images have no labels file, the first %s: taken as without objects", unlabelled, missing);
    }
    free(missing);
    return truths;
}

static tool_objects find(tool_model *model, const tool_images *images, double threshold, double nms) {
    tool_objects found = {0};
    tool_progress progress = tool_progress_begin("images", images->count);
    for (int i = 0; i < images->count; ++i) {
        tool_detector_find(model, images->path[i], i, (float)threshold, (float)nms, &found);
        tool_progress_step(&progress, i + 1);
    }
    tool_progress_end(&progress);
    return found;
}

static void print_row(const char *name, const tool_precision *p) {
    printf("%-20.20s %8d %8d", name, p->truths, p->found);
    if (p->truths)
        printf(" %8.2f %8.2f %10.2f\n", 100 * p->ap[0], 100 * p->ap[5], 100 * tool_precision_mean(p));
    else
        printf(" %8s %8s %10s\n", "", "", "");
}

static void print_judgement(const judgement *j, const tool_data *data) {
    printf("%-20s %8s %8s %8s %8s %10s\n", "class", "boxes", "found", "AP@.5", "AP@.75", "AP@.5:.95");
    for (int c = 0; c < j->classes; ++c) {
        char *name = class_name(data, c);
        print_row(name, &j->of[c]);
        free(name);
    }
    print_row("mean (mAP)", &j->all);
    printf("%% of %d images, at 101 points of recall; at most %d boxes an image, not cut off at its border\n",
           j->images, TOOL_MAP_MOST);
}

static void write_row(FILE *file, const char *name, const tool_precision *p) {
    tool_csv_text(file, name);
    fprintf(file, ",%d,%d", p->truths, p->found);
    if (p->truths)
        fprintf(file, ",%.4f", 100 * tool_precision_mean(p));
    else
        fputc(',', file);
    for (int t = 0; t < TOOL_MAP_THRESHOLDS; ++t) {
        if (p->truths)
            fprintf(file, ",%.4f", 100 * p->ap[t]);
        else
            fputc(',', file);
    }
    fputc('\n', file);
}

/* The first row is that of all classes. */
static void write_csv(const char *path, const judgement *j, const tool_data *data) {
    tool_output output = tool_output_open(path);
    if (!output.file) return;
    fprintf(output.file, "class,boxes,found,AP");
    for (int t = 0; t < TOOL_MAP_THRESHOLDS; ++t)
        fprintf(output.file, ",AP%d", 50 + 5 * t);
    fputc('\n', output.file);
    write_row(output.file, "all", &j->all);
    for (int c = 0; c < j->classes; ++c) {
        char *name = class_name(data, c);
        write_row(output.file, name, &j->of[c]);
        free(name);
    }
    tool_output_commit(&output);
}

int command_map(int argc, char **argv) {
    const char *csv = NULL, *file[3];
    int tests = 0;
    double threshold = .005, nms = .45;
    const tool_option list[] = {
        {"test", TOOL_INT, &tests, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"threshold", TOOL_DOUBLE, &threshold, 1e-30, 1, "boxes of a lower score do not count", NULL, NULL},
        {"nms", TOOL_DOUBLE, &nms, 0, 1,
         "non-maximum suppression: what overlaps a box of higher score by a larger IoU does not count; 0: none", NULL,
         NULL},
        {"csv", TOOL_STRING, &csv, 0, 0, "write the average precision of each class at each IoU", NULL, NULL},
    };
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof *list, file, 3) != 3)
        tool_fail("usage: ./darknet lgg map data.cfg net.cfg net.weights [options]; -help lists them");
    tool_csv_check(csv);
    tool_data *data = tool_data_read_lists(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    if (data->map) tool_note("%s: map=%s is not read; the classes are those of the network", file[0], data->map);
    tool_model *model = tool_model_load(file[1], file[2], 1);
    int w, h, c;
    tool_model_input_size(model, &w, &h, &c);
    judgement j = {.classes = tool_detector_classes(model, file[1])};
    if (data->classes && data->classes != j.classes)
        tool_fail("%s: names %d classes, but %s finds %d", file[0], data->classes, file[1], j.classes);
    tool_images *images = tool_images_without_labels(data->valid, w, h, c, tests);
    tool_objects truths = read_truths(data->valid, images, j.classes);
    tool_objects found = find(model, images, threshold, nms);
    j.images = images->count;
    j.of = lgg_allocate((size_t)j.classes, sizeof *j.of, "the classes");
    j.all = tool_precisions(&truths, &found, images->count, j.classes, j.of);
    print_judgement(&j, data);
    write_csv(csv, &j, data);
    free(j.of);
    tool_objects_free(&truths);
    tool_objects_free(&found);
    tool_images_free(images);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
