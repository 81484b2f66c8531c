/* lgg_weights_gpu.h: the way back from dL/dA to the weights W of dL/dX, a row a block: normalization, the edges that were kept, and
 * similarity. Twin of the second halves of lgg_normalize.c, lgg_similarity.c and lgg_distance.c.
 *
 * The kernel is the same for every loss but for the factor of its gradient, which depends on values: a loss gives it as a function object,
 *
 *     double operator()(const lgg_graphs &graphs, const lgg_backward &backward, size_t g, bool reports) const
 *
 * for all threads of a block. One block of each graph reports.
 *
 * cosine      W_ij = 2 E_ij / (|x_i| |x_j|), W_ii = -2 sum_j E_ij S_ij / |x_i|^2. The terms of parallel pairs cancel: their E_ij stay in e, and
 *             lgg_gradient_gpu.cu takes them from the difference of the unit vectors, u_j - S_ij u_i as s (s u_j - u_i + c u_i): s the
 *             sign of S_ij, c = 1 - |S_ij|; along_i = sum_j s E_ij c_ij.
 * distances   dL/dx_i = s_i (sum_j W_ij (y_i - y_j) - along_i y_i), W_ij = 4 F_ij, F = dL/dD; with unit, along_i = sum_j W_ij y_i.(y_i - y_j) = sum_j
 *             W_ij (D_ij + |y_i| - |y_j|) / 2, where lengths are 1, or 0 of a zero vector.
 */
#ifndef LGG_WEIGHTS_GPU_H
#define LGG_WEIGHTS_GPU_H

#include "lgg_alpha_gpu.h"
#include "lgg_normalize_gpu.h"

/* 1 - |cosine|, 0 where that is its rounding. */
static __device__ inline double lgg_parallel_gap(double cosine) {
    const double gap = 1 - fabs(cosine);
    return gap < 4 * DBL_EPSILON ? 0 : gap;
}

/* E_ij = dL/dS, from dL/dA. */
static __device__ inline double lgg_similarity_gradient(const lgg_graphs &graphs, const lgg_backward &backward,
                                                        const lgg_row &row, size_t j, double factor) {
    if (j == row.i || (graphs.k > 0 && !graphs.edge[row.matrix + j])) return 0;
    const double e_ij = (double)backward.e[row.matrix + j];
    return factor * (graphs.normalize ? lgg_normalize_backward(graphs, row, j, e_ij, backward.half_q) : e_ij);
}

static __device__ inline void lgg_cosine_weights(const lgg_graphs &graphs, const lgg_backward &backward,
                                                 const lgg_row &row, double factor) {
    const double *inverse_length = graphs.inverse_length + row.g * graphs.n;
    double diagonal = 0, along = 0, parallel = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const float similarity = graphs.similarity[row.matrix + j];
        const bool is_parallel = lgg_is_parallel(similarity);
        const double e_ij = lgg_similarity_gradient(graphs, backward, row, j, factor);
        backward.e[row.matrix + j] = is_parallel ? (float)e_ij : 0.f;
        backward.weight[row.matrix + j] =
            is_parallel ? 0.f : (float)(2 * e_ij * (inverse_length[row.i] * inverse_length[j]));
        if (is_parallel) along += (similarity < 0 ? -e_ij : e_ij) * lgg_parallel_gap(graphs.exact[row.matrix + j]);
        if (!is_parallel) diagonal += e_ij * (double)similarity;
        parallel += is_parallel && e_ij != 0;
    }
    const double all_diagonal = lgg_block_sum(diagonal), all_along = lgg_block_sum(along),
                 all_parallel = lgg_block_sum(parallel);
    if (threadIdx.x != 0) return;
    backward.weight[row.matrix + row.i] = (float)(-2 * all_diagonal * inverse_length[row.i] * inverse_length[row.i]);
    backward.along[row.vector] = all_along;
    backward.parallel[row.vector] = (int)all_parallel;
}

/* F_ij = dL/dD of an exponential, but for what comes from alpha. */
static __device__ inline double lgg_exponential_gradient(const lgg_graphs &graphs, const lgg_scale &scale,
                                                         const lgg_row &row, size_t j, double e_ij) {
    const double distance2 = (double)graphs.distance2[row.matrix + j];
    const double slope = graphs.squared ? 1 : distance2 > 0 ? 0.5 / sqrt(distance2) : 0;
    return -scale.alpha * (double)graphs.similarity[row.matrix + j] * e_ij * slope;
}

/* Row i of W and along_i, from F_ij of this thread's j. */
template <typename function>
static __device__ inline void lgg_distance_weights(const lgg_graphs &graphs, const lgg_backward &backward,
                                                   const lgg_row &row, const function &gradient) {
    const double *inverse_length = graphs.inverse_length + row.g * graphs.n;
    double along = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double weight = 4 * gradient(j);
        const int longer = (inverse_length[row.i] > 0) - (inverse_length[j] > 0);
        backward.weight[row.matrix + j] = (float)weight;
        along += weight * ((double)graphs.distance2[row.matrix + j] + longer) / 2;
    }
    const double all_along = lgg_block_sum(along);
    if (threadIdx.x == 0) backward.along[row.vector] = graphs.unit ? all_along : 0;
}

/* Block (g, i) of the students: row i of W. */
template <typename factor_of>
static __global__ void lgg_weights_kernel(lgg_graphs graphs, lgg_backward backward, factor_of factor) {
    const lgg_row row = lgg_row_of(graphs);
    const double scale = factor(graphs, backward, row.g, row.i == 0);
    if (row.i == 0) lgg_report_zeros(graphs, row.g, backward.report);
    if (row.i == 0 && threadIdx.x == 0) backward.factor[row.g] = scale;
    if (!graphs.vertices[row.g].gradient) return;
    if (graphs.cosine) {
        lgg_cosine_weights(graphs, backward, row, scale);
    } else {
        const lgg_scale alpha = lgg_scale_of(graphs, row.g);
        const double common =
            backward.alpha_row ? scale * lgg_block_total(graphs.n, backward.alpha_row + row.g * graphs.n) : 0;
        lgg_distance_weights(graphs, backward, row, [&](size_t j) {
            const double e_ij = lgg_similarity_gradient(graphs, backward, row, j, scale);
            const double through_alpha =
                j == row.i ? 0 : lgg_alpha_slope(alpha, common, (double)graphs.distance2[row.matrix + j]);
            return lgg_exponential_gradient(graphs, alpha, row, j, e_ij) + through_alpha;
        });
    }
}

#endif
