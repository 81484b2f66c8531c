/* lgg_graph_gpu.h: what the CUDA twins of the library share. A file lgg_<step>_gpu.cu does on the device what lgg_<step>.c does: the C file
 * is the reference and says why, the twin says what differs.
 *
 * What differs everywhere:
 *
 *   - A kernel takes all graphs of a loss at once, the students' and the teachers', however many layers there are: small kernels cost more
 *     to launch than to run. The path of an evaluation, a launch a line:
 *
 *         X -> sums of products, part by part        lgg_gram_gpu.cu        (before them, with unit: the lengths)
 *           -> similarity, choice of neighbours      lgg_similarity_gpu.cu  (two, where alpha or a normalized exponential needs all distances first)
 *           -> pairs that float32 cannot judge       lgg_exact_gpu.cu       (cosine, or k > 0)
 *           -> edges                                 lgg_neighbors_gpu.cu   (k > 0)
 *           -> the loss, and dL/dA                   lgg_<loss>_gpu.cu      (one or two)
 *           -> the weights W of dL/dX                lgg_weights_gpu.h
 *           -> dL/dX                                 lgg_gradient_gpu.cu
 *
 *   - Nothing of a batch comes back to the host before the end, so a branch on a value (a zero mean, equal graphs) is taken by the
 *     kernels, from device scalars.
 *   - Sums run in one fixed order (a block a row, then each block over the rows): two runs agree to the bit.
 *   - The normalized adjacency is not kept: A_ij = S_ij r_i r_j is made where it is read.
 *
 * Graph g of the L layer pairs is the student's for g < L, and the teacher's of the same pair is graph L + g.
 */
#ifndef LGG_GRAPH_GPU_H
#define LGG_GRAPH_GPU_H

#include "lgg_gpu.h"
extern "C" {
#include "lgg_graphs.h"
}
#include <cuda_runtime.h>

/* Threads of a block, in every kernel that goes through rows; a power of two. */
#define LGG_THREADS 128

struct lgg_device {
    cudaStream_t stream;
    bool tensor_products; /* products of matrices are made on tensor cores (lgg_tensor_gpu.h) */
};

/* ---- The graphs of a loss ---- */

/* What the device knows of one representation. */
struct lgg_vertices {
    const float *x;  /* (B, d) the caller's */
    float *gradient; /* (B, d) or NULL */
    size_t d;
    unsigned first_part;  /* of the parts that the columns of all representations are cut into: the first of this one */
    unsigned parts;       /* and how many it has */
    unsigned first_strip; /* of the strips of columns that all gradients are cut into: the first of this one */
    unsigned strips;      /* and how many: 0 without a gradient */
    unsigned round;       /* of the launches that add to the gradients: representations may share one */
    unsigned unused;
};

/* As kernels get it, by value. Matrices are (count, n, n), vectors (count, n), unless another shape is given. */
struct lgg_graphs {
    size_t n;      /* B of the batch at hand */
    size_t padded; /* the next multiple of LGG_TILE */
    size_t part_columns;
    unsigned count;      /* graphs */
    unsigned students;   /* of those */
    unsigned judged;     /* and of those that come first, the ones that lgg_exact_gpu.cu looks after */
    unsigned parts_most; /* that there is room for */
    unsigned parts;      /* of all together */
    unsigned strips;     /* likewise */
    unsigned rounds;     /* of launches that add to the gradients */
    int distances_only;  /* as RKD needs them: no similarity */
    int cosine;
    int squared; /* rbf */
    int unit;    /* of distances; cosine has no use for it */
    int normalize;
    int k;          /* 0: all edges */
    int taught;     /* the students have the teachers' neighbours */
    int index_bits; /* enough for any vertex */
    float alpha;
    lgg_alpha alpha_from;

