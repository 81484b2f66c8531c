/* elementwise_fast.c: see elementwise_fast.h. */
#include "elementwise_fast.h"

#include "simd.h"

#include <string.h>

/* Of the host's activations.h, whose inline functions convert without saying so. */
float activate(float x, ACTIVATION activation);
float gradient(float y, ACTIVATION activation);

/* Work is handed to threads in spans of this many values. */
enum { SPAN = 8192 };

static size_t span_at(size_t start, size_t n) {
    return n - start < SPAN ? n - start : SPAN;
}

int activation_slope(ACTIVATION activation, float *slope) {
    switch (activation) {
    case LINEAR:
        *slope = 1;
        return 1;
    case RELU:
        *slope = 0;
        return 1;
    case LEAKY:
        *slope = .1f;
        return 1;
    default:
        return 0;
    }
}

MULTIVERSION
static void leaky_relu_span(const float *x, size_t n, float slope, float *output) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        output[i] = leaky_relu(x[i], slope);
}

MULTIVERSION
static void multiply_by_leaky_relu_gradient(const float *y, size_t n, float slope, float *delta) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        delta[i] = leaky_relu_gradient(y[i], delta[i], slope);
}

void activate_into_fast(const float *input, float *output, size_t n, ACTIVATION activation) {
    float slope = 1;
    int piecewise = activation_slope(activation, &slope);
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += SPAN) {
        size_t end = start + span_at(start, n);
        if (piecewise)
            leaky_relu_span(input + start, end - start, slope, output + start);
        else
            for (size_t i = start; i < end; ++i)
                output[i] = activate(input[i], activation);
    }
}

void activate_fast(float *x, size_t n, ACTIVATION activation) {
    if (activation != LINEAR) activate_into_fast(x, x, n, activation);
}

void gradient_fast(const float *y, size_t n, ACTIVATION activation, float *delta) {
    float slope = 1;
    int piecewise = activation_slope(activation, &slope);
    if (activation == LINEAR) return;
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += SPAN) {
        size_t end = start + span_at(start, n);
        if (piecewise)
            multiply_by_leaky_relu_gradient(y + start, end - start, slope, delta + start);
        else
            for (size_t i = start; i < end; ++i)
                delta[i] *= gradient(y[i], activation);
    }
}

MULTIVERSION
static void add_bias_row(float *row, size_t n, float bias, float slope) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i) {
        row[i] = leaky_relu(row[i] + bias, slope);
    }
}

void bias_activate_fast(float *output, const float *biases, int batch, int n, int size, ACTIVATION activation) {
    float slope = 1;
    int fused = activation_slope(activation, &slope);
    size_t values = (size_t)batch * (size_t)n * (size_t)size;
#pragma omp parallel for collapse(2) if (values >= PARALLEL_VALUES)
    for (int b = 0; b < batch; ++b)
        for (int i = 0; i < n; ++i)
            add_bias_row(output + ((size_t)b * (size_t)n + (size_t)i) * (size_t)size, (size_t)size, biases[i], slope);
    if (!fused) activate_fast(output, values, activation);
}

MULTIVERSION
static float gradient_row(const float *y, float *delta, size_t n, float slope) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; ++i) {
        float g = leaky_relu_gradient(y[i], delta[i], slope);
        delta[i] = g;
        sum += g;
    }
    return sum;
}

void backward_bias_fast(float *bias_updates, const float *output, float *delta, int batch, int n, int size,
                        ACTIVATION activation) {
    float slope = 1;
    size_t values = (size_t)batch * (size_t)n * (size_t)size;
    if (!activation_slope(activation, &slope)) gradient_fast(output, values, activation, delta);
#pragma omp parallel for if (values >= PARALLEL_VALUES)
    for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (int b = 0; b < batch; ++b) {
            size_t row = ((size_t)b * (size_t)n + (size_t)i) * (size_t)size;
            sum += gradient_row(output + row, delta + row, (size_t)size, slope);
        }
        bias_updates[i] += (float)sum;
    }
}

MULTIVERSION
static void shortcut(const float *input, const float *from, float alpha, float beta, float *output, size_t n,
                     float slope) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        output[i] = leaky_relu(alpha * input[i] + beta * from[i], slope);
}

