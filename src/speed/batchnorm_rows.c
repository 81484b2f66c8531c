/* batchnorm_rows.c: see batchnorm_rows.h. */
#include "batchnorm_rows.h"

#include "allocate.h"
#include "elementwise_fast.h"
#include "rows.h"

#include <math.h>
#include <stdlib.h>

/* Squares are taken about the piece's own mean, while it is in the first cache. */
MULTIVERSION
static void sum_moments(const float *x, part p, sums *s) {
    const size_t step = piece_rows(p), width = p.width;
    for (size_t start = 0; start < p.rows; start += step) {
        const size_t n = p.rows - start < step ? p.rows - start : step;
        const float *piece = x + p.first + start * p.stride;
        float sum[TILE] = {0}, squares[TILE] = {0}, mean[TILE];
        for (size_t r = 0; r < n; ++r)
#pragma omp simd
            for (size_t i = 0; i < width; ++i)
                sum[i] += piece[r * p.stride + i];
#pragma omp simd
        for (size_t i = 0; i < width; ++i)
            mean[i] = sum[i] / (float)n;
        for (size_t r = 0; r < n; ++r)
#pragma omp simd
            for (size_t i = 0; i < width; ++i) {
                float distance = piece[r * p.stride + i] - mean[i];
                squares[i] += distance * distance;
            }
        for (size_t i = 0; i < width; ++i) {
            double m = (double)sum[i] / (double)n;
            s->first[i] += (double)sum[i];
            s->second[i] += (double)squares[i] + (double)n * m * m;
        }
    }
}

/* What is the same for all values of a channel, once for each lane of a row. */
typedef struct {
    float mean[TILE], scale[TILE], bias[TILE], mean_g[TILE], tilt[TILE];
    float slope;
} lines;

MULTIVERSION
static void normalize_part(const float *x, float *output, part p, const lines *line) {
    const float slope = line->slope;
    for (size_t r = 0; r < p.rows; ++r) {
        const float *from = x + p.first + r * p.stride;
        float *to = output + p.first + r * p.stride;
#pragma omp simd
        for (size_t i = 0; i < p.width; ++i)
            to[i] = leaky_relu((from[i] - line->mean[i]) * line->scale[i] + line->bias[i], slope);
    }
}

MULTIVERSION
static void normalize_part_sum(const float *x, const float *residual, float *output, part p, const lines *line) {
    const float slope = line->slope;
    for (size_t r = 0; r < p.rows; ++r) {
        const size_t at = p.first + r * p.stride;
        const float *from = x + at, *added = residual + at;
        float *to = output + at;
#pragma omp simd
        for (size_t i = 0; i < p.width; ++i)
            to[i] = leaky_relu((from[i] - line->mean[i]) * line->scale[i] + line->bias[i] + added[i], slope);
    }
}

/* Sums of g, delta times the derivative of the activation, and of g * (x - mean). What was activated is computed again for its sign, which
 * costs less than to read it. */
MULTIVERSION
static void sum_gradients(const float *x, const float *delta, part p, const lines *line, sums *s) {
    const size_t step = piece_rows(p), width = p.width;
    const float slope = line->slope;
    for (size_t start = 0; start < p.rows; start += step) {
        const size_t n = p.rows - start < step ? p.rows - start : step;
        float g[TILE] = {0}, gx[TILE] = {0};
        for (size_t r = start; r < start + n; ++r) {
            const float *values = x + p.first + r * p.stride, *deltas = delta + p.first + r * p.stride;
#pragma omp simd
            for (size_t i = 0; i < width; ++i) {
                float centred = values[i] - line->mean[i];
                float gradient = leaky_relu_gradient(centred * line->scale[i] + line->bias[i], deltas[i], slope);
                g[i] += gradient;
                gx[i] += gradient * centred;
            }
        }
        for (size_t i = 0; i < width; ++i) {
            s->first[i] += (double)g[i];
            s->second[i] += (double)gx[i];
        }
    }
}

