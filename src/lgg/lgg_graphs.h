/* lgg_graphs.h: what the files of the graph and of its losses share. Programs include lgg.h alone.
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
#ifndef LGG_GRAPHS_H
#define LGG_GRAPHS_H

#include "lgg.h"
#include "lgg_products.h"
#include <float.h>

/* Squared lengths and distances below this count as zero: the inverses of their products would leave float32's range. */
#define LGG_ZERO_LENGTH2 1e-30f

/* Pairs whose squared distance is below this share of |x_i|^2 + |x_j|^2 are "close": the Gram matrix has lost too many of its
 * digits to cancellation, so their distance and its gradient are taken from the differences x_i - x_j themselves. */
#define LGG_CLOSE 0.03125

/* An angle between a pair and another, so much farther apart that the pair's squared distance is below this share of theirs, would lose its
 * digits as well: what float32 leaves of that distance is taken into account. */
#define LGG_NEAR 1e-4

/* Pairs whose cosine is nearer than this to 1 or -1 are "parallel": the two terms of their gradient cancel, to 0 where they are
 * exactly so, and it is taken from the difference of the unit vectors instead. */
#define LGG_PARALLEL 0x1p-19f

/* How far a cosine computed by float32's matrix product may be from the exact one, or a squared distance from it, relative to
 * |x_i|^2 + |x_j|^2. It holds for sums of 65,536 terms in whatever order our tiles add them up (tests/cuda/test_product.cu); one term
 * after the other would be a hundred times as far. */
#define LGG_PRODUCT_ERROR (64 * (double)FLT_EPSILON)

/* Two sigmas closer than this, relative to their sum, are equal: float32's rounding, and what powers of L make of it. */
#define LGG_EQUAL_SIGMA (2 * (double)FLT_EPSILON)

/* Two graphs closer than this, ||A - B|| relative to ||B||, are equal. */
#define LGG_EQUAL_GRAPH ((double)FLT_EPSILON)

/* Losses that divide by a sum of edges (label variation's logarithms) or by the distance of two graphs (its root) have no gradient where that
 * is smaller: the quotient would soon leave float32's range. */
#define LGG_VANISHED 1e-30

/* Squared distances whose deviation is below this share of their mean are equal. */
#define LGG_EQUAL_DISTANCES (16 * (double)FLT_EPSILON)

/* Added to PKT's probabilities before their logarithms, as in its authors' program. */
#define LGG_PROBABILITY_FLOOR 1e-7

/* ---- The graph of one representation ---- */

struct lgg_graph {
    lgg_graph_options options;
    int max_batch;
    int batch;              /* B of the last build */
    int d;                  /* of the last build */
    const float *x;         /* (B, d) of the last build, the caller's */
    float *gram;            /* (B, B) x_i.x_j */
    double *inverse_length; /* (B) 1/|x_i|, 0 for a zero vector */
    float *distance2;       /* (B, B) |y_i - y_j|^2, y = x or, with unit, x_i/|x_i|; NULL under cosine */
    double *row_distance; /* (2, B) workspace: sums over a row; NULL unless alpha comes from the distances' deviation */
    double mean_distance2; /* of all pairs, and the deviation: the same */
    double deviation;
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
/* By a team of lgg_workspace_team threads at most: each has its own rows of the adjacency when it returns. */
void lgg_graph_forward_shared(lgg_graph *graph, int batch, int d, const float *x, const unsigned char *neighbors);

/* Adds dL/dX to gradient (B, d), given e (B, B) = dL/dA, which is overwritten. */
void lgg_graph_backward(const lgg_graph *graph, float *e, float *gradient);
/* By such a team, each with its own rows of e. */
void lgg_graph_backward_shared(const lgg_graph *graph, float *e, float *gradient);

/* lgg_gram.c: x_i.x_j and 1/|x_i|; waits until they are there. */
void lgg_gram_forward_shared(lgg_graph *graph, int batch, int d, const float *x);
/* |x_i| in double precision; 1 for a zero vector, so that one can divide by it. */
double lgg_exact_length(const lgg_graph *graph, size_t i);
/* Share of zero vectors among the x of the last build. */
double lgg_gram_zero_share(const lgg_graph *graph);

/* lgg_distance.c: squared distances from the Gram matrix, waiting until they are there; back: f (B, B) = dL/d distance2, overwritten. */
void lgg_distance_forward_shared(lgg_graph *graph);
/* D_ij in double precision, from the differences. */
double lgg_distance_exact(const lgg_graph *graph, size_t i, size_t j);
/* How far D_ij may be from the exact one. */
double lgg_distance_error(const lgg_graph *graph, size_t i, size_t j);
void lgg_distance_backward_shared(const lgg_graph *graph, float *f, float *gradient);

/* Whether two vectors with that cosine are parallel. */
static inline int lgg_parallel_cosine(float cosine) {
    return cosine > 1 - LGG_PARALLEL || cosine < LGG_PARALLEL - 1;
}

/* lgg_alpha.c: the scale of an exponential; 0: none, since all distances are equal. Where it comes from their deviation, _forward_shared makes
 * that of distance2, which is there, and waits; back: what row i of F = dL/dD, f (B), gets from it, given common = dL/dalpha. */
double lgg_alpha_of(const lgg_graph *graph);
void lgg_alpha_forward_shared(lgg_graph *graph);
void lgg_alpha_backward(const lgg_graph *graph, double common, size_t i, float *f);

/* lgg_similarity.c: step 1. back: e = dL/dS on the kept edges, zero elsewhere; overwritten. */
void lgg_similarity_forward_shared(lgg_graph *graph);
void lgg_similarity_backward_shared(const lgg_graph *graph, float *e, float *gradient);

/* lgg_neighbors.c: steps 2 and 3; the mask is a constant for the gradient. The selection waits until all of it is there. */
int lgg_neighbors_needed(const lgg_graph *graph, int batch);
void lgg_neighbors_select_shared(lgg_graph *graph);
void lgg_neighbors_apply_shared(int n, const unsigned char *neighbors, float *matrix);

/* lgg_normalize.c: step 4. */
void lgg_normalize_forward_shared(lgg_graph *graph);
void lgg_normalize_backward_shared(const lgg_graph *graph, float *e);

/* ---- Losses ---- */

/* lgg_class_gradient.c: the gradient of label variation from sums over classes. */
typedef struct {
    int one_hot;              /* the labels of the last evaluation were */
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
    int *label_class;       /* (B) arg max v_i: label variation, smoothness; GKD with edges other than all */
    lgg_class_gradient by_class; /* label variation, smoothness */
    float *filtered[2];          /* (B, B) A of student, teacher, filtered by class: the same */
    float *matrix_power[4];      /* (B, B) workspace: GKD with power > 1 */
    float *inverse_distance[2];  /* (B, B) 1/d of student, teacher: RKD-A */
    float *distance_rest[2];     /* (B, B) what float32 leaves of D, where a near pair needs it: the same */
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
double lgg_relation_evaluate(lgg_loss *loss, int batch, const lgg_representation *student,
                             const lgg_representation *teacher, float scale);
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
