/* batchnorm_fast.h: batch normalization and its activation on the CPU, in Darknet's order, parallel over images and channels: one pass over
 * memory each way for the statistics and one for the result.
 *
 * The stock functions pass over a batch nine times forward and fourteen times backward, on one core. Sums are taken in float over
 * one channel of one image and in double beyond, always in the same order: the result does not depend on the number of threads.
 *
 * What makes x, or uses dL/dx, may take part while it has the values in its cache: convolution_narrow.h. */
#ifndef BATCHNORM_FAST_H
#define BATCHNORM_FAST_H

#include "host.h"

/* output (batch, out_c, out_h*out_w) = activation(scales * (x - mean) / sqrt(variance + 1e-5) + biases), with the batch's own mean
 * and variance in training, which also move the rolling ones, and the rolling ones otherwise. x may be output. */
void forward_batchnorm_fast(layer l, host_pass pass, const float *x, float *output, ACTIVATION activation);

/* The same, with residual (batch, out_c, out_h*out_w) added before the activation; NULL: nothing. */
void forward_batchnorm_sum_fast(layer l, host_pass pass, const float *x, const float *residual, float *output,
                                ACTIVATION activation);

/* From l.delta = dL/doutput (output as the forward pass left it in l.output), adds to l.scale_updates and l.bias_updates and writes
 * dL/dx: over target where `add` is 0, added to it otherwise. x as in the forward pass. target may be l.delta. */
void backward_batchnorm_fast(layer l, host_pass pass, const float *x, float *target, int add, ACTIVATION activation);

/* `count` values, of sum `sum` about `origin`, and of squared distances `squares` to it. */
typedef struct {
    double count, origin, sum, squares;
} moments;

/* Of a plane: one channel of one image, count values. */
moments plane_moments(const float *x, size_t count);

/* The rest of the forward pass in training, given the moments of all planes (out_c, batch). */
void finish_batchnorm_fast(layer l, host_pass pass, const moments *planes, const float *x, const float *residual,
                           float *output, ACTIVATION activation);

/* A channel: output = (x - mean) * scale + bias, times slope where that is below 0. With g = dL/doutput times slope there,
 * dL/dx = scale * (g - mean_g - (x - mean) * tilt). */
typedef struct {
    float mean, scale, bias, mean_g, tilt, slope;
} channel_line;

/* The backward pass but for dL/dx: returns the lines of all channels (out_c), which the caller frees. Where the activation is no line on either
 * side of 0, l.delta is multiplied by its derivative, and slope is 1. */
channel_line *learn_batchnorm_fast(layer l, host_pass pass, const float *x, ACTIVATION activation);

#endif
