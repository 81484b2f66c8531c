/* lgg_neighbors_gpu.cu: steps 2 and 3 of the graph: each vertex keeps its k nearest others, and an edge stays if either of its ends
 * keeps it. Twin of lgg_neighbors.c; here row i of the mask holds what i itself chose, and who applies it asks both ends.
 */
#include "lgg_graph_gpu.h"
#include <stdint.h>

int lgg_neighbors_needed_gpu(const lgg_graph_gpu *graph, int batch) {
    return graph->options.k > 0 && graph->options.k < batch - 1;
}

/* An integer that sorts as (value, index) does: the float's bits, made monotonic, then the index. */
static __device__ uint64_t lgg_sortable(float value, size_t index, int index_bits) {
    const uint32_t raw = __float_as_uint(value + 0.f); /* -0 and 0 are a tie */
    const uint32_t bits = raw & 0x80000000u ? ~raw : raw | 0x80000000u;
    return (uint64_t)bits << index_bits | (uint64_t)index;
}

/* What vertices are ranked by: similarity (`cosine`, largest first) or squared distance; and where that comes from. */
struct lgg_ranking {
    lgg_rows rows;
    int cosine;
    const float *value; /* (n, n) */
};

/* The key of (i, j): the smaller, the nearer is j to i. index_bits hold an index. */
static __device__ uint64_t lgg_rank_key(const lgg_ranking &ranking, int index_bits, size_t i, size_t j) {
    const float value = ranking.value[i * ranking.rows.n + j];
    return lgg_sortable(ranking.cosine ? -value : value, j, index_bits);
}

/* The key of the k-th nearest of vertex i, for all threads of the block. It is found bit by bit from the top: the largest number
 * with fewer than k keys below it. */
static __device__ uint64_t lgg_kth_rank_key(const lgg_ranking &ranking, int k, int index_bits, size_t i) {
    const size_t n = ranking.rows.n;
    uint64_t kth = 0;
    for (int bit = 31 + index_bits; bit >= 0; bit--) {
        const uint64_t candidate = kth | (uint64_t)1 << bit;
        int below = 0;
        for (size_t start = 0; start < n; start += LGG_THREADS) {
            const size_t j = start + threadIdx.x;
            below += __syncthreads_count(j < n && j != i && lgg_rank_key(ranking, index_bits, i, j) < candidate);
        }
        if (below < k) kth = candidate;
    }
    return kth;
}

static __device__ double lgg_rank_value(const lgg_ranking &ranking, size_t i, size_t j) {
    const double value = (double)ranking.value[i * ranking.rows.n + j];
    return ranking.cosine ? -value : value;
}

/* How far that value may be from the exact one. */
static __device__ double lgg_rank_error(const lgg_ranking &ranking, size_t i, size_t j) {
    const lgg_rows &rows = ranking.rows;
    if (ranking.cosine) return lgg_gram_of(rows.n, rows.gram, i, j) == 0 ? 0 : LGG_PRODUCT_ERROR;
    if (lgg_is_close(rows, i, j)) return (double)FLT_EPSILON * (double)ranking.value[i * rows.n + j];
    return LGG_PRODUCT_ERROR * (lgg_row_length2(rows, i) + lgg_row_length2(rows, j));
}

/* The value in double precision, for all threads of the block. */
static __device__ double lgg_exact_rank_value(const lgg_ranking &ranking, size_t i, size_t j) {
    const lgg_rows &rows = ranking.rows;
    const float *x_i = rows.x + i * rows.d, *x_j = rows.x + j * rows.d;
    const int unit = ranking.cosine || rows.unit;
    const double length_i = unit ? lgg_exact_length(rows, i) : 1, length_j = unit ? lgg_exact_length(rows, j) : 1;
    double value = 0;
    for (size_t t = threadIdx.x; t < rows.d; t += LGG_THREADS) {
        const double y_i = (double)x_i[t] / length_i, y_j = (double)x_j[t] / length_j;
        value += ranking.cosine ? -y_i * y_j : (y_i - y_j) * (y_i - y_j);
    }
    return lgg_block_sum(value);
}

/* Row i of tied (n, n), with all threads of the block: 1 for what vertex i finds as near as its k-th neighbour, to float32's rounding,
 * 2 for those of them that mask (n, n) has. Returns whether there is something to decide: one left out, and rounding in it. */
