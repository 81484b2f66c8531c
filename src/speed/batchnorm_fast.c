/* batchnorm_fast.c: see batchnorm_fast.h. */
#include "batchnorm_fast.h"

#include "allocate.h"
#include "elementwise_fast.h"
#include "simd.h"

#include <math.h>
#include <stdlib.h>

static const char batch_sums[] = "the sums of batch normalization";

/* A plane, one channel of one image, is summed up in pieces of at most PIECE values, and a channel plane by plane: fixed orders, whatever
 * the number of threads. */
enum { PIECE = 2048 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Mean and squared distances are taken piece by piece about the piece's own mean, while it is in the first cache. */
MULTIVERSION
static moments sum_plane(const float *x, size_t count) {
    moments m = {0, 0, 0, 0};
    for (size_t start = 0; start < count; start += PIECE) {
        size_t n = least(PIECE, count - start);
        const float *piece = x + start;
        float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < n; ++i)
            sum += piece[i];
        float mean = sum / (float)n;
#pragma omp simd reduction(+ : squares)
        for (size_t i = 0; i < n; ++i)
            squares += (piece[i] - mean) * (piece[i] - mean);
        if (m.count == 0) m.origin = mean;
        double distance = mean - m.origin;
        m.count += (double)n;
        m.sum += (double)n * distance;
        m.squares += squares + (double)n * distance * distance;
    }
    return m;
}

moments plane_moments(const float *x, size_t count) {
    return sum_plane(x, count);
}

static moments join(moments a, moments b) {
    double distance = b.origin - a.origin;
    a.squares += b.squares + 2 * distance * b.sum + b.count * distance * distance;
    a.sum += b.sum + b.count * distance;
    a.count += b.count;
    return a;
}

MULTIVERSION
static void normalize_plane(const float *x, float *output, size_t n, channel_line line) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        output[i] = leaky_relu((x[i] - line.mean) * line.scale + line.bias, line.slope);
}

MULTIVERSION
static void normalize_plane_sum(const float *x, const float *residual, float *output, size_t n, channel_line line) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i)
        output[i] = leaky_relu((x[i] - line.mean) * line.scale + line.bias + residual[i], line.slope);
}

/* delta times the derivative of the activation, whose sign is computed again, which costs less than to read it. */
static inline float line_gradient(float centred, float delta, channel_line line) {
    return leaky_relu_gradient(centred * line.scale + line.bias, delta, line.slope);
}

/* Sums of g and of g * (x - mean), g = delta times the derivative of the activation. */
typedef struct {
    double g, gx;
} gradient_sums;

MULTIVERSION
static gradient_sums plane_gradient_sums(const float *x, const float *delta, size_t count, channel_line line) {
    gradient_sums sums = {0, 0};
    for (size_t start = 0; start < count; start += PIECE) {
        size_t n = least(PIECE, count - start);
        const float *xs = x + start, *deltas = delta + start;
        float sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
        for (size_t i = 0; i < n; ++i) {
            float centred = xs[i] - line.mean;
            float g = line_gradient(centred, deltas[i], line);
            sum_g += g;
            sum_gx += g * centred;
        }
        sums.g += sum_g;
        sums.gx += sum_gx;
    }
    return sums;
}

MULTIVERSION
static void write_plane_gradient(const float *x, const float *delta, float *target, size_t n, channel_line line) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i) {
        float centred = x[i] - line.mean;
        target[i] = line.scale * (line_gradient(centred, delta[i], line) - line.mean_g - centred * line.tilt);
    }
}

MULTIVERSION
static void add_plane_gradient(const float *x, const float *delta, float *target, size_t n, channel_line line) {
#pragma omp simd
    for (size_t i = 0; i < n; ++i) {
        float centred = x[i] - line.mean;
        target[i] += line.scale * (line_gradient(centred, delta[i], line) - line.mean_g - centred * line.tilt);
    }
}

static size_t plane_size(layer l) {
    return (size_t)l.out_h * (size_t)l.out_w;
}

/* Unused where the build knows no OpenMP. */
__attribute__((unused)) static int worth_threads(layer l) {
    return (size_t)l.batch * (size_t)l.outputs >= PARALLEL_VALUES;
}

static channel_line line_of(layer l, int c, const float *mean, const float *variance, float slope) {
    return (channel_line){mean[c], l.scales[c] / sqrtf(variance[c] + HOST_BATCH_NORM_EPSILON), l.biases[c], 0, 0,
                          slope};
}

static void set_statistics(layer l, float momentum, int c, const moments *planes) {
    moments all = planes[0];
    for (int b = 1; b < l.batch; ++b)
        all = join(all, planes[b]);
    double squares = fmax(all.squares - all.sum * all.sum / all.count, 0);
    l.mean[c] = (float)(all.origin + all.sum / all.count);
    l.variance[c] = (float)(squares / all.count);
    l.rolling_mean[c] = momentum * l.rolling_mean[c] + (1 - momentum) * l.mean[c];
    l.rolling_variance[c] =
        momentum * l.rolling_variance[c] + (1 - momentum) * (float)(squares / fmax(all.count - 1, 1));
}

