/* convolution_narrow.h: convolutions between few channels on processors with AVX-512, in training.
 *
 * oneDNN keeps channels side by side in the sixteen lanes of a register: with 8 of them half of its work is on zeros. Here the lanes are
 * neighbouring pixels of a row, in Darknet's own order (batch, c, h, w), so that nothing is reordered either.
 *
 * Images are shared out among the threads. Every sum has an order of its own, the gradients of the weights too: the same for any number
 * of threads. */
#ifndef CONVOLUTION_NARROW_H
#define CONVOLUTION_NARROW_H

#include "batchnorm_fast.h"

/* Whether the layer is of size 1 or 3, stride 1, as large as its image, with rows that fill vectors and too few channels to fill any, and the
 * processor has AVX-512. */
int is_narrow_convolution(const layer *l);

/* Bytes of workspace, aligned to 64, that the functions below want for so many threads. */
size_t narrow_workspace(const layer *l, int threads);

/* output (batch, n, h, w) = the convolution of input (batch, c, h, w) with l's weights, without biases. of_planes (n, batch) receives the
 * moments of the result's planes, unless it is NULL. */
void forward_narrow(const layer *l, const float *input, float *output, moments *of_planes, float *workspace,
                    int threads);

/* From l->delta (batch, n, h, w), the gradient of the convolution's result: adds to l->weight_updates, and to input_delta (batch, c, h, w), unless
 * they are NULL; with `assign`, the latter is written. With lines (n), l->delta is the gradient of what batch normalization and the activation
 * made of l->x, and goes back through both on the way; otherwise lines is NULL. */
void backward_narrow(const layer *l, const float *input, float *input_delta, int assign, const channel_line *lines,
                     float *workspace, int threads);

#endif
