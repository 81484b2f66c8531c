/* lgg_normalize_gpu.cu: step 4 of the graph: A_ij = r_i S_ij r_j, r_i = D_i^-1/2. Twin of lgg_normalize.c. */
#include "lgg_graph_gpu.h"

/* Block i: degree (n) of similarity (n, n), and inverse_root (n) = degree^-1/2, 0 for an isolated vertex. */
static __global__ void lgg_degree_kernel(size_t n, const float *similarity, double *degree, double *inverse_root) {
    const size_t i = blockIdx.x;
    double sum = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS)
        sum += (double)similarity[i * n + j];
    const double total = lgg_block_sum(sum);
    if (threadIdx.x != 0) return;
    degree[i] = total;
    inverse_root[i] = total > 0 ? 1 / sqrt(total) : 0;
}

static __global__ void lgg_normalize_forward_kernel(size_t n, const double *inverse_root, const float *similarity,
                                                    float *adjacency) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    adjacency[t] = (float)((double)similarity[t] * (inverse_root[t / n] * inverse_root[t % n]));
}

void lgg_normalize_forward_gpu(lgg_graph_gpu *graph) {
    const size_t n = (size_t)graph->batch;
    const cudaStream_t stream = graph->device->stream;
    lgg_degree_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(n, graph->similarity, graph->degree,
                                                               graph->inverse_root_degree);
    lgg_normalize_forward_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(n, graph->inverse_root_degree,
                                                                                graph->similarity, graph->adjacency);
}

/* Block i: half_q (n) = half of dL/dD_i = -sum_j E_ij A_ij / D_i. */
static __global__ void lgg_degree_gradient_kernel(size_t n, const float *e, const float *adjacency,
                                                  const double *degree, double *half_q) {
    const size_t i = blockIdx.x;
    double sum = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS)
        sum += (double)e[i * n + j] * (double)adjacency[i * n + j];
    const double total = lgg_block_sum(sum);
    if (threadIdx.x == 0) half_q[i] = degree[i] > 0 ? -0.5 * total / degree[i] : 0;
}

/* e (n, n) = dL/dA becomes dL/dS = r_i r_j E_ij + (q_i + q_j) / 2. */
static __global__ void lgg_normalize_backward_kernel(size_t n, const double *r, const double *half_q, float *e) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    const size_t i = t / n, j = t % n;
    e[t] = i == j ? 0.f : (float)(r[i] * r[j] * (double)e[t] + half_q[i] + half_q[j]);
}

void lgg_normalize_backward_gpu(const lgg_graph_gpu *graph, float *e) {
    const size_t n = (size_t)graph->batch;
    const cudaStream_t stream = graph->device->stream;
    lgg_degree_gradient_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(n, e, graph->adjacency, graph->degree,
                                                                        graph->degree_gradient);
    lgg_normalize_backward_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(n, graph->inverse_root_degree,
                                                                                 graph->degree_gradient, e);
}
