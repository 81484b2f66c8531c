/* lgg_alpha_gpu.h: the scale of an exponential similarity, for the kernels of other files. Twin of lgg_alpha.c. */
#ifndef LGG_ALPHA_GPU_H
#define LGG_ALPHA_GPU_H

#include "lgg_graph_gpu.h"
#include <float.h>

/* Of graph g, for all threads of the block, which adds up the rows of distance_sum for itself. */
static __device__ inline lgg_scale lgg_scale_of(const lgg_graphs &graphs, size_t g) {
    lgg_scale scale = {(double)graphs.alpha, 0, 0, (double)graphs.n * (double)(graphs.n - 1) / 2};
    if (graphs.alpha_from == LGG_ALPHA_SIZE) scale.alpha = 1 / sqrt((double)graphs.vertices[g].d);
    if (!graphs.distance_sum) return scale;
    const double *sum = graphs.distance_sum + g * graphs.n, *squares = sum + graphs.count * graphs.n;
    const double total = lgg_block_total(graphs.n, sum), total_squares = lgg_block_total(graphs.n, squares);
    scale.alpha = 0;
    if (scale.pairs == 0) return scale;
    scale.mean_distance2 = total / (2 * scale.pairs); /* every pair is in two rows */
    scale.variance = fmax(total_squares / (2 * scale.pairs) - scale.mean_distance2 * scale.mean_distance2, 0.);
    const double deviation = sqrt(scale.variance);
    if (deviation > LGG_EQUAL_DISTANCES * scale.mean_distance2) scale.alpha = 1 / (3 * deviation);
    return scale;
}

/* What the distances of graph g are taken less of, for all threads of the block: the least of them where the graph is normalized, else 0. */
static __device__ inline float lgg_shift_of(const lgg_graphs &graphs, size_t g) {
    if (!graphs.least_distance2 || graphs.n < 2) return 0.f;
    float least = FLT_MAX;
    for (size_t i = threadIdx.x; i < graphs.n; i += LGG_THREADS)
        least = fminf(least, graphs.least_distance2[g * graphs.n + i]);
    const float all = lgg_block_min(least);
    return graphs.squared ? all : sqrtf(all);
}

/* S_ij of a squared distance. */
static __device__ inline float lgg_exponential(const lgg_graphs &graphs, const lgg_scale &scale, float shift,
                                               float distance2) {
    if (scale.alpha == 0) return 0.f;
    return expf(-(float)scale.alpha * ((graphs.squared ? distance2 : sqrtf(distance2)) - shift));
}

/* Keeps the sums of D and of its squares over the row, from every thread's share. */
static __device__ inline void lgg_keep_distance_sums(const lgg_graphs &graphs, const lgg_row &row, double share,
                                                     double share_of_squares) {
    const double sum = lgg_block_sum(share), squares = lgg_block_sum(share_of_squares);
    if (threadIdx.x != 0) return;
    graphs.distance_sum[row.vector] = sum;
    graphs.distance_sum[graphs.count * graphs.n + row.vector] = squares;
}

/* What dL/dD_ij gets from alpha's dependence on D, given common = dL/dalpha. */
static __device__ inline double lgg_alpha_slope(const lgg_scale &scale, double common, double distance2) {
    if (scale.variance == 0 || scale.alpha == 0) return 0;
    return -common * scale.alpha * (distance2 - scale.mean_distance2) / (2 * scale.pairs * scale.variance);
}

#endif
