/* convolution_narrow.c: see convolution_narrow.h. */
#include "convolution_narrow.h"

#include "rows.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#define WIDE __attribute__((target("avx512f")))
#define WIDE_STEP WIDE static inline __attribute__((always_inline))

#undef BLOCK /* the threads of the host's kernels, where it is built for a GPU */

/* Pixels of a vector; channels that a tile computes at a time; parts of a batch whose gradients of the weights are summed up one after the
 * other; floats of a line of the cache. */
enum { VECTOR = 16, BLOCK = 8, NARROW_SLICES = 32, LINE = 16, SIZE_MAX_NARROW = 3 };

int is_narrow_convolution(const layer *l) {
    const int fits = l->type == CONVOLUTIONAL && l->groups == 1 && (l->size == 1 || l->size == 3) &&
                     l->pad * host_dilation(l) == l->size / 2 && host_dilation(l) == 1 && host_stride_x(l) == 1 &&
                     host_stride_y(l) == 1 && l->w % VECTOR == 0 && l->out_w == l->w && l->out_h == l->h;
    const int narrow = l->c <= VECTOR && l->n <= VECTOR && (l->c < VECTOR || l->n < VECTOR);
    return fits && narrow && __builtin_cpu_supports("avx512f");
}

/* Planes of an image with a border of zeros, so that a window never leaves them: rows `stride` apart, planes `plane`, which is no power of
 * two, so that pixels of different planes do not fall on the same lines of the cache. */
typedef struct {
    int h, w, size; /* size: of the window */
    size_t stride, plane;
} planes;

static size_t round_up(size_t n, size_t step) {
    return (n + step - 1) / step * step;
}

static planes planes_of(const layer *l) {
    const size_t border = (size_t)l->size / 2, stride = round_up((size_t)l->w + 2 * border, VECTOR);
    return (planes){l->h, l->w, l->size, stride, ((size_t)l->h + 2 * border) * stride + LINE};
}

static size_t window(const layer *l) {
    return (size_t)l->size * (size_t)l->size;
}

/* Where the functions' arrays lie in the workspace, in floats, each at the beginning of a line. */
typedef struct {
    size_t forward, backward; /* weights, in the order in which tiles read them */
    size_t sums;              /* (NARROW_SLICES, n, c, size, size) */
    size_t first_thread;
    size_t lanes; /* of a thread, from its own beginning on, behind planes with borders */
    size_t of_thread;
} places;

static places places_of(const layer *l) {
    const planes p = planes_of(l);
    const size_t n = (size_t)l->n, c = (size_t)l->c, k = window(l), most = n > c ? n : c;
    places at = {0};
    at.backward = round_up(n, BLOCK) * c * k;
    at.sums = at.backward + round_up(c, BLOCK) * n * k;
    at.first_thread = round_up(at.sums + NARROW_SLICES * n * c * k, LINE);
    at.lanes = most * p.plane;
    at.of_thread = at.lanes + n * round_up(c, BLOCK) * k * VECTOR;
    return at;
}

size_t narrow_workspace(const layer *l, int threads) {
    const places at = places_of(l);
    return (at.first_thread + (size_t)threads * at.of_thread) * sizeof(float);
}

static float *own_workspace(places at, float *workspace) {
#ifdef _OPENMP
    return workspace + at.first_thread + (size_t)omp_get_thread_num() * at.of_thread;
#else
    return workspace + at.first_thread;
#endif
}

/* Zeros around a plane: one pixel for a window of three. */
static void clear_border(planes p, float *plane) {
    if (p.size == 1) return;
    memset(plane, 0, p.stride * sizeof *plane);
    plane += p.stride;
    for (int y = 0; y < p.h; ++y, plane += p.stride)
        plane[0] = plane[p.w + 1] = 0;
    memset(plane, 0, p.stride * sizeof *plane);
}

/* to (w) = x, whole vectors. */
WIDE_STEP void copy_row(const float *x, size_t w, float *to) {
    for (size_t t = 0; t < w; t += VECTOR)
        _mm512_storeu_ps(to + t, _mm512_loadu_ps(x + t));
}

/* bordered (count planes) = x (count, h, w) within zeros. */
WIDE static void add_border(const float *x, int count, planes p, float *bordered) {
    const size_t border = (size_t)p.size / 2, w = (size_t)p.w;
    for (int i = 0; i < count; ++i, bordered += p.plane) {
        float *row = bordered + border * p.stride;
        clear_border(p, bordered);
        for (int y = 0; y < p.h; ++y, row += p.stride, x += w)
            copy_row(x, w, row + border);
    }
}