MULTIVERSION
static void write_gradients(const float *x, const float *delta, float *target, part p, const lines *line) {
    const float slope = line->slope;
    for (size_t r = 0; r < p.rows; ++r) {
        const size_t at = p.first + r * p.stride;
        const float *values = x + at, *deltas = delta + at;
        float *to = target + at;
#pragma omp simd
        for (size_t i = 0; i < p.width; ++i) {
            float centred = values[i] - line->mean[i];
            float gradient = leaky_relu_gradient(centred * line->scale[i] + line->bias[i], deltas[i], slope);
            to[i] = line->scale[i] * (gradient - line->mean_g[i] - centred * line->tilt[i]);
        }
    }
}

MULTIVERSION
static void add_gradients(const float *x, const float *delta, float *target, part p, const lines *line) {
    const float slope = line->slope;
    for (size_t r = 0; r < p.rows; ++r) {
        const size_t at = p.first + r * p.stride;
        const float *values = x + at, *deltas = delta + at;
        float *to = target + at;
#pragma omp simd
        for (size_t i = 0; i < p.width; ++i) {
            float centred = values[i] - line->mean[i];
            float gradient = leaky_relu_gradient(centred * line->scale[i] + line->bias[i], deltas[i], slope);
            to[i] += line->scale[i] * (gradient - line->mean_g[i] - centred * line->tilt[i]);
        }
    }
}

/* The lines of the lanes from `tile` on, for channels whose mean and variance these are. */
static void set_lines(layer l, shape s, size_t tile, const float *mean, const float *variance, lines *line) {
    for (size_t i = 0; i < TILE && tile + i < s.width; ++i) {
        const size_t c = (tile + i) % (size_t)s.channels;
        line->mean[i] = mean[c];
        line->scale[i] = l.scales[c] / sqrtf(variance[c] + HOST_BATCH_NORM_EPSILON);
        line->bias[i] = l.biases[c];
    }
}

static size_t rows_of(layer l) {
    return (size_t)l.batch * (size_t)l.out_h * (size_t)l.out_w;
}

static void set_statistics(layer l, float momentum, const double *sum, const double *squares) {
    const double count = (double)rows_of(l);
    for (int c = 0; c < l.out_c; ++c) {
        const double mean = sum[c] / count, spread = fmax(squares[c] - sum[c] * mean, 0);
        l.mean[c] = (float)mean;
        l.variance[c] = (float)(spread / count);
        l.rolling_mean[c] = momentum * l.rolling_mean[c] + (1 - momentum) * l.mean[c];
        l.rolling_variance[c] =
            momentum * l.rolling_variance[c] + (1 - momentum) * (float)(spread / fmax(count - 1, 1));
    }
}

static void normalize(layer l, shape s, const float *x, const float *residual, float *output, const float *mean,
                      const float *variance, float slope) {
    for (size_t tile = 0; tile < s.width; tile += TILE) {
        lines line = {.slope = slope};
        set_lines(l, s, tile, mean, variance, &line);
#pragma omp parallel for if (is_large(s))
        for (int k = 0; k < s.slices; ++k)
            if (residual)
                normalize_part_sum(x, residual, output, part_of(s, k, tile), &line);
            else
                normalize_part(x, output, part_of(s, k, tile), &line);
    }
}

/* sums (2, out_c), zeroed. */
static double *channel_sums(layer l) {
    return lgg_allocate(2 * (size_t)l.out_c, sizeof(double), "the sums of batch normalization");
}

static void train_forward(layer l, float momentum, shape s, const float *x) {
    double *sum = channel_sums(l);
    for (size_t tile = 0; tile < s.width; tile += TILE) {
        sums slice[SLICES];
#pragma omp parallel for if (is_large(s))
        for (int k = 0; k < s.slices; ++k) {
            slice[k] = (sums){{0}, {0}};
            sum_moments(x, part_of(s, k, tile), &slice[k]);
        }
        add_channels(slice, s, tile, sum, sum + l.out_c);
    }
    set_statistics(l, momentum, sum, sum + l.out_c);
    free(sum);
}

