/* lgg_block.c: X taken block by block: some columns of some of its rows, copied side by side, so that a thread finds them in its
 * cache however far apart the rows lie; and the product W X made of them.
 */
#include "lgg_products.h"
#include <string.h>

/* Multiplications below which a second thread costs more than it saves. */
#define LGG_BLOCK_PARALLEL 1e6
/* Rows of a product below which its thread would be copying X more than multiplying. */
#define LGG_BLOCK_GROUP 64

void lgg_workspace_take(lgg_workspace *workspace, lgg_arena *arena, size_t n, size_t classes) {
    workspace->threads = lgg_threads();
    const size_t rows = lgg_least(n, LGG_COPY_ROWS), copy = (rows + LGG_DOT_ROWS_MAX - 1) * LGG_COPY_STRIDE,
                 block = (lgg_least(n, LGG_BLOCK_ROWS) + 2 * classes) * LGG_BLOCK_STRIDE;
    /* The arena begins where malloc pleases; copied rows begin where lines of the cache do. */
    enum { LINE = 64 };
    workspace->size = (copy > block ? copy : block) + LINE / sizeof(float);
    float *values = lgg_arena_take(arena, (size_t)workspace->threads, workspace->size * sizeof(float));
    workspace->values = values ? values + (LINE - (uintptr_t)values % LINE) / sizeof(float) : NULL;
    workspace->parts = lgg_arena_take(arena, LGG_GRAM_PARTS, rows * rows * sizeof(float));
}

int lgg_workspace_threads(const lgg_workspace *workspace, double multiplications) {
    return multiplications < LGG_BLOCK_PARALLEL ? 1 : lgg_threads_of(workspace->threads);
}

int lgg_workspace_team(const lgg_workspace *workspace, int n, int d) {
    if (n >= LGG_PARALLEL_ROWS) return lgg_threads_of(workspace->threads);
    return lgg_workspace_threads(workspace, (double)n * (double)n * (double)d);
}

float *lgg_workspace_of_thread(const lgg_workspace *workspace) {
    return workspace->values + lgg_thread() * workspace->size;
}

lgg_block lgg_block_of(size_t n, size_t d, size_t row, size_t column) {
    return (lgg_block){.n = n,
                       .d = d,
                       .row = row,
                       .column = column,
                       .rows = lgg_least(LGG_BLOCK_ROWS, n - row),
                       .columns = lgg_least(LGG_BLOCK_COLUMNS, d - column)};
}

const float *lgg_block_row(const lgg_block *block, const float *x, size_t i) {
    return x + (block->row + i) * block->d + block->column;
}

const float *lgg_block_soon(const lgg_block *block, const float *x, size_t i) {
    const size_t next = block->column + LGG_BLOCK_COLUMNS;
    i += LGG_ROWS_AHEAD;
    if (i < block->rows) return lgg_block_row(block, x, i);
    return x + (block->row + i % block->rows) * block->d + (next < block->d ? next : block->column);
}

void lgg_block_copy(const lgg_block *block, const lgg_tiles *tiles, const double *scale, const float *x, float *copy) {
    for (size_t i = 0; i < block->rows; i++) {
        float *copy_i = copy + i * LGG_BLOCK_STRIDE;
        lgg_tiles_row(tiles)->copy(block->columns, scale ? (float)scale[block->row + i] : 1, lgg_block_row(block, x, i),
                                   lgg_block_soon(block, x, i), copy_i);
        memset(copy_i + block->columns, 0, (LGG_BLOCK_COLUMNS - block->columns) * sizeof(float));
    }
}

/* Rows start to end of gradient += w x, LGG_BLOCK_COLUMNS columns from `column` on. */
static void lgg_block_columns(const lgg_tiles *tiles, const lgg_workspace *workspace, size_t n, size_t d,
                              const float *w, const float *x, size_t column, size_t start, size_t end,
                              float *gradient) {
    float *copy = lgg_workspace_of_thread(workspace);
    for (size_t row = 0; row < n; row += LGG_BLOCK_ROWS) {
        const lgg_block block = lgg_block_of(n, d, row, column);
        lgg_block_copy(&block, tiles, NULL, x, copy);
        lgg_tiles_product(tiles, end - start, block.rows, block.columns, w + start * n + row, n, copy, LGG_BLOCK_STRIDE,
                          gradient + start * d + column, d);
    }
}

/* Where there are more threads than columns to give them, they share the rows, too: no element's sum depends on it. */
void lgg_block_product_shared(const lgg_tiles *tiles, const lgg_workspace *workspace, int batch, int width,
                              const float *w, const float *x, float *gradient) {
    const size_t n = (size_t)batch, d = (size_t)width;
    const size_t columns = (d + LGG_BLOCK_COLUMNS - 1) / LGG_BLOCK_COLUMNS,
                 wanted = (lgg_team() + columns - 1) / columns,
                 groups = lgg_least(wanted, (n + LGG_BLOCK_GROUP - 1) / LGG_BLOCK_GROUP);
#pragma omp for collapse(2) schedule(static) nowait
    for (size_t column = 0; column < columns; column++) {
        for (size_t group = 0; group < groups; group++) {
            lgg_block_columns(tiles, workspace, n, d, w, x, column * LGG_BLOCK_COLUMNS, group * n / groups,
                              (group + 1) * n / groups, gradient);
        }
    }
}
