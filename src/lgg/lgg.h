/* lgg.h: latent geometry graphs: losses on the similarity graphs of a batch, and their exact gradients.
 *
 * Implements "Representing Deep Neural Networks Latent Space Geometries with Graphs" (Lassance, Gripon, Ortega, 2020):
 * graph construction (Section 3.3), label variation, its smoothness from layer to layer, graph knowledge distillation
 * (GKD), and what it is compared with: RKD-D and RKD-A (Park et al., 2019), SP (Tung and Mori, 2019), PKT (Passalis and Tefas, 2018) and HKD
 * (Hinton et al., 2015).
 *
 * This header is all a program needs. The library prints nothing, never exits and keeps no global state: functions return
 * an lgg_status. Matrices are float32, row-major and contiguous. B is the number of samples of a batch, d the number of
 * values a layer gives for one sample, C the number of classes.
 *
 * A loss is set up once with every buffer it needs (O(B^2) floats, nothing of size d) and then evaluated once a batch:
 *
 *     lgg_options options;
 *     lgg_loss *loss;
 *     lgg_options_default(LGG_GKD, &options);
 *     if (lgg_loss_create(&loss, LGG_GKD, &options, 3, 128, 10) != LGG_OK) ...
 *     lgg_loss_evaluate(loss, 128, labels, students, teachers, -25.f * 128, &value, NULL);
 *     lgg_loss_free(loss);
 */
#ifndef LGG_H
#define LGG_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    LGG_OK = 0,
    LGG_ERROR_ARGUMENT, /* a null pointer, or a size or option out of its range */
    LGG_ERROR_MEMORY,   /* a buffer could not be allocated */
    LGG_ERROR_DEVICE    /* CUDA or cuBLAS reported an error (GPU functions only) */
} lgg_status;

/* A sentence fragment for a status, such as "out of memory"; never NULL, not to be freed. */
const char *lgg_status_string(lgg_status status);

typedef enum {
    LGG_LABEL_VARIATION, /* sigma = tr(V' L^power V) of one layer */
    LGG_SMOOTH,          /* sum over successive layers of |sigma_next - sigma| */
    LGG_GKD,             /* sum over layer pairs of ||A_T^power - A_S^power||_F (squared unless asked otherwise) */
    LGG_RKD_DISTANCE,    /* sum over layer pairs of the mean Huber loss of pairwise distances over their mean */
    LGG_RKD_ANGLE,       /* sum over layer pairs of the mean Huber loss of the cosines of all angles */
    LGG_RKD_SIMILARITY,  /* SP: sum over layer pairs of ||G_T - G_S||^2 / B^2, G = X X' with rows of length 1 */
    LGG_RKD_PROBABILITY, /* PKT: sum over layer pairs of the mean over i of sum_j p_T log(p_T / p_S), p_ij = (1 + cos_ij) / sum */
    LGG_HKD              /* mean KL(softmax(t/T) || softmax(s/T)) */
} lgg_kind;

typedef enum {
    LGG_COSINE, /* x_i.x_j / (|x_i| |x_j|) */
    LGG_RBF,    /* exp(-alpha |x_i - x_j|^2) */
    LGG_EXP     /* exp(-alpha |x_i - x_j|) */
} lgg_similarity;

typedef enum {
    LGG_SUM,
    LGG_MEAN, /* label variation: sigma / W, W the ordered inter-class pairs; else over layers - 1 or layer pairs */
    LGG_MEAN_KEPT, /* label variation alone, as the next two: W only of the edges that the k nearest neighbours leave */
    LGG_LOG,       /* log(sigma / W): the same minimum, and a gradient that does not fade with sigma */
    LGG_LOG_ROWS /* mean over i of log(sigma_i / W_i), the shares of row i in sigma and W: none eclipses another; power 1 */
} lgg_reduction;
typedef enum {
    LGG_ALPHA_GIVEN,
    LGG_ALPHA_SIZE, /* 1/sqrt(d): exp(-|x_i - x_j| / sqrt(d)), the root of the mean square of the differences */
    LGG_ALPHA_DEVIATION /* 1/(3 s), s the standard deviation of the |x_i - x_j|^2 of all pairs; the gradient goes through it */
} lgg_alpha;
typedef enum { LGG_EDGES_ALL, LGG_EDGES_INTER, LGG_EDGES_INTRA } lgg_edges;
typedef enum { LGG_NEIGHBORS_OWN, LGG_NEIGHBORS_TEACHER } lgg_neighbors;
typedef enum { LGG_SQUARED, LGG_FROBENIUS } lgg_graph_distance;

typedef struct {
    lgg_similarity similarity;
    float alpha;          /* > 0; rbf and exp only */
    int unit;             /* 1: every x_i is divided by its length first */
    int k;                /* >= 0 nearest neighbours kept for each vertex; 0 or >= B-1: all */
    int normalize;        /* 1: A <- D^-1/2 A D^-1/2 */
    lgg_alpha alpha_from; /* rbf and exp only */
} lgg_graph_options;

