/* lgg_internal.h: what the files of the library share. Programs include lgg.h alone.
 *
 * The path of the data, forward, and the file that takes each step:
 *
 *     X -> gram -> (squared distances) -> similarity -> neighbours -> normalize -> A -> loss      dL/dA
 *          lgg_gram.c    lgg_distance.c   lgg_similarity.c lgg_neighbors.c lgg_normalize.c       lgg_<loss>.c
 *
 * and back the same way, in place, in one (B, B) matrix that starts as dL/dA and ends as the coefficients W of
 * dL/dX = W X. Every derivative of a symmetric matrix is kept symmetric and counts ordered pairs: dL = sum_ij E_ij dA_ij.
 *
 * Matrices are row-major and contiguous; n stands for B, the samples of the batch at hand.
 */
#ifndef LGG_INTERNAL_H
#define LGG_INTERNAL_H

#include "lgg.h"
#include <float.h>
#include <stdint.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* Squared lengths and distances below this count as zero: the inverses of their products would leave float32's range. */
#define LGG_ZERO_LENGTH2 1e-30f

/* Pairs whose squared distance is below this share of |x_i|^2 + |x_j|^2 are "close": the Gram matrix has lost too many of its
 * digits to cancellation, so their distance and its gradient are taken from the differences x_i - x_j themselves. */
#define LGG_CLOSE 0.03125

/* Pairs whose cosine is nearer than this to 1 or -1 are "parallel": the two terms of their gradient cancel, to 0 where they are
 * exactly so, and it is taken from the difference of the unit vectors instead. */
#define LGG_PARALLEL 0x1p-19f

/* How far a cosine computed by float32's matrix product may be from the exact one, or a squared distance from it, relative to
 * |x_i|^2 + |x_j|^2. */
#define LGG_PRODUCT_ERROR (16 * (double)FLT_EPSILON)

/* Two sigmas closer than this, relative to their sum, are equal: float32's rounding, and what powers of L make of it. */
#define LGG_EQUAL_SIGMA (2 * (double)FLT_EPSILON)

/* Two graphs closer than this, ||A - B|| relative to ||B||, are equal. */
#define LGG_EQUAL_GRAPH ((double)FLT_EPSILON)

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

