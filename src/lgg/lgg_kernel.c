/* lgg_kernel.c: products of a few rows with each other and of a small matrix with a few rows, tile by tile in the registers of x86
 * processors with AVX-512 or AVX2, and the steps on single rows between them; plain loops elsewhere. One thread's work: who calls
 * them shares it out.
 */
#include "lgg_internal.h"

/* sums (rows, columns) = a_i.b_j over `count` values, for one tile; a (rows) and b (columns) point at rows. */
typedef void (*lgg_dot_tile)(size_t count, const float *const *a, const float *const *b, float *sums);

/* c (rows, LGG_PANEL; stride c_stride) += w (rows, inner) x (inner, LGG_PANEL). */
typedef void (*lgg_product_tile)(size_t rows, size_t inner, const float *w, size_t w_stride, const float *x,
                                 size_t x_stride, float *c, size_t c_stride);

/* The tiles of an instruction set: as many accumulators as its registers hold beside the operands. */
struct lgg_kernel {
    lgg_dot_tile dot;
    size_t dot_rows, dot_columns;
    lgg_product_tile product;
    size_t product_rows, product_rows_max; /* of many, and of so few that they fit into one tile */
    lgg_row_steps row;
};

/* Columns of a product's tile: two vectors of AVX-512. */
#define LGG_PANEL 32
/* Values of a line of the cache. */
#define LGG_LINE 16

enum {
    LGG_DOT512_ROWS = 4,
    LGG_DOT512_COLUMNS = 6,
    LGG_DOT256_ROWS = 3,
    LGG_DOT256_COLUMNS = 3,
    LGG_PRODUCT512_ROWS = 8,
    LGG_PRODUCT512_ROWS_MAX = 12,
    LGG_PRODUCT256_ROWS = 3,
    LGG_PRODUCT256_ROWS_MAX = 3,
    LGG_TILE_MAX = 24,
    LGG_PRODUCT_ROWS_MAX = 12
};

/* ---- Steps on single rows, compiled once for each instruction set ---- */

#define LGG_STEP static inline __attribute__((always_inline))

LGG_STEP void lgg_row_copy(size_t count, float scale, const float *x, const float *soon, float *copy) {
    for (size_t t = 0; t < count; t += LGG_LINE)
        __builtin_prefetch(soon + t);
#pragma omp simd
    for (size_t t = 0; t < count; t++)
        copy[t] = scale * x[t];
}

LGG_STEP void lgg_row_mix(size_t count, float a, const float *x, float b, float *y) {
#pragma omp simd
    for (size_t t = 0; t < count; t++)
        y[t] = a * x[t] + b * y[t];
}

LGG_STEP void lgg_row_add(size_t count, const float *x, const float *soon, float *y) {
    for (size_t t = 0; t < count; t += LGG_LINE)
        __builtin_prefetch(soon + t, 1);
#pragma omp simd
    for (size_t t = 0; t < count; t++)
        y[t] += x[t];
}

/* The steps of one instruction set: functions that the ones above are inlined into. */
#define LGG_ROW_STEPS(set, target)                                                                                     \
    target static void lgg_row_copy##set(size_t count, float scale, const float *x, const float *soon, float *copy) {  \
        lgg_row_copy(count, scale, x, soon, copy);                                                                     \
    }                                                                                                                  \
    target static void lgg_row_mix##set(size_t count, float a, const float *x, float b, float *y) {                    \
        lgg_row_mix(count, a, x, b, y);                                                                                \
    }                                                                                                                  \
    target static void lgg_row_add##set(size_t count, const float *x, const float *soon, float *y) {                   \
        lgg_row_add(count, x, soon, y);                                                                                \
    }
#define LGG_ROW_STEPS_OF(set)                                                                                          \
    { lgg_row_copy##set, lgg_row_mix##set, lgg_row_add##set }

LGG_ROW_STEPS(_plain, )

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

/* sums (rows, columns) += a_i.b_j over the last values, from `start` on. */
static void lgg_dot_rest(size_t start, size_t count, size_t rows, size_t columns, const float *const *a,
                         const float *const *b, float *sums) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            for (size_t t = start; t < count; t++)
                sums[i * columns + j] += a[i][t] * b[j][t];
        }
    }
}

