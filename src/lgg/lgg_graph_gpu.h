/* lgg_graph_gpu.h: what the CUDA twins of the library share. A file lgg_<step>_gpu.cu mirrors lgg_<step>.c function by function:
 * the C file is the reference and says why, the twin says what differs.
 *
 * What differs everywhere: nothing of a batch comes back to the host, so a branch on a value (a zero mean, equal graphs) is
 * taken by the kernels, from device scalars. Sums run in one fixed order (a block a row, then one block over the rows): two runs
 * agree to the bit.
 */
#ifndef LGG_GRAPH_GPU_H
#define LGG_GRAPH_GPU_H

#include "lgg_gpu.h"
extern "C" {
#include "lgg_graph.h"
}
#include <cublas_v2.h>
#include <cuda_runtime.h>

/* Threads of a block, in every kernel; a power of two. */
#define LGG_THREADS 128

struct lgg_device {
    cudaStream_t stream;
    cublasHandle_t blas;
    void *workspace;   /* cuBLAS's */
    lgg_status status; /* of the evaluation at hand: the first error of a product */
};

/* ---- lgg_product_gpu.cu ---- */

void lgg_product_gram_gpu(lgg_device *device, int n, int d, const float *x, float *gram);
void lgg_product_add_gpu(lgg_device *device, int n, int d, const float *w, const float *x, float *gradient);
void lgg_product_gpu(lgg_device *device, int rows, int columns, int inner, float alpha, const float *a, const float *b,
                     float beta, float *c);
void lgg_product_transposed_gpu(lgg_device *device, int n, int inner, float alpha, const float *a, const float *b,
                                float beta, float *c);

/* ---- The graph of one representation: lgg_graph on the device ---- */

struct lgg_graph_gpu {
    lgg_device *device;
    lgg_graph_options options;
    int batch;
    int d;
    const float *x;               /* (B, d) the caller's */
    float *gram;                  /* (B, B), to be read by lgg_gram_of */
    double *inverse_length;       /* (B) */
    float *distance2;             /* (B, B) or NULL */
    float *similarity;            /* (B, B) or NULL */
    unsigned char *own_neighbors; /* (B, B) 1 in row i where i itself chose the edge; NULL when k = 0 */
    unsigned char *tied; /* (B, B) workspace: what row i finds as near as its k-th neighbour; NULL when k = 0 */
    double *exact_rank;  /* (B, B) workspace: the exact values of those; NULL when k = 0 */
    const unsigned char *neighbors; /* the choices in use, or NULL = all edges */
    double *degree;                 /* (B) or NULL */
    double *inverse_root_degree;    /* (B) or NULL */
    double *degree_gradient;        /* (B) or NULL */
    float *adjacency;               /* (B, B) */
};

void lgg_graph_take_gpu(lgg_graph_gpu *graph, lgg_arena *arena, lgg_device *device, const lgg_graph_options *options,
                        int max_batch, int distances_only);
void lgg_graph_forward_gpu(lgg_graph_gpu *graph, int batch, int d, const float *x, const unsigned char *neighbors);
void lgg_graph_backward_gpu(const lgg_graph_gpu *graph, float *e, float *gradient);

void lgg_gram_forward_gpu(lgg_graph_gpu *graph, int batch, int d, const float *x);

void lgg_distance_forward_gpu(lgg_graph_gpu *graph);
void lgg_distance_backward_gpu(const lgg_graph_gpu *graph, float *f, float *gradient);

void lgg_similarity_forward_gpu(lgg_graph_gpu *graph);
void lgg_similarity_backward_gpu(const lgg_graph_gpu *graph, float *e, float *gradient);

int lgg_neighbors_needed_gpu(const lgg_graph_gpu *graph, int batch);
void lgg_neighbors_select_gpu(lgg_graph_gpu *graph);
/* matrix (B, B) keeps only the edges that either end chose. */
void lgg_neighbors_apply_gpu(const lgg_graph_gpu *graph, float *matrix);

void lgg_normalize_forward_gpu(lgg_graph_gpu *graph);
void lgg_normalize_backward_gpu(const lgg_graph_gpu *graph, float *e);

/* ---- Losses: lgg_loss on the device ---- */

struct lgg_loss_gpu {
    lgg_device *device;
    lgg_kind kind;
    lgg_options options;
    int layers;
    int max_batch;
    int classes;
    void *block;            /* all device memory */
    lgg_graph_gpu *student; /* host array: one a layer for smoothness, else one; NULL for HKD */
    lgg_graph_gpu *teacher; /* host; NULL where there is none */

    double *report; /* (2 + layers) L, zero share, sigma of each layer; copied to host_report after an evaluation */
    double *host_report; /* pinned */
    cudaEvent_t reported;

