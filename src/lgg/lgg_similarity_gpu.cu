/* lgg_similarity_gpu.cu: step 1 of the graph, S_ij with S_ii = 0. Twin of lgg_similarity.c. */
#include "lgg_graph_gpu.h"

/* similarity (n, n) from gram (n, n); 0 where a vector is zero. */
static __global__ void lgg_cosine_forward_kernel(size_t n, const double *inverse_length, const float *gram,
                                                 float *similarity) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    const size_t i = t / n, j = t % n;
    const double g_ij = (double)lgg_gram_of(n, gram, i, j);
    const float cosine = (float)(g_ij * (inverse_length[i] * inverse_length[j]));
    similarity[t] = i == j ? 0.f : cosine > 1 ? 1.f : cosine < -1 ? -1.f : cosine;
}

static __device__ bool lgg_is_parallel(float cosine) {
    return fabsf(cosine) > 1 - LGG_PARALLEL;
}

/* gradient_i += 2 E_ij (u_j - S_ij u_i) / |x_i|, u = x / |x|, as s (s u_j - u_i + c u_i): s the sign of S_ij, c = 1 - |S_ij|. */
static __device__ void lgg_cosine_backward_direct(const lgg_rows &rows, size_t i, size_t j, double e_ij,
                                                  float *gradient) {
    const float *x_i = rows.x + i * rows.d, *x_j = rows.x + j * rows.d;
    const double length_i = lgg_exact_length(rows, i), length_j = lgg_exact_length(rows, j);
    const double sign = lgg_gram_of(rows.n, rows.gram, i, j) < 0 ? -1 : 1, slope = 2 * e_ij * sign / length_i;
    double sum = 0;
    for (size_t t = threadIdx.x; t < rows.d; t += LGG_THREADS) {
        const double difference = sign * ((double)x_j[t] / length_j) - (double)x_i[t] / length_i;
        sum += difference * difference / 2;
    }
    const double c = lgg_block_sum(sum);
    if (c == 0) return;
    for (size_t t = threadIdx.x; t < rows.d; t += LGG_THREADS) {
        const double u_it = (double)x_i[t] / length_i;
        gradient[i * rows.d + t] += (float)(slope * (sign * ((double)x_j[t] / length_j) - u_it + c * u_it));
    }
}

/* Block i, a row of e (n, n) = dL/dS becomes W: W_ij = 2 E_ij / (|x_i| |x_j|), W_ii = -2 sum_j E_ij S_ij / |x_i|^2. Parallel pairs
 * are dealt with on the way and leave a zero. */
static __global__ void lgg_cosine_backward_kernel(lgg_rows rows, const float *similarity, float *e, float *gradient) {
    __shared__ float parallel[LGG_THREADS]; /* E_ij of the parallel pairs, else 0 */
    const size_t n = rows.n, i = blockIdx.x;
    const double inverse_i = rows.inverse_length[i];
    float *row = e + i * n;
    double sum = 0;
    for (size_t start = 0; start < n; start += LGG_THREADS) {
        const size_t j = start + threadIdx.x;
        parallel[threadIdx.x] = 0;
        if (j < n) {
            const float similarity_ij = similarity[i * n + j];
            if (lgg_is_parallel(similarity_ij)) {
                parallel[threadIdx.x] = row[j];
                row[j] = 0;
            }
            sum += (double)row[j] * (double)similarity_ij;
            row[j] = (float)(2 * (double)row[j] * (inverse_i * rows.inverse_length[j]));
        }
        if (!__syncthreads_or(parallel[threadIdx.x] != 0)) continue;
        for (unsigned t = 0; t < LGG_THREADS; t++) {
            if (parallel[t] != 0) lgg_cosine_backward_direct(rows, i, start + t, (double)parallel[t], gradient);
        }
        __syncthreads(); /* the next chunk overwrites parallel */
    }
    const double diagonal = lgg_block_sum(sum);
    if (threadIdx.x == 0) row[i] = (float)(-2 * diagonal * inverse_i * inverse_i);
}

/* similarity (n, n) from distance2 (n, n): rbf where `squared`, else exp. */
static __global__ void lgg_exponential_forward_kernel(size_t n, float alpha, int squared, const float *distance2,
                                                      float *similarity) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    similarity[t] = t / n == t % n ? 0.f : expf(-alpha * (squared ? distance2[t] : sqrtf(distance2[t])));
}

/* e (n, n) = dL/dS becomes F = dL/dD: F_ij = -alpha S_ij E_ij, under exp divided by 2 sqrt(D_ij), 0 at D_ij = 0. */
static __global__ void lgg_exponential_backward_kernel(size_t n, float alpha, int squared, const float *distance2,
                                                       const float *similarity, float *e) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    const float slope = squared ? 1.f : distance2[t] > 0 ? 0.5f / sqrtf(distance2[t]) : 0.f;
    e[t] *= -alpha * similarity[t] * slope;
}

void lgg_similarity_forward_gpu(lgg_graph_gpu *graph) {
    const size_t n = (size_t)graph->batch;
    const cudaStream_t stream = graph->device->stream;
    const lgg_graph_options *options = &graph->options;
    if (options->similarity == LGG_COSINE) {
        lgg_cosine_forward_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(n, graph->inverse_length, graph->gram,
                                                                                 graph->similarity);
    } else {
        lgg_distance_forward_gpu(graph);
        lgg_exponential_forward_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(
            n, options->alpha, options->similarity == LGG_RBF, graph->distance2, graph->similarity);
    }
}

void lgg_similarity_backward_gpu(const lgg_graph_gpu *graph, float *e, float *gradient) {
    const size_t n = (size_t)graph->batch;
    const cudaStream_t stream = graph->device->stream;
    const lgg_graph_options *options = &graph->options;
    if (options->similarity == LGG_COSINE) {
        lgg_cosine_backward_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(lgg_rows_of(graph), graph->similarity, e,
                                                                            gradient);
        lgg_product_add_gpu(graph->device, graph->batch, graph->d, e, graph->x, gradient);
    } else {
        lgg_exponential_backward_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(
            n, options->alpha, options->similarity == LGG_RBF, graph->distance2, graph->similarity, e);
        lgg_distance_backward_gpu(graph, e, gradient);
    }
}
