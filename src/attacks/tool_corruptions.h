/* tool_corruptions.h: the 15 corruptions of CIFAR-10-C (Hendrycks and Dietterich, 2019), made anew with its generator's parameters.
 *
 * Made, not official: the random draws differ, and frost, which needs photographs that cannot be had here, is a synthetic
 * texture. */
#ifndef TOOL_CORRUPTIONS_H
#define TOOL_CORRUPTIONS_H

#include <stdint.h>

enum { TOOL_CORRUPTIONS = 15, TOOL_SEVERITIES = 5 };

/* gaussian_noise, …, in the order of the benchmark's own list; its .npy files have these names. */
extern const char *const tool_corruption_names[TOOL_CORRUPTIONS];

/* NULL, or what this build lacks for making them. */
const char *tool_corruptions_missing(void);

/* Corrupts count RGB images (count, h, w, 3) of 8 bits into `to`, of the same shape. Severity 1 to 5. The draws of an image
 * depend on seed, corruption, severity and its index alone. */
void tool_corrupt(int corruption, int severity, int seed, const uint8_t *from, uint8_t *to, int count, int h, int w);

#endif
