/* lgg_gram_gpu.cu: the Gram matrix G = X X', and the lengths on its diagonal. Twin of lgg_gram.c. */
#include "lgg_graph_gpu.h"

/* inverse_length (n) = G_ii^-1/2, 0 for a zero vector. */
static __global__ void lgg_inverse_lengths_kernel(size_t n, const float *gram, double *inverse_length) {
    const size_t i = lgg_element();
    if (i >= n) return;
    const float length2 = gram[i * n + i];
    inverse_length[i] = length2 < LGG_ZERO_LENGTH2 ? 0 : 1 / sqrt((double)length2);
}

void lgg_gram_forward_gpu(lgg_graph_gpu *graph, int batch, int d, const float *x) {
    const size_t n = (size_t)batch;
    graph->batch = batch;
    graph->d = d;
    graph->x = x;
    lgg_product_gram_gpu(graph->device, batch, d, x, graph->gram);
    lgg_inverse_lengths_kernel<<<lgg_blocks(n), LGG_THREADS, 0, graph->device->stream>>>(n, graph->gram,
                                                                                         graph->inverse_length);
}