/* output = activation(the line of the channel through x, and the residual unless it is NULL), for each plane. */
static void normalize(layer l, const float *x, const float *residual, float *output, const float *mean,
                      const float *variance, ACTIVATION activation) {
    const size_t n = plane_size(l);
    float slope = 1;
    const int fused = activation_slope(activation, &slope);
#pragma omp parallel for collapse(2) if (worth_threads(l))
    for (int b = 0; b < l.batch; ++b)
        for (int c = 0; c < l.out_c; ++c) {
            const size_t at = ((size_t)b * (size_t)l.out_c + (size_t)c) * n;
            const channel_line line = line_of(l, c, mean, variance, slope);
            if (residual)
                normalize_plane_sum(x + at, residual + at, output + at, n, line);
            else
                normalize_plane(x + at, output + at, n, line);
        }
    if (!fused) activate_fast(output, (size_t)l.batch * (size_t)l.outputs, activation);
}

void finish_batchnorm_fast(layer l, host_pass pass, const moments *planes, const float *x, const float *residual,
                           float *output, ACTIVATION activation) {
    const float momentum = host_batch_norm_momentum(&pass, &l);
#pragma omp parallel for if (worth_threads(l) && l.batch * l.out_c >= PARALLEL_VALUES)
    for (int c = 0; c < l.out_c; ++c)
        set_statistics(l, momentum, c, planes + (size_t)c * (size_t)l.batch);
    normalize(l, x, residual, output, l.mean, l.variance, activation);
}

void forward_batchnorm_sum_fast(layer l, host_pass pass, const float *x, const float *residual, float *output,
                                ACTIVATION activation) {
    const size_t n = plane_size(l);
    if (!pass.train) {
        normalize(l, x, residual, output, l.rolling_mean, l.rolling_variance, activation);
        return;
    }
    moments *planes = lgg_allocate((size_t)l.out_c * (size_t)l.batch, sizeof *planes, batch_sums);
#pragma omp parallel for collapse(2) if (worth_threads(l))
    for (int b = 0; b < l.batch; ++b)
        for (int c = 0; c < l.out_c; ++c)
            planes[(size_t)c * (size_t)l.batch + (size_t)b] =
                plane_moments(x + ((size_t)b * (size_t)l.out_c + (size_t)c) * n, n);
    finish_batchnorm_fast(l, pass, planes, x, residual, output, activation);
    free(planes);
}

void forward_batchnorm_fast(layer l, host_pass pass, const float *x, float *output, ACTIVATION activation) {
    forward_batchnorm_sum_fast(l, pass, x, NULL, output, activation);
}

/* Adds a channel's updates, and completes the line that its gradient follows. */
static void learn_channel(layer l, int c, const gradient_sums *planes, channel_line *line) {
    gradient_sums all = {0, 0};
    for (int b = 0; b < l.batch; ++b) {
        all.g += planes[b].g;
        all.gx += planes[b].gx;
    }
    double inverse = 1 / sqrt((double)l.variance[c] + HOST_BATCH_NORM_EPSILON),
           count = (double)l.batch * (double)plane_size(l);
    l.bias_updates[c] += (float)all.g;
    l.scale_updates[c] += (float)(all.gx * inverse);
    line->mean_g = (float)(all.g / count);
    line->tilt = (float)(all.gx * inverse * inverse / count);
}

static void learn(layer l, const float *x, channel_line *lines) {
    const size_t n = plane_size(l);
    gradient_sums *planes = lgg_allocate((size_t)l.out_c * (size_t)l.batch, sizeof *planes, batch_sums);
#pragma omp parallel for collapse(2) if (worth_threads(l))
    for (int b = 0; b < l.batch; ++b)
        for (int c = 0; c < l.out_c; ++c) {
            const size_t at = ((size_t)b * (size_t)l.out_c + (size_t)c) * n;
            planes[(size_t)c * (size_t)l.batch + (size_t)b] = plane_gradient_sums(x + at, l.delta + at, n, lines[c]);
        }
    for (int c = 0; c < l.out_c; ++c)
        learn_channel(l, c, planes + (size_t)c * (size_t)l.batch, &lines[c]);
    free(planes);
}

/* With rolling statistics the normalization is a constant line: its slope is all the gradient sees, and nothing is learnt. */
channel_line *learn_batchnorm_fast(layer l, host_pass pass, const float *x, ACTIVATION activation) {
    channel_line *lines = lgg_allocate((size_t)l.out_c, sizeof *lines, batch_sums);
    float slope = 1;
    if (!activation_slope(activation, &slope))
        gradient_fast(l.output, (size_t)l.batch * (size_t)l.outputs, activation, l.delta);
    for (int c = 0; c < l.out_c; ++c)
        lines[c] =
            line_of(l, c, pass.train ? l.mean : l.rolling_mean, pass.train ? l.variance : l.rolling_variance, slope);
    if (pass.train) learn(l, x, lines);
    return lines;
}

void backward_batchnorm_fast(layer l, host_pass pass, const float *x, float *target, int add, ACTIVATION activation) {
    const size_t n = plane_size(l);
    channel_line *lines = learn_batchnorm_fast(l, pass, x, activation);
#pragma omp parallel for collapse(2) if (worth_threads(l))
    for (int b = 0; b < (target ? l.batch : 0); ++b)
        for (int c = 0; c < l.out_c; ++c) {
            const size_t at = ((size_t)b * (size_t)l.out_c + (size_t)c) * n;
            if (add)
                add_plane_gradient(x + at, l.delta + at, target + at, n, lines[c]);
            else
                write_plane_gradient(x + at, l.delta + at, target + at, n, lines[c]);
        }
    free(lines);
}
