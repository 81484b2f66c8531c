/* lgg_variation_gpu.cu: label variation sigma = tr(V' L^m V) and its smoothness over layers. Twin of lgg_variation.c.
 *
 * The scale of a layer's gradient depends on values (the classes of the batch, the order of the sigmas): it stays on the device, in
 * loss->factor. U_i = L^i V is kept for every layer.
 */
#include "lgg_graph_gpu.h"

/* Block i: row i of label_distance (n, n) = |v_i - v_j|^2 / 2, and its sum. */
static __global__ void lgg_label_distance_kernel(size_t n, size_t classes, const float *labels, float *label_distance,
                                                 double *row_total) {
    const size_t i = blockIdx.x;
    double sum = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        float squared = 0;
        for (size_t t = 0; t < classes; t++) {
            const float difference = labels[i * classes + t] - labels[j * classes + t];
            squared += difference * difference;
        }
        label_distance[i * n + j] = squared / 2;
        sum += (double)squared / 2;
    }
    const double total = lgg_block_sum(sum);
    if (threadIdx.x == 0) row_total[i] = total;
}

/* *weight = sum of row_total (n). One block. */
static __global__ void lgg_label_weight_kernel(size_t n, const double *row_total, double *weight) {
    const double sum = lgg_block_total(n, row_total);
    if (threadIdx.x == 0) *weight = sum;
}

/* label_distance and *label_weight, the weight of the ordered inter-class pairs. */
static void lgg_label_distance_gpu(lgg_loss_gpu *loss, int batch, const float *labels) {
    const size_t n = (size_t)batch;
    const cudaStream_t stream = loss->device->stream;
    lgg_label_distance_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(n, (size_t)loss->classes, labels,
                                                                       loss->label_distance, loss->row_total[0]);
    lgg_label_weight_kernel<<<1, LGG_THREADS, 0, stream>>>(n, loss->row_total[0], loss->label_weight);
}

/* Block i: row i of next (n, C) = D u, for the degrees D of adjacency (n, n) and u (n, C) */
static __global__ void lgg_scale_rows_kernel(size_t n, size_t classes, const float *adjacency, const float *u,
                                             float *next) {
    const size_t i = blockIdx.x;
    double sum = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS)
        sum += (double)adjacency[i * n + j];
    const double degree = lgg_block_sum(sum);
    for (size_t t = i * classes + threadIdx.x; t < (i + 1) * classes; t += LGG_THREADS)
        next[t] = (float)(degree * (double)u[t]);
}

/* next (n, C) = L u = D u - A u, for u (n, C) */
static void lgg_laplacian_multiply_gpu(const lgg_loss_gpu *loss, const lgg_graph_gpu *graph, const float *u,
                                       float *next) {
    const size_t n = (size_t)graph->batch, classes = (size_t)loss->classes;
    lgg_scale_rows_kernel<<<(unsigned)n, LGG_THREADS, 0, loss->device->stream>>>(n, classes, graph->adjacency, u, next);
    lgg_product_gpu(loss->device, graph->batch, loss->classes, graph->batch, -1, graph->adjacency, u, 1, next);
}

/* Block i: row_total (rows) = sum over row i of a b, for a, b (rows, columns). */
static __global__ void lgg_inner_product_kernel(size_t columns, const float *a, const float *b, double *row_total) {
    const size_t i = blockIdx.x;
    double sum = 0;
    for (size_t j = threadIdx.x; j < columns; j += LGG_THREADS)
        sum += (double)a[i * columns + j] * (double)b[i * columns + j];
    const double total = lgg_block_sum(sum);
    if (threadIdx.x == 0) row_total[i] = total;
}

/* *sigma = sum of row_total (n), over *weight where one is given (0 where that is 0). One block. */
static __global__ void lgg_sigma_kernel(size_t n, const double *row_total, const double *weight, lgg_zeros zeros,
                                        double *sigma) {
    lgg_report_zeros(zeros);
    const double sum = lgg_block_total(n, row_total);
    if (threadIdx.x == 0) *sigma = !weight ? sum : *weight > 0 ? sum / *weight : 0;
}