/* A row of dL/dx by a channel's line. */
WIDE_STEP void gradient_row(const float *x, const float *delta, size_t w, const channel_line *line, float *row) {
    const __m512 mean = _mm512_set1_ps(line->mean), scale = _mm512_set1_ps(line->scale),
                 bias = _mm512_set1_ps(line->bias), mean_g = _mm512_set1_ps(line->mean_g),
                 tilt = _mm512_set1_ps(line->tilt), slope = _mm512_set1_ps(line->slope);
    for (size_t t = 0; t < w; t += VECTOR) {
        const __m512 centred = _mm512_sub_ps(_mm512_loadu_ps(x + t), mean), g = _mm512_loadu_ps(delta + t),
                     output = _mm512_fmadd_ps(centred, scale, bias);
        const __mmask16 below = _mm512_cmp_ps_mask(output, _mm512_setzero_ps(), _CMP_LE_OQ);
        const __m512 gradient = _mm512_mask_mul_ps(g, below, g, slope);
        _mm512_storeu_ps(row + t,
                         _mm512_mul_ps(scale, _mm512_fnmadd_ps(centred, tilt, _mm512_sub_ps(gradient, mean_g))));
    }
}

/* bordered (count planes) = the gradient of what is normalized, from that of the result. */
WIDE static void gradient_within_border(const float *x, const float *delta, int count, planes p,
                                        const channel_line *lines, float *bordered) {
    const size_t border = (size_t)p.size / 2, w = (size_t)p.w;
    for (int i = 0; i < count; ++i, bordered += p.plane) {
        float *row = bordered + border * p.stride;
        clear_border(p, bordered);
        for (int y = 0; y < p.h; ++y, row += p.stride, x += w, delta += w)
            gradient_row(x, delta, w, &lines[i], row + border);
    }
}

/* The weights of BLOCK results side by side: packed (blocks, taken, size, size, BLOCK), zeros behind the last result. `given` results are
 * made of `taken` channels each; weight(given, taken) of the layer, or of its reflection where results go back to the image. */
static void pack_weights(const layer *l, int reflected, float *packed) {
    const int given = reflected ? l->c : l->n, taken = reflected ? l->n : l->c;
    const size_t k = window(l);
    for (int first = 0; first < given; first += BLOCK)
        for (int t = 0; t < taken; ++t)
            for (size_t i = 0; i < k; ++i)
                for (int g = first; g < first + BLOCK; ++g, ++packed) {
                    const size_t out = (size_t)(reflected ? t : g), in = (size_t)(reflected ? g : t);
                    const size_t at = (out * (size_t)l->c + in) * k + (reflected ? k - 1 - i : i);
                    *packed = g < given ? l->weights[at] : 0;
                }
}

/* Two vectors of pixels of BLOCK results, from `taken` planes on which the window begins at a and b. */
WIDE_STEP void convolve_tile(const int size, const float *bordered, planes p, int taken, const float *packed, size_t a,
                             size_t b, __m512 sum[BLOCK][2]) {
    for (int g = 0; g < BLOCK; ++g)
        sum[g][0] = sum[g][1] = _mm512_setzero_ps();
    for (int t = 0; t < taken; ++t, bordered += p.plane) {
#pragma GCC unroll 3
        for (int y = 0; y < size; ++y) {
            const float *row = bordered + (size_t)y * p.stride;
#pragma GCC unroll 3
            for (int x = 0; x < size; ++x, packed += BLOCK) {
                const __m512 first = _mm512_loadu_ps(row + a + x), second = _mm512_loadu_ps(row + b + x);
#pragma GCC unroll 8
                for (int g = 0; g < BLOCK; ++g) {
                    const __m512 weight = _mm512_set1_ps(packed[g]);
                    sum[g][0] = _mm512_fmadd_ps(weight, first, sum[g][0]);
                    sum[g][1] = _mm512_fmadd_ps(weight, second, sum[g][1]);
                }
            }
        }
    }
}

WIDE_STEP void store(float *to, __m512 sum, int add) {
    _mm512_storeu_ps(to, add ? _mm512_add_ps(_mm512_loadu_ps(to), sum) : sum);
}

