/* elementwise_fast.h: what the CPU does value by value between the products, in as few passes over memory as it can. */
#ifndef ELEMENTWISE_FAST_H
#define ELEMENTWISE_FAST_H

#include "host.h"

/* Piecewise linear activations are x above zero and slope * x below: 1 for linear, 0 for relu, .1 for leaky. Returns 0 for the
 * others. */
int activation_slope(ACTIVATION activation, float *slope);

/* The activation of that slope. */
static inline float leaky_relu(float x, float slope) {
    return x > 0 ? x : slope * x;
}

/* delta times its derivative where its output is y (or what it was computed from: the sign is the same). */
static inline float leaky_relu_gradient(float y, float delta, float slope) {
    return y > 0 ? delta : slope * delta;
}

/* x (n values) = activation(x); output (n) = activation(input); delta (n) *= its derivative where the activation's output is y. */
void activate_fast(float *x, size_t n, ACTIVATION activation);
void activate_into_fast(const float *input, float *output, size_t n, ACTIVATION activation);
void gradient_fast(const float *y, size_t n, ACTIVATION activation, float *delta);

/* output (batch, n, size) = activation(output + biases (n)). */
void bias_activate_fast(float *output, const float *biases, int batch, int n, int size, ACTIVATION activation);

/* bias_updates (n) += sum of delta (batch, n, size), after delta *= the activation's derivative. */
void backward_bias_fast(float *bias_updates, const float *output, float *delta, int batch, int n, int size,
                        ACTIVATION activation);

/* output (n values) = activation(alpha * input + beta * from). */
void forward_shortcut_fast(const float *input, const float *from, float alpha, float beta, float *output, size_t n,
                           ACTIVATION activation);

/* to (n values) += from. */
void add_fast(const float *from, float *to, size_t n);

/* What is averaged: `channels` of `pixels` values each, of `batch` images, channels innermost or not. */
typedef struct {
    int batch, channels, pixels, channels_last;
} pooled_images;

/* output (batch, channels) = the mean of each channel's pixels. */
void average_fast(pooled_images images, const float *input, float *output);

/* input_delta = or += delta (batch, channels) / pixels. */
void backward_average_fast(pooled_images images, const float *delta, float *input_delta, int assign);

/* Where a gradient g goes: delta (n values) = or += factor * g. NULL: nowhere. */
typedef struct {
    float *delta;
    float factor;
    int assign;
} gradient_target;

/* Gives g = delta times the activation's derivative to both targets, to `input` first: they may be the same array. */
void backward_shortcut_fast(const float *output, float *delta, size_t n, ACTIVATION activation, gradient_target input,
                            gradient_target from);

#endif
