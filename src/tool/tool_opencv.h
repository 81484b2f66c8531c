/* tool_opencv.h: the few functions of OpenCV that the corruptions and the judgement of embeddings use, for C. Images are float, (h, w, c), and
 * changed in place. */
#ifndef TOOL_OPENCV_H
#define TOOL_OPENCV_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { TOOL_BORDER_REPLICATE, TOOL_BORDER_REFLECT, TOOL_BORDER_REFLECT_101 } tool_border;

/* 1 if this build has OpenCV; the functions below do nothing without it. */
int tool_has_opencv(void);
/* One thread a call: images run in parallel. */
void tool_opencv_single_thread(void);
/* Gaussian of the given deviation, cut off `radius` pixels from its centre. */
void tool_gaussian_blur(float *image, int h, int w, int c, double sigma, int radius, tool_border border);
/* Correlation with kernel (k, k), its centre in the middle. */
void tool_filter(float *image, int h, int w, int c, const float *kernel, int k, tool_border border);
/* The affine map that takes the three points `from` (x, y pairs) to `to`, bilinear. */
void tool_affine(float *image, int h, int w, int c, const float *from, const float *to, tool_border border);
/* image(y, x) <- image(map_y, map_x), bilinear; maps (h, w). */
void tool_remap(float *image, int h, int w, int c, const float *map_x, const float *map_y, tool_border border);
/* Adds to V of HSV, kept within [0, 1]; three channels, RGB. */
void tool_add_value(float *image, int h, int w, double amount);
/* grey (h, w) of an RGB image. */
void tool_grey(const float *image, int h, int w, float *grey);
/* cluster (n) = which of the clusters each row of x (n, d) falls into: Lloyd's k-means from k-means++ centres, the most compact of some attempts;
 * the same for the same seed. 0; -1 without memory or OpenCV; -2 where OpenCV refuses. */
int tool_kmeans(float *x, int n, int d, int clusters, int attempts, int seed, int *cluster);

#ifdef __cplusplus
}
#endif

#endif
