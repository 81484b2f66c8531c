/* batchnorm_fast.h: batch normalization and its activation on the CPU, parallel over channels, one pass over memory each way
 * for the statistics and one for the result.
 *
 * The stock functions pass over a batch nine times forward and fourteen times backward, on one core. Sums are taken in float over
 * one channel of one image and in double beyond, always in the same order: the result does not depend on the number of threads. */
#ifndef BATCHNORM_FAST_H
#define BATCHNORM_FAST_H

#include "host.h"

/* output (batch, out_c, out_h*out_w) = activation(scales * (x - mean) / sqrt(variance + 1e-5) + biases), with the batch's own mean
 * and variance in training, which also move the rolling ones, and the rolling ones otherwise. x may be output. */
void forward_batchnorm_fast(layer l, host_pass pass, const float *x, float *output, ACTIVATION activation);

/* From l.delta = dL/doutput (output as the forward pass left it in l.output), adds to l.scale_updates and l.bias_updates and writes
 * dL/dx: over target where `add` is 0, added to it otherwise. x as in the forward pass. target may be l.delta. */
void backward_batchnorm_fast(layer l, host_pass pass, const float *x, float *target, int add, ACTIVATION activation);

#endif
