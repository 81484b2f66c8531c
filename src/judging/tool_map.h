/* tool_map.h: average precision of the boxes that a detector finds, as COCO defines it. Knows nothing of networks and images. */
#ifndef TOOL_MAP_H
#define TOOL_MAP_H

/* Centre and size, as parts of the image's width and height. */
typedef struct {
    float x, y, w, h;
} tool_box;

/* A box of the truth (score 0), or one that was found. */
typedef struct {
    tool_box box;
    int image, label; /* label: the class */
    float score;
} tool_object;

/* A list that grows. */
typedef struct {
    tool_object *object;
    int count, capacity;
} tool_objects;

void tool_objects_add(tool_objects *objects, tool_object object);
/* Keeps of those from `first` to the end the `most` of highest score, the earlier of equal ones. */
void tool_objects_keep_best(tool_objects *objects, int first, int most);
void tool_objects_free(tool_objects *objects);

/* Area of the intersection over that of the union; 0 where one of the boxes has no area, or is no numbers. */
double tool_iou(tool_box a, tool_box b);

/* IoU of .50, .55 ... .95. */
#define TOOL_MAP_THRESHOLDS 10
/* COCO's limit to what is found in an image, over all classes. */
#define TOOL_MAP_MOST 100

typedef struct {
    int truths, found;
    double ap[TOOL_MAP_THRESHOLDS]; /* at each threshold, 0 to 1; all 0 without truths */
} tool_precision;

/* Mean over all thresholds: AP@.5:.95. */
double tool_precision_mean(const tool_precision *p);

/* Average precision of each class into `of` (classes), and the means over the classes that have truths, which it returns with the sums of
 * truths and found. Truths must stand in the order of their images, 0 .. images - 1; `found` is sorted. */
tool_precision tool_precisions(const tool_objects *truths, tool_objects *found, int images, int classes,
                               tool_precision *of);

#endif
