/* batchnorm_rows.h: batch normalization and its activation on the CPU where channels stand innermost: arrays (rows, out_c), a row for
 * each pixel of each image.
 *
 * As batchnorm_fast.h otherwise: one pass over memory for the statistics and one for the result, each way; sums in an order that does
 * not depend on the number of threads, in float over a piece of rows and in double beyond. */
#ifndef BATCHNORM_ROWS_H
#define BATCHNORM_ROWS_H

#include "host.h"

/* output (rows, out_c) = activation(scales * (x - mean) / sqrt(variance + 1e-5) + biases), as forward_batchnorm_fast. x may be output. */
void forward_batchnorm_rows(layer l, host_pass pass, const float *x, float *output, ACTIVATION activation);

/* As forward_batchnorm_sum_fast. */
void forward_batchnorm_sum_rows(layer l, host_pass pass, const float *x, const float *residual, float *output,
                                ACTIVATION activation);

/* As backward_batchnorm_fast. */
void backward_batchnorm_rows(layer l, host_pass pass, const float *x, float *target, int add, ACTIVATION activation);

#endif
