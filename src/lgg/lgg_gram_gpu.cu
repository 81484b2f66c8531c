/* lgg_gram_gpu.cu: the Gram matrix G = X X', and the lengths on its diagonal. Twin of lgg_gram.c. */
#include "lgg_internal_gpu.h"

/* Whether rows i and j of x may be equal: what the Gram matrix (n, n) says about it. */
static __device__ bool lgg_maybe_coincident(size_t n, const float *gram, size_t i, size_t j) {
    const float g_ii = gram[i * n + i], g_jj = gram[j * n + j], g_ij = gram[j * n + i];
    return (g_ii - g_ij) + (g_jj - g_ij) <= 1e-3f * (g_ii + g_jj);
}

/* Whether a (d) and b (d) are equal, for all threads of the block. */
static __device__ bool lgg_rows_equal(size_t d, const float *a, const float *b) {
    for (size_t start = 0; start < d; start += LGG_THREADS) {
        const size_t t = start + threadIdx.x;
        if (__syncthreads_or(t < d && a[t] != b[t])) return false;
    }
    return true;
}

/* Block j: first (n) = the first i with x_i = x_j, inverse_length (n) = G_ii^-1/2 of that row, 0 for a zero vector. */
static __global__ void lgg_gram_rows_kernel(size_t n, size_t d, const float *x, const float *gram, int *first,
                                            double *inverse_length) {
    __shared__ int maybe[LGG_THREADS];
    const size_t j = blockIdx.x;
    size_t row = j;
    for (size_t start = 0; start < j && row == j; start += LGG_THREADS) {
        const size_t i = start + threadIdx.x;
        maybe[threadIdx.x] = i < j && lgg_maybe_coincident(n, gram, i, j);
        if (!__syncthreads_or(maybe[threadIdx.x])) continue;
        for (size_t t = 0; t < LGG_THREADS && row == j; t++) {
            if (maybe[t] && lgg_rows_equal(d, x + (start + t) * d, x + j * d)) row = start + t;
        }
        __syncthreads(); /* the next chunk overwrites maybe */
    }
    if (threadIdx.x != 0) return;
    const float length2 = gram[row * n + row];
    first[j] = (int)row;
    inverse_length[j] = length2 < LGG_ZERO_LENGTH2 ? 0 : 1 / sqrt((double)length2);
}

static __global__ void lgg_gram_merge_coincident_kernel(size_t n, const int *first, float *gram) {
    const size_t t = lgg_element();
    if (t < n * n) lgg_merge_coincident(n, first, gram, t);
}

void lgg_gram_forward_gpu(lgg_graph_gpu *graph, int batch, int d, const float *x) {
    const size_t n = (size_t)batch;
    const cudaStream_t stream = graph->device->stream;
    graph->batch = batch;
    graph->d = d;
    graph->x = x;
    lgg_blas_gram_gpu(graph->device, batch, d, x, graph->gram);
    lgg_gram_rows_kernel<<<(unsigned)batch, LGG_THREADS, 0, stream>>>(n, (size_t)d, x, graph->gram, graph->first,
                                                                      graph->inverse_length);
}

void lgg_gram_merge_coincident_gpu(const lgg_graph_gpu *graph) {
    const size_t n = (size_t)graph->batch;
    lgg_gram_merge_coincident_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, graph->device->stream>>>(n, graph->first,
                                                                                                   graph->gram);
}
