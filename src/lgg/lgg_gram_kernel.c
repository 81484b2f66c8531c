/* lgg_gram_kernel.c: the lower triangle of X X' on x86 processors with AVX-512 or AVX2.
 *
 * A library packs a general product's operands and computes both triangles. Here both operands are the same rows, few and long: dot
 * products of one tile of rows with another run at the processor's full rate straight from X, half of the square is left out, and
 * every core takes tiles of its own, whatever B. Each element is one thread's sum in a fixed order: the same for any
 * number of threads.
 */
#include "lgg_internal.h"
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

/* Columns of X taken at a time, and rows that stay in the second-level cache meanwhile, a multiple of every tile's. */
#define LGG_KERNEL_COLUMNS 4096
#define LGG_KERNEL_PANEL 48
/* Multiplications below which a second thread costs more than it saves. */
#define LGG_KERNEL_PARALLEL 1e6

/* sums (rows, columns) = a_i.b_j over `count` values, for one tile; a (rows) and b (columns) point at rows of X. */
typedef void (*lgg_tile)(size_t count, const float *const *a, const float *const *b, float *sums);

/* A tile of an instruction set: as many accumulators as its registers hold beside the operands. */
typedef struct {
    lgg_tile run;
    size_t rows, columns;
} lgg_tile_kind;

enum {
    LGG_TILE512_ROWS = 4,
    LGG_TILE512_COLUMNS = 6,
    LGG_TILE256_ROWS = 3,
    LGG_TILE256_COLUMNS = 3,
    LGG_TILE_MAX = 24
};

/* sums (rows, columns) += a_i.b_j over the last values, from `start` on. */
static void lgg_tile_rest(size_t start, size_t count, size_t rows, size_t columns, const float *const *a,
                          const float *const *b, float *sums) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            for (size_t t = start; t < count; t++)
                sums[i * columns + j] += a[i][t] * b[j][t];
        }
    }
}

__attribute__((target("avx512f"))) static void lgg_tile512(size_t count, const float *const *a, const float *const *b,
                                                           float *sums) {
    __m512 total[LGG_TILE512_ROWS][LGG_TILE512_COLUMNS];
    const size_t whole = count / 16 * 16;
    for (int i = 0; i < LGG_TILE512_ROWS; i++) {
        for (int j = 0; j < LGG_TILE512_COLUMNS; j++)
            total[i][j] = _mm512_setzero_ps();
    }
    for (size_t t = 0; t < whole; t += 16) {
        __m512 columns[LGG_TILE512_COLUMNS];
        for (int j = 0; j < LGG_TILE512_COLUMNS; j++)
            columns[j] = _mm512_loadu_ps(b[j] + t);
        for (int i = 0; i < LGG_TILE512_ROWS; i++) {
            const __m512 row = _mm512_loadu_ps(a[i] + t);
            for (int j = 0; j < LGG_TILE512_COLUMNS; j++)
                total[i][j] = _mm512_fmadd_ps(row, columns[j], total[i][j]);
        }
    }
    for (int i = 0; i < LGG_TILE512_ROWS; i++) {
        for (int j = 0; j < LGG_TILE512_COLUMNS; j++)
            sums[i * LGG_TILE512_COLUMNS + j] = _mm512_reduce_add_ps(total[i][j]);
    }
    lgg_tile_rest(whole, count, LGG_TILE512_ROWS, LGG_TILE512_COLUMNS, a, b, sums);
}

/* The sum of the eight values of v. */
__attribute__((target("avx2,fma"))) static float lgg_sum256(__m256 v) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

__attribute__((target("avx2,fma"))) static void lgg_tile256(size_t count, const float *const *a, const float *const *b,
                                                            float *sums) {
    __m256 total[LGG_TILE256_ROWS][LGG_TILE256_COLUMNS];
    const size_t whole = count / 8 * 8;
    for (int i = 0; i < LGG_TILE256_ROWS; i++) {
        for (int j = 0; j < LGG_TILE256_COLUMNS; j++)
            total[i][j] = _mm256_setzero_ps();
    }
    for (size_t t = 0; t < whole; t += 8) {
        __m256 columns[LGG_TILE256_COLUMNS];
        for (int j = 0; j < LGG_TILE256_COLUMNS; j++)
            columns[j] = _mm256_loadu_ps(b[j] + t);
        for (int i = 0; i < LGG_TILE256_ROWS; i++) {
            const __m256 row = _mm256_loadu_ps(a[i] + t);
            for (int j = 0; j < LGG_TILE256_COLUMNS; j++)
                total[i][j] = _mm256_fmadd_ps(row, columns[j], total[i][j]);
        }
    }
    for (int i = 0; i < LGG_TILE256_ROWS; i++) {
        for (int j = 0; j < LGG_TILE256_COLUMNS; j++)
            sums[i * LGG_TILE256_COLUMNS + j] = lgg_sum256(total[i][j]);
    }
    lgg_tile_rest(whole, count, LGG_TILE256_ROWS, LGG_TILE256_COLUMNS, a, b, sums);
}