void forward_batchnorm_sum_rows(layer l, host_pass pass, const float *x, const float *residual, float *output,
                                ACTIVATION activation) {
    const shape s = shape_of(rows_of(l), l.out_c);
    float slope = 1;
    const int fused = activation_slope(activation, &slope);
    if (pass.train) train_forward(l, host_batch_norm_momentum(&pass, &l), s, x);
    normalize(l, s, x, residual, output, pass.train ? l.mean : l.rolling_mean,
              pass.train ? l.variance : l.rolling_variance, slope);
    if (!fused) activate_fast(output, s.rows * s.width, activation);
}

void forward_batchnorm_rows(layer l, host_pass pass, const float *x, float *output, ACTIVATION activation) {
    forward_batchnorm_sum_rows(l, pass, x, NULL, output, activation);
}

static void sum_all_gradients(layer l, shape s, const float *x, float slope, double *g) {
    for (size_t tile = 0; tile < s.width; tile += TILE) {
        sums slice[SLICES];
        lines line = {.slope = slope};
        set_lines(l, s, tile, l.mean, l.variance, &line);
#pragma omp parallel for if (is_large(s))
        for (int k = 0; k < s.slices; ++k) {
            slice[k] = (sums){{0}, {0}};
            sum_gradients(x, l.delta, part_of(s, k, tile), &line, &slice[k]);
        }
        add_channels(slice, s, tile, g, g + l.out_c);
    }
}

/* Adds the updates of every channel; g (2, out_c) <- the mean of the gradient, and how much of it goes with x - mean. */
static void learn(layer l, double *g) {
    const double count = (double)rows_of(l);
    for (int c = 0; c < l.out_c; ++c) {
        double inverse = 1 / sqrt((double)l.variance[c] + HOST_BATCH_NORM_EPSILON), *gx = g + l.out_c;
        l.bias_updates[c] += (float)g[c];
        l.scale_updates[c] += (float)(gx[c] * inverse);
        g[c] /= count;
        gx[c] *= inverse * inverse / count;
    }
}

/* Adds to target, or writes it, from the lines of `mean` and `variance` and what the gradient loses by them: g (2, out_c). */
static void write_target(layer l, shape s, const float *x, float *target, int add, float slope, const float *mean,
                         const float *variance, const double *g) {
    for (size_t tile = 0; tile < s.width; tile += TILE) {
        lines line = {.slope = slope};
        set_lines(l, s, tile, mean, variance, &line);
        for (size_t i = 0; i < TILE && tile + i < s.width; ++i) {
            const size_t c = (tile + i) % (size_t)s.channels;
            line.mean_g[i] = (float)g[c];
            line.tilt[i] = (float)g[(size_t)l.out_c + c];
        }
#pragma omp parallel for if (is_large(s))
        for (int k = 0; k < s.slices; ++k)
            if (add)
                add_gradients(x, l.delta, target, part_of(s, k, tile), &line);
            else
                write_gradients(x, l.delta, target, part_of(s, k, tile), &line);
    }
}

void backward_batchnorm_rows(layer l, host_pass pass, const float *x, float *target, int add, ACTIVATION activation) {
    const shape s = shape_of(rows_of(l), l.out_c);
    double *g = channel_sums(l);
    float slope = 1;
    if (!activation_slope(activation, &slope)) gradient_fast(l.output, s.rows * s.width, activation, l.delta);
    if (pass.train) {
        sum_all_gradients(l, s, x, slope, g);
        learn(l, g);
    }
    /* with rolling statistics the normalization is a constant line: its slope is all the gradient sees, and nothing is learnt */
    if (target)
        write_target(l, s, x, target, add, slope, pass.train ? l.mean : l.rolling_mean,
                     pass.train ? l.variance : l.rolling_variance, g);
    free(g);
}