    const lgg_vertices *vertices; /* (count) */
    float *part;            /* (parts, padded, padded) sums over some columns: of products, or of squared differences */
    float *part_length2;    /* (parts, padded) likewise: of squares */
    double *inverse_length; /* 1/|x_i|, 0 for a zero vector */
    float *distance2;       /* |y_i - y_j|^2, y = x or, with unit, x_i/|x_i|; NULL under cosine */
    float *similarity;      /* S, then only its kept edges; zero diagonal; NULL for distances_only */
    unsigned char *choice;  /* in row i what i itself chose: LGG_CHOSEN, LGG_TIED; NULL when k = 0 */
    unsigned char *edge;    /* 1 where an edge is kept; NULL when k = 0 */
    int *doubtful;          /* (judged, n) how many of a row's pairs float32 cannot judge */
    double *exact;          /* (judged, n, n) those, to double's precision: cosines, or squared distances */
    double *exact_length;   /* (judged, n) |x_i| of the rows that have such pairs, under cosine */
    double *
        distance_sum; /* (2, count, n) sums of D and of its squares over a row; NULL unless alpha comes from their deviation */
    float *least_distance2;      /* of a row to the others; NULL but for an exponential that is normalized */
    double *degree;              /* of S; NULL without normalization */
    double *inverse_root_degree; /* degree^-1/2, 0 where degree <= 0; NULL likewise */
};

/* A vertex is among those that row i chose; whether it is the nearer to i is not certain in float32. */
enum { LGG_CHOSEN = 1, LGG_TIED = 2 };

/* Takes the buffers of `students` graphs and `teachers` more, as many or none. */
void lgg_graphs_take_gpu(lgg_graphs *graphs, lgg_arena *arena, const lgg_options *options, int students, int teachers,
                         int max_batch, int distances_only);
/* The graphs of these representations: all but the factors that normalize, which are left to whoever reads S. */
void lgg_graphs_forward_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                            const lgg_representation *teacher);

/* ---- lgg_gram_gpu.cu ---- */

/* How many parts there can be, and where the columns are cut: the number of columns of a part. */
unsigned lgg_parts_most(unsigned count, size_t padded);
size_t lgg_part_columns(unsigned count, unsigned most, size_t columns, size_t widest);
/* Whether the kernels are there that make products on tensor cores: compiled for this device, which has them. */
lgg_status lgg_has_tensor_products(bool *has);
void lgg_gram_forward_gpu(const lgg_graphs *graphs, const lgg_device *device);

/* ---- lgg_similarity_gpu.cu, lgg_exact_gpu.cu, lgg_neighbors_gpu.cu ---- */

void lgg_similarity_forward_gpu(const lgg_graphs *graphs, const lgg_device *device);
void lgg_exact_forward_gpu(const lgg_graphs *graphs, const lgg_device *device);
void lgg_neighbors_apply_gpu(const lgg_graphs *graphs, const lgg_device *device);

/* ---- lgg_alpha_gpu.h: alpha of a graph, for the kernels of other files ---- */

/* Where alpha comes from, and with it what its gradient needs. */
struct lgg_scale {
    double alpha;          /* 0: none, since all distances are equal */
    double mean_distance2; /* of the pairs, and their variance: where alpha comes from their deviation */
    double variance;
    double pairs; /* unordered */
};

/* ---- What a loss hands back ---- */

/* Of each student's graph g, for dL/dX; matrices (students, n, n), vectors (students, n). */
struct lgg_backward {
    float *e;       /* dL/dA but for a factor, or slopes of RKD's; under cosine then what is left for parallel pairs */
    double *half_q; /* half of dL/d degree, but for the same factor; NULL without normalization */
    float *weight;  /* W: dL/dX = W X under cosine; W_ij (y_i - y_j) summed up for distances */
    double *along;  /* what of a row's gradient goes along y_i: for distances and for parallel pairs */
    int *parallel;  /* how many parallel pairs a row has */
    double *factor; /* (students) that factor */
    double *alpha_row; /* dL/dalpha by rows, but for the same factor; NULL unless alpha depends on the distances */
    double *report;    /* (students, LGG_REPORT_SIZE) */
};

