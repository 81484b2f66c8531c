/* lgg_tap_kernels.h: the steps of lgg_tap.c that work value by value, on the device. */
#ifndef LGG_TAP_KERNELS_H
#define LGG_TAP_KERNELS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct CUstream_st;

/* gradient (n) = 0 */
void clear_gradient_gpu(size_t n, float *gradient, struct CUstream_st *stream);

/* gradient (n) <- gradient * scale where random (n) >= probability, else 0: what a dropout with these numbers did. */
void drop_gradient_gpu(size_t n, const float *random, float probability, float scale, float *gradient,
                       struct CUstream_st *stream);

/* For p = softmax(z / temperature) of `size` values, in each of `batch` rows `stride` apart:
 *     gradient <- p * (gradient - <p, gradient>) / temperature */
void softmax_gradient_gpu(int batch, int stride, int size, float temperature, const float *p, float *gradient,
                          struct CUstream_st *stream);

/* For p = 1 / (1 + exp(-z)): gradient (n) <- gradient * p * (1 - p) */
void logistic_gradient_gpu(size_t n, const float *p, float *gradient, struct CUstream_st *stream);

#ifdef __cplusplus
}
#endif

#endif