__attribute__((target("avx512f"))) static void lgg_dot512(size_t count, const float *const *a, const float *const *b,
                                                          float *sums) {
    __m512 total[LGG_DOT512_ROWS][LGG_DOT512_COLUMNS];
    const size_t whole = count / 16 * 16;
    for (int i = 0; i < LGG_DOT512_ROWS; i++) {
        for (int j = 0; j < LGG_DOT512_COLUMNS; j++)
            total[i][j] = _mm512_setzero_ps();
    }
    for (size_t t = 0; t < whole; t += 16) {
        __m512 columns[LGG_DOT512_COLUMNS];
        for (int j = 0; j < LGG_DOT512_COLUMNS; j++)
            columns[j] = _mm512_loadu_ps(b[j] + t);
        for (int i = 0; i < LGG_DOT512_ROWS; i++) {
            const __m512 row = _mm512_loadu_ps(a[i] + t);
            for (int j = 0; j < LGG_DOT512_COLUMNS; j++)
                total[i][j] = _mm512_fmadd_ps(row, columns[j], total[i][j]);
        }
    }
    for (int i = 0; i < LGG_DOT512_ROWS; i++) {
        for (int j = 0; j < LGG_DOT512_COLUMNS; j++)
            sums[i * LGG_DOT512_COLUMNS + j] = _mm512_reduce_add_ps(total[i][j]);
    }
    lgg_dot_rest(whole, count, LGG_DOT512_ROWS, LGG_DOT512_COLUMNS, a, b, sums);
}

/* The sum of the eight values of v. */
__attribute__((target("avx2,fma"))) static float lgg_sum256(__m256 v) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

__attribute__((target("avx2,fma"))) static void lgg_dot256(size_t count, const float *const *a, const float *const *b,
                                                           float *sums) {
    __m256 total[LGG_DOT256_ROWS][LGG_DOT256_COLUMNS];
    const size_t whole = count / 8 * 8;
    for (int i = 0; i < LGG_DOT256_ROWS; i++) {
        for (int j = 0; j < LGG_DOT256_COLUMNS; j++)
            total[i][j] = _mm256_setzero_ps();
    }
    for (size_t t = 0; t < whole; t += 8) {
        __m256 columns[LGG_DOT256_COLUMNS];
        for (int j = 0; j < LGG_DOT256_COLUMNS; j++)
            columns[j] = _mm256_loadu_ps(b[j] + t);
        for (int i = 0; i < LGG_DOT256_ROWS; i++) {
            const __m256 row = _mm256_loadu_ps(a[i] + t);
            for (int j = 0; j < LGG_DOT256_COLUMNS; j++)
                total[i][j] = _mm256_fmadd_ps(row, columns[j], total[i][j]);
        }
    }
    for (int i = 0; i < LGG_DOT256_ROWS; i++) {
        for (int j = 0; j < LGG_DOT256_COLUMNS; j++)
            sums[i * LGG_DOT256_COLUMNS + j] = lgg_sum256(total[i][j]);
    }
    lgg_dot_rest(whole, count, LGG_DOT256_ROWS, LGG_DOT256_COLUMNS, a, b, sums);
}

