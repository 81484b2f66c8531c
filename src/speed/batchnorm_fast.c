/* batchnorm_fast.c: see batchnorm_fast.h. */
#include "batchnorm_fast.h"

#include "elementwise_fast.h"
#include "simd.h"

#include <math.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* A channel's values are reduced in SLICES parts of the batch, and within an image in pieces of at most PIECE values. Both are
 * fixed, whatever the number of threads: the order of a sum decides its rounding. */
enum { SLICES = 8, PIECE = 2048, SHARED_CHANNELS = 128 };

/* count values of sum `sum` about `origin`, and of squared distances `squares` to it. */
typedef struct {
    double count, origin, sum, squares;
} moments;

/* One channel in some images: values (images, n), the images `stride` values apart. */
typedef struct {
    size_t first, stride, images, n;
} block;

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Mean and squared distances are taken piece by piece about the piece's own mean, while it is in the first cache. */
MULTIVERSION
static moments block_moments(const float *x, block at) {
    moments m = {0, 0, 0, 0};
    for (size_t b = 0; b < at.images; ++b) {
        const float *values = x + at.first + b * at.stride;
        for (size_t start = 0; start < at.n; start += PIECE) {
            size_t n = least(PIECE, at.n - start);
            const float *piece = values + start;
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
    }
    return m;
}

static moments join(moments a, moments b) {
    double distance = b.origin - a.origin;
    a.squares += b.squares + 2 * distance * b.sum + b.count * distance * distance;
    a.sum += b.sum + b.count * distance;
    a.count += b.count;
    return a;
}

MULTIVERSION
static void normalize_block(const float *x, float *output, block at, float mean, float scale, float bias, float slope) {
    for (size_t b = 0; b < at.images; ++b) {
        const float *from = x + at.first + b * at.stride;
        float *to = output + at.first + b * at.stride;
#pragma omp simd
        for (size_t i = 0; i < at.n; ++i) {
            float value = (from[i] - mean) * scale + bias;
            to[i] = value > 0 ? value : slope * value;
        }
    }
}

/* Sums of g and of g * (x - mean), g = delta times the derivative of the activation. */
typedef struct {
    double g, gx;
} gradient_sums;

MULTIVERSION
static gradient_sums block_gradient_sums(const float *x, const float *y, const float *delta, block at, float mean,
                                         float slope) {
    gradient_sums sums = {0, 0};
    for (size_t b = 0; b < at.images; ++b) {
        size_t offset = at.first + b * at.stride;
        for (size_t start = 0; start < at.n; start += PIECE) {
            size_t n = least(PIECE, at.n - start);
            const float *xs = x + offset + start, *ys = y + offset + start, *deltas = delta + offset + start;
            float sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
            for (size_t i = 0; i < n; ++i) {
                float g = ys[i] > 0 ? deltas[i] : slope * deltas[i];
                sum_g += g;
                sum_gx += g * (xs[i] - mean);
            }
            sums.g += sum_g;
            sums.gx += sum_gx;
        }
    }
    return sums;
}

/* dL/dx = scale * (g - mean_g - (x - mean) * tilt). */
typedef struct {
    float mean, scale, mean_g, tilt, slope;
} gradient_line;

MULTIVERSION
static void write_block_gradient(const float *x, const float *y, const float *delta, float *target, block at,
                                 gradient_line line) {
    for (size_t b = 0; b < at.images; ++b) {
        size_t offset = at.first + b * at.stride;
        const float *xs = x + offset, *ys = y + offset, *deltas = delta + offset;
        float *to = target + offset;
#pragma omp simd
        for (size_t i = 0; i < at.n; ++i) {
            float g = ys[i] > 0 ? deltas[i] : line.slope * deltas[i];
            to[i] = line.scale * (g - line.mean_g - (xs[i] - line.mean) * line.tilt);
        }
    }
}

MULTIVERSION
static void add_block_gradient(const float *x, const float *y, const float *delta, float *target, block at,
                               gradient_line line) {
    for (size_t b = 0; b < at.images; ++b) {
        size_t offset = at.first + b * at.stride;
        const float *xs = x + offset, *ys = y + offset, *deltas = delta + offset;
        float *to = target + offset;
#pragma omp simd
        for (size_t i = 0; i < at.n; ++i) {
            float g = ys[i] > 0 ? deltas[i] : line.slope * deltas[i];
            to[i] += line.scale * (g - line.mean_g - (xs[i] - line.mean) * line.tilt);
        }
    }
}

static size_t spatial_size(layer l) {
    return (size_t)l.out_h * (size_t)l.out_w;
}

static int slices_of(layer l) {
    return l.batch < SLICES ? l.batch : SLICES;
}

/* Images of slice s of channel c. */
static block block_of(layer l, int c, int s, int slices) {
    size_t begin = (size_t)(l.batch * s / slices), end = (size_t)(l.batch * (s + 1) / slices);
    size_t n = spatial_size(l), stride = n * (size_t)l.out_c;
    return (block){begin * stride + (size_t)c * n, stride, end - begin, n};
}

/* A thread takes whole channels, so that the second pass finds the channel in its cache, unless there are more threads than that. */
static int share_channels(layer l) {
#ifdef _OPENMP
    return l.out_c < omp_get_max_threads() && l.out_c <= SHARED_CHANNELS;
#else
    (void)l;
    return 0;
#endif
}

/* Unused where the build knows no OpenMP. */
__attribute__((unused)) static int worth_threads(layer l) {
    return (size_t)l.batch * (size_t)l.out_c * spatial_size(l) >= PARALLEL_VALUES;
}

static void set_statistics(layer l, float momentum, int c, const moments *slice, int slices) {
    moments all = slice[0];
    for (int s = 1; s < slices; ++s)
        all = join(all, slice[s]);
    double squares = fmax(all.squares - all.sum * all.sum / all.count, 0);
    l.mean[c] = (float)(all.origin + all.sum / all.count);
    l.variance[c] = (float)(squares / all.count);
    l.rolling_mean[c] = momentum * l.rolling_mean[c] + (1 - momentum) * l.mean[c];
    l.rolling_variance[c] =
        momentum * l.rolling_variance[c] + (1 - momentum) * (float)(squares / fmax(all.count - 1, 1));
}

static void normalize_channel_slice(layer l, const float *mean, const float *variance, const float *x, float *output,
                                    int c, int s, int slices, float slope) {
    normalize_block(x, output, block_of(l, c, s, slices), mean[c],
                    l.scales[c] / sqrtf(variance[c] + HOST_BATCH_NORM_EPSILON), l.biases[c], slope);
}

static void train_forward(layer l, float momentum, const float *x, float *output, float slope) {
    const int slices = slices_of(l);
    if (share_channels(l)) {
        moments slice[SHARED_CHANNELS][SLICES];
#pragma omp parallel for collapse(2) if (worth_threads(l))
        for (int c = 0; c < l.out_c; ++c)
            for (int s = 0; s < slices; ++s)
                slice[c][s] = block_moments(x, block_of(l, c, s, slices));
        for (int c = 0; c < l.out_c; ++c)
            set_statistics(l, momentum, c, slice[c], slices);
#pragma omp parallel for collapse(2) if (worth_threads(l))
        for (int c = 0; c < l.out_c; ++c)
            for (int s = 0; s < slices; ++s)
                normalize_channel_slice(l, l.mean, l.variance, x, output, c, s, slices, slope);
        return;
    }
#pragma omp parallel for if (worth_threads(l))
    for (int c = 0; c < l.out_c; ++c) {
        moments slice[SLICES] = {{0}};
        for (int s = 0; s < slices; ++s)
            slice[s] = block_moments(x, block_of(l, c, s, slices));
        set_statistics(l, momentum, c, slice, slices);
        for (int s = 0; s < slices; ++s)
            normalize_channel_slice(l, l.mean, l.variance, x, output, c, s, slices, slope);
    }
}

void forward_batchnorm_fast(layer l, host_pass pass, const float *x, float *output, ACTIVATION activation) {
    float slope = 1;
    int fused = activation_slope(activation, &slope);
    if (pass.train) {
        train_forward(l, host_batch_norm_momentum(&pass, &l), x, output, slope);
    } else {
        const int slices = slices_of(l);
#pragma omp parallel for collapse(2) if (worth_threads(l))
        for (int s = 0; s < slices; ++s)
            for (int c = 0; c < l.out_c; ++c)
                normalize_channel_slice(l, l.rolling_mean, l.rolling_variance, x, output, c, s, slices, slope);
    }
    if (!fused) activate_fast(output, (size_t)l.batch * (size_t)l.outputs, activation);
}

/* Adds a channel's updates and returns the line that its gradient follows. */
static gradient_line gradient_of_channel(layer l, int c, const gradient_sums *slice, int slices, float slope) {
    gradient_sums all = {0, 0};
    for (int s = 0; s < slices; ++s) {
        all.g += slice[s].g;
        all.gx += slice[s].gx;
    }
    double inverse = 1 / sqrt((double)l.variance[c] + HOST_BATCH_NORM_EPSILON),
           count = (double)l.batch * (double)spatial_size(l);
    l.bias_updates[c] += (float)all.g;
    l.scale_updates[c] += (float)(all.gx * inverse);
    return (gradient_line){l.mean[c], (float)(l.scales[c] * inverse), (float)(all.g / count),
                           (float)(all.gx * inverse * inverse / count), slope};
}

/* What every block of one backward pass works on. */
typedef struct {
    const float *x;
    float *target;
    int add, slices;
    float slope;
} backward_pass;

static gradient_sums sum_channel_slice(layer l, backward_pass pass, int c, int s) {
    return block_gradient_sums(pass.x, l.output, l.delta, block_of(l, c, s, pass.slices), l.mean[c], pass.slope);
}

static void write_channel_slice(layer l, backward_pass pass, int c, int s, gradient_line line) {
    if (pass.add)
        add_block_gradient(pass.x, l.output, l.delta, pass.target, block_of(l, c, s, pass.slices), line);
    else
        write_block_gradient(pass.x, l.output, l.delta, pass.target, block_of(l, c, s, pass.slices), line);
}

static void train_backward(layer l, backward_pass pass) {
    if (share_channels(l)) {
        gradient_sums slice[SHARED_CHANNELS][SLICES];
        gradient_line line[SHARED_CHANNELS];
#pragma omp parallel for collapse(2) if (worth_threads(l))
        for (int c = 0; c < l.out_c; ++c)
            for (int s = 0; s < pass.slices; ++s)
                slice[c][s] = sum_channel_slice(l, pass, c, s);
        for (int c = 0; c < l.out_c; ++c)
            line[c] = gradient_of_channel(l, c, slice[c], pass.slices, pass.slope);
        if (!pass.target) return;
#pragma omp parallel for collapse(2) if (worth_threads(l))
        for (int c = 0; c < l.out_c; ++c)
            for (int s = 0; s < pass.slices; ++s)
                write_channel_slice(l, pass, c, s, line[c]);
        return;
    }
#pragma omp parallel for if (worth_threads(l))
    for (int c = 0; c < l.out_c; ++c) {
        gradient_sums slice[SLICES] = {{0}};
        for (int s = 0; s < pass.slices; ++s)
            slice[s] = sum_channel_slice(l, pass, c, s);
        gradient_line line = gradient_of_channel(l, c, slice, pass.slices, pass.slope);
        if (!pass.target) continue;
        for (int s = 0; s < pass.slices; ++s)
            write_channel_slice(l, pass, c, s, line);
    }
}

/* With rolling statistics the normalization is a constant line: its slope is all the gradient sees, and nothing is learnt. */
static void inference_backward(layer l, backward_pass pass) {
    if (!pass.target) return;
#pragma omp parallel for collapse(2) if (worth_threads(l))
    for (int s = 0; s < pass.slices; ++s)
        for (int c = 0; c < l.out_c; ++c) {
            float scale = l.scales[c] / sqrtf(l.rolling_variance[c] + HOST_BATCH_NORM_EPSILON);
            write_channel_slice(l, pass, c, s, (gradient_line){0, scale, 0, 0, pass.slope});
        }
}

void backward_batchnorm_fast(layer l, host_pass pass, const float *x, float *target, int add, ACTIVATION activation) {
    float slope = 1;
    if (!activation_slope(activation, &slope))
        gradient_fast(l.output, (size_t)l.batch * (size_t)l.outputs, activation, l.delta);
    const backward_pass work = {x, target, add, slices_of(l), slope};
    if (pass.train)
        train_backward(l, work);
    else
        inference_backward(l, work);
}