/* U_i = L^i V of a layer: V itself, then the pieces of laplacian_power. */
static const float *lgg_laplacian_power_of(const lgg_loss_gpu *loss, int layer, int batch, int i, const float *labels) {
    const size_t size = (size_t)batch * (size_t)loss->classes, powers = (size_t)loss->options.power - 1;
    return i == 0 ? labels : loss->laplacian_power + ((size_t)layer * powers + (size_t)i - 1) * size;
}

/* *sigma = tr(V' L^power V) of a layer's graph, over *weight where one is given. */
static void lgg_variation_forward_gpu(const lgg_loss_gpu *loss, int layer, const lgg_graph_gpu *graph,
                                      const float *labels, const double *weight, double *sigma) {
    const int batch = graph->batch, power = loss->options.power;
    const cudaStream_t stream = loss->device->stream;
    const size_t n = (size_t)batch;
    const float *left = graph->adjacency, *right = loss->label_distance;
    size_t columns = n;
    for (int i = 1; i < power; i++) {
        lgg_laplacian_multiply_gpu(loss, graph, lgg_laplacian_power_of(loss, layer, batch, i - 1, labels),
                                   (float *)lgg_laplacian_power_of(loss, layer, batch, i, labels));
    }
    if (power > 1) {
        left = lgg_laplacian_power_of(loss, layer, batch, power / 2, labels);
        right = lgg_laplacian_power_of(loss, layer, batch, power - power / 2, labels);
        columns = (size_t)loss->classes;
    }
    lgg_inner_product_kernel<<<(unsigned)batch, LGG_THREADS, 0, stream>>>(columns, left, right, loss->row_total[0]);
    lgg_sigma_kernel<<<1, LGG_THREADS, 0, stream>>>(n, loss->row_total[0], weight, lgg_zeros_of(graph, loss), sigma);
}

/* e (n, n) = *factor label_distance */
static __global__ void lgg_variation_backward_kernel(size_t n, const double *factor, const float *label_distance,
                                                     float *e) {
    const size_t t = lgg_element();
    if (t < n * n) e[t] = (float)(*factor * (double)label_distance[t]);
}

/* e (n, n) = T becomes *factor dsigma/dA: T_ii + T_jj - T_ij - T_ji. A thread takes a pair j < i, since it writes both sides;
 * the diagonal is still read, and zeroed by lgg_zero_diagonal_kernel. */
static __global__ void lgg_laplacian_gradient_kernel(size_t n, const double *factor, float *e) {
    const size_t t = lgg_element(), i = t / n, j = t % n;
    if (t >= n * n || j >= i) return;
    const float t_ij = e[i * n + j], t_ji = e[j * n + i];
    e[i * n + j] = e[j * n + i] = (float)(*factor * (double)(e[i * n + i] + e[j * n + j] - t_ij - t_ji));
}

static __global__ void lgg_zero_diagonal_kernel(size_t n, float *e) {
    const size_t i = lgg_element();
    if (i < n) e[i * n + i] = 0;
}

/* edge_gradient = *factor dsigma/dA of a layer. */
static void lgg_variation_backward_gpu(const lgg_loss_gpu *loss, int layer, int batch, const float *labels,
                                       const double *factor) {
    const size_t n = (size_t)batch;
    const cudaStream_t stream = loss->device->stream;
    float *e = loss->edge_gradient;
    if (loss->options.power == 1) {
        lgg_variation_backward_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(n, factor, loss->label_distance,
                                                                                     e);
        return;
    }
    /* e = T with M = T + T': the terms a < b, and half of a = b */
    float beta = 0;
    for (int a = 0, b = loss->options.power - 1; a <= b; a++, b--) {
        lgg_product_transposed_gpu(loss->device, batch, loss->classes, a == b ? 0.5f : 1.f,
                                   lgg_laplacian_power_of(loss, layer, batch, a, labels),
                                   lgg_laplacian_power_of(loss, layer, batch, b, labels), beta, e);
        beta = 1;
    }
    lgg_laplacian_gradient_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(n, factor, e);
    lgg_zero_diagonal_kernel<<<lgg_blocks(n), LGG_THREADS, 0, stream>>>(n, e);
}

