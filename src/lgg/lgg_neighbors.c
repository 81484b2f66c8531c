/* lgg_neighbors.c: steps 2 and 3 of the graph: each vertex keeps its k nearest others, and an edge stays if either of its ends
 * keeps it.
 *
 * Ranked by cosine, largest first, or by distance, smallest first (an exponential may have underflowed); ties to the lower
 * index.
 */
#include "lgg_internal.h"
#include <string.h>

int lgg_neighbors_needed(const lgg_graph *graph, int batch) {
    return graph->options.k > 0 && graph->options.k < batch - 1;
}

/* An integer that sorts as (value, index) does: the float's bits, made monotonic, then the index. */
static uint64_t lgg_rank_key(float value, size_t index) {
    uint32_t bits;
    value += 0.f; /* -0 and 0 are a tie */
    memcpy(&bits, &value, sizeof bits);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return (uint64_t)bits << 32 | (uint64_t)index;
}

static void lgg_swap(uint64_t *a, uint64_t *b) {
    const uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Hoare's selection: moves the k smallest of `count` distinct keys to the front, in any order. */
static void lgg_select_smallest(uint64_t *key, size_t count, size_t k) {
    size_t low = 0, high = count - 1;
    while (low < high) {
        const uint64_t pivot = key[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (key[i] < pivot)
                i++;
            while (key[j] > pivot)
                j--;
            if (i >= j) break;
            lgg_swap(&key[i], &key[j]);
        }
        if (i == k) return; /* key[i] is the pivot: everything before it is smaller */
        if (i < k) {
            low = i + 1;
        } else {
            high = i - 1;
        }
    }
}

/* own_neighbors (B, B): the union of the vertices' choices, symmetric, zero diagonal. */
void lgg_neighbors_select(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch, k = (size_t)graph->options.k;
    unsigned char *mask = graph->own_neighbors;
    const int cosine = graph->options.similarity == LGG_COSINE;
    memset(mask, 0, n * n);
    for (size_t i = 0; i < n; i++) {
        size_t count = 0;
        for (size_t j = 0; j < n; j++) {
            if (j == i) continue;
            const float value = cosine ? -graph->similarity[i * n + j] : graph->distance2[i * n + j];
            graph->rank[count++] = lgg_rank_key(value, j);
        }
        lgg_select_smallest(graph->rank, count, k);
        for (size_t r = 0; r < k; r++) {
            const size_t j = (size_t)(graph->rank[r] & 0xffffffffu);
            mask[i * n + j] = mask[j * n + i] = 1;
        }
    }
}

/* matrix (n, n) keeps only the edges of the mask (n, n). */
void lgg_neighbors_apply(int n, const unsigned char *neighbors, float *matrix) {
    const size_t count = (size_t)n * (size_t)n;
#pragma omp simd
    for (size_t t = 0; t < count; t++)
        matrix[t] = neighbors[t] ? matrix[t] : 0;
}
