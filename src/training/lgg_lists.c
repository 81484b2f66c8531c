/* lgg_lists.c: see lgg_lists.h. */
#include "lgg_lists.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "label.h"

/* Images, and images times classes, whose names are looked at. */
enum { IMAGES_LOOKED_AT = 5000, NAMES_LOOKED_AT = 5000000 };

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

/* A label that is no part of any name as it stands, or one of two that are the same, of which one has no images. */
static void check_labels(const text_lines *labels, int classes) {
    for (int i = 0; i < classes; ++i) {
        const char *label = labels->line[i];
        const size_t length = strlen(label);
        if (isspace((unsigned char)label[0]) || isspace((unsigned char)label[length - 1])) {
            fprintf(
                stderr,
                "%s: line %d, '%s': begins or ends with a blank, which the names of its images would have to have\n",
                labels->path, i + 1, label);
            exit(EXIT_FAILURE);
        }
        for (int j = 0; j < i; ++j) {
            if (strcmp(label, labels->line[j])) continue;
            fprintf(stderr, "%s: lines %d and %d are the same label, '%s'\n", labels->path, j + 1, i + 1, label);
            exit(EXIT_FAILURE);
        }
    }
}

/* classes= of a data file, of which Darknet makes 2 where it is not there, and 0 where it is no number. */
static void check_class_number(const char *given, int classes, const text_lines *labels, const char *datacfg) {
    if (classes < 1) {
        fprintf(stderr, "%s: classes=%s: must be a whole number, 1 or more\n", datacfg, given ? given : "");
        exit(EXIT_FAILURE);
    }
    if (given || labels->n == classes) return;
    fprintf(stderr, "%s: has no classes=, which Darknet takes for %d; %s has %d labels\n", datacfg, classes,
            labels->path, labels->n);
    exit(EXIT_FAILURE);
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
    const int most = NAMES_LOOKED_AT / classes < 100 ? 100 : NAMES_LOOKED_AT / classes;
    const int allowed = most < IMAGES_LOOKED_AT ? most : IMAGES_LOOKED_AT,
              n = images->n < allowed ? images->n : allowed;
    int without = 0;
    const char *first = NULL;
    for (int i = 0; i < n; ++i) { /* all over the list */
        const char *image = images->line[(size_t)i * (size_t)images->n / (size_t)n];
        if (label_of_path(image, labels->line, classes) >= 0) continue;
        if (!without++) first = image;
    }
    if (!without) return;
    if (without < n) {
        fprintf(stderr,
                "%s: warning: %d of %d images have no class in their names, such as %s: they are trained as of none\n",
                images->path, without, n, first);
        return;
    }
    fprintf(stderr, "%s: none of %d images has a class in its name, such as %s; the first class of %s is '%s'\n",
            images->path, n, first, labels->path, labels->line[0]);
    exit(EXIT_FAILURE);
}

void check_lgg_lists(const char *datacfg, int classes, int trains, int of_labels) {
    list *options = read_data_cfg((char *)datacfg);
    const char *named = option_find(options, (char *)"labels"), *train = option_find(options, (char *)"train");
    if (options->size) refuse_byte_order_mark(datacfg, ((kvp *)options->front->val)->key, "an option");
    if (!option_find_int_quiet(options, (char *)"tag", 0)) {
        text_lines labels = read_text_lines(named ? named : "data/labels.list");
        check_class_number(option_find(options, (char *)"classes"), classes, &labels, datacfg);
        check_label_count(&labels, classes, datacfg);
        refuse_empty_lines(&labels, classes, "a class");
        check_labels(&labels, classes);
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
