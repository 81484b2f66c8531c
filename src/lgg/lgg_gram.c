/* lgg_gram.c: the Gram matrix G = X X' of a representation, and the lengths on its diagonal. */
#include "lgg_graphs.h"
#include <math.h>

/* gram (B, B) = x_i.x_j; inverse_length (B) = G_ii^-1/2, 0 for a zero vector. */
void lgg_gram_forward_shared(lgg_graph *graph, int batch, int d, const float *x) {
    const size_t n = (size_t)batch;
    if (lgg_thread() == 0) {
        graph->batch = batch;
        graph->d = d;
        graph->x = x;
    }
    lgg_product_gram_shared(graph->workspace, batch, d, x, graph->gram);
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        const float length2 = graph->gram[i * n + i];
        graph->inverse_length[i] = length2 < LGG_ZERO_LENGTH2 ? 0 : 1 / sqrt((double)length2);
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
