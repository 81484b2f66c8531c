/* lgg_triangle.c: the lower triangle of X X', tile by tile.
 *
 * A library packs a general product's operands and computes both triangles. Here both operands are the same rows, few and long: dot
 * products of one tile of rows with another run at the processor's full rate straight from X, half of the square is left out, and
 * every core takes tiles of its own, whatever B. Only rows that lie a multiple of 4096 bytes apart, as feature maps do, get into each
 * other's way in the cache: of those, every core copies some columns at a time, while it multiplies them. Many rows are another
 * matter: there it pays to lay some of them out as the columns of a product with the others. Each element is a sum in a fixed order:
 * the same for any number of threads.
 */
#include "lgg_products.h"
#include <string.h>

/* Columns of X taken at a time, and rows that stay in the second-level cache meanwhile, a multiple of every tile's. */
#define LGG_GRAM_COLUMNS 4096
#define LGG_GRAM_PANEL 48
/* Rows of a multiple of so many values fall on the same lines of the first-level cache. */
#define LGG_GRAM_ALIASED 1024
/* Rows shorter than this are more summing up than multiplying as dot products. */
#define LGG_GRAM_NARROW 32
/* Rows that are laid out as columns, and how many of their values at a time: a chain of so many additions stays within LGG_PRODUCT_ERROR. */
enum { LGG_GRAM_BLOCK = 64, LGG_GRAM_BLOCK_COLUMNS = 128 };
/* Rows of X that are fetched into the cache before they are asked for: there must be space left for what is worked on. */
#define LGG_GRAM_AHEAD 16

/* pointers (count) = rows first, first + 1, ... of x (n, d) from column t on; behind the last row, that one again. */
static void lgg_gram_pointers(size_t n, size_t d, const float *x, size_t t, size_t first, size_t count,
                              const float **pointers) {
    for (size_t i = 0; i < count; i++)
        pointers[i] = x + lgg_least(first + i, n - 1) * d + t;
}

/* The tiles from row i of x on with the panel of rows `first` to `last` or the diagonal: their dot products over columns t to t + count,
 * which may be added to what is there. */
static void lgg_gram_panel_row(const lgg_tiles *tiles, size_t n, size_t d, const float *x, size_t i, size_t first,
                               size_t last, const float *const *panel, size_t t, size_t count, int adding,
                               float *gram) {
    const size_t wide = lgg_tiles_dot_columns(tiles), high = lgg_least(lgg_tiles_dot_rows(tiles), n - i),
                 end = lgg_least(last, i + high);
    const float *rows[LGG_DOT_ROWS_MAX];
    lgg_gram_pointers(n, d, x, t, i, LGG_DOT_ROWS_MAX, rows);
    for (size_t j = first; j < end; j += wide) {
        const lgg_dot_tile tile = {
            .count = count, .a = rows, .b = panel + (j - first), .soon = rows[0], .adding = adding};
        lgg_tiles_dot(tiles, &tile, high, lgg_least(wide, end - j), gram + i * n + j, n);
    }
}

/* The lower triangle, straight from x. */
static void lgg_gram_direct(const lgg_tiles *tiles, size_t n, size_t d, const float *x, float *gram) {
    const size_t rows = lgg_tiles_dot_rows(tiles), tile_rows = (n + rows - 1) / rows;

    for (size_t t = 0; t < d; t += LGG_GRAM_COLUMNS) {
        const size_t count = lgg_least(LGG_GRAM_COLUMNS, d - t);
        for (size_t first = 0; first < n; first += LGG_GRAM_PANEL) {
            const size_t last = lgg_least(n, first + LGG_GRAM_PANEL);
            const float *panel[LGG_GRAM_PANEL];
            lgg_gram_pointers(n, d, x, t, first, LGG_GRAM_PANEL, panel);
            /* A short row of the triangle and a long one together are equal work. The schedule is static: a thread meets the same
             * elements of gram each time, and need not wait for the others. */
#pragma omp for schedule(static, 1) nowait
            for (size_t pair = 0; pair < (tile_rows + 1) / 2; pair++) {
                const size_t other = tile_rows - 1 - pair;
                const int sums = t > 0;
                lgg_gram_panel_row(tiles, n, d, x, pair * rows, first, last, panel, t, count, sums, gram);
                if (other != pair)
                    lgg_gram_panel_row(tiles, n, d, x, other * rows, first, last, panel, t, count, sums, gram);
            }
        }
    }
}

/* part (n, n) = the lower triangle over `count` columns from x on, or += with `adding`. The first tile of each row of tiles takes its own rows from x and
 * leaves a copy, which is read from then on; the rows of x that come next, after the last those from `next` on (the columns to follow),
 * are fetched into the cache meanwhile. */
static void lgg_gram_copied(const lgg_tiles *tiles, size_t n, size_t d, const float *x, const float *next, size_t count,
                            int adding, float *copy, float *part) {
    const size_t rows = lgg_tiles_dot_rows(tiles), wide = lgg_tiles_dot_columns(tiles);
    const float *row[LGG_COPY_ROWS + LGG_DOT_COLUMNS_MAX];
    size_t fetched = LGG_GRAM_AHEAD;
    lgg_gram_pointers(n, d, x, 0, 0, n + LGG_DOT_COLUMNS_MAX, row);
    for (size_t i = 0; i < n; i += rows) {
        const size_t high = lgg_least(rows, n - i), end = i + high;
        float *copy_i = copy + i * LGG_COPY_STRIDE;
        for (size_t j = 0; j < end; j += wide) {
            lgg_dot_tile tile = {.count = count, .a = row + i, .b = row + j, .soon = row[i], .adding = adding};
            if (j == 0) tile.copy = copy_i, tile.copy_stride = LGG_COPY_STRIDE;
            if (fetched < end + LGG_GRAM_AHEAD && fetched < 2 * n) {
                tile.soon = fetched < n ? x + fetched * d : next + (fetched - n) * d;
                fetched++;
            }
            lgg_tiles_dot(tiles, &tile, high, lgg_least(wide, end - j), part + i * n + j, n);
            if (j == 0) lgg_gram_pointers(n, LGG_COPY_STRIDE, copy, 0, i, high, row + i);
        }
    }
}