static __device__ bool lgg_gather_ties(const lgg_ranking &ranking, size_t i, size_t kth, const unsigned char *mask,
                                       unsigned char *tied) {
    const size_t n = ranking.rows.n;
    const double value = lgg_rank_value(ranking, i, kth), error = lgg_rank_error(ranking, i, kth);
    bool left_out = false, rounded = false;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        const double error_j = lgg_rank_error(ranking, i, j);
        const bool is_tied = j != i && fabs(lgg_rank_value(ranking, i, j) - value) <= error + error_j;
        tied[i * n + j] = is_tied ? mask[i * n + j] ? 2 : 1 : 0;
        left_out |= is_tied && !mask[i * n + j];
        rounded |= is_tied && error_j > 0;
    }
    return __syncthreads_or(left_out) && __syncthreads_or(rounded);
}

/* Block i: row i of mask (n, n) = the k nearest of vertex i, ties to the lower index. Where float32 cannot tell who is nearer, row i of
 * tied (n, n) says among whom (see lgg_gather_ties; else it is 0), and row i of exact (n, n) has their exact values. */
static __global__ void lgg_neighbors_select_kernel(lgg_ranking ranking, int k, int index_bits, unsigned char *mask,
                                                   unsigned char *tied, double *exact) {
    const size_t n = ranking.rows.n, i = blockIdx.x;
    const uint64_t kth = lgg_kth_rank_key(ranking, k, index_bits, i);
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS)
        mask[i * n + j] = j != i && lgg_rank_key(ranking, index_bits, i, j) <= kth;

    const size_t kth_index = (size_t)(kth & (((uint64_t)1 << index_bits) - 1));
    if (!lgg_gather_ties(ranking, i, kth_index, mask, tied)) {
        for (size_t j = threadIdx.x; j < n; j += LGG_THREADS)
            tied[i * n + j] = 0;
        return;
    }
    for (size_t start = 0; start < n; start += LGG_THREADS) {
        const size_t j = start + threadIdx.x;
        if (!__syncthreads_or(j < n && tied[i * n + j])) continue;
        for (size_t l = start; l < n && l < start + LGG_THREADS; l++) {
            if (!tied[i * n + l]) continue;
            const double exact_il = lgg_exact_rank_value(ranking, i, l);
            if (threadIdx.x == 0) exact[i * n + l] = exact_il;
        }
    }
}

/* Element (i, j) of mask (n, n), where it is tied: whether fewer than the places left are nearer to i by the exact values. */
static __global__ void lgg_neighbors_resolve_kernel(size_t n, const unsigned char *tied, const double *exact,
                                                    unsigned char *mask) {
    const size_t t = lgg_element(), i = t / n, j = t % n;
    if (t >= n * n || !tied[t]) return;
    int places = 0, nearer = 0;
    for (size_t l = 0; l < n; l++) {
        if (!tied[i * n + l]) continue;
        const double exact_il = exact[i * n + l];
        places += tied[i * n + l] == 2;
        nearer += exact_il < exact[t] || (exact_il == exact[t] && l < j);
    }
    mask[t] = nearer < places;
}

void lgg_neighbors_select_gpu(lgg_graph_gpu *graph) {
    const size_t n = (size_t)graph->batch;
    const cudaStream_t stream = graph->device->stream;
    const int cosine = graph->options.similarity == LGG_COSINE;
    const lgg_ranking ranking = {lgg_rows_of(graph), cosine, cosine ? graph->similarity : graph->distance2};
    int index_bits = 1;
    while (graph->batch > 1 << index_bits)
        index_bits++;
    lgg_neighbors_select_kernel<<<(unsigned)graph->batch, LGG_THREADS, 0, stream>>>(
        ranking, graph->options.k, index_bits, graph->own_neighbors, graph->tied, graph->exact_rank);
    lgg_neighbors_resolve_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(n, graph->tied, graph->exact_rank,
                                                                                graph->own_neighbors);
}

static __global__ void lgg_neighbors_apply_kernel(size_t n, const unsigned char *neighbors, float *matrix) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    if (!neighbors[t] && !neighbors[t % n * n + t / n]) matrix[t] = 0;
}

void lgg_neighbors_apply_gpu(const lgg_graph_gpu *graph, float *matrix) {
    const size_t n = (size_t)graph->batch;
    lgg_neighbors_apply_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, graph->device->stream>>>(n, graph->neighbors,
                                                                                             matrix);
}
