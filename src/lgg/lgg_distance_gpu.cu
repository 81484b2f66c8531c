/* lgg_distance_gpu.cu: squared distances D_ij = |y_i - y_j|^2 and their gradient. Twin of lgg_distance.c.
 *
 * A block takes a row i. Its threads first deal with one j each and flag the close pairs; then, if there is one, all of them
 * together walk along the d values of each flagged pair.
 */
#include "lgg_graph_gpu.h"

/* y_it - y_jt. The products are rounded one by one: a fused multiply-add would leave something of coincident points. */
static __device__ double lgg_difference(double s_i, float x_it, double s_j, float x_jt) {
    return __dmul_rn(s_i, (double)x_it) - __dmul_rn(s_j, (double)x_jt);
}

/* D_ij from the differences, for all threads of the block. */
static __device__ double lgg_distance2_direct(const lgg_rows &rows, size_t i, size_t j) {
    const float *x_i = rows.x + i * rows.d, *x_j = rows.x + j * rows.d;
    const double s_i = lgg_row_scale(rows, i), s_j = lgg_row_scale(rows, j);
    double sum = 0;
    for (size_t t = threadIdx.x; t < rows.d; t += LGG_THREADS) {
        const double difference = lgg_difference(s_i, x_i[t], s_j, x_j[t]);
        sum += difference * difference;
    }
    return lgg_block_sum(sum);
}

/* D_ij, 0 for what counts as coincident. */
static __device__ float lgg_distance2_rounded(double distance2) {
    return distance2 < (double)LGG_ZERO_LENGTH2 ? 0.f : (float)distance2;
}

/* Block i: inverse_length (n) of row i in double precision: the difference of two nearly equal unit vectors needs every digit. */
static __global__ void lgg_exact_lengths_kernel(size_t d, const float *x, double *inverse_length) {
    const size_t i = blockIdx.x;
    double length2 = 0;
    for (size_t t = threadIdx.x; t < d; t += LGG_THREADS)
        length2 += (double)x[i * d + t] * (double)x[i * d + t];
    const double total = lgg_block_sum(length2);
    if (threadIdx.x == 0 && inverse_length[i] > 0) inverse_length[i] = 1 / sqrt(total);
}

/* Block i: row i of distance2 (n, n). */
static __global__ void lgg_distance_forward_kernel(lgg_rows rows, float *distance2) {
    __shared__ int close[LGG_THREADS];
    const size_t n = rows.n, i = blockIdx.x;
    for (size_t start = 0; start < n; start += LGG_THREADS) {
        const size_t j = start + threadIdx.x;
        close[threadIdx.x] = j < n && j != i && lgg_is_close(rows, i, j);
        if (j < n) distance2[i * n + j] = j == i ? 0.f : lgg_distance2_rounded(lgg_distance2_gram(rows, i, j));
        if (!__syncthreads_or(close[threadIdx.x])) continue;
        for (unsigned t = 0; t < LGG_THREADS; t++) {
            if (!close[t]) continue;
            const double direct = lgg_distance2_direct(rows, i, start + t);
            if (threadIdx.x == t) distance2[i * n + j] = lgg_distance2_rounded(direct);
        }
        __syncthreads(); /* the next chunk overwrites close */
    }
}

void lgg_distance_forward_gpu(lgg_graph_gpu *graph) {
    const unsigned n = (unsigned)graph->batch;
    const cudaStream_t stream = graph->device->stream;
    if (graph->options.unit) {
        lgg_exact_lengths_kernel<<<n, LGG_THREADS, 0, stream>>>((size_t)graph->d, graph->x, graph->inverse_length);
    }
    lgg_distance_forward_kernel<<<n, LGG_THREADS, 0, stream>>>(lgg_rows_of(graph), graph->distance2);
}

/* gradient_i += 4 F_ij s_i (y_i - y_j - c y_i): c = y_i.(y_i - y_j) with `unit`, else 0. */
static __device__ void lgg_distance_backward_direct(const lgg_rows &rows, size_t i, size_t j, double distance2_ij,
                                                    double f_ij, float *gradient) {
    const float *x_i = rows.x + i * rows.d, *x_j = rows.x + j * rows.d;
    const double s_i = lgg_row_scale(rows, i), s_j = lgg_row_scale(rows, j);
    const double c = rows.unit ? distance2_ij / 2 : 0;
    for (size_t t = threadIdx.x; t < rows.d; t += LGG_THREADS) {
        const double difference = lgg_difference(s_i, x_i[t], s_j, x_j[t]);
        gradient[i * rows.d + t] += (float)(4 * f_ij * s_i * (difference - c * s_i * (double)x_i[t]));
    }
}

/* Block i: row i of W, in place of row i of f (n, n). Close pairs are dealt with on the way and leave a zero. */
static __global__ void lgg_distance_backward_kernel(lgg_rows rows, const float *distance2, float *f, float *gradient) {
    __shared__ float close[LGG_THREADS]; /* F_ij of the close pairs, else 0 */
    const size_t n = rows.n, i = blockIdx.x;
    const double s_i = lgg_row_scale(rows, i), length2_i = lgg_row_length2(rows, i);
    double sum = 0;
    for (size_t start = 0; start < n; start += LGG_THREADS) {
        const size_t j = start + threadIdx.x;
        close[threadIdx.x] = 0;
        if (j < n) {
            const float f_ij = f[i * n + j];
            const double distance2_ij = (double)distance2[i * n + j];
            f[i * n + j] = 0;
            if (j == i || distance2_ij == 0) {
                /* itself, or coincident: no gradient */
            } else if (lgg_is_close(rows, i, j)) {
                close[threadIdx.x] = f_ij;
            } else {
                const double y_ij = (length2_i + lgg_row_length2(rows, j) - distance2_ij) / 2;
                sum += (double)f_ij * (rows.unit ? y_ij : 1);
                f[i * n + j] = (float)(-4 * (double)f_ij * s_i * lgg_row_scale(rows, j));
            }
        }
        if (!__syncthreads_or(close[threadIdx.x] != 0)) continue;
        for (unsigned t = 0; t < LGG_THREADS; t++) {
            if (close[t] == 0) continue;
            const size_t other = start + t;
            lgg_distance_backward_direct(rows, i, other, (double)distance2[i * n + other], (double)close[t], gradient);
        }
        __syncthreads(); /* the next chunk overwrites close */
    }
    const double diagonal = lgg_block_sum(sum);
    if (threadIdx.x == 0) f[i * n + i] = (float)(4 * diagonal * s_i * s_i);
}

void lgg_distance_backward_gpu(const lgg_graph_gpu *graph, float *f, float *gradient) {
    lgg_distance_backward_kernel<<<(unsigned)graph->batch, LGG_THREADS, 0, graph->device->stream>>>(
        lgg_rows_of(graph), graph->distance2, f, gradient);
    lgg_product_add_gpu(graph->device, graph->batch, graph->d, f, graph->x, gradient);
}
