/* lgg_neighbors_gpu.cu: steps 2 and 3 of the graph: each vertex keeps its k nearest others, and an edge stays if either of its ends
 * keeps it. Twin of lgg_neighbors.c; here row i of the mask holds what i itself chose, and who applies it asks both ends.
 */
#include "lgg_internal_gpu.h"
#include <stdint.h>

int lgg_neighbors_needed_gpu(const lgg_graph_gpu *graph, int batch) {
    return graph->options.k > 0 && graph->options.k < batch - 1;
}

/* An integer that sorts as (value, index) does: the float's bits, made monotonic, then the index. */
static __device__ uint64_t lgg_rank_key(float value, size_t index, int index_bits) {
    const uint32_t raw = __float_as_uint(value + 0.f); /* -0 and 0 are a tie */
    const uint32_t bits = raw & 0x80000000u ? ~raw : raw | 0x80000000u;
    return (uint64_t)bits << index_bits | (uint64_t)index;
}

/* Block i: row i of mask (n, n) = the k nearest of vertex i, by value (n, n): similarity (`cosine`, largest first) or squared
 * distance. The k-th smallest key is found bit by bit from the top: it is the largest key with fewer than k keys below it. */
static __global__ void lgg_neighbors_select_kernel(size_t n, int k, int cosine, int index_bits, const float *value,
                                                   unsigned char *mask) {
    const size_t i = blockIdx.x;
    const float *row = value + i * n;
    uint64_t kth = 0;
    for (int bit = 31 + index_bits; bit >= 0; bit--) {
        const uint64_t candidate = kth | (uint64_t)1 << bit;
        int below = 0;
        for (size_t start = 0; start < n; start += LGG_THREADS) {
            const size_t j = start + threadIdx.x;
            const bool counts = j < n && j != i;
            below += __syncthreads_count(counts && lgg_rank_key(cosine ? -row[j] : row[j], j, index_bits) < candidate);
        }
        if (below < k) kth = candidate;
    }
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS)
        mask[i * n + j] = j != i && lgg_rank_key(cosine ? -row[j] : row[j], j, index_bits) <= kth;
}

/* What the resolution of ties reads: the ranked values (n, n), and where they come from. */
struct lgg_ranking {
    lgg_rows rows;
    int cosine;
    const float *value; /* (n, n) similarity, or squared distance */
};

static __device__ double lgg_rank_value(const lgg_ranking &ranking, size_t i, size_t j) {
    const double value = (double)ranking.value[i * ranking.rows.n + j];
    return ranking.cosine ? -value : value;
}

/* How far that value may be from the exact one. */
static __device__ double lgg_rank_error(const lgg_ranking &ranking, size_t i, size_t j) {
    const lgg_rows &rows = ranking.rows;
    if (ranking.cosine) return rows.gram[i * rows.n + j] == 0 ? 0 : LGG_PRODUCT_ERROR;
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

/* Block i: row i of tied (n, n): 1 for what vertex i finds as near as its k-th neighbour, to float32's rounding, 2 for those of them
 * that mask (n, n) has; all 0 where there is nothing to decide. Their exact values go to exact (n, n). */
static __global__ void lgg_neighbors_ties_kernel(lgg_ranking ranking, const unsigned char *mask, unsigned char *tied,
                                                 double *exact) {
    const size_t n = ranking.rows.n, i = blockIdx.x;
    size_t kth = n;
    for (size_t j = 0; j < n; j++) {
        if (mask[i * n + j] && (kth == n || lgg_rank_value(ranking, i, j) >= lgg_rank_value(ranking, i, kth))) kth = j;
    }
    const double value = lgg_rank_value(ranking, i, kth), error = lgg_rank_error(ranking, i, kth);
    int left_out = 0, rounded = 0;
    for (size_t j = 0; j < n; j++) {
        const double error_j = lgg_rank_error(ranking, i, j);
        const bool is_tied = j != i && fabs(lgg_rank_value(ranking, i, j) - value) <= error + error_j;
        if (threadIdx.x == 0) tied[i * n + j] = is_tied ? mask[i * n + j] ? 2 : 1 : 0;
        left_out += is_tied && !mask[i * n + j];
        rounded |= is_tied && error_j > 0;
    }
    for (size_t j = 0; j < n; j++) {
        if (!left_out || !rounded) {
            if (threadIdx.x == 0) tied[i * n + j] = 0;
            continue;
        }
        const double error_j = lgg_rank_error(ranking, i, j);
        if (j == i || fabs(lgg_rank_value(ranking, i, j) - value) > error + error_j) continue;
        const double exact_ij = lgg_exact_rank_value(ranking, i, j);
        if (threadIdx.x == 0) exact[i * n + j] = exact_ij;
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
    const float *value = cosine ? graph->similarity : graph->distance2;
    const lgg_ranking ranking = {lgg_rows_of(graph), cosine, value};
    int index_bits = 1;
    while (graph->batch > 1 << index_bits)
        index_bits++;
    lgg_neighbors_select_kernel<<<(unsigned)graph->batch, LGG_THREADS, 0, stream>>>(
        n, graph->options.k, cosine, index_bits, value, graph->own_neighbors);
    lgg_neighbors_ties_kernel<<<(unsigned)graph->batch, LGG_THREADS, 0, stream>>>(ranking, graph->own_neighbors,
                                                                                  graph->tied, graph->exact_rank);
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