/* The product's tile for a number of rows that is known when it is compiled, in vectors of one instruction set. */
#define LGG_PRODUCT_ROWS(set, target, vector, prefix)                                                                  \
    target static inline __attribute__((always_inline)) void lgg_product_rows##set(                                    \
        const size_t rows, size_t inner, const float *w, size_t w_stride, const float *x, size_t x_stride, float *c,   \
        size_t c_stride) {                                                                                             \
        enum { LANES = sizeof(vector) / sizeof(float), VECTORS = LGG_PANEL / LANES };                                  \
        vector total[LGG_PRODUCT##set##_ROWS_MAX][VECTORS];                                                            \
        for (size_t r = 0; r < rows; r++) {                                                                            \
            for (size_t v = 0; v < VECTORS; v++) {                                                                     \
                __builtin_prefetch(c + r * c_stride + v * LANES, 1);                                                   \
                total[r][v] = prefix##_setzero_ps();                                                                   \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t j = 0; j < inner; j++) {                                                                           \
            vector x_j[VECTORS];                                                                                       \
            for (size_t v = 0; v < VECTORS; v++)                                                                       \
                x_j[v] = prefix##_loadu_ps(x + j * x_stride + v * LANES);                                              \
            for (size_t r = 0; r < rows; r++) {                                                                        \
                const vector w_rj = prefix##_set1_ps(w[r * w_stride + j]);                                             \
                for (size_t v = 0; v < VECTORS; v++)                                                                   \
                    total[r][v] = prefix##_fmadd_ps(w_rj, x_j[v], total[r][v]);                                        \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t r = 0; r < rows; r++) {                                                                            \
            for (size_t v = 0; v < VECTORS; v++) {                                                                     \
                float *c_rv = c + r * c_stride + v * LANES;                                                            \
                prefix##_storeu_ps(c_rv, prefix##_add_ps(prefix##_loadu_ps(c_rv), total[r][v]));                       \
            }                                                                                                          \
        }                                                                                                              \
    }
#define LGG_PRODUCT_CASE(set, count)                                                                                   \
    case count:                                                                                                        \
        lgg_product_rows##set(count, inner, w, w_stride, x, x_stride, c, c_stride);                                    \
        break

LGG_PRODUCT_ROWS(512, __attribute__((target("avx512f"))), __m512, _mm512)
LGG_PRODUCT_ROWS(256, __attribute__((target("avx2,fma"))), __m256, _mm256)

__attribute__((target("avx512f"))) static void lgg_product512(size_t rows, size_t inner, const float *w,
                                                              size_t w_stride, const float *x, size_t x_stride,
                                                              float *c, size_t c_stride) {
    switch (rows) {
        LGG_PRODUCT_CASE(512, 1);
        LGG_PRODUCT_CASE(512, 2);
        LGG_PRODUCT_CASE(512, 3);
        LGG_PRODUCT_CASE(512, 4);
        LGG_PRODUCT_CASE(512, 5);
        LGG_PRODUCT_CASE(512, 6);
        LGG_PRODUCT_CASE(512, 7);
        LGG_PRODUCT_CASE(512, 8);
        LGG_PRODUCT_CASE(512, 9);
        LGG_PRODUCT_CASE(512, 10);
        LGG_PRODUCT_CASE(512, 11);
        LGG_PRODUCT_CASE(512, 12);
    }
}

__attribute__((target("avx2,fma"))) static void lgg_product256(size_t rows, size_t inner, const float *w,
                                                               size_t w_stride, const float *x, size_t x_stride,
                                                               float *c, size_t c_stride) {
    switch (rows) {
        LGG_PRODUCT_CASE(256, 1);
        LGG_PRODUCT_CASE(256, 2);
        LGG_PRODUCT_CASE(256, 3);
    }
}

LGG_ROW_STEPS(512, __attribute__((target("avx512f"))))
LGG_ROW_STEPS(256, __attribute__((target("avx2,fma"))))

static const lgg_kernel lgg_kernel512 = {lgg_dot512,           LGG_DOT512_ROWS,     LGG_DOT512_COLUMNS,
                                         lgg_product512,       LGG_PRODUCT512_ROWS, LGG_PRODUCT512_ROWS_MAX,
                                         LGG_ROW_STEPS_OF(512)},
                        lgg_kernel256 = {lgg_dot256,           LGG_DOT256_ROWS,     LGG_DOT256_COLUMNS,
                                         lgg_product256,       LGG_PRODUCT256_ROWS, LGG_PRODUCT256_ROWS_MAX,
                                         LGG_ROW_STEPS_OF(256)};

static int lgg_processor_has(lgg_instructions instructions) {
    if (instructions == LGG_AVX512) return __builtin_cpu_supports("avx512f") != 0;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static const lgg_kernel *lgg_vector_kernel(lgg_instructions instructions) {
    if (!lgg_processor_has(instructions)) return NULL;
    return instructions == LGG_AVX512 ? &lgg_kernel512 : &lgg_kernel256;
}

#else

static const lgg_kernel *lgg_vector_kernel(lgg_instructions instructions) {
    (void)instructions;
    return NULL;
}

#endif

static void lgg_dot_plain(size_t count, const float *const *a, const float *const *b, float *sums) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t t = 0; t < count; t++)
        sum += (double)a[0][t] * (double)b[0][t];
    *sums = (float)sum;
}

static void lgg_product_plain(size_t rows, size_t inner, const float *w, size_t w_stride, const float *x,
                              size_t x_stride, float *c, size_t c_stride) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < inner; j++) {
            const float w_rj = w[r * w_stride + j];
#pragma omp simd
            for (size_t t = 0; t < LGG_PANEL; t++)
                c[r * c_stride + t] += w_rj * x[j * x_stride + t];
        }
    }
}