    float *edge_gradient;       /* (B, B) */
    double *row_total[2];       /* (B) one partial sum a row */
    float *label_distance;      /* (B, B) label variation, smoothness */
    double *label_weight;       /* (1) its sum */
    double *factor;             /* (layers) what multiplies dsigma/dx of each layer */
    float *laplacian_power;     /* (layers, power - 1, B, C) */
    int *label_class;           /* (B) GKD */
    float *filtered[2];         /* (B, B) GKD */
    float *matrix_power[4];     /* (B, B) GKD */
    double *mean_distance;      /* (2) of student, teacher: RKD-D */
    double *common;             /* (1) sum of slope u: RKD-D */
    float *inverse_distance[2]; /* (B, B) of student, teacher: RKD-A */
    double *angle_total;        /* (B, lgg_angle_columns(B)) one partial sum a block: RKD-A */
};

/* The pieces of a report. */
#define LGG_REPORT_VALUE 0
#define LGG_REPORT_ZERO_SHARE 1
#define LGG_REPORT_SIGMA 2

void lgg_variation_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                float scale);
void lgg_smooth_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                             float scale);
void lgg_gkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                          const lgg_representation *teacher, float scale);
void lgg_rkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
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

/* Sum of a (count) over the block. */
static __device__ inline double lgg_block_total(size_t count, const double *a) {
    double sum = 0;
    for (size_t i = threadIdx.x; i < count; i += LGG_THREADS)
        sum += a[i];
    return lgg_block_sum(sum);
}

/* G_ij of gram (n, n), the same as G_ji: a general product is not symmetric to the bit. */
static __device__ inline float lgg_gram_of(size_t n, const float *gram, size_t i, size_t j) {
    return i > j ? gram[i * n + j] : gram[j * n + i];
}

/* Where a report keeps the largest share of zero vectors, and the inverse_length (n) that tells of one representation. */
struct lgg_zeros {
    size_t n;
    const double *inverse_length;
    double *share;
};

static inline lgg_zeros lgg_zeros_of(const lgg_graph_gpu *graph, const lgg_loss_gpu *loss) {
    const lgg_zeros zeros = {(size_t)graph->batch, graph->inverse_length, loss->report + LGG_REPORT_ZERO_SHARE};
    return zeros;
}

/* For one block of a grid. */
static __device__ inline void lgg_report_zeros(const lgg_zeros &zeros) {
    double count = 0;
    for (size_t i = threadIdx.x; i < zeros.n; i += LGG_THREADS)
        count += zeros.inverse_length[i] == 0;
    const double share = lgg_block_sum(count) / (double)zeros.n;
    if (threadIdx.x == 0) *zeros.share = fmax(*zeros.share, share);
}

/* What the kernels read that compare rows themselves: gram (n, n), and inverse_length (n). */
struct lgg_rows {
    size_t n, d;
    int unit;
    const float *x, *gram;
    const double *inverse_length;
};

static inline lgg_rows lgg_rows_of(const lgg_graph_gpu *graph) {
    const lgg_rows rows = {(size_t)graph->batch, (size_t)graph->d,     graph->options.unit, graph->x,
                           graph->gram,          graph->inverse_length};
    return rows;
}

/* s_i */
static __device__ inline double lgg_row_scale(const lgg_rows &rows, size_t i) {
    return rows.unit ? rows.inverse_length[i] : 1;
}

/* |y_i|^2 */
static __device__ inline double lgg_row_length2(const lgg_rows &rows, size_t i) {
    if (rows.unit) return rows.inverse_length[i] > 0;
    return (double)rows.gram[i * rows.n + i];
}

/* D_ij as the Gram matrix gives it; the same for (j, i), to the bit. */
static __device__ inline double lgg_distance2_gram(const lgg_rows &rows, size_t i, size_t j) {
    const double scales = lgg_row_scale(rows, i) * lgg_row_scale(rows, j);
    return lgg_row_length2(rows, i) + lgg_row_length2(rows, j) -
           2 * (double)lgg_gram_of(rows.n, rows.gram, i, j) * scales;
}

static __device__ inline bool lgg_is_close(const lgg_rows &rows, size_t i, size_t j) {
    return lgg_distance2_gram(rows, i, j) <= LGG_CLOSE * (lgg_row_length2(rows, i) + lgg_row_length2(rows, j));
}

/* |x_i| in double precision, for all threads of the block; 1 for a zero vector. */
static __device__ inline double lgg_exact_length(const lgg_rows &rows, size_t i) {
    double length2 = 0;
    if (rows.inverse_length[i] == 0) return 1;
    for (size_t t = threadIdx.x; t < rows.d; t += LGG_THREADS)
        length2 += (double)rows.x[i * rows.d + t] * (double)rows.x[i * rows.d + t];
    return sqrt(lgg_block_sum(length2));
}

#endif
