/* tool_map.c: average precision as COCO defines it (Lin et al., Microsoft COCO: Common Objects in Context, 2014, and its evaluation
 * http://cocodataset.org/#detection-eval), after the VOC challenge (Everingham et al., 2010): what was found, of one class and over all images,
 * by falling score; each takes the truth of its image that it overlaps most, of those that none before it took, if their IoU is at least
 * the threshold; at each recall of 0, .01 ... 1 the highest precision at that recall or beyond it; their mean. */
#include "tool_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"

/* The recalls at which precision is read. */
#define RECALLS 101

void tool_objects_add(tool_objects *objects, tool_object object) {
    if (objects->count == objects->capacity) {
        objects->capacity = objects->capacity ? 2 * objects->capacity : 1024;
        objects->object = lgg_grow(objects->object, (size_t)objects->capacity, sizeof object, "boxes");
    }
    objects->object[objects->count++] = object;
}

void tool_objects_free(tool_objects *objects) {
    free(objects->object);
    *objects = (tool_objects){0};
}

/* An object and where it stood: sorting keeps the order of equal ones. */
typedef struct {
    tool_object object;
    int position;
} ranked;

static int by_score(const void *first, const void *second) {
    const ranked *a = first, *b = second;
    if (a->object.score != b->object.score) return a->object.score > b->object.score ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

static int by_label_and_score(const void *first, const void *second) {
    const ranked *a = first, *b = second;
    if (a->object.label != b->object.label) return a->object.label < b->object.label ? -1 : 1;
    return by_score(first, second);
}

static void sort(tool_object *object, int count, int (*order)(const void *, const void *)) {
    ranked *sorted = lgg_allocate((size_t)count, sizeof *sorted, "boxes");
    for (int i = 0; i < count; ++i)
        sorted[i] = (ranked){object[i], i};
    qsort(sorted, (size_t)count, sizeof *sorted, order);
    for (int i = 0; i < count; ++i)
        object[i] = sorted[i].object;
    free(sorted);
}

void tool_objects_keep_best(tool_objects *objects, int first, int most) {
    if (objects->count - first <= most) return;
    sort(objects->object + first, objects->count - first, by_score);
    objects->count = first + most;
}

/* Length that two intervals of these middles and lengths share. */
static double overlap(double a, double length_a, double b, double length_b) {
    const double end = fmin(a + length_a / 2, b + length_b / 2), begin = fmax(a - length_a / 2, b - length_b / 2);
    return end > begin ? end - begin : 0;
}

double tool_iou(tool_box a, tool_box b) {
    if (!isfinite((double)a.x + a.y + a.w + a.h) || !isfinite((double)b.x + b.y + b.w + b.h)) return 0;
    const double both = overlap(a.x, a.w, b.x, b.w) * overlap(a.y, a.h, b.y, b.h);
    const double either = (double)a.w * (double)a.h + (double)b.w * (double)b.h - both;
    return both > 0 && either > 0 ? both / either : 0;
}

double tool_precision_mean(const tool_precision *p) {
    double sum = 0;
    for (int t = 0; t < TOOL_MAP_THRESHOLDS; ++t)
        sum += p->ap[t];
    return sum / TOOL_MAP_THRESHOLDS;
}

/* The truths by image: those of image i are begin[i] .. begin[i + 1] - 1. */
static int *begins_of_images(const tool_objects *truths, int images) {
    int *begin = lgg_allocate((size_t)images + 1, sizeof *begin, "boxes");
    for (int i = 0; i < truths->count; ++i)
        ++begin[truths->object[i].image + 1];
    for (int i = 0; i < images; ++i)
        begin[i + 1] += begin[i];
    return begin;
}

/* The truth that o takes, of those of its image and class that are not taken; -1: none overlaps enough. */
static int match(const tool_object *o, const tool_objects *truths, const int *begin, const char *taken,
                 double threshold) {
    int best = -1;
    for (int t = begin[o->image]; t < begin[o->image + 1]; ++t) {
        if (taken[t] || truths->object[t].label != o->label) continue;
        const double iou = tool_iou(o->box, truths->object[t].box);
        if (iou >= threshold) best = t, threshold = iou;
    }
    return best;
}

/* The mean over the recalls, right[i] of the first i + 1 found being right. A recall of r hundredths is reached by `right` of `truths` where
 * 100 right >= r truths: whole numbers, which do not round. */
static double average_precision(const int *right, int found, int truths) {
    double sum = 0, highest = 0;
    int recall = RECALLS - 1;
    for (int i = found - 1; i >= 0; --i) {
        /* above what this one and those before it reach, precision is that of later ones */
        for (; recall >= 0 && (long)(RECALLS - 1) * right[i] < (long)recall * truths; --recall)
            sum += highest;
        highest = fmax(highest, (double)right[i] / (i + 1));
    }
    return (sum + (recall + 1) * highest) / RECALLS;
}

/* Of one class, whose `found` are object[0 .. found - 1]. */
static double average_precision_at(double threshold, const tool_object *object, int found, const tool_objects *truths,
                                   int truths_of_class, const int *begin, char *taken, int *right) {
    memset(taken, 0, (size_t)truths->count);
    for (int i = 0; i < found; ++i) {
        const int truth = match(&object[i], truths, begin, taken, threshold);
        right[i] = (i ? right[i - 1] : 0) + (truth >= 0);
        if (truth >= 0) taken[truth] = 1;
    }
    return average_precision(right, found, truths_of_class);
}

static tool_precision mean_over_classes(const tool_precision *of, int classes) {
    tool_precision mean = {0};
    int with_truths = 0;
    for (int c = 0; c < classes; ++c) {
        mean.truths += of[c].truths;
        mean.found += of[c].found;
        with_truths += of[c].truths > 0;
        for (int t = 0; t < TOOL_MAP_THRESHOLDS; ++t)
            mean.ap[t] += of[c].ap[t];
    }
    for (int t = 0; with_truths && t < TOOL_MAP_THRESHOLDS; ++t)
        mean.ap[t] /= with_truths;
    return mean;
}

tool_precision tool_precisions(const tool_objects *truths, tool_objects *found, int images, int classes,
                               tool_precision *of) {
    int *begin = begins_of_images(truths, images);
    char *taken = lgg_allocate((size_t)truths->count, 1, "boxes");
    int *right = lgg_allocate((size_t)found->count, sizeof *right, "boxes");
    sort(found->object, found->count, by_label_and_score);
    memset(of, 0, (size_t)classes * sizeof *of);
    for (int i = 0; i < truths->count; ++i)
        ++of[truths->object[i].label].truths;
    for (int i = 0; i < found->count; ++i)
        ++of[found->object[i].label].found;
    for (int c = 0, first = 0; c < classes; first += of[c++].found) {
        for (int t = 0; of[c].truths && of[c].found && t < TOOL_MAP_THRESHOLDS; ++t)
            of[c].ap[t] = average_precision_at((50 + 5 * t) / 100., found->object + first, of[c].found, truths,
                                               of[c].truths, begin, taken, right);
    }
    free(begin);
    free(taken);
    free(right);
    return mean_over_classes(of, classes);
}
