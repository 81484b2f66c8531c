/* lgg_normalize_gpu.h: step 4 of the graph, for the kernels of other files: A_ij = r_i S_ij r_j, r_i = D_i^-1/2. Twin of lgg_normalize.c. */
#ifndef LGG_NORMALIZE_GPU_H
#define LGG_NORMALIZE_GPU_H

#include "lgg_graph_gpu.h"

/* The row's degree and its inverse root, 0 for an isolated vertex, from every thread's share of it, and of the sum of |S_ij|. */
static __device__ inline void lgg_keep_degree(const lgg_graphs &graphs, const lgg_row &row, double share,
                                              double size_share) {
    const double sum = lgg_block_sum(share), size = graphs.cosine ? lgg_block_sum(size_share) : 0;
    if (threadIdx.x != 0) return;
    const double degree = sum <= LGG_PRODUCT_ERROR * size ? 0 : sum; /* else what rounding leaves of 0 */
    graphs.degree[row.vector] = degree;
    graphs.inverse_root_degree[row.vector] = degree > 0 ? 1 / sqrt(degree) : 0;
}

/* The row's half of dL/d degree = -sum_j E_ij A_ij / D_i, from every thread's share of the sum. */
static __device__ inline void lgg_keep_degree_gradient(const lgg_graphs &graphs, const lgg_row &row, double share,
                                                       double *half_q) {
    const double sum = lgg_block_sum(share);
    if (threadIdx.x != 0) return;
    half_q[row.vector] = graphs.degree[row.vector] > 0 ? -0.5 * sum / graphs.degree[row.vector] : 0;
}

/* dL/dS_ij = r_i r_j E_ij + (q_i + q_j) / 2, from E = dL/dA. */
static __device__ inline double lgg_normalize_backward(const lgg_graphs &graphs, const lgg_row &row, size_t j,
                                                       double e_ij, const double *half_q) {
    const double *r = graphs.inverse_root_degree + row.g * graphs.n, *half = half_q + row.g * graphs.n;
    return r[row.i] * r[j] * e_ij + half[row.i] + half[j];
}

#endif
