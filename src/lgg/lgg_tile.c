/* lgg_tile.c: products of a few rows with each other and of a small matrix with a few rows, tile by tile in the registers of x86
 * processors with AVX-512 or AVX2, and the steps on single rows between them; vectors of four elsewhere. One thread's work: who calls
 * them shares it out.
 */
#include "lgg_products.h"
#include <string.h>

/* lgg_tiles_dot of a tile. */
typedef void (*lgg_dot_step)(const lgg_dot_tile *tile, size_t rows, size_t columns, float *c, size_t c_stride);

/* c (rows, LGG_PANEL; stride c_stride) += w (rows, inner) x (inner, LGG_PANEL). */
typedef void (*lgg_product_tile)(size_t rows, size_t inner, const float *w, size_t w_stride, const float *x,
                                 size_t x_stride, float *c, size_t c_stride);

/* The tiles of an instruction set: as many accumulators as its registers hold beside the operands. */
struct lgg_tiles {
    lgg_dot_step dot;
    size_t dot_rows, dot_columns;
    lgg_product_tile product;
    size_t product_rows, product_rows_max; /* of many, and of so few that they fit into one tile */
    lgg_row_steps row;
};

/* Columns of a product's tile: two vectors of AVX-512. */
#define LGG_PANEL 32
/* Values of a line of the cache. */
#define LGG_LINE 16
/* Values of two vectors of four, and of one of AVX2. */
#define LGG_REST 8

