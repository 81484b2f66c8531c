/* tool_images.c: the images a command runs over, from a Darknet list or from memory, and their labels. */
#include <errno.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_image.h"
#include "label.h"
#include "tool.h"

/* Next line of a file without its end, new; NULL at the end. */
static char *read_line(FILE *file) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length = tool_getline(&line, &size, file);
    if (length < 0) {
        free(line);
        return NULL;
    }
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    return line;
}

/* The lines of a file that are not empty. */
static char **read_lines(const char *path, int limit, int *count) {
    FILE *file = tool_open_text(path);
    char **lines = NULL, *line;
    int capacity = 0;
    *count = 0;
    while ((limit == 0 || *count < limit) && (line = read_line(file))) {
        if (*line == '\0') {
            free(line);
            continue;
        }
        if (*count == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            lines = lgg_grow(lines, (size_t)capacity, sizeof *lines, "the lines of a file");
        }
        lines[(*count)++] = line;
    }
    fclose(file);
    return lines;
}

static char *value_of(const char *line, const char *key) {
    size_t length = strlen(key);
    while (isspace((unsigned char)*line))
        ++line;
    if (strncmp(line, key, length) != 0) return NULL;
    line += length;
    while (isspace((unsigned char)*line))
        ++line;
    if (*line++ != '=') return NULL;
    while (isspace((unsigned char)*line))
        ++line;
    return lgg_copy_string(line);
}

static tool_data *read_data(const char *path, int least) {
    int lines;
    char **line = read_lines(path, 0, &lines);
    char *labels = NULL, *names = NULL, *train = NULL, *valid = NULL, *test = NULL, *classes = NULL, *map = NULL,
         *leaves = NULL;
    for (int i = 0; i < lines; ++i) {
        if (!labels) labels = value_of(line[i], "labels");
        if (!names) names = value_of(line[i], "names");
        if (!train) train = value_of(line[i], "train");
        if (!valid) valid = value_of(line[i], "valid");
        if (!test) test = value_of(line[i], "test");
        if (!classes) classes = value_of(line[i], "classes");
        if (!map) map = value_of(line[i], "map");
        if (!leaves) leaves = value_of(line[i], "leaves");
        free(line[i]);
    }
    free(line);
    const char *const read_too[] = {labels, names}, *const lists[] = {train, valid, test};
    for (int i = 0; i < 2; ++i) {
        if (read_too[i]) tool_add_input(read_too[i]);
    }
    for (int i = 0; i < 3; ++i) {
        if (lists[i]) tool_add_images(lists[i]);
    }
    if (!labels) labels = names, names = NULL;
    if (!labels && least > 0) tool_fail("%s: names no list of labels (labels=file)", path);
    tool_data *data = lgg_allocate(1, sizeof *data, "the data file");
    if (labels && (least > 0 || access(labels, R_OK) == 0)) data->names = read_lines(labels, 0, &data->classes);
    data->train = train;
    data->map = map;
    data->leaves = leaves;
    data->valid = valid ? valid : test;
    if (valid) free(test);
    if (data->names && classes) {
        char *end;
        const long count = strtol(classes, &end, 10);
        if (*end || count < (least > 1 ? least : 1) || count > data->classes)
            tool_fail("%s: classes=%s, but %s has %d labels", path, classes, labels, data->classes);
        data->classes = (int)count;
    }
    if (data->classes < least) tool_fail("%s: needs two labels or more", labels);
    free(labels);
    free(names);
    free(classes);
    return data;
}

tool_data *tool_data_read(const char *path) {
    return read_data(path, 2);
}

tool_data *tool_data_read_lists(const char *path) {
    return read_data(path, 0);
}

void tool_data_free(tool_data *data) {
    if (!data) return;
    for (int i = 0; i < data->classes; ++i)
        free(data->names[i]);
    free(data->names);
    free((char *)data->train);
    free((char *)data->valid);
    free((char *)data->map);
    free((char *)data->leaves);
    free(data);
}

tool_images *tool_images_without_labels(const char *list, int w, int h, int c, int limit) {
    tool_images *images = lgg_allocate(1, sizeof *images, "images");
    images->path = read_lines(list, limit, &images->count);
    tool_add_images(list);
    if (images->count == 0) tool_fail("%s: no images in it", list);
    images->w = w;
    images->h = h;
    images->c = c;
    return images;
}

tool_images *tool_images_from_list(const char *list, const tool_data *data, int w, int h, int c, int limit) {
    tool_images *images = tool_images_without_labels(list, w, h, c, limit);
    images->label = lgg_allocate((size_t)images->count, sizeof *images->label, "labels");
    for (int i = 0; i < images->count; ++i) {
        images->label[i] = label_of_path(images->path[i], data->names, data->classes);
        if (images->label[i] < 0) {
            tool_fail("%s: %s has no class in its name; the first class is '%s'", list, images->path[i],
                      data->names[0]);
        }
    }
    return images;
}

tool_images *tool_images_from_bytes(const uint8_t *bytes, const int *label, int count, int w, int h, int c) {
    tool_images *images = lgg_allocate(1, sizeof *images, "images");
    *images = (tool_images){.count = count, .w = w, .h = h, .c = c, .bytes = bytes};
    images->label = lgg_allocate((size_t)count, sizeof *images->label, "labels");
    memcpy(images->label, label, (size_t)count * sizeof *label);
    return images;
}

void tool_images_read(const tool_images *images, int first, int count, float *x) {
    size_t size = (size_t)images->w * (size_t)images->h * (size_t)images->c;
    if (images->path) {
        for (int i = 0; i < count; ++i) {
            if (access(images->path[first + i], R_OK) != 0)
                tool_fail("cannot read %s: %s", images->path[first + i], strerror(errno));
        }
    }
#pragma omp parallel for schedule(dynamic, 8)
    for (int i = 0; i < count; ++i) {
        if (images->path) {
            host_read_image(images->path[first + i], images->w, images->h, images->c, x + (size_t)i * size);
        } else {
            tool_planes_of_bytes(images->bytes + (size_t)(first + i) * size, images->w, images->h, images->c,
                                 x + (size_t)i * size);
        }
    }
}

void tool_planes_of_bytes(const uint8_t *bytes, int w, int h, int c, float *x) {
    for (int k = 0; k < c; ++k) {
        for (int i = 0; i < w * h; ++i)
            x[k * w * h + i] = (float)bytes[i * c + k] / 255.f;
    }
}

void tool_image_write(const char *path, const float *x, int w, int h, int c) {
    unsigned char *pixels = lgg_allocate((size_t)(w * h * c), 1, "an image");
    for (int k = 0; k < c; ++k) {
        for (int i = 0; i < w * h; ++i)
            pixels[i * c + k] = (unsigned char)(255 * x[k * w * h + i] + .5f);
    }
    int length = 0;
    unsigned char *png = host_png(pixels, w, h, c, &length);
    if (!png) lgg_out_of_memory("a picture", (double)w * h * c);
    tool_output output = tool_output_open(path);
    fwrite(png, 1, (size_t)length, output.file);
    tool_output_commit(&output);
    free(png);
    free(pixels);
}

void tool_images_free(tool_images *images) {
    if (!images) return;
    for (int i = 0; images->path && i < images->count; ++i)
        free(images->path[i]);
    free(images->path);
    free(images->label);
    free(images);
}
