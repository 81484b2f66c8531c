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

void lgg_neighbors_select_gpu(lgg_graph_gpu *graph) {
    const int cosine = graph->options.similarity == LGG_COSINE;
    int index_bits = 1;
    while (graph->batch > 1 << index_bits)
        index_bits++;
    lgg_neighbors_select_kernel<<<(unsigned)graph->batch, LGG_THREADS, 0, graph->device->stream>>>(
        (size_t)graph->batch, graph->options.k, cosine, index_bits, cosine ? graph->similarity : graph->distance2,
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
