/* lgg_gkd_gpu.cu: graph knowledge distillation, L = sum over layer pairs of ||A_T^p - A_S^p||^2 (or its root). Twin of lgg_gkd.c. */
#include "lgg_graph_gpu.h"

/* label_class (n) = arg max v_i, the first of equals. */
static __global__ void lgg_label_classes_kernel(size_t n, size_t classes, const float *labels, int *label_class) {
    const size_t i = lgg_element();
    if (i >= n) return;
    size_t best = 0;
    for (size_t t = 1; t < classes; t++) {
        if (labels[i * classes + t] > labels[i * classes + best]) best = t;
    }
    label_class[i] = (int)best;
}

/* filtered (n, n) = matrix without the edges that `edges` leaves out; both may be the same buffer. */
static __global__ void lgg_edges_apply_kernel(size_t n, int keep_same, const int *label_class, const float *matrix,
                                              float *filtered) {
    const size_t t = lgg_element();
    if (t >= n * n) return;
    const int same = label_class[t / n] == label_class[t % n];
    filtered[t] = same == keep_same ? matrix[t] : 0.f;
}

static void lgg_edges_apply_gpu(const lgg_loss_gpu *loss, size_t n, const float *matrix, float *filtered) {
    lgg_edges_apply_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, loss->device->stream>>>(
        n, loss->options.edges == LGG_EDGES_INTRA, loss->label_class, matrix, filtered);
}

/* The adjacency to compare: the graph's own, or its filtered copy. */
static const float *lgg_gkd_edges_gpu(const lgg_loss_gpu *loss, const lgg_graph_gpu *graph, float *filtered) {
    if (loss->options.edges == LGG_EDGES_ALL) return graph->adjacency;
    lgg_edges_apply_gpu(loss, (size_t)graph->batch, graph->adjacency, filtered);
    return filtered;
}

/* a (n, n) to the p-th power: a itself, or one of the two buffers. */
static const float *lgg_matrix_power_gpu(lgg_device *device, int n, int p, const float *a, float *buffer,
                                         float *other) {
    const float *power = a;
    for (int i = 1; i < p; i++) {
        float *next = power == buffer ? other : buffer;
        lgg_product_gpu(device, n, n, n, 1, power, a, 0, next);
        power = next;
    }
    return power;
}

/* Block i: row i of e (n, n) = student - teacher, squared (n) = the row's ||e||^2, size (n) = its ||teacher||^2. */
static __global__ void lgg_gkd_difference_kernel(size_t n, const float *student, const float *teacher, float *e,
                                                 double *squared, double *size) {
    const size_t i = blockIdx.x;
    double e_sum = 0, teacher_sum = 0;
    for (size_t t = i * n + threadIdx.x; t < (i + 1) * n; t += LGG_THREADS) {
        e[t] = student[t] - teacher[t];
        e_sum += (double)e[t] * (double)e[t];
        teacher_sum += (double)teacher[t] * (double)teacher[t];
    }
    const double e_total = lgg_block_sum(e_sum), teacher_total = lgg_block_sum(teacher_sum);
    if (threadIdx.x != 0) return;
    squared[i] = e_total;
    size[i] = teacher_total;
}

/* Block i: row i of e (n, n) = Delta becomes scale Gamma, the gradient of share ||Delta||^2 (or its root); 0 where the graphs are equal to
 * float32's rounding. Every block adds up squared and size (n) for itself; the first adds the loss to *value. */
static __global__ void lgg_gkd_gamma_kernel(size_t n, int root, double share, double scale, const double *squared,
                                            const double *size, lgg_zeros zeros, float *e, double *value) {
    const size_t i = blockIdx.x;
    const double e_total = lgg_block_total(n, squared), teacher_total = lgg_block_total(n, size);
    const bool equal = e_total <= LGG_EQUAL_GRAPH * LGG_EQUAL_GRAPH * teacher_total;
    const double length = equal ? 0 : sqrt(e_total);
    const double slope = share * scale * (equal ? 0 : root ? 1 / length : 2);
    for (size_t t = i * n + threadIdx.x; t < (i + 1) * n; t += LGG_THREADS)
        e[t] = (float)(slope * (double)e[t]);
    if (i != 0) return;
    lgg_report_zeros(zeros);
    if (threadIdx.x == 0) *value += share * (root ? length : length * length);
}

