/* lgg_neighbors.c: steps 2 and 3 of the graph: each vertex keeps its k nearest others, and an edge stays if either of its ends
 * keeps it.
 *
 * Ranked by cosine, largest first, or by distance, smallest first (an exponential may have underflowed); ties to the lower
 * index. Where float32 cannot tell who is nearer, the k-th or the next, double precision does: on rectified data, vectors of one
 * direction are equally near, and rounding must not choose between them.
 */
#include "lgg_graphs.h"
#include <math.h>
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

/* What i ranks j by, the smallest first. */
static float lgg_rank_value(const lgg_graph *graph, size_t i, size_t j) {
    const size_t at = i * (size_t)graph->batch + j;
    return graph->options.similarity == LGG_COSINE ? -graph->similarity[at] : graph->distance2[at];
}

/* How far that value may be from the exact one. */
static double lgg_rank_error(const lgg_graph *graph, size_t i, size_t j) {
    if (graph->options.similarity != LGG_COSINE) return lgg_distance_error(graph, i, j);
    return graph->gram[i * (size_t)graph->batch + j] == 0 ? 0 : LGG_PRODUCT_ERROR;
}

/* The value in double precision: -y_i.y_j or |y_i - y_j|^2. Unit vectors y = x / |x| come from divisions, which make of vectors
 * with one value other than zero the same y exactly. */
static double lgg_exact_rank_value(const lgg_graph *graph, size_t i, size_t j) {
    const size_t d = (size_t)graph->d;
    const float *x_i = graph->x + i * d, *x_j = graph->x + j * d;
    const int cosine = graph->options.similarity == LGG_COSINE, unit = cosine || graph->options.unit;
    const double length_i = unit ? lgg_exact_length(graph, i) : 1;
    const double length_j = unit ? lgg_exact_length(graph, j) : 1;
    double value = 0;
#pragma omp simd reduction(+ : value)
    for (size_t t = 0; t < d; t++) {
        const double y_i = (double)x_i[t] / length_i, y_j = (double)x_j[t] / length_j;
        value += cosine ? -y_i * y_j : (y_i - y_j) * (y_i - y_j);
    }
    return value;
}

static size_t lgg_rank_index(uint64_t key) {
    return (size_t)(key & 0xffffffffu);
}

/* Moves what vertex i finds as near as its k-th neighbour, to float32's rounding, next to each other: rank[*first] to
 * rank[*end - 1], around rank[k]. Returns whether rounding has a part in it. */
static int lgg_gather_ties(const lgg_graph *graph, size_t i, uint64_t *rank, size_t count, size_t k, size_t *first,
                           size_t *end) {
    uint64_t kth = 0;
    for (size_t r = 0; r < k; r++)
        kth = rank[r] > kth ? rank[r] : kth;
    const double value = (double)lgg_rank_value(graph, i, lgg_rank_index(kth));
    const double error = lgg_rank_error(graph, i, lgg_rank_index(kth));
    int rounded = 0;
    *first = *end = k;
    for (size_t r = k; r-- > 0;) {
        const size_t j = lgg_rank_index(rank[r]);
        const double error_j = lgg_rank_error(graph, i, j);
        if (fabs((double)lgg_rank_value(graph, i, j) - value) > error + error_j) continue;
        lgg_swap(&rank[r], &rank[--*first]);
        rounded |= error_j > 0;
    }
    for (size_t r = k; r < count; r++) {
        const size_t j = lgg_rank_index(rank[r]);
        const double error_j = lgg_rank_error(graph, i, j);
        if (fabs((double)lgg_rank_value(graph, i, j) - value) > error + error_j) continue;
        lgg_swap(&rank[r], &rank[(*end)++]);
        rounded |= error_j > 0;
    }
    return rounded;
}

/* Given the k smallest keys of vertex i in front, decides between the k-th and those as near as it by exact values, for which exact (B)
 * is workspace. */
static void lgg_resolve_ties(const lgg_graph *graph, size_t i, uint64_t *rank, double *exact, size_t count, size_t k) {
    size_t first, end;
    if (!lgg_gather_ties(graph, i, rank, count, k, &first, &end) || end == k) return;
    for (size_t r = first; r < end; r++)
        exact[lgg_rank_index(rank[r])] = lgg_exact_rank_value(graph, i, lgg_rank_index(rank[r]));
    for (size_t r = first; r < k; r++) {
        for (size_t next = r + 1; next < end; next++) {
            const size_t j = lgg_rank_index(rank[r]), l = lgg_rank_index(rank[next]);
            if (exact[l] < exact[j] || (exact[l] == exact[j] && l < j)) lgg_swap(&rank[r], &rank[next]);
        }
    }
}

/* mask (B) = 1 where vertex i chooses the neighbour; rank (B) and exact (B) are workspace. */
static void lgg_neighbors_of(const lgg_graph *graph, size_t i, uint64_t *rank, double *exact, unsigned char *mask) {
    const size_t n = (size_t)graph->batch, k = (size_t)graph->options.k;
    size_t count = 0;
    for (size_t j = 0; j < n; j++) {
        if (j != i) rank[count++] = lgg_rank_key(lgg_rank_value(graph, i, j), j);
    }
    lgg_select_smallest(rank, count, k);
    lgg_resolve_ties(graph, i, rank, exact, count, k);
    memset(mask, 0, n);
    for (size_t r = 0; r < k; r++)
        mask[lgg_rank_index(rank[r])] = 1;
}

/* own_neighbors (B, B): the union of the vertices' choices, symmetric, zero diagonal. */
void lgg_neighbors_select_shared(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch, stride = (size_t)graph->max_batch, thread = lgg_thread();
    unsigned char *mask = graph->own_neighbors;
    lgg_wait();
#pragma omp for schedule(dynamic, 8)
    for (size_t i = 0; i < n; i++) {
        lgg_neighbors_of(graph, i, graph->rank + thread * stride, graph->exact_rank + thread * stride, mask + i * n);
    }
#pragma omp for schedule(dynamic, 8)
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            mask[i * n + j] = mask[j * n + i] = mask[i * n + j] | mask[j * n + i];
    }
}

/* matrix (n, n) keeps only the edges of the mask (n, n). */
void lgg_neighbors_apply_shared(int batch, const unsigned char *neighbors, float *matrix) {
    const size_t n = (size_t)batch;
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
#pragma omp simd
        for (size_t t = i * n; t < (i + 1) * n; t++)
            matrix[t] = neighbors[t] ? matrix[t] : 0;
    }
}