/* The pieces of a graph's report. */
enum { LGG_REPORT_VALUE, LGG_REPORT_ZERO_SHARE, LGG_REPORT_SIGMA, LGG_REPORT_SIZE };

/* dL/dA of label variation once more, as a product of few columns: E_ij = q_i + q_j - sum of U_a,ic U_b,jc over a + b = powers - 1 and all
 * classes c, every U_a less its mean row. Vectors (students, n); powers 0: there is none. */
struct lgg_class_factors {
    int powers;
    size_t classes;
    const float *labels; /* U_0 (n, C) of every graph */
    const float *power;  /* (students, powers - 1, n, C) U_1, U_2, ... */
    const float *mean;   /* (students, powers, C) the mean rows of U_0, U_1, ... */
    const float *q;
};

/* Whether sums over classes give the gradient: all edges are there, a block's memory holds the sums, and they take less time than W X. */
bool lgg_factors_pay(const lgg_graphs *graphs, const lgg_class_factors *factors);

/* Adds dL/dX to every student's gradient; factors NULL: from W alone. */
void lgg_gradient_add_gpu(const lgg_graphs *graphs, const lgg_backward *backward, const lgg_class_factors *factors,
                          const lgg_device *device);

/* lgg_alpha_gpu.cu: alpha_row, where the loss has one, once e and half_q are there. */
void lgg_alpha_row_gpu(const lgg_graphs *graphs, const lgg_backward *backward, const lgg_device *device);

/* ---- Losses: lgg_loss on the device ---- */

struct lgg_loss_gpu {
    lgg_device *device;
    lgg_kind kind;
    lgg_options options;
    int layers;
    int max_batch;
    int classes;
    void *block;            /* all device memory */
    lgg_graphs graphs;      /* none for HKD */
    lgg_backward backward;  /* likewise, but for the report */
    lgg_vertices *vertices; /* (2, count) the host's: of the evaluation at hand, and what the device has */
    double *host_report;    /* pinned: the report of the last evaluation */
    cudaEvent_t reported;

    double *row_total[2];    /* (layers, B) one partial sum a row */
    float *laplacian_power;  /* (layers, power - 1, B, C) label variation, smoothness */
    float *label_mean;       /* (layers, power, C) of lgg_class_factors: the same, as the next */
    float *q;                /* (layers, B) */
    float *adjacency;        /* (count, B, B) GKD with power > 1, as the next two */
    float *matrix_power[2];  /* (count, B, B) */
    double *distance_total;  /* (count, B) RKD-D */
    double *mean_distance;   /* (count) RKD-D */
    float *inverse_distance; /* (count, B, B) RKD-A */
    float *distance_rest;    /* (count, B, B) what float32 leaves of D, where a near pair needs it: RKD-A */
    float *nearest;          /* (count, B) the least D of a row that is not 0: RKD-A */
    int *with_rest;          /* (count) whether a graph's distances have a rest: RKD-A */
    double *angle_total;     /* (layers, B, lgg_angle_columns(B)) one partial sum a block: RKD-A */
};

void lgg_variation_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                float scale);
void lgg_gkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                          const lgg_representation *teacher, float scale);
void lgg_rkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                          const lgg_representation *teacher, float scale);
void lgg_relation_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                               const lgg_representation *teacher, float scale);
void lgg_hkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                          const lgg_representation *teacher, float scale);

/* ---- Inside kernels ---- */

/* Blocks for one thread an element. */
static inline unsigned lgg_blocks(size_t count) {
    return (unsigned)((count + LGG_THREADS - 1) / LGG_THREADS);
}

/* A block of RKD-A has a vertex and this many of its edges; so many blocks have all n of them. */
#define LGG_ANGLE_EDGES 32

static inline size_t lgg_angle_columns(size_t n) {
    return (n + LGG_ANGLE_EDGES - 1) / LGG_ANGLE_EDGES;
}