/* e (n, n) = Gamma becomes sum_(a + b = p - 1) A^a Gamma A^b: R_1 = Z_0 = Gamma; Z_i = Z_(i-1) A; R_(i+1) = A R_i + Z_i. */
static void lgg_matrix_power_backward_gpu(const lgg_loss_gpu *loss, int n, const float *adjacency, float *e) {
    const size_t size = (size_t)n * (size_t)n * sizeof(float);
    const cudaStream_t stream = loss->device->stream;
    float *z = loss->matrix_power[0], *next_z = loss->matrix_power[1], *next_e = loss->matrix_power[2];
    if (loss->options.power == 1) return;
    cudaMemcpyAsync(z, e, size, cudaMemcpyDeviceToDevice, stream);
    for (int i = 1; i < loss->options.power; i++) {
        lgg_product_gpu(loss->device, n, n, n, 1, z, adjacency, 0, next_z);
        cudaMemcpyAsync(next_e, next_z, size, cudaMemcpyDeviceToDevice, stream);
        lgg_product_gpu(loss->device, n, n, n, 1, adjacency, e, 1, next_e);
        cudaMemcpyAsync(e, next_e, size, cudaMemcpyDeviceToDevice, stream);
        float *kept = z;
        z = next_z;
        next_z = kept;
    }
}

/* One pair of layers: adds its share of the loss to the report, and share scale dL/dx to the student's gradient. */
static void lgg_gkd_pair_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                             const lgg_representation *teacher, double share, double scale) {
    lgg_graph_gpu *graph = loss->student, *guide = loss->teacher;
    lgg_device *device = loss->device;
    const cudaStream_t stream = device->stream;
    const int power = loss->options.power;
    const size_t n = (size_t)batch;
    float *e = loss->edge_gradient, **buffer = loss->matrix_power;

    lgg_graph_forward_gpu(guide, batch, teacher->d, teacher->x, nullptr);
    lgg_graph_forward_gpu(graph, batch, student->d, student->x,
                          loss->options.neighbors == LGG_NEIGHBORS_TEACHER ? guide->neighbors : nullptr);
    const float *a_student = lgg_gkd_edges_gpu(loss, graph, loss->filtered[0]);
    const float *a_teacher = lgg_gkd_edges_gpu(loss, guide, loss->filtered[1]);
    lgg_gkd_difference_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(
        n, lgg_matrix_power_gpu(device, batch, power, a_student, buffer[0], buffer[1]),
        lgg_matrix_power_gpu(device, batch, power, a_teacher, buffer[2], buffer[3]), e, loss->row_total[0],
        loss->row_total[1]);
    lgg_gkd_gamma_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(
        n, loss->options.distance == LGG_FROBENIUS, share, scale, loss->row_total[0], loss->row_total[1],
        lgg_zeros_of(graph, loss), e, loss->report + LGG_REPORT_VALUE);
    if (!student->gradient || scale == 0) return;
    lgg_matrix_power_backward_gpu(loss, batch, a_student, e);
    if (loss->options.edges != LGG_EDGES_ALL) lgg_edges_apply_gpu(loss, n, e, e);
    lgg_graph_backward_gpu(graph, e, student->gradient);
}

void lgg_gkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                          const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    if (loss->label_class) {
        lgg_label_classes_kernel<<<lgg_blocks((size_t)batch), LGG_THREADS, 0, loss->device->stream>>>(
            (size_t)batch, (size_t)loss->classes, labels, loss->label_class);
    }
    for (int l = 0; l < loss->layers; l++)
        lgg_gkd_pair_gpu(loss, batch, &student[l], &teacher[l], share, (double)scale);
}