static size_t lgg_least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* pointers (count) = rows first, first + 1, ... of x (n, d) from column t on; past the end, the last row again. */
static void lgg_row_pointers(size_t n, size_t d, const float *x, size_t first, size_t t, size_t count,
                             const float **pointers) {
    for (size_t i = 0; i < count; i++)
        pointers[i] = x + lgg_least(first + i, n - 1) * d + t;
}

/* One row of tiles, from row i on: adds x_i.x_j over columns t to t + count to gram, j from `first` to `last` or the diagonal. */
static void lgg_tile_row(const lgg_tile_kind *tile, size_t n, size_t d, const float *x, size_t i, size_t first,
                         size_t last, size_t t, size_t count, float *gram) {
    const float *a[LGG_TILE_MAX], *b[LGG_TILE_MAX];
    float sums[LGG_TILE_MAX];
    const size_t rows = lgg_least(tile->rows, n - i), end = lgg_least(last, i + rows);
    lgg_row_pointers(n, d, x, i, t, tile->rows, a);
    for (size_t j = first; j < end; j += tile->columns) {
        const size_t columns = lgg_least(tile->columns, end - j);
        lgg_row_pointers(n, d, x, j, t, tile->columns, b);
        tile->run(count, a, b, sums);
        for (size_t r = 0; r < rows; r++) {
            for (size_t c = 0; c < columns; c++)
                gram[(i + r) * n + j + c] += sums[r * tile->columns + c];
        }
    }
}

/* The tile of an instruction set, NULL where the processor lacks it. */
static const lgg_tile_kind *lgg_tile_of(lgg_instructions instructions) {
    static const lgg_tile_kind tile512 = {lgg_tile512, LGG_TILE512_ROWS, LGG_TILE512_COLUMNS},
                               tile256 = {lgg_tile256, LGG_TILE256_ROWS, LGG_TILE256_COLUMNS};
    if (instructions == LGG_AVX512) return __builtin_cpu_supports("avx512f") ? &tile512 : NULL;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &tile256 : NULL;
}

int lgg_gram_kernel(lgg_instructions instructions, int batch, int width, const float *x, float *gram) {
    const lgg_tile_kind *tile = lgg_tile_of(instructions);
    if (!tile) return 0;
    const size_t n = (size_t)batch, d = (size_t)width, rows = tile->rows, tile_rows = (n + rows - 1) / rows;

    memset(gram, 0, n * n * sizeof(float));
#pragma omp parallel if ((double)n * (double)n * (double)d >= LGG_KERNEL_PARALLEL)
    for (size_t t = 0; t < d; t += LGG_KERNEL_COLUMNS) {
        const size_t count = lgg_least(LGG_KERNEL_COLUMNS, d - t);
        for (size_t first = 0; first < n; first += LGG_KERNEL_PANEL) {
            const size_t last = lgg_least(n, first + LGG_KERNEL_PANEL);
            /* A short row of the triangle and a long one together are equal work. The schedule is static: a thread meets the same
             * elements of gram each time, and need not wait for the others. */
#pragma omp for schedule(static, 1) nowait
            for (size_t pair = 0; pair < (tile_rows + 1) / 2; pair++) {
                const size_t other = tile_rows - 1 - pair;
                lgg_tile_row(tile, n, d, x, pair * rows, first, last, t, count, gram);
                if (other != pair) lgg_tile_row(tile, n, d, x, other * rows, first, last, t, count, gram);
            }
        }
    }
    return 1;
}

#else

int lgg_gram_kernel(lgg_instructions instructions, int batch, int width, const float *x, float *gram) {
    (void)instructions, (void)batch, (void)width, (void)x, (void)gram;
    return 0;
}

#endif