/* This thread's element, in a kernel of lgg_blocks(count) blocks. */
static __device__ inline size_t lgg_element() {
    return (size_t)blockIdx.x * LGG_THREADS + threadIdx.x;
}

/* Sum of every thread's value, for all threads of the block; always in the same order. */
static __device__ inline double lgg_block_sum(double value) {
    __shared__ double partial[LGG_THREADS];
    partial[threadIdx.x] = value;
    __syncthreads();
    for (unsigned half = LGG_THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    const double sum = partial[0];
    __syncthreads(); /* the next sum overwrites partial */
    return sum;
}

/* Least of every thread's value, for all threads of the block. Two in a row need a barrier between them, such as a sum has. */
static __device__ inline float lgg_block_min(float value) {
    __shared__ float least[LGG_THREADS];
    least[threadIdx.x] = value;
    __syncthreads();
    for (unsigned half = LGG_THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) least[threadIdx.x] = fminf(least[threadIdx.x], least[threadIdx.x + half]);
        __syncthreads();
    }
    return least[0];
}

/* Sum of a (count) over the block. */
static __device__ inline double lgg_block_total(size_t count, const double *a) {
    double sum = 0;
    for (size_t i = threadIdx.x; i < count; i += LGG_THREADS)
        sum += a[i];
    return lgg_block_sum(sum);
}

/* A block of a kernel that has one for each row of each graph. */
struct lgg_row {
    size_t g, i;
    size_t vector; /* where the row's value is in vectors */
    size_t matrix; /* where the row begins in matrices */
};

static __device__ inline lgg_row lgg_row_at(size_t n, size_t g, size_t i) {
    const lgg_row row = {g, i, g * n + i, (g * n + i) * n};
    return row;
}

static __device__ inline lgg_row lgg_row_of(const lgg_graphs &graphs) {
    return lgg_row_at(graphs.n, blockIdx.x / graphs.n, blockIdx.x % graphs.n);
}

/* A_ij of the row's graph. */
static __device__ inline float lgg_adjacency(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    const float similarity = graphs.similarity[row.matrix + j];
    if (!graphs.normalize) return similarity;
    const double *r = graphs.inverse_root_degree + row.g * graphs.n;
    return (float)((double)similarity * (r[row.i] * r[j]));
}

/* The graph whose vertices chose the edges of graph g. */
static __device__ inline size_t lgg_chooser(const lgg_graphs &graphs, size_t g) {
    return graphs.taught && g < graphs.students ? g + graphs.students : g;
}

/* Whether two vectors with that cosine are parallel. */
static __device__ inline bool lgg_is_parallel(float cosine) {
    return fabsf(cosine) > 1 - LGG_PARALLEL;
}

/* The sign of b - a, two sigmas; 0 where they are equal, as the same graph twice must be. */
static __host__ __device__ inline int lgg_sign_of_change(double a, double b) {
    if (fabs(b - a) <= LGG_EQUAL_SIGMA * (fabs(a) + fabs(b))) return 0;
    return b > a ? 1 : -1;
}

/* y_it - y_jt. The products are rounded one by one: a fused multiply-add would leave something of coincident points. */
static __device__ inline double lgg_difference(double s_i, float x_it, double s_j, float x_jt) {
    return __dmul_rn(s_i, (double)x_it) - __dmul_rn(s_j, (double)x_jt);
}

/* For one block of a grid: the share of zero vectors in graph g. */
static __device__ inline void lgg_report_zeros(const lgg_graphs &graphs, size_t g, double *report) {
    double count = 0;
    for (size_t i = threadIdx.x; i < graphs.n; i += LGG_THREADS)
        count += graphs.inverse_length[g * graphs.n + i] == 0;
    const double share = lgg_block_sum(count) / (double)graphs.n;
    if (threadIdx.x == 0) report[g * LGG_REPORT_SIZE + LGG_REPORT_ZERO_SHARE] = share;
}

#endif