void forward_shortcut_fast(const float *input, const float *from, float alpha, float beta, float *output, size_t n,
                           ACTIVATION activation) {
    float slope = 1;
    int fused = activation_slope(activation, &slope);
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += SPAN)
        shortcut(input + start, from + start, alpha, beta, output + start, span_at(start, n), slope);
    if (!fused) activate_fast(output, n, activation);
}

/* Gradients are taken in pieces that stay in the first cache, and go from there to both targets. */
enum { PIECE = 1024 };

MULTIVERSION
static void scale_to(const float *g, float scale, float *target, size_t n, int assign) {
    if (assign) {
#pragma omp simd
        for (size_t i = 0; i < n; ++i)
            target[i] = scale * g[i];
    } else {
#pragma omp simd
        for (size_t i = 0; i < n; ++i)
            target[i] += scale * g[i];
    }
}

void add_fast(const float *from, float *to, size_t n) {
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += SPAN)
        scale_to(from + start, 1, to + start, span_at(start, n), 0);
}

MULTIVERSION
static void leaky_relu_gradient_into(const float *y, const float *delta, size_t n, float slope, float *g) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        g[i] = leaky_relu_gradient(y[i], delta[i], slope);
}

static void give_gradient(const float *g, gradient_target to, size_t start, size_t n) {
    if (to.delta) scale_to(g, to.factor, to.delta + start, n, to.assign);
}

void backward_shortcut_fast(const float *output, float *delta, size_t n, ACTIVATION activation, gradient_target input,
                            gradient_target from) {
    float slope = 1;
    if (!activation_slope(activation, &slope)) gradient_fast(output, n, activation, delta);
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += PIECE) {
        const size_t piece = n - start < PIECE ? n - start : PIECE;
        float own[PIECE];
        const float *g = delta + start;
        if (slope < 1) {
            leaky_relu_gradient_into(output + start, g, piece, slope, own);
            g = own;
        }
        give_gradient(g, input, start, piece);
        give_gradient(g, from, start, piece);
    }
}

MULTIVERSION
static void average_image(pooled_images images, const float *input, float *output) {
    const size_t channels = (size_t)images.channels, pixels = (size_t)images.pixels;
    if (images.channels_last) {
        memset(output, 0, channels * sizeof *output);
        for (size_t p = 0; p < pixels; ++p)
#pragma omp simd
            for (size_t c = 0; c < channels; ++c)
                output[c] += input[p * channels + c];
    } else {
        for (size_t c = 0; c < channels; ++c) {
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (size_t p = 0; p < pixels; ++p)
                sum += input[c * pixels + p];
            output[c] = sum;
        }
    }
    for (size_t c = 0; c < channels; ++c)
        output[c] /= (float)images.pixels;
}

void average_fast(pooled_images images, const float *input, float *output) {
    const size_t channels = (size_t)images.channels, values = channels * (size_t)images.pixels;
#pragma omp parallel for if ((size_t)images.batch * values >= PARALLEL_VALUES)
    for (int b = 0; b < images.batch; ++b)
        average_image(images, input + (size_t)b * values, output + (size_t)b * channels);
}

MULTIVERSION
static void spread_image(pooled_images images, const float *delta, float *input_delta, int assign) {
    const size_t channels = (size_t)images.channels, pixels = (size_t)images.pixels;
    if (assign) memset(input_delta, 0, channels * pixels * sizeof *input_delta);
    for (size_t p = 0; p < (images.channels_last ? pixels : 0); ++p)
#pragma omp simd
        for (size_t c = 0; c < channels; ++c)
            input_delta[p * channels + c] += delta[c] / (float)images.pixels;
    for (size_t c = 0; c < (images.channels_last ? 0 : channels); ++c) {
        const float share = delta[c] / (float)images.pixels;
#pragma omp simd
        for (size_t p = 0; p < pixels; ++p)
            input_delta[c * pixels + p] += share;
    }
}

void backward_average_fast(pooled_images images, const float *delta, float *input_delta, int assign) {
    const size_t channels = (size_t)images.channels, values = channels * (size_t)images.pixels;
#pragma omp parallel for if ((size_t)images.batch * values >= PARALLEL_VALUES)
    for (int b = 0; b < images.batch; ++b)
        spread_image(images, delta + (size_t)b * channels, input_delta + (size_t)b * values, assign);
}