enum {
    LGG_DOT512_ROWS = LGG_DOT_ROWS_MAX,
    LGG_DOT512_COLUMNS = LGG_DOT_COLUMNS_MAX,
    LGG_DOT256_ROWS = 3,
    LGG_DOT256_COLUMNS = 3,
    LGG_DOT128_ROWS = 3,
    LGG_DOT128_COLUMNS = 3,
    LGG_PRODUCT512_ROWS = 8,
    LGG_PRODUCT512_ROWS_MAX = 12,
    LGG_PRODUCT256_ROWS = 3,
    LGG_PRODUCT256_ROWS_MAX = 3,
    LGG_PRODUCT128_ROWS = 1,
    LGG_PRODUCT128_ROWS_MAX = 1,
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

/* ---- Tiles, compiled once for each instruction set ---- */

/* The tile's rows a and b, and where those of a are copied, as pointers of the caller's own: what is stored cannot change them. */
LGG_STEP void lgg_dot_pointers(const lgg_dot_tile *tile, const size_t rows, const size_t columns, const int copying,
                               const float **a, const float **b, float **copy) {
    for (size_t i = 0; i < rows; i++) {
        a[i] = tile->a[i];
        copy[i] = copying ? tile->copy + i * tile->copy_stride : NULL;
    }
    for (size_t j = 0; j < columns; j++)
        b[j] = tile->b[j];
}

/* What lgg_dot of some instruction set does with the values that fill no vector of its: the same for copies that zeros fill up. */
static void lgg_dot_rest(lgg_dot_step dot, size_t lanes, const lgg_dot_tile *tile, size_t rows, size_t columns,
                         float *c, size_t c_stride) {
    const size_t whole = tile->count / lanes * lanes;
    if (whole == tile->count) return;
    enum { ALL = LGG_DOT_ROWS_MAX + LGG_DOT_COLUMNS_MAX };
    float filled[ALL][LGG_REST] = {{0}};
    const float *row[ALL];
    const size_t size = (tile->count - whole) * sizeof(float);
    for (size_t i = 0; i < ALL; i++)
        row[i] = filled[i];
    for (size_t i = 0; i < rows; i++) {
        memcpy(filled[i], tile->a[i] + whole, size);
        if (tile->copy) memcpy(tile->copy + i * tile->copy_stride + whole, tile->a[i] + whole, size);
    }
    for (size_t j = 0; j < columns; j++)
        memcpy(filled[LGG_DOT_ROWS_MAX + j], tile->b[j] + whole, size);
    const lgg_dot_tile last = {.count = LGG_REST, .a = row, .b = row + LGG_DOT_ROWS_MAX, .soon = row[0], .adding = 1};
    dot(&last, rows, columns, c, c_stride);
}

/* The tile of dot products, with a wish to copy that is known when it is compiled, in vectors of one instruction set. */
#define LGG_DOT(set, target, vector, prefix)                                                                           \
    target LGG_STEP void lgg_dot_whole##set(const int copying, const lgg_dot_tile *tile, size_t rows, size_t columns,  \
                                            float *c, size_t c_stride) {                                               \
        enum { LANES = sizeof(vector) / sizeof(float), ROWS = LGG_DOT##set##_ROWS, COLUMNS = LGG_DOT##set##_COLUMNS }; \
        vector total[ROWS][COLUMNS];                                                                                   \
        const float *a[ROWS], *b[COLUMNS], *soon = tile->soon;                                                         \
        float *copy[ROWS];                                                                                             \
        const size_t whole = tile->count / LANES * LANES;                                                              \
        lgg_dot_pointers(tile, ROWS, COLUMNS, copying, a, b, copy);                                                    \
        for (size_t i = 0; i < ROWS; i++) {                                                                            \
            for (size_t j = 0; j < COLUMNS; j++)                                                                       \
                total[i][j] = prefix##_setzero_ps();                                                                   \
        }                                                                                                              \
        for (size_t t = 0; t < whole; t += LANES) {                                                                    \
            vector column[COLUMNS];                                                                                    \
            __builtin_prefetch(soon + t, 0, 2);                                                                        \
            for (size_t j = 0; j < COLUMNS; j++)                                                                       \
                column[j] = prefix##_loadu_ps(b[j] + t);                                                               \
            for (size_t i = 0; i < ROWS; i++) {                                                                        \
                const vector row = prefix##_loadu_ps(a[i] + t);                                                        \
                if (copying) prefix##_storeu_ps(copy[i] + t, row);                                                     \
                for (size_t j = 0; j < COLUMNS; j++)                                                                   \
                    total[i][j] = prefix##_fmadd_ps(row, column[j], total[i][j]);                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t i = 0; i < rows; i++) {                                                                            \
            for (size_t j = 0; j < columns; j++)                                                                       \
                c[i * c_stride + j] = (tile->adding ? c[i * c_stride + j] : 0) + lgg_sum##set(total[i][j]);            \
        }                                                                                                              \
    }                                                                                                                  \
    target static void lgg_dot##set(const lgg_dot_tile *tile, size_t rows, size_t columns, float *c,                   \
                                    size_t c_stride) {                                                                 \
        if (tile->copy) {                                                                                              \
            lgg_dot_whole##set(1, tile, rows, columns, c, c_stride);                                                   \
        } else {                                                                                                       \
            lgg_dot_whole##set(0, tile, rows, columns, c, c_stride);                                                   \
        }                                                                                                              \
        lgg_dot_rest(lgg_dot##set, sizeof(vector) / sizeof(float), tile, rows, columns, c, c_stride);                  \
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

/* ---- Vectors of four, which a compiler has on every processor ---- */

typedef float lgg_four __attribute__((vector_size(16)));

LGG_STEP lgg_four lgg_four_setzero_ps(void) {
    return (lgg_four){0, 0, 0, 0};
}

LGG_STEP lgg_four lgg_four_set1_ps(float a) {
    return (lgg_four){a, a, a, a};
}

LGG_STEP lgg_four lgg_four_loadu_ps(const float *x) {
    lgg_four v;
    memcpy(&v, x, sizeof v);
    return v;
}

LGG_STEP void lgg_four_storeu_ps(float *x, lgg_four v) {
    memcpy(x, &v, sizeof v);
}

LGG_STEP lgg_four lgg_four_add_ps(lgg_four a, lgg_four b) {
    return a + b;
}

LGG_STEP lgg_four lgg_four_fmadd_ps(lgg_four a, lgg_four b, lgg_four c) {
    return a * b + c;
}

/* The sum of the four values of v. */
LGG_STEP float lgg_sum128(lgg_four v) {
    return (v[0] + v[2]) + (v[1] + v[3]);
}

LGG_DOT(128, , lgg_four, lgg_four)
LGG_PRODUCT_ROWS(128, , lgg_four, lgg_four)

static void lgg_product128(size_t rows, size_t inner, const float *w, size_t w_stride, const float *x, size_t x_stride,
                           float *c, size_t c_stride) {
    (void)rows; /* 1 */
    lgg_product_rows128(1, inner, w, w_stride, x, x_stride, c, c_stride);
}

LGG_ROW_STEPS(128, )

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define LGG_STEP_512 __attribute__((target("avx512f"))) LGG_STEP
#define LGG_STEP_256 __attribute__((target("avx2,fma"))) LGG_STEP

/* Three steps of summing up, which together make one vector of sixteen sums from sixteen vectors: neighbouring values, neighbouring
 * pairs of values, quarters. */
LGG_STEP_512 __m512 lgg_fold_values(__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
}

LGG_STEP_512 __m512 lgg_fold_pairs(__m512 a, __m512 b) {
    const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
    return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)), _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
}

LGG_STEP_512 __m512 lgg_fold_quarters(__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}

/* c (rows, columns) = the sums of the values of each vector of total, or += with `adding`. */
LGG_STEP_512 void lgg_dot512_sums(__m512 total[LGG_DOT512_ROWS][LGG_DOT512_COLUMNS], int adding, size_t rows,
                                  size_t columns, float *c, size_t c_stride) {
    __m512 four[LGG_DOT512_ROWS], two[LGG_DOT512_ROWS / 2];
    for (int i = 0; i < LGG_DOT512_ROWS; i++)
        four[i] = lgg_fold_pairs(lgg_fold_values(total[i][0], total[i][1]), lgg_fold_values(total[i][2], total[i][3]));
    for (int i = 0; i < LGG_DOT512_ROWS; i += 2)
        two[i / 2] = lgg_fold_pairs(lgg_fold_values(total[i][4], total[i][5]),
                                    lgg_fold_values(total[i + 1][4], total[i + 1][5]));
    /* the first four columns of each row, and the last two of each, twice */
    const __m512 first = lgg_fold_quarters(lgg_fold_quarters(four[0], four[1]), lgg_fold_quarters(four[2], four[3])),
                 half = lgg_fold_quarters(two[0], two[1]), last = lgg_fold_quarters(half, half);
    const __m512i next_row = _mm512_setr_epi32(4, 4, 4, 4, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    __m512i of_row = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __mmask16 wanted = (__mmask16)((1u << columns) - 1), kept = adding ? wanted : 0;
    for (size_t i = 0; i < rows; i++) {
        float *c_i = c + i * c_stride;
        const __m512 sums = _mm512_permutex2var_ps(first, of_row, last);
        _mm512_mask_storeu_ps(c_i, wanted, _mm512_add_ps(_mm512_maskz_loadu_ps(kept, c_i), sums));
        of_row = _mm512_add_epi32(of_row, next_row);
    }
}

/* The tile for a number of columns, and a wish to copy, that are known when it is compiled. */
LGG_STEP_512 void lgg_dot512_columns(const size_t computed, const int copying, const lgg_dot_tile *tile, size_t rows,
                                     size_t columns, float *c, size_t c_stride) {
    __m512 total[LGG_DOT512_ROWS][LGG_DOT512_COLUMNS];
    const float *a[LGG_DOT512_ROWS], *b[LGG_DOT512_COLUMNS], *soon = tile->soon;
    float *copy[LGG_DOT512_ROWS];
    const size_t whole = tile->count / 16 * 16;
    lgg_dot_pointers(tile, LGG_DOT512_ROWS, computed, copying, a, b, copy);
    for (size_t i = 0; i < LGG_DOT512_ROWS; i++) {
        for (size_t j = 0; j < LGG_DOT512_COLUMNS; j++)
            total[i][j] = _mm512_setzero_ps();
    }
    for (size_t t = 0; t < whole; t += 16) {
        __m512 column[LGG_DOT512_COLUMNS];
        __builtin_prefetch(soon + t, 0, 2);
        for (size_t j = 0; j < computed; j++)
            column[j] = _mm512_loadu_ps(b[j] + t);
        for (size_t i = 0; i < LGG_DOT512_ROWS; i++) {
            const __m512 row = _mm512_loadu_ps(a[i] + t);
            if (copying) _mm512_storeu_ps(copy[i] + t, row);
            for (size_t j = 0; j < computed; j++)
                total[i][j] = _mm512_fmadd_ps(row, column[j], total[i][j]);
        }
    }
    if (whole < tile->count) {
        const __mmask16 rest = (__mmask16)((1u << (tile->count - whole)) - 1);
        __m512 column[LGG_DOT512_COLUMNS];
        for (size_t j = 0; j < computed; j++)
            column[j] = _mm512_maskz_loadu_ps(rest, b[j] + whole);
        for (size_t i = 0; i < LGG_DOT512_ROWS; i++) {
            const __m512 row = _mm512_maskz_loadu_ps(rest, a[i] + whole);
            if (copying) _mm512_mask_storeu_ps(copy[i] + whole, rest, row);
            for (size_t j = 0; j < computed; j++)
                total[i][j] = _mm512_fmadd_ps(row, column[j], total[i][j]);
        }
    }
    lgg_dot512_sums(total, tile->adding, rows, columns, c, c_stride);
}

__attribute__((target("avx512f"))) static void lgg_dot512(const lgg_dot_tile *tile, size_t rows, size_t columns,
                                                          float *c, size_t c_stride) {
    if (tile->copy) {
        lgg_dot512_columns(LGG_DOT512_COLUMNS, 1, tile, rows, columns, c, c_stride);
    } else if (columns > 4) {
        lgg_dot512_columns(LGG_DOT512_COLUMNS, 0, tile, rows, columns, c, c_stride);
    } else if (columns > 2) {
        lgg_dot512_columns(4, 0, tile, rows, columns, c, c_stride);
    } else {
        lgg_dot512_columns(2, 0, tile, rows, columns, c, c_stride);
    }
}

/* The sum of the eight values of v. */
LGG_STEP_256 float lgg_sum256(__m256 v) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

LGG_DOT(256, __attribute__((target("avx2,fma"))), __m256, _mm256)
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

static const lgg_tiles lgg_tiles512 = {lgg_dot512,           LGG_DOT512_ROWS,     LGG_DOT512_COLUMNS,
                                       lgg_product512,       LGG_PRODUCT512_ROWS, LGG_PRODUCT512_ROWS_MAX,
                                       LGG_ROW_STEPS_OF(512)},
                       lgg_tiles256 = {lgg_dot256,           LGG_DOT256_ROWS,     LGG_DOT256_COLUMNS,
                                       lgg_product256,       LGG_PRODUCT256_ROWS, LGG_PRODUCT256_ROWS_MAX,
                                       LGG_ROW_STEPS_OF(256)};

static int lgg_processor_has(lgg_instructions instructions) {
    if (instructions == LGG_AVX512) return __builtin_cpu_supports("avx512f") != 0;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static const lgg_tiles *lgg_vector_tiles(lgg_instructions instructions) {
    if (!lgg_processor_has(instructions)) return NULL;
    return instructions == LGG_AVX512 ? &lgg_tiles512 : &lgg_tiles256;
}

#else

static const lgg_tiles *lgg_vector_tiles(lgg_instructions instructions) {
    (void)instructions;
    return NULL;
}

#endif

const lgg_tiles *lgg_tiles_of(lgg_instructions instructions) {
    static const lgg_tiles plain = {lgg_dot128,          LGG_DOT128_ROWS,         LGG_DOT128_COLUMNS,   lgg_product128,
                                    LGG_PRODUCT128_ROWS, LGG_PRODUCT128_ROWS_MAX, LGG_ROW_STEPS_OF(128)};
    return instructions == LGG_PLAIN ? &plain : lgg_vector_tiles(instructions);
}

const lgg_tiles *lgg_tiles_best(void) {
    const lgg_tiles *tiles = lgg_tiles_of(LGG_AVX512);
    if (!tiles) tiles = lgg_tiles_of(LGG_AVX2);
    return tiles ? tiles : lgg_tiles_of(LGG_PLAIN);
}

size_t lgg_tiles_dot_rows(const lgg_tiles *tiles) {
    return tiles->dot_rows;
}

size_t lgg_tiles_dot_columns(const lgg_tiles *tiles) {
    return tiles->dot_columns;
}

const lgg_row_steps *lgg_tiles_row(const lgg_tiles *tiles) {
    return &tiles->row;
}

void lgg_tiles_dot(const lgg_tiles *tiles, const lgg_dot_tile *tile, size_t rows, size_t columns, float *c,
                   size_t c_stride) {
    tiles->dot(tile, rows, columns, c, c_stride);
}

/* The last columns of a row of tiles, fewer than a panel: c must not be written past them. */
static void lgg_product_rest(const lgg_tiles *tiles, size_t rows, size_t inner, size_t count, const float *w,
                             size_t w_stride, const float *x, size_t x_stride, float *c, size_t c_stride) {
    float sums[LGG_PRODUCT_ROWS_MAX * LGG_PANEL] = {0};
    tiles->product(rows, inner, w, w_stride, x, x_stride, sums, LGG_PANEL);
    for (size_t r = 0; r < rows; r++) {
        for (size_t t = 0; t < count; t++)
            c[r * c_stride + t] += sums[r * LGG_PANEL + t];
    }
}

void lgg_tiles_product(const lgg_tiles *tiles, size_t rows, size_t inner, size_t count, const float *w, size_t w_stride,
                       const float *x, size_t x_stride, float *c, size_t c_stride) {
    const size_t groups = rows <= tiles->product_rows_max ? 1 : (rows + tiles->product_rows - 1) / tiles->product_rows,
                 whole = count / LGG_PANEL * LGG_PANEL;
    for (size_t group = 0; group < groups; group++) {
        const size_t i = group * rows / groups, high = (group + 1) * rows / groups - i;
        const float *w_i = w + i * w_stride;
        float *c_i = c + i * c_stride;
        for (size_t t = 0; t < whole; t += LGG_PANEL)
            tiles->product(high, inner, w_i, w_stride, x + t, x_stride, c_i + t, c_stride);
        if (whole < count)
            lgg_product_rest(tiles, high, inner, count - whole, w_i, w_stride, x + whole, x_stride, c_i + whole,
                             c_stride);
    }
}