typedef struct {
    lgg_graph_options graph;
    int power; /* >= 1: of the Laplacian (label variation, smoothness) or of A (GKD) */
    lgg_reduction reduction;
    lgg_edges edges;             /* GKD */
    lgg_neighbors neighbors;     /* GKD */
    lgg_graph_distance distance; /* GKD */
    float temperature;           /* > 0; HKD */
} lgg_options;

/* Fills options with the defaults that the .cfg section of this kind documents. */
lgg_status lgg_options_default(lgg_kind kind, lgg_options *options);

/* One layer's representation of a batch; the buffers are the caller's. */
typedef struct {
    const float *x;  /* (B, d) */
    float *gradient; /* (B, d), added to; NULL: no gradient wanted (always so for a teacher) */
    int d;           /* >= 1 */
} lgg_representation;

typedef struct lgg_loss lgg_loss;

/* Sets up a loss over `layers` tapped layers (label variation and HKD: 1; smoothness: 2 or more; distillation: the number of
 * layer pairs), for batches of up to max_batch samples of `classes` classes (0 where the loss needs no labels). The loss
 * belongs to the caller, who frees it with lgg_loss_free. On failure *loss is NULL. */
lgg_status lgg_loss_create(lgg_loss **loss, lgg_kind kind, const lgg_options *options, int layers, int max_batch,
                           int classes);
void lgg_loss_free(lgg_loss *loss);

/* Evaluates the loss L on one batch and adds scale * dL/dx to the gradient of each student layer that has one.
 *
 * batch    B, 1 <= B <= max_batch
 * labels   V (B, C), one-hot or soft; NULL where the loss needs none
 * student  `layers` representations
 * teacher  `layers` representations, their gradients ignored; NULL for label variation and smoothness
 * scale    1 for dL/dx itself; Darknet's deltas take -lambda * B
 * value    receives L (unscaled); may be NULL
 * sigma    label variation and smoothness: receives sigma of each layer, `layers` values, as the loss uses them (unreduced
 *          for smoothness, before the logarithm for label variation); may be NULL
 *
 * Allocates nothing. Degenerate input (zero vectors, coincident points, isolated vertices, one class, equal graphs, B = 1)
 * contributes zero, never NaN. */
lgg_status lgg_loss_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                             const lgg_representation *teacher, float scale, double *value, double *sigma);

/* Gives the graphs of the following evaluations another alpha, > 0. */
lgg_status lgg_loss_set_alpha(lgg_loss *loss, float alpha);

/* Bytes that lgg_loss_create would allocate for these arguments; 0 if they are invalid or the size overflows. */
size_t lgg_loss_bytes(lgg_kind kind, const lgg_options *options, int layers, int max_batch, int classes);

/* Share of the vectors of the last batch's student layers that were zero, 0 to 1, the worst layer: near 1, a layer of dead ReLUs
 * satisfies a cosine loss without having learnt anything. */
double lgg_loss_zero_share(const lgg_loss *loss);

/* Maps (B, c, h, w) of a layer. */
typedef struct {
    int c, h, w;
} lgg_map;

/* Vertices that are positions of maps: what `x` (B, c, h, w) has at each of n positions, to vertices (n, c), which a loss then takes for
 * its samples. Position p of a grid of grid_h x grid_w is in image p / (grid_h grid_w), at row r = p / grid_w % grid_h and column
 * p % grid_w; in maps of another size, h >= grid_h and w >= grid_w, it is the pixel in the middle of that cell: row
 * floor((2 r + 1) h / (2 grid_h)). Positions are distinct and, which is not checked, within the B images. */
lgg_status lgg_vertices_gather(int n, const int *position, int grid_h, int grid_w, lgg_map map, const float *x,
                               float *vertices);

/* The way back: gradients `vertices` (n, c) are added to `gradient` (B, c, h, w). */
lgg_status lgg_vertices_scatter(int n, const int *position, int grid_h, int grid_w, lgg_map map, const float *vertices,
                                float *gradient);

/* A graph on its own, for measuring and drawing. */
typedef struct lgg_graph lgg_graph;

lgg_status lgg_graph_create(lgg_graph **graph, const lgg_graph_options *options, int max_batch);
void lgg_graph_free(lgg_graph *graph);

/* Builds the adjacency of x (B, d) by Section 3.3: similarity, k nearest neighbours, symmetrization, normalization. */
lgg_status lgg_graph_build(lgg_graph *graph, int batch, int d, const float *x);

/* The adjacency A (B, B) of the last lgg_graph_build: symmetric, zero diagonal; belongs to the graph. */
const float *lgg_graph_adjacency(const lgg_graph *graph);

/* Label variation sigma = tr(V' L^power V) of the last built graph. labels V (B, C). reduction LGG_MEAN divides by the weight of
 * the ordered inter-class pairs, so that 1 = every inter-class pair linked at weight 1. */
lgg_status lgg_graph_variation(lgg_graph *graph, const float *labels, int classes, int power, lgg_reduction reduction,
                               double *sigma);

#ifdef __cplusplus
}
#endif

#endif