/* The parts are sums over as many neighbouring chunks of columns each, gram is that of the parts, in order. */
static void lgg_gram_in_parts(const lgg_tiles *tiles, const lgg_workspace *workspace, size_t n, size_t d,
                              const float *x, float *gram) {
    const size_t chunks = d / LGG_COPY_COLUMNS, parts = lgg_least(chunks, LGG_GRAM_PARTS);
#pragma omp for schedule(static)
    for (size_t p = 0; p < parts; p++) {
        float *part = workspace->parts + p * n * n;
        const size_t start = p * chunks / parts, end = (p + 1) * chunks / parts;
        for (size_t chunk = start; chunk < end; chunk++) {
            const float *x_chunk = x + chunk * LGG_COPY_COLUMNS;
            lgg_gram_copied(tiles, n, d, x_chunk, chunk + 1 < chunks ? x_chunk + LGG_COPY_COLUMNS : x_chunk,
                            LGG_COPY_COLUMNS, chunk > start, lgg_workspace_of_thread(workspace), part);
        }
    }
    /* rows grow longer: neighbouring ones go to different threads */
#pragma omp for schedule(static, 4)
    for (size_t i = 0; i < n; i++) {
        memcpy(gram + i * n, workspace->parts + i * n, (i + 1) * sizeof(float));
        for (size_t p = 1; p < parts; p++) {
            float *part_i = workspace->parts + (p * n + i) * n;
            lgg_tiles_row(tiles)->add(i + 1, part_i, part_i, gram + i * n);
        }
    }
}

/* copy (count, LGG_GRAM_BLOCK) = the transposed of `high` rows of x over `count` columns. */
static void lgg_gram_transpose(size_t high, size_t d, size_t count, const float *x, float *copy) {
    enum { FEW = 16 }; /* columns whose lines of the copy stay in the cache */
    for (size_t first = 0; first < count; first += FEW) {
        const size_t last = lgg_least(count, first + FEW);
        for (size_t i = 0; i < high; i++) {
            for (size_t t = first; t < last; t++)
                copy[t * LGG_GRAM_BLOCK + i] = x[i * d + t];
        }
    }
}

/* Columns j to j + LGG_GRAM_BLOCK of gram from the diagonal on, over columns t to t + count of x, added to those before. copy is
 * workspace. */
static void lgg_gram_block(const lgg_tiles *tiles, size_t n, size_t d, const float *x, size_t j, size_t t, size_t count,
                           float *copy, float *gram) {
    const size_t high = lgg_least(LGG_GRAM_BLOCK, n - j);
    if (t == 0) {
        for (size_t i = j; i < n; i++)
            memset(gram + i * n + j, 0, high * sizeof(float));
    }
    lgg_gram_transpose(high, d, count, x + j * d + t, copy);
    lgg_tiles_product(tiles, n - j, count, high, x + j * d + t, d, copy, LGG_GRAM_BLOCK, gram + j * n + j, n);
}

/* For many rows: products of them with a block of them at a time. */
static void lgg_gram_in_blocks(const lgg_tiles *tiles, const lgg_workspace *workspace, size_t n, size_t d,
                               const float *x, float *gram) {
    const size_t blocks = (n + LGG_GRAM_BLOCK - 1) / LGG_GRAM_BLOCK;
    for (size_t t = 0; t < d; t += LGG_GRAM_BLOCK_COLUMNS) {
        const size_t count = lgg_least(LGG_GRAM_BLOCK_COLUMNS, d - t);
        float *copy = lgg_workspace_of_thread(workspace);
        /* pairs and a static schedule: as above */
#pragma omp for schedule(static, 1) nowait
        for (size_t pair = 0; pair < (blocks + 1) / 2; pair++) {
            const size_t other = blocks - 1 - pair;
            lgg_gram_block(tiles, n, d, x, pair * LGG_GRAM_BLOCK, t, count, copy, gram);
            if (other != pair) lgg_gram_block(tiles, n, d, x, other * LGG_GRAM_BLOCK, t, count, copy, gram);
        }
    }
}

void lgg_triangle_gram_shared(const lgg_tiles *tiles, const lgg_workspace *workspace, int batch, int width,
                              const float *x, float *gram) {
    const size_t n = (size_t)batch, d = (size_t)width;
    if (n > LGG_COPY_ROWS || d < LGG_GRAM_NARROW) {
        lgg_gram_in_blocks(tiles, workspace, n, d, x, gram);
    } else if (d >= LGG_GRAM_COLUMNS && d % LGG_GRAM_ALIASED == 0) {
        lgg_gram_in_parts(tiles, workspace, n, d, x, gram);
    } else {
        lgg_gram_direct(tiles, n, d, x, gram);
    }
}

void lgg_triangle_gram(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *x,
                       float *gram) {
#pragma omp parallel num_threads(lgg_workspace_threads(workspace, (double)n *(double)n *(double)d))
    lgg_triangle_gram_shared(tiles, workspace, n, d, x, gram);
}
