/* lgg_gram.c: the Gram matrix G = X X' of a representation, and the lengths on its diagonal. */
#include "lgg_internal.h"
#include <math.h>
#include <string.h>

/* gram (B, B) = x_i.x_j; length2 (B) = G_ii; inverse_length (B) = G_ii^-1/2, 0 for a zero vector. */
void lgg_gram_forward(lgg_graph *graph, int batch, int d, const float *x) {
    const size_t n = (size_t)batch;
    graph->batch = batch;
    graph->d = d;
    graph->x = x;
    lgg_blas_gram(graph->room, batch, d, x, graph->gram);
    for (size_t i = 0; i < n; i++) {
        const float length2 = graph->gram[i * n + i];
        graph->length2[i] = length2;
        graph->inverse_length[i] = length2 < LGG_ZERO_LENGTH2 ? 0 : 1 / sqrt((double)length2);
    }
}

/* Whether rows i and j of x may be equal: their Gram matrix does not rule it out. */
static int lgg_maybe_coincident(float g_ii, float g_ij, float g_jj) {
    return (g_ii - g_ij) + (g_jj - g_ij) <= 1e-3f * (g_ii + g_jj);
}

/* The same of row j and any row before it. */
static int lgg_maybe_repeated(const lgg_graph *graph, size_t j) {
    const float *gram_j = graph->gram + j * (size_t)graph->batch, *length2 = graph->length2;
    int maybe = 0;
#pragma omp simd reduction(| : maybe)
    for (size_t i = 0; i < j; i++)
        maybe |= lgg_maybe_coincident(length2[i], gram_j[i], length2[j]);
    return maybe;
}

/* Whether rows i and j of x are equal. */
static int lgg_coincident(const lgg_graph *graph, size_t i, size_t j) {
    const size_t n = (size_t)graph->batch, d = (size_t)graph->d;
    if (!lgg_maybe_coincident(graph->length2[i], graph->gram[i * n + j], graph->length2[j])) return 0;
    for (size_t t = 0; t < d; t++) {
        if (graph->x[i * d + t] != graph->x[j * d + t]) return 0;
    }
    return 1;
}

/* Row and column j are copied from the first i < j with x_i = x_j: a product may have summed them in another order, and then
 * rounding, not the rules, would decide between equal neighbours and between equal graphs. */
void lgg_gram_merge_coincident(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch;
    float *gram = graph->gram;
    for (size_t j = 1; j < n; j++) {
        if (!lgg_maybe_repeated(graph, j)) continue;
        for (size_t i = 0; i < j; i++) {
            if (!lgg_coincident(graph, i, j)) continue;
            gram[i * n + j] = gram[j * n + j] = gram[i * n + i];
            memcpy(gram + j * n, gram + i * n, n * sizeof(float));
            for (size_t l = 0; l < n; l++)
                gram[l * n + j] = gram[l * n + i];
            graph->length2[j] = graph->length2[i];
            graph->inverse_length[j] = graph->inverse_length[i];
            break;
        }
    }
}

double lgg_exact_length(const lgg_graph *graph, size_t i) {
    const size_t d = (size_t)graph->d;
    double length2 = 0;
    if (graph->inverse_length[i] == 0) return 1;
#pragma omp simd reduction(+ : length2)
    for (size_t t = 0; t < d; t++)
        length2 += (double)graph->x[i * d + t] * (double)graph->x[i * d + t];
    return sqrt(length2);
}

double lgg_gram_zero_share(const lgg_graph *graph) {
    int zeros = 0;
    for (int i = 0; i < graph->batch; i++)
        zeros += graph->inverse_length[i] == 0;
    return (double)zeros / graph->batch;
}