/* results (given, h, w) = or += the convolution of `taken` planes. */
WIDE_STEP void convolve_planes(const int size, const float *bordered, planes p, int taken, const float *packed,
                               int given, int add, float *results) {
    const size_t in_row = (size_t)p.w / VECTOR, vectors = in_row * (size_t)p.h, pixels = (size_t)p.h * (size_t)p.w;
    for (int first = 0; first < given; first += BLOCK, packed += (size_t)taken * (size_t)(size * size) * BLOCK) {
        const int count = given - first < BLOCK ? given - first : BLOCK;
        for (size_t i = 0; i < vectors; i += 2) {
            const size_t j = i + 1 < vectors ? i + 1 : i;
            __m512 sum[BLOCK][2];
            convolve_tile(size, bordered, p, taken, packed, i / in_row * p.stride + i % in_row * VECTOR,
                          j / in_row * p.stride + j % in_row * VECTOR, sum);
            for (int g = 0; g < count; ++g) {
                float *to = results + (size_t)(first + g) * pixels;
                store(to + i * VECTOR, sum[g][0], add);
                if (j > i) store(to + j * VECTOR, sum[g][1], add);
            }
        }
    }
}

WIDE static void convolve_image(const float *bordered, planes p, int taken, const float *packed, int given, int add,
                                float *results) {
    if (p.size == 1)
        convolve_planes(1, bordered, p, taken, packed, given, add, results);
    else
        convolve_planes(3, bordered, p, taken, packed, given, add, results);
}

/* lanes (rows, size, VECTOR) += the products of as many planes of the image with one of gradients, shifted by the columns of one row of the
 * window: `gradient` is where its last column lies for the first pixel. */
