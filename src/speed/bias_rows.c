/* bias_rows.c: see bias_rows.h. */
#include "bias_rows.h"

#include "allocate.h"
#include "elementwise_fast.h"
#include "rows.h"

#include <stdlib.h>

/* The biases of the lanes of a row, and what the activation multiplies by below zero. */
typedef struct {
    float bias[TILE];
    float slope;
} bias_line;

MULTIVERSION
static void add_bias_part(float *output, part p, const bias_line *line) {
    const float slope = line->slope;
    for (size_t r = 0; r < p.rows; ++r) {
        float *row = output + p.first + r * p.stride;
#pragma omp simd
        for (size_t i = 0; i < p.width; ++i)
            row[i] = leaky_relu(row[i] + line->bias[i], slope);
    }
}

void bias_activate_rows(float *output, const float *biases, size_t rows, int n, ACTIVATION activation) {
    const shape s = shape_of(rows, n);
    float slope = 1;
    const int fused = activation_slope(activation, &slope);
    for (size_t tile = 0; tile < s.width; tile += TILE) {
        bias_line line = {.slope = slope};
        for (size_t i = 0; i < TILE && tile + i < s.width; ++i)
            line.bias[i] = biases[(tile + i) % (size_t)n];
#pragma omp parallel for if (is_large(s))
        for (int k = 0; k < s.slices; ++k)
            add_bias_part(output, part_of(s, k, tile), &line);
    }
    if (!fused) activate_fast(output, s.rows * s.width, activation);
}

MULTIVERSION
static void sum_part(const float *x, part p, sums *s) {
    const size_t step = piece_rows(p), width = p.width;
    for (size_t start = 0; start < p.rows; start += step) {
        const size_t end = p.rows - start < step ? p.rows : start + step;
        float sum[TILE] = {0};
        for (size_t r = start; r < end; ++r)
#pragma omp simd
            for (size_t i = 0; i < width; ++i)
                sum[i] += x[p.first + r * p.stride + i];
        for (size_t i = 0; i < width; ++i)
            s->first[i] += (double)sum[i];
    }
}

void backward_bias_rows(float *bias_updates, const float *output, float *delta, size_t rows, int n,
                        ACTIVATION activation) {
    const shape s = shape_of(rows, n);
    double *sum = lgg_allocate(2 * (size_t)n, sizeof(double), "the sums of biases");
    gradient_fast(output, s.rows * s.width, activation, delta);
    for (size_t tile = 0; tile < s.width; tile += TILE) {
        sums slice[SLICES];
#pragma omp parallel for if (is_large(s))
        for (int k = 0; k < s.slices; ++k) {
            slice[k] = (sums){{0}, {0}};
            sum_part(delta, part_of(s, k, tile), &slice[k]);
        }
        add_channels(slice, s, tile, sum, sum + n);
    }
    for (int c = 0; c < n; ++c)
        bias_updates[c] += (float)sum[c];
    free(sum);
}
