/* lgg_gram_kernel.c: the lower triangle of X X', tile by tile.
 *
 * A library packs a general product's operands and computes both triangles. Here both operands are the same rows, few and long: dot
 * products of one tile of rows with another run at the processor's full rate straight from X, half of the square is left out, and
 * every core takes tiles of its own, whatever B. Each element is one thread's sum in a fixed order: the same for any
 * number of threads.
 */
#include "lgg_internal.h"
#include <string.h>

/* Columns of X taken at a time, and rows that stay in the second-level cache meanwhile, a multiple of every tile's. */
#define LGG_GRAM_COLUMNS 4096
#define LGG_GRAM_PANEL 48
/* Multiplications below which a second thread costs more than it saves. */
#define LGG_GRAM_PARALLEL 1e6

/* One row of tiles, from row i on: adds x_i.x_j over columns t to t + count to gram, j from `first` to `last` or the diagonal. */
static void lgg_gram_row(const lgg_kernel *kernel, size_t n, size_t d, const float *x, size_t i, size_t first,
                         size_t last, size_t t, size_t count, float *gram) {
    const size_t rows = lgg_least(lgg_kernel_dot_rows(kernel), n - i), end = lgg_least(last, i + rows);
    if (first < end)
        lgg_kernel_dot(kernel, rows, end - first, count, x + i * d + t, d, x + first * d + t, d, gram + i * n + first,
                       n);
}

void lgg_gram_kernel(const lgg_kernel *kernel, int batch, int width, const float *x, float *gram) {
    const size_t n = (size_t)batch, d = (size_t)width, rows = lgg_kernel_dot_rows(kernel),
                 tile_rows = (n + rows - 1) / rows;

    memset(gram, 0, n * n * sizeof(float));
#pragma omp parallel if ((double)n * (double)n * (double)d >= LGG_GRAM_PARALLEL)
    for (size_t t = 0; t < d; t += LGG_GRAM_COLUMNS) {
        const size_t count = lgg_least(LGG_GRAM_COLUMNS, d - t);
        for (size_t first = 0; first < n; first += LGG_GRAM_PANEL) {
            const size_t last = lgg_least(n, first + LGG_GRAM_PANEL);
            /* A short row of the triangle and a long one together are equal work. The schedule is static: a thread meets the same
             * elements of gram each time, and need not wait for the others. */
#pragma omp for schedule(static, 1) nowait
            for (size_t pair = 0; pair < (tile_rows + 1) / 2; pair++) {
                const size_t other = tile_rows - 1 - pair;
                lgg_gram_row(kernel, n, d, x, pair * rows, first, last, t, count, gram);
                if (other != pair) lgg_gram_row(kernel, n, d, x, other * rows, first, last, t, count, gram);
            }
        }
    }
}
