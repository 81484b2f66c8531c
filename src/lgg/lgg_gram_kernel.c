/* lgg_gram_kernel.c: the lower triangle of X X', tile by tile.
 *
 * A library packs a general product's operands and computes both triangles. Here both operands are the same rows, few and long: dot
 * products of one tile of rows with another run at the processor's full rate straight from X, half of the square is left out, and
 * every core takes tiles of its own, whatever B. Only rows that lie a multiple of 4096 bytes apart, as feature maps do, get into each
 * other's way in the cache: of those, every core copies some columns at a time. Each element is a sum in a fixed order: the same for
 * any number of threads.
 */
#include "lgg_internal.h"
#include <string.h>

/* Columns of X taken at a time, and rows that stay in the second-level cache meanwhile, a multiple of every tile's. */
#define LGG_GRAM_COLUMNS 4096
#define LGG_GRAM_PANEL 48
/* Multiplications below which a second thread costs more than it saves. */
#define LGG_GRAM_PARALLEL 1e6
/* Rows of a multiple of so many values fall on the same lines of the first-level cache. */
#define LGG_GRAM_ALIASED 1024

/* One row of tiles, from row i on: adds x_i.x_j over columns t to t + count to gram, j from `first` to `last` or the diagonal. */
static void lgg_gram_row(const lgg_kernel *kernel, size_t n, size_t d, const float *x, size_t i, size_t first,
                         size_t last, size_t t, size_t count, float *gram) {
    const size_t rows = lgg_least(lgg_kernel_dot_rows(kernel), n - i), end = lgg_least(last, i + rows);
    if (first < end)
        lgg_kernel_dot(kernel, rows, end - first, count, x + i * d + t, d, x + first * d + t, d, gram + i * n + first,
                       n);
}

/* Straight from x. */
static void lgg_gram_direct(const lgg_kernel *kernel, size_t n, size_t d, const float *x, float *gram) {
    const size_t rows = lgg_kernel_dot_rows(kernel), tile_rows = (n + rows - 1) / rows;

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

/* part (n, n) += the lower triangle of columns t to t + count, from a copy of them. */
static void lgg_gram_copied(const lgg_kernel *kernel, size_t n, size_t d, const float *x, size_t t, size_t count,
                            float *copy, float *part) {
    const size_t rows = lgg_kernel_dot_rows(kernel);
    for (size_t i = 0; i < n; i++) {
        const float *x_i = x + i * d + t;
        lgg_kernel_row(kernel)->copy(count, 1, x_i, x_i + (i + LGG_ROWS_AHEAD < n ? LGG_ROWS_AHEAD * d : 0),
                                     copy + i * LGG_ROOM_STRIDE);
    }
    for (size_t i = 0; i < n; i += rows) {
        const size_t high = lgg_least(rows, n - i);
        lgg_kernel_dot(kernel, high, i + high, count, copy + i * LGG_ROOM_STRIDE, LGG_ROOM_STRIDE, copy,
                       LGG_ROOM_STRIDE, part + i * n, n);
    }
}

/* Part p is the sum of the columns p, p + LGG_ROOM_PARTS, ... times LGG_ROOM_COLUMNS; gram that of the parts, in order. */
static void lgg_gram_in_parts(const lgg_kernel *kernel, const lgg_room *room, size_t n, size_t d, const float *x,
                              float *gram) {
    const size_t chunks = (d + LGG_ROOM_COLUMNS - 1) / LGG_ROOM_COLUMNS, parts = lgg_least(chunks, LGG_ROOM_PARTS);
#pragma omp parallel num_threads(lgg_room_threads(room, (double)n *(double)n *(double)d))
    {
#pragma omp for schedule(static)
        for (size_t p = 0; p < parts; p++) {
            float *part = room->parts + p * n * n;
            memset(part, 0, n * n * sizeof(float));
            for (size_t t = p * LGG_ROOM_COLUMNS; t < d; t += parts * LGG_ROOM_COLUMNS)
                lgg_gram_copied(kernel, n, d, x, t, lgg_least(LGG_ROOM_COLUMNS, d - t), lgg_room_of_thread(room), part);
        }
#pragma omp for schedule(static)
        for (size_t i = 0; i < n; i++) {
            memcpy(gram + i * n, room->parts + i * n, n * sizeof(float));
            for (size_t p = 1; p < parts; p++) {
                float *part_i = room->parts + (p * n + i) * n;
                lgg_kernel_row(kernel)->add(n, part_i, part_i, gram + i * n);
            }
        }
    }
}

void lgg_gram_kernel(const lgg_kernel *kernel, const lgg_room *room, int batch, int width, const float *x,
                     float *gram) {
    const size_t n = (size_t)batch, d = (size_t)width;
    if (room && n <= LGG_ROOM_ROWS && d >= LGG_GRAM_COLUMNS && d % LGG_GRAM_ALIASED == 0) {
        lgg_gram_in_parts(kernel, room, n, d, x, gram);
    } else {
        lgg_gram_direct(kernel, n, d, x, gram);
    }
}
