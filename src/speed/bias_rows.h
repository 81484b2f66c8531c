/* bias_rows.h: biases and activations where channels stand innermost. As batchnorm_rows.h. */
#ifndef BIAS_ROWS_H
#define BIAS_ROWS_H

#include "host.h"

/* output (rows, n) = activation(output + biases (n)). */
void bias_activate_rows(float *output, const float *biases, size_t rows, int n, ACTIVATION activation);

/* bias_updates (n) += sum of delta (rows, n), after delta *= the activation's derivative. */
void backward_bias_rows(float *bias_updates, const float *output, float *delta, size_t rows, int n,
                        ACTIVATION activation);

#endif
