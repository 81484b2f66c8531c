/* lgg_neighbors_gpu.h: how a vertex chooses its k nearest others, for the kernels of lgg_similarity_gpu.cu and lgg_neighbors_gpu.cu. Twin of
 * lgg_neighbors.c. */
#ifndef LGG_NEIGHBORS_GPU_H
#define LGG_NEIGHBORS_GPU_H

#include "lgg_graph_gpu.h"

/* What vertex i ranks the others by: similarity (`cosine`, largest first) or squared distance. */
static __device__ inline float lgg_rank_value(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    return graphs.cosine ? -graphs.similarity[row.matrix + j] : graphs.distance2[row.matrix + j];
}

/* How far that value may be from the exact one. */
static __device__ inline double lgg_rank_error(const lgg_graphs &graphs, float value) {
    if (value == 0) return 0; /* products and differences that are all 0 */
    if (graphs.cosine) return LGG_PRODUCT_ERROR;
    return (graphs.unit ? (double)FLT_EPSILON : LGG_PRODUCT_ERROR) * (double)value;
}

/* An integer that sorts as (value, index) does: the float's bits, made monotonic, then the index. */
static __device__ inline uint64_t lgg_sortable(float value, size_t index, int index_bits) {
    const uint32_t raw = __float_as_uint(value + 0.f); /* -0 and 0 are a tie */
    const uint32_t bits = raw & 0x80000000u ? ~raw : raw | 0x80000000u;
    return (uint64_t)bits << index_bits | (uint64_t)index;
}

/* The key of (i, j): the smaller, the nearer is j to i. */
static __device__ inline uint64_t lgg_rank_key(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    return lgg_sortable(lgg_rank_value(graphs, row, j), j, graphs.index_bits);
}

/* The key of the k-th nearest of vertex i, for all threads of the block. It is found bit by bit from the top: the largest number
 * with fewer than k keys below it. */
static __device__ inline uint64_t lgg_kth_rank_key(const lgg_graphs &graphs, const lgg_row &row) {
    const size_t n = graphs.n;
    uint64_t kth = 0;
    for (int bit = 31 + graphs.index_bits; bit >= 0; bit--) {
        const uint64_t candidate = kth | (uint64_t)1 << bit;
        int below = 0;
        for (size_t start = 0; start < n; start += LGG_THREADS) {
            const size_t j = start + threadIdx.x;
            below += __syncthreads_count(j < n && j != row.i && lgg_rank_key(graphs, row, j) < candidate);
        }
        if (below < graphs.k) kth = candidate;
    }
    return kth;
}

/* Row i of choice: the k nearest of vertex i, ties to the lower index; and what it finds as near as its k-th neighbour, to float32's
 * rounding, where there is something to decide: one left out, and rounding in it. Returns this thread's number of those. */
static __device__ inline int lgg_choose_neighbors(const lgg_graphs &graphs, const lgg_row &row) {
    const size_t n = graphs.n;
    const uint64_t kth = lgg_kth_rank_key(graphs, row);
    const float kth_value = lgg_rank_value(graphs, row, (size_t)(kth & (((uint64_t)1 << graphs.index_bits) - 1)));
    const double kth_error = lgg_rank_error(graphs, kth_value);
    bool left_out = false, rounded = false;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        const float value = lgg_rank_value(graphs, row, j);
        const double error = lgg_rank_error(graphs, value);
        const bool chosen = j != row.i && lgg_rank_key(graphs, row, j) <= kth;
        const bool tied = j != row.i && fabs((double)value - (double)kth_value) <= error + kth_error;
        graphs.choice[row.matrix + j] = (unsigned char)((chosen ? LGG_CHOSEN : 0) | (tied ? LGG_TIED : 0));
        left_out |= tied && !chosen;
        rounded |= tied && error > 0;
    }
    const bool decide = __syncthreads_or(left_out) && __syncthreads_or(rounded);
    int ties = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        if (!decide) graphs.choice[row.matrix + j] &= LGG_CHOSEN;
        ties += graphs.choice[row.matrix + j] & LGG_TIED ? 1 : 0;
    }
    return ties;
}

/* What (i, j) is ranked by in double precision: the smaller, the nearer. */
static __device__ inline double lgg_exact_rank(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    const double exact = graphs.exact[row.matrix + j];
    return graphs.cosine ? -exact : exact;
}

/* Whether vertex i has chosen j: where that is tied, whether fewer than the places left are nearer to i by the exact values. */
static __device__ inline bool lgg_has_chosen(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    const unsigned char *choice = graphs.choice + row.matrix;
    int places = 0, nearer = 0;
    if (!(choice[j] & LGG_TIED)) return choice[j] & LGG_CHOSEN;
    const double rank = lgg_exact_rank(graphs, row, j);
    for (size_t l = 0; l < graphs.n; l++) {
        if (!(choice[l] & LGG_TIED)) continue;
        const double other = lgg_exact_rank(graphs, row, l);
        places += choice[l] & LGG_CHOSEN ? 1 : 0;
        nearer += other < rank || (other == rank && l < j);
    }
    return nearer < places;
}

#endif
