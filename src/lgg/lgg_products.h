/* lgg_products.h: the products of matrices that graphs and losses are made of, by the library's own tiles: the Gram matrix and W X; and
 * what every file shares, threads and buffers. Knows of no graph.
 *
 * A function whose name ends in _shared is called by every thread of a team, with the same arguments: they share its work. Its results
 * are there for all of them after the next barrier, unless it says that it waits itself. Rows of (n, n) matrices are always shared out
 * alike, so that a thread meets its own again in its cache, and need not wait for the others.
 *
 * From one file to the next, each on top of the one before:
 *
 *     lgg_tile.c -> lgg_block.c -> lgg_triangle.c -> lgg_product.c
 *
 * Matrices are row-major and contiguous; n stands for B, the samples of the batch at hand.
 */
#ifndef LGG_PRODUCTS_H
#define LGG_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* Below so many rows a second thread costs more than it saves. */
#define LGG_PARALLEL_ROWS 64

static inline size_t lgg_least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- Threads ---- */

/* How many OpenMP would use now. */
static inline int lgg_threads(void) {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

/* How many of those, at most `most`. */
static inline int lgg_threads_of(int most) {
    return lgg_threads() < most ? lgg_threads() : most;
}

/* How many the team that is at work has. */
static inline size_t lgg_team(void) {
#ifdef _OPENMP
    return (size_t)omp_get_num_threads();
#else
    return 1;
#endif
}

/* The index of the calling one. */
static inline size_t lgg_thread(void) {
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

/* Waits until all threads of the team have come so far. */
static inline void lgg_wait(void) {
#ifdef _OPENMP
#pragma omp barrier
#endif
}

/* The sum of the rows' sums, in order: the same for any number of threads. */
static inline double lgg_sum_rows(size_t n, const double *row_total) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += row_total[i];
    return sum;
}

/* ---- lgg_arena.c: all buffers of a loss in one allocation ---- */

/* Hands out aligned pieces of one block. With base NULL it only counts, so that the same code sizes and carves. */
typedef struct {
    char *base;
    size_t used;
    int overflow; /* the sum of the sizes does not fit size_t */
} lgg_arena;

/* count * size bytes, zeroed by the owner of the block; NULL while counting. */
void *lgg_arena_take(lgg_arena *arena, size_t count, size_t size);

/* ---- lgg_tile.c: one thread's products, tile by tile ---- */

typedef enum { LGG_AVX512, LGG_AVX2, LGG_PLAIN } lgg_instructions;
typedef struct lgg_tiles lgg_tiles;

/* The tiles of an instruction set; NULL where the processor lacks it. LGG_PLAIN is everywhere. */
const lgg_tiles *lgg_tiles_of(lgg_instructions instructions);
/* The fastest of those that the processor has. */
const lgg_tiles *lgg_tiles_best(void);
/* Steps on `count` values; `soon` is where the same will be asked for before long, and is fetched into the cache. */
typedef struct {
    /* copy = scale x */
    void (*copy)(size_t count, float scale, const float *x, const float *soon, float *copy);
    /* y = a x + b y */
    void (*mix)(size_t count, float a, const float *x, float b, float *y);
    /* y += x; soon: of y */
    void (*add)(size_t count, const float *x, const float *soon, float *y);
} lgg_row_steps;
const lgg_row_steps *lgg_tiles_row(const lgg_tiles *tiles);

/* A tile of dot products: of each of some rows with each of some others. */
typedef struct {
    size_t count;                     /* values of a row */
    const float *const *a, *const *b; /* the rows, a whole tile's, however few are wanted */
    const float *soon;                /* `count` values that will be asked for before long: fetched into the cache */
    float *copy;                      /* receives a whole tile's rows of a, copy_stride apart; NULL: nothing does */
    size_t copy_stride;
    int adding; /* to what is there already */
} lgg_dot_tile;

/* How many rows a and b a tile has. */
enum { LGG_DOT_ROWS_MAX = 4, LGG_DOT_COLUMNS_MAX = 6 };
size_t lgg_tiles_dot_rows(const lgg_tiles *tiles);
size_t lgg_tiles_dot_columns(const lgg_tiles *tiles);

/* c (rows, columns; c_stride apart) = a_i.b_j for the tile's first rows and columns, or += where the tile is adding. */
void lgg_tiles_dot(const lgg_tiles *tiles, const lgg_dot_tile *tile, size_t rows, size_t columns, float *c,
                   size_t c_stride);

/* c (rows, count) += w (rows, inner) x (inner, count); rows of each lie a stride apart. x is read up to the next multiple of 32
 * columns. */
void lgg_tiles_product(const lgg_tiles *tiles, size_t rows, size_t inner, size_t count, const float *w, size_t w_stride,
                       const float *x, size_t x_stride, float *c, size_t c_stride);

/* ---- lgg_block.c: X block by block ---- */

/* Rows ahead of the one being copied that are fetched into the cache. */
enum { LGG_ROWS_AHEAD = 4 };

/* Of a block: so many rows and columns at most, which fill a part of the second-level cache, and how far apart the rows of its copy lie:
 * not so that those of a tile fall on the same few lines of the cache. */
enum { LGG_BLOCK_ROWS = 256, LGG_BLOCK_COLUMNS = 256, LGG_BLOCK_STRIDE = LGG_BLOCK_COLUMNS + 16 };

/* Of the copies that a Gram matrix is made of: wider, as dot products of short rows would be more summing up than multiplying. */
enum { LGG_COPY_ROWS = 255, LGG_COPY_COLUMNS = 1024, LGG_COPY_STRIDE = LGG_COPY_COLUMNS + 16, LGG_GRAM_PARTS = 16 };

/* What the threads need for their products. */
typedef struct {
    float
        *values; /* each thread's, for one of the copies, and for twice as many rows of a block as there are classes */
    int threads;
    size_t size;  /* of one thread's values */
    float *parts; /* (LGG_GRAM_PARTS, B, B) sums of some columns of a Gram matrix, for B <= LGG_COPY_ROWS */
} lgg_workspace;

/* For batches of at most n and this many classes, as many threads as OpenMP would use now. */
void lgg_workspace_take(lgg_workspace *workspace, lgg_arena *arena, size_t n, size_t classes);
/* How many of the threads to use for so many multiplications. */
int lgg_workspace_threads(const lgg_workspace *workspace, double multiplications);
/* How many for all steps of a graph of n samples with d values each. */
int lgg_workspace_team(const lgg_workspace *workspace, int n, int d);
/* The values of the calling thread. */
float *lgg_workspace_of_thread(const lgg_workspace *workspace);

/* Rows row, row + 1, ... and columns column, column + 1, ... of a matrix (n, d). */
typedef struct {
    size_t n, d, row, column, rows, columns;
} lgg_block;

/* The block that begins there. */
lgg_block lgg_block_of(size_t n, size_t d, size_t row, size_t column);
/* Row i of the block in x (n, d). */
const float *lgg_block_row(const lgg_block *block, const float *x, size_t i);
/* What will be wanted of x some rows after that. */
const float *lgg_block_soon(const lgg_block *block, const float *x, size_t i);
/* copy (rows, LGG_BLOCK_COLUMNS; LGG_BLOCK_STRIDE) = the block of x (n, d), row i times scale (n) unless that is NULL; zeros behind the
 * last column. */
void lgg_block_copy(const lgg_block *block, const lgg_tiles *tiles, const double *scale, const float *x, float *copy);

/* gradient (n, d) += w (n, n) x (n, d). The same to the bit for any number of threads. */
void lgg_block_product_shared(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *w,
                              const float *x, float *gradient);

/* ---- lgg_triangle.c ---- */

/* The lower triangle of gram (n, n) = x x' for x (n, d); what else it leaves in gram means nothing. The same to the bit for any number
 * of threads. */
void lgg_triangle_gram(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *x,
                       float *gram);
void lgg_triangle_gram_shared(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *x,
                              float *gram);

/* ---- lgg_product.c: the products; each the same to the bit for any number of threads ---- */

/* The upper triangle of matrix (n, n) from the lower one. */
void lgg_mirror(size_t n, float *matrix);
/* The same; waits until all is mirrored. */
void lgg_mirror_shared(size_t n, float *matrix);

/* gram (n, n) = x x' for x (n, d), symmetric to the bit (a general product is not); waits until it is there. */
void lgg_product_gram_shared(const lgg_workspace *workspace, int n, int d, const float *x, float *gram);

/* gradient (n, d) += w (n, n) x (n, d). Waits before, until all operands are there. */
void lgg_product_add_shared(const lgg_workspace *workspace, int n, int d, const float *w, const float *x,
                            float *gradient);

/* product (n, d) = w (n, n) x (n, d). Waits before, until all operands are there. */
void lgg_product_shared(const lgg_workspace *workspace, int n, int d, const float *w, const float *x, float *product);

#endif
