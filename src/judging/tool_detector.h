/* tool_detector.h: what a detector finds on the images of a list, and what their labels files say is there. */
#ifndef TOOL_DETECTOR_H
#define TOOL_DETECTOR_H

#include "tool.h"
#include "tool_map.h"

/* The number of classes of the boxes that the network finds. Fails where it finds none, or where this host could not tell what its layers find
 * apart. */
int tool_detector_classes(tool_model *model, const char *cfg);

/* Adds what the network (of batch 1) finds on the image file, by the host's own functions: boxes of a score over `threshold`, those left by
 * non-maximum suppression at an IoU of `nms` (0: all), at most TOOL_MAP_MOST. */
void tool_detector_find(tool_model *model, const char *path, int image, float threshold, float nms,
                        tool_objects *found);

/* Adds what stands in the labels file of the image, "class x y w h" a line, which Darknet names after the image. 0, with its name in *labels (to be
 * freed), where there is no such file. */
int tool_detector_read_truths(const char *path, int image, int classes, tool_objects *truths, char **labels);

#endif