const lgg_kernel *lgg_kernel_of(lgg_instructions instructions) {
    static const lgg_kernel plain = {lgg_dot_plain, 1, 1, lgg_product_plain, 1, 1, LGG_ROW_STEPS_OF(_plain)};
    return instructions == LGG_PLAIN ? &plain : lgg_vector_kernel(instructions);
}

const lgg_kernel *lgg_kernel_best(void) {
    const lgg_kernel *kernel = lgg_kernel_of(LGG_AVX512);
    if (!kernel) kernel = lgg_kernel_of(LGG_AVX2);
    return kernel ? kernel : lgg_kernel_of(LGG_PLAIN);
}

size_t lgg_kernel_dot_rows(const lgg_kernel *kernel) {
    return kernel->dot_rows;
}

const lgg_row_steps *lgg_kernel_row(const lgg_kernel *kernel) {
    return &kernel->row;
}

/* pointers (count) = rows first, first + 1, ... of x (n; stride); past the end, the last row again. */
static void lgg_row_pointers(size_t n, size_t stride, const float *x, size_t first, size_t count,
                             const float **pointers) {
    for (size_t i = 0; i < count; i++)
        pointers[i] = x + lgg_least(first + i, n - 1) * stride;
}

void lgg_kernel_dot(const lgg_kernel *kernel, size_t rows, size_t columns, size_t count, const float *a,
                    size_t a_stride, const float *b, size_t b_stride, float *c, size_t c_stride) {
    const float *row[LGG_TILE_MAX], *column[LGG_TILE_MAX];
    float sums[LGG_TILE_MAX];
    for (size_t i = 0; i < rows; i += kernel->dot_rows) {
        const size_t high = lgg_least(kernel->dot_rows, rows - i);
        lgg_row_pointers(rows, a_stride, a, i, kernel->dot_rows, row);
        for (size_t j = 0; j < columns; j += kernel->dot_columns) {
            const size_t wide = lgg_least(kernel->dot_columns, columns - j);
            lgg_row_pointers(columns, b_stride, b, j, kernel->dot_columns, column);
            kernel->dot(count, row, column, sums);
            for (size_t r = 0; r < high; r++) {
                for (size_t s = 0; s < wide; s++)
                    c[(i + r) * c_stride + j + s] += sums[r * kernel->dot_columns + s];
            }
        }
    }
}

/* The last columns of a row of tiles, fewer than a panel: c must not be written past them. */
static void lgg_product_rest(const lgg_kernel *kernel, size_t rows, size_t inner, size_t count, const float *w,
                             size_t w_stride, const float *x, size_t x_stride, float *c, size_t c_stride) {
    float sums[LGG_PRODUCT_ROWS_MAX * LGG_PANEL] = {0};
    kernel->product(rows, inner, w, w_stride, x, x_stride, sums, LGG_PANEL);
    for (size_t r = 0; r < rows; r++) {
        for (size_t t = 0; t < count; t++)
            c[r * c_stride + t] += sums[r * LGG_PANEL + t];
    }
}

void lgg_kernel_product(const lgg_kernel *kernel, size_t rows, size_t inner, size_t count, const float *w,
                        size_t w_stride, const float *x, size_t x_stride, float *c, size_t c_stride) {
    const size_t groups =
                     rows <= kernel->product_rows_max ? 1 : (rows + kernel->product_rows - 1) / kernel->product_rows,
                 whole = count / LGG_PANEL * LGG_PANEL;
    for (size_t group = 0; group < groups; group++) {
        const size_t i = group * rows / groups, high = (group + 1) * rows / groups - i;
        const float *w_i = w + i * w_stride;
        float *c_i = c + i * c_stride;
        for (size_t t = 0; t < whole; t += LGG_PANEL)
            kernel->product(high, inner, w_i, w_stride, x + t, x_stride, c_i + t, c_stride);
        if (whole < count)
            lgg_product_rest(kernel, high, inner, count - whole, w_i, w_stride, x + whole, x_stride, c_i + whole,
                             c_stride);
    }
}