WIDE_STEP void correlate_row(const int rows, const int size, const float *const *image, const float *gradient, planes p,
                             float *lanes) {
    const float *plane[BLOCK];
    __m512 sum[BLOCK][SIZE_MAX_NARROW];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
        plane[r] = image[r];
#pragma GCC unroll 3
        for (int x = 0; x < size; ++x)
            sum[r][x] = _mm512_loadu_ps(lanes + (r * size + x) * VECTOR);
    }
    size_t pixel = 0;
    for (int y = 0; y < p.h; ++y, gradient += p.stride) {
        for (int v = 0; v < p.w; v += VECTOR, pixel += VECTOR) {
            __m512 shifted[SIZE_MAX_NARROW];
#pragma GCC unroll 3
            for (int x = 0; x < size; ++x)
                shifted[x] = _mm512_loadu_ps(gradient + v + size - 1 - x);
#pragma GCC unroll 8
            for (int r = 0; r < rows; ++r) {
                __m512 pixels = _mm512_loadu_ps(plane[r] + pixel);
                __asm__("" : "+v"(pixels)); /* stays in a register: one load for all of the window's row */
#pragma GCC unroll 3
                for (int x = 0; x < size; ++x)
                    sum[r][x] = _mm512_fmadd_ps(pixels, shifted[x], sum[r][x]);
            }
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 3
        for (int x = 0; x < size; ++x)
            _mm512_storeu_ps(lanes + (r * size + x) * VECTOR, sum[r][x]);
}

WIDE static void correlate_any(int rows, const float *const *image, const float *gradient, planes p, float *lanes) {
    if (rows > BLOCK / 2 && p.size == 3)
        correlate_row(BLOCK, 3, image, gradient, p, lanes);
    else if (rows > BLOCK / 2)
        correlate_row(BLOCK, 1, image, gradient, p, lanes);
    else if (p.size == 3)
        correlate_row(BLOCK / 2, 3, image, gradient, p, lanes);
    else
        correlate_row(BLOCK / 2, 1, image, gradient, p, lanes);
}

/* lanes (n, blocks of c, size, BLOCK, size, VECTOR) += one image's share of the gradients of the weights, from the image (c, h, w) and the
 * gradients of the result, n planes within borders. Behind the last channel, its plane once more. */
static void correlate_image(const layer *l, const float *bordered, planes p, const float *image, float *lanes) {
    const size_t pixels = (size_t)l->h * (size_t)l->w;
    const float *plane[2 * BLOCK];
    for (int i = 0; i < 2 * BLOCK; ++i)
        plane[i] = image + (size_t)(i < l->c ? i : l->c - 1) * pixels;
    for (int out = 0; out < l->n; ++out, bordered += p.plane)
        for (int first = 0; first < l->c; first += BLOCK)
            for (int y = l->size - 1; y >= 0; --y, lanes += BLOCK * l->size * VECTOR)
                correlate_any(l->c - first, plane + first, bordered + (size_t)y * p.stride, p, lanes);
}

/* sums (n, c, size, size) = those of all lanes. */
WIDE static void sum_lanes(const layer *l, const float *lanes, float *sums) {
    const int k = l->size;
    for (int out = 0; out < l->n; ++out)
        for (int first = 0; first < l->c; first += BLOCK)
            for (int y = 0; y < k; ++y)
                for (int r = 0; r < BLOCK; ++r)
                    for (int x = 0; x < k; ++x, lanes += VECTOR)
                        if (first + r < l->c)
                            sums[((out * l->c + first + r) * k + y) * k + x] =
                                _mm512_reduce_add_ps(_mm512_loadu_ps(lanes));
}

void forward_narrow(const layer *l, const float *input, float *output, moments *of_planes, float *workspace,
                    int threads) {
    const planes p = planes_of(l);
    const places at = places_of(l);
    const size_t pixels = (size_t)l->h * (size_t)l->w;
    (void)threads; /* where the build knows no OpenMP */
    pack_weights(l, 0, workspace + at.forward);
#pragma omp parallel for schedule(dynamic, 4) num_threads(threads)
    for (int b = 0; b < l->batch; ++b) {
        float *bordered = own_workspace(at, workspace);
        add_border(input + (size_t)b * (size_t)l->c * pixels, l->c, p, bordered);
        float *map = output + (size_t)b * (size_t)l->n * pixels;
        convolve_image(bordered, p, l->c, workspace + at.forward, l->n, 0, map);
        for (int i = 0; of_planes && i < l->n; ++i)
            of_planes[(size_t)i * (size_t)l->batch + (size_t)b] = plane_moments(map + (size_t)i * pixels, pixels);
    }
}

/* One image of the backward pass. */
static void backward_image(const layer *l, int b, const float *input, float *input_delta, int assign,
                           const channel_line *lines, places at, const float *packed, float *own) {
    const planes p = planes_of(l);
    const size_t pixels = (size_t)l->h * (size_t)l->w, c = (size_t)l->c;
    const float *image = input + (size_t)b * c * pixels;
    const size_t map = (size_t)b * (size_t)l->n * pixels;
    if (lines)
        gradient_within_border(l->x + map, l->delta + map, l->n, p, lines, own);
    else
        add_border(l->delta + map, l->n, p, own);
    if (input_delta) convolve_image(own, p, l->n, packed, l->c, !assign, input_delta + (size_t)b * c * pixels);
    if (l->weight_updates) correlate_image(l, own, p, image, own + at.lanes);
}

void backward_narrow(const layer *l, const float *input, float *input_delta, int assign, const channel_line *lines,
                     float *workspace, int threads) {
    const places at = places_of(l);
    const size_t weights = (size_t)l->n * (size_t)l->c * window(l),
                 lanes = (at.of_thread - at.lanes) * sizeof *workspace;
    const int slices = l->batch < NARROW_SLICES ? l->batch : NARROW_SLICES;
    (void)threads;
    if (input_delta) pack_weights(l, 1, workspace + at.backward);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (int s = 0; s < slices; ++s) {
        float *own = own_workspace(at, workspace);
        if (l->weight_updates) memset(own + at.lanes, 0, lanes);
        for (int b = s * l->batch / slices; b < (s + 1) * l->batch / slices; ++b)
            backward_image(l, b, input, input_delta, assign, lines, at, workspace + at.backward, own);
        if (l->weight_updates) sum_lanes(l, own + at.lanes, workspace + at.sums + (size_t)s * weights);
    }
    for (int s = 0; s < slices && l->weight_updates; ++s)
        for (size_t i = 0; i < weights; ++i)
            l->weight_updates[i] += workspace[at.sums + (size_t)s * weights + i];
}

#else

int is_narrow_convolution(const layer *l) {
    (void)l;
    return 0;
}

size_t narrow_workspace(const layer *l, int threads) {
    (void)l, (void)threads;
    return 0;
}

void forward_narrow(const layer *l, const float *input, float *output, moments *of_planes, float *workspace,
                    int threads) {
    (void)l, (void)input, (void)output, (void)of_planes, (void)workspace, (void)threads;
}

void backward_narrow(const layer *l, const float *input, float *input_delta, int assign, const channel_line *lines,
                     float *workspace, int threads) {
    (void)l, (void)input, (void)input_delta, (void)assign, (void)lines, (void)workspace, (void)threads;
}

#endif
