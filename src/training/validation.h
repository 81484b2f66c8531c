/* validation.h: `classifier valid` in whole batches.
 *
 * The hosts predict one image at a time there, on cores that are mostly idle. */
#ifndef VALIDATION_H
#define VALIDATION_H

#include LGG_HOST_HEADER

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the image of a path into x (net->inputs). Called from several threads at once. */
typedef void image_reader(network *net, char *path, float *x);

/* The output (net->outputs) for path i of `count`, which may be written to until the next call. The network predicts net->batch images
 * whenever i is beyond those that it predicted last; i is to go up one by one. */
float *predict_path(network *net, char **paths, int count, int i, image_reader *read);

#ifdef __cplusplus
}
#endif

#endif