/* value = sigma; factor = scale, over *weight where one is given (0 where that is 0) */
static __global__ void lgg_variation_report_kernel(double scale, const double *weight, const double *sigma,
                                                   double *value, double *factor) {
    *value = *sigma;
    *factor = !weight ? scale : *weight > 0 ? scale / *weight : 0;
}

void lgg_variation_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                float scale) {
    lgg_graph_gpu *graph = loss->student;
    const double *weight = loss->options.reduction == LGG_MEAN ? loss->label_weight : nullptr;
    double *sigma = loss->report + LGG_REPORT_SIGMA;
    lgg_label_distance_gpu(loss, batch, labels);
    lgg_graph_forward_gpu(graph, batch, student->d, student->x, nullptr);
    lgg_variation_forward_gpu(loss, 0, graph, labels, weight, sigma);
    lgg_variation_report_kernel<<<1, 1, 0, loss->device->stream>>>((double)scale, weight, sigma,
                                                                   loss->report + LGG_REPORT_VALUE, loss->factor);
    if (!student->gradient || scale == 0) return;
    lgg_variation_backward_gpu(loss, 0, batch, labels, loss->factor);
    lgg_graph_backward_gpu(graph, loss->edge_gradient, student->gradient);
}

/* The sign of b - a; 0 where they are equal, as the same graph twice must be. */
static __device__ int lgg_sign_of_change(double a, double b) {
    if (fabs(b - a) <= LGG_EQUAL_SIGMA * (fabs(a) + fabs(b))) return 0;
    return b > a ? 1 : -1;
}

/* value = share sum_l |sigma_(l+1) - sigma_l|, factor (layers) = share scale d/dsigma_l of that sum. One thread. */
static __global__ void lgg_smooth_report_kernel(int layers, double share, double scale, const double *sigma,
                                                double *value, double *factor) {
    double total = 0;
    for (int l = 0; l < layers; l++) {
        const int before = l == 0 ? 0 : lgg_sign_of_change(sigma[l - 1], sigma[l]);
        const int after = l == layers - 1 ? 0 : lgg_sign_of_change(sigma[l], sigma[l + 1]);
        if (l > 0) total += before * (sigma[l] - sigma[l - 1]);
        factor[l] = share * scale * (before - after);
    }
    *value = share * total;
}

void lgg_smooth_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                             float scale) {
    const int layers = loss->layers;
    const double share = loss->options.reduction == LGG_MEAN ? 1. / (layers - 1) : 1;
    double *sigma = loss->report + LGG_REPORT_SIGMA;
    lgg_label_distance_gpu(loss, batch, labels);
    for (int l = 0; l < layers; l++) {
        lgg_graph_forward_gpu(&loss->student[l], batch, student[l].d, student[l].x, nullptr);
        lgg_variation_forward_gpu(loss, l, &loss->student[l], labels, nullptr, sigma + l);
    }
    lgg_smooth_report_kernel<<<1, 1, 0, loss->device->stream>>>(layers, share, (double)scale, sigma,
                                                                loss->report + LGG_REPORT_VALUE, loss->factor);
    for (int l = 0; l < layers; l++) {
        if (!student[l].gradient || scale == 0) continue;
        lgg_variation_backward_gpu(loss, l, batch, labels, loss->factor + l);
        lgg_graph_backward_gpu(&loss->student[l], loss->edge_gradient, student[l].gradient);
    }
}
