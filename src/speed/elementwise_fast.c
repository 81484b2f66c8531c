/* elementwise_fast.c: see elementwise_fast.h. */
#include "elementwise_fast.h"

#include "simd.h"

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
static void bend(const float *x, size_t n, float slope, float *output) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        output[i] = x[i] > 0 ? x[i] : slope * x[i];
}

MULTIVERSION
static void bend_gradient(const float *y, size_t n, float slope, float *delta) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        delta[i] = y[i] > 0 ? delta[i] : slope * delta[i];
}

void activate_into_fast(const float *input, float *output, size_t n, ACTIVATION activation) {
    float slope = 1;
    int piecewise = activation_slope(activation, &slope);
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += SPAN) {
        size_t end = start + span_at(start, n);
        if (piecewise)
            bend(input + start, end - start, slope, output + start);
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
            bend_gradient(y + start, end - start, slope, delta + start);
        else
            for (size_t i = start; i < end; ++i)
                delta[i] *= gradient(y[i], activation);
    }
}

MULTIVERSION
static void add_bias_row(float *row, size_t n, float bias, float slope) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i) {
        float value = row[i] + bias;
        row[i] = value > 0 ? value : slope * value;
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
        float g = y[i] > 0 ? delta[i] : slope * delta[i];
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
    for (size_t i = 0; i < n; ++i) {
        float value = alpha * input[i] + beta * from[i];
        output[i] = value > 0 ? value : slope * value;
    }
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

MULTIVERSION
static void add_scaled_gradient(const float *y, const float *delta, float scale, float *target, size_t n, float slope) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        target[i] += scale * (y[i] > 0 ? delta[i] : slope * delta[i]);
}

void backward_shortcut_fast(const float *output, float *delta, float alpha, float beta, float *input_delta,
                            float *from_delta, size_t n, ACTIVATION activation) {
    float slope = 1;
    if (!activation_slope(activation, &slope)) gradient_fast(output, n, activation, delta);
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t start = 0; start < n; start += SPAN) {
        size_t span = span_at(start, n);
        const float *y = output + start, *d = delta + start;
        if (input_delta) add_scaled_gradient(y, d, alpha, input_delta + start, span, slope);
        if (from_delta) add_scaled_gradient(y, d, beta, from_delta + start, span, slope);
    }
}