/* The index of the calling one. */
static inline size_t lgg_thread(void) {
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
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
void lgg_block_product(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *w,
                       const float *x, float *gradient);

/* ---- lgg_triangle.c ---- */

/* The lower triangle of gram (n, n) = x x' for x (n, d); what else it leaves in gram means nothing. The same to the bit for any number
 * of threads. */
void lgg_triangle_gram(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *x,
                       float *gram);

/* Likewise of c (n, n) = x y' for x, y (n, d), or += with `adding`. */
void lgg_triangle_product(const lgg_tiles *tiles, int n, int d, const float *x, const float *y, int adding, float *c);

/* ---- lgg_product.c: the products; each the same to the bit for any number of threads ---- */

/* The upper triangle of matrix (n, n) from the lower one. */
void lgg_mirror(size_t n, float *matrix);

/* gram (n, n) = x x' for x (n, d), symmetric to the bit (a general product is not). */
void lgg_product_gram(const lgg_workspace *workspace, int n, int d, const float *x, float *gram);

/* The lower triangle of c (n, n) = a b' for a, b (n, inner), or += with `adding`; what it leaves above means nothing. */
void lgg_product_transposed(int n, int inner, const float *a, const float *b, int adding, float *c);

/* gradient (n, d) += w (n, n) x (n, d). */
void lgg_product_add(const lgg_workspace *workspace, int n, int d, const float *w, const float *x, float *gradient);

/* product (n, d) = w (n, n) x (n, d). */
void lgg_product(const lgg_workspace *workspace, int n, int d, const float *w, const float *x, float *product);

/* ---- The graph of one representation ---- */

struct lgg_graph {
    lgg_graph_options options;
    int max_batch;
    int batch;                      /* B of the last build */
    int d;                          /* of the last build */
    const float *x;                 /* (B, d) of the last build, the caller's */
    float *gram;                    /* (B, B) x_i.x_j */
    double *inverse_length;         /* (B) 1/|x_i|, 0 for a zero vector */
    float *distance2;               /* (B, B) |y_i - y_j|^2, y = x or, with unit, x_i/|x_i|; NULL under cosine */
    float *similarity;              /* (B, B) S, then only its kept edges; zero diagonal */
    unsigned char *own_neighbors;   /* (B, B) 1 where an edge is kept; NULL when k = 0 */
    int threads;                    /* of the next two */
    uint64_t *rank;                 /* (threads, B) workspace of the neighbours' selection; NULL when k = 0 */
    double *exact_rank;             /* (threads, B) workspace of the same, for ties */
    const unsigned char *neighbors; /* the mask in use: own_neighbors, a teacher's, or NULL = all */
    double *degree;                 /* (B) degrees before normalization; NULL without */
    double *inverse_root_degree;    /* (B) degree^-1/2, 0 where degree <= 0; NULL without */
    double *degree_gradient;        /* (B) workspace: half of dL/d degree; NULL without */
    float *adjacency;               /* (B, B) A; the same buffer as similarity without normalization */
    const lgg_workspace *workspace; /* the loss's, or own_workspace */
    lgg_workspace own_workspace;    /* of a graph without a loss */
};

/* Takes the graph's buffers from the arena. distances_only: what the RKD losses need, gram and distance2. */
void lgg_graph_take(lgg_graph *graph, lgg_arena *arena, const lgg_graph_options *options, int max_batch,
                    int distances_only);

int lgg_graph_options_valid(const lgg_graph_options *options);

/* lgg_graph.c: steps 1 to 4. neighbors: a mask (B, B) to use instead of the graph's own; NULL = its own. */
void lgg_graph_forward(lgg_graph *graph, int batch, int d, const float *x, const unsigned char *neighbors);

/* Adds dL/dX to gradient (B, d), given e (B, B) = dL/dA, which is overwritten. */
void lgg_graph_backward(const lgg_graph *graph, float *e, float *gradient);

/* lgg_gram.c: x_i.x_j and 1/|x_i|. */
void lgg_gram_forward(lgg_graph *graph, int batch, int d, const float *x);
/* |x_i| in double precision; 1 for a zero vector, so that one can divide by it. */
double lgg_exact_length(const lgg_graph *graph, size_t i);
/* Share of zero vectors among the x of the last build. */
double lgg_gram_zero_share(const lgg_graph *graph);

/* lgg_distance.c: squared distances from the Gram matrix; back: f (B, B) = dL/d distance2, overwritten. */
void lgg_distance_forward(lgg_graph *graph);
/* How far D_ij may be from the exact one. */
double lgg_distance_error(const lgg_graph *graph, size_t i, size_t j);
void lgg_distance_backward(const lgg_graph *graph, float *f, float *gradient);

/* Whether two vectors with that cosine are parallel. */
static inline int lgg_parallel_cosine(float cosine) {
    return cosine > 1 - LGG_PARALLEL || cosine < LGG_PARALLEL - 1;
}

/* lgg_similarity.c: step 1. back: e = dL/dS on the kept edges, zero elsewhere; overwritten. */
void lgg_similarity_forward(lgg_graph *graph);
void lgg_similarity_backward(const lgg_graph *graph, float *e, float *gradient);

/* lgg_neighbors.c: steps 2 and 3; the mask is a constant for the gradient. */
int lgg_neighbors_needed(const lgg_graph *graph, int batch);
void lgg_neighbors_select(lgg_graph *graph);
void lgg_neighbors_apply(int n, const unsigned char *neighbors, float *matrix);

/* lgg_normalize.c: step 4. */
void lgg_normalize_forward(lgg_graph *graph);
void lgg_normalize_backward(const lgg_graph *graph, float *e);

/* ---- Losses ---- */

/* lgg_class_gradient.c: the gradient of label variation from sums over classes. */
typedef struct {
    int one_hot;              /* the labels of the last evaluation were */
    int *label_class;         /* (B) of the one-hot labels */
    float *weight;            /* (B, C) K_ic, then with the slope of row i in it */
    float *weight_transposed; /* (C, B) K_ic */
    double *projection;       /* (B) scale h_i */
} lgg_class_gradient;

struct lgg_loss {
    lgg_kind kind;
    lgg_options options;
    int layers;
    int max_batch;
    int classes;
    double zero_share;
    lgg_workspace workspace;
    lgg_graph *student;     /* smoothness: one a layer; else one, reused pair after pair; NULL for HKD */
    lgg_graph *teacher;     /* one, reused pair after pair; NULL where there is none */
    float *edge_gradient;   /* (B, B) dL/dA, and everything it becomes on the way back */
    float *label_distance;  /* (B, B) |v_i - v_j|^2 / 2: label variation, smoothness */
    float *laplacian_power; /* (power - 1, B, C) L^i V, i = 1..power-1: label variation, smoothness with power > 1 */
    double *sigma;          /* (layers) label variation, smoothness */
    int *label_class;       /* (B) arg max v_i: GKD with edges other than all */
    lgg_class_gradient by_class; /* label variation, smoothness */
    float *filtered[2];          /* (B, B) A of student, teacher, filtered by class: the same */
    float *matrix_power[4];      /* (B, B) workspace: GKD with power > 1 */
    float *inverse_distance[2];  /* (B, B) 1/d of student, teacher: RKD-A */
    double *row_total;           /* (2, B) workspace: sums over a row, added up in order */
};

/* The buffers for so many samples and classes. */
void lgg_class_gradient_take(lgg_class_gradient *by_class, lgg_arena *arena, size_t n, size_t classes);
/* label_class (B) of one-hot labels (B, C); 0 where a row is not one-hot. */
int lgg_one_hot(int n, int classes, const float *labels, int *label_class);
/* Whether the loss's options allow it on that graph, and it is faster. */
int lgg_class_gradient_pays(const lgg_loss *loss, const lgg_graph *graph);
/* gradient (B, d) += scale dsigma/dx for one-hot labels, e (B, B) = scale dsigma/dA, L V in the loss; 0, gradient untouched, where parallel
 * vectors forbid it. */
int lgg_class_gradient_add(const lgg_loss *loss, const lgg_graph *graph, const float *e, double scale, float *gradient);

/* Every lgg_<loss>_evaluate computes L and adds scale * dL/dx to the students' gradients (see lgg_loss_evaluate). */
double lgg_variation_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                              float scale, double *sigma);
double lgg_smooth_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                           float scale, double *sigma);
double lgg_gkd_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                        const lgg_representation *teacher, float scale);
double lgg_rkd_evaluate(lgg_loss *loss, int batch, const lgg_representation *student, const lgg_representation *teacher,
                        float scale);
double lgg_hkd_evaluate(lgg_loss *loss, int batch, const lgg_representation *student, const lgg_representation *teacher,
                        float scale);

/* lgg_variation.c: label_distance (B, B) = |v_i - v_j|^2 / 2; returns its sum, the weight of the ordered inter-class pairs.
 * row_total (n) is workspace. */
double lgg_label_distance(int n, int classes, const float *labels, float *label_distance, double *row_total);

/* sigma = tr(V' L^power V), L = D - A. power 1 reads label_distance; else laplacian_power (power - 1, n, C) receives L^i V.
 * row_total (n) is workspace. */
double lgg_variation_forward(const lgg_graph *graph, int classes, int power, const float *labels,
                             const float *label_distance, float *laplacian_power, double *row_total);

/* e (n, n) = scale dsigma/dA. */
void lgg_variation_backward(int n, int classes, int power, float scale, const float *labels,
                            const float *label_distance, const float *laplacian_power, float *e);

#endif
