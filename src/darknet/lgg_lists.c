/* lgg_lists.c: see lgg_lists.h. */
#include "lgg_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "label.h"

enum { IMAGES_LOOKED_AT = 100 };

/* The lines of a file. */
typedef struct {
    const char *path;
    char **line;
    int n;
} text_lines;

static text_lines read_text_lines(const char *path) {
    list *found = get_paths((char *)path);
    text_lines lines = {path, (char **)list_to_array(found), found->size};
    free_list(found);
    return lines;
}

static void free_text_lines(text_lines *lines) {
    free_ptrs((void **)lines->line, lines->n);
}

static void refuse_byte_order_mark(const char *path, const char *first_line, const char *of) {
    if (strncmp(first_line, "\xEF\xBB\xBF", 3)) return;
    fprintf(stderr, "%s: begins with a byte order mark, which is no part of %s: save it without\n", path, of);
    exit(EXIT_FAILURE);
}

static void refuse_empty_lines(const text_lines *lines, int n, const char *of) {
    for (int i = 0; i < n; ++i) {
        if (lines->line[i][0]) continue;
        fprintf(stderr, "%s: line %d is empty: each line is %s\n", lines->path, i + 1, of);
        exit(EXIT_FAILURE);
    }
    if (lines->n) refuse_byte_order_mark(lines->path, lines->line[0], of);
}

static void check_label_count(const text_lines *labels, int classes, const char *datacfg) {
    if (labels->n >= classes) return;
    fprintf(stderr, "%s: classes=%d, but %s has %d labels\n", datacfg, classes, labels->path, labels->n);
    exit(EXIT_FAILURE);
}

static void check_images(const text_lines *images, const text_lines *labels, int classes) {
    if (images->n == 0) {
        fprintf(stderr, "%s: no images in it\n", images->path);
        exit(EXIT_FAILURE);
    }
    const int n = images->n < IMAGES_LOOKED_AT ? images->n : IMAGES_LOOKED_AT;
    for (int i = 0; i < n; ++i) {
        if (label_of_path(images->line[i], labels->line, classes) >= 0) return;
    }
    fprintf(stderr,
            "%s: none of the first %d images has a class in its name, such as %s; the first class of %s is '%s'\n",
            images->path, n, images->line[0], labels->path, labels->line[0]);
    exit(EXIT_FAILURE);
}

void check_lgg_lists(const char *datacfg, int classes, int trains, int of_labels) {
    list *options = read_data_cfg((char *)datacfg);
    const char *named = option_find(options, (char *)"labels"), *train = option_find(options, (char *)"train");
    if (options->size) refuse_byte_order_mark(datacfg, ((kvp *)options->front->val)->key, "an option");
    if (!option_find(options, (char *)"tag")) {
        text_lines labels = read_text_lines(named ? named : "data/labels.list");
        check_label_count(&labels, classes, datacfg);
        refuse_empty_lines(&labels, classes, "a class");
        if (trains && train) {
            text_lines images = read_text_lines(train);
            refuse_empty_lines(&images, images.n, "an image");
            if (of_labels) check_images(&images, &labels, classes);
            free_text_lines(&images);
        }
        free_text_lines(&labels);
    }
    free_list(options);
}
