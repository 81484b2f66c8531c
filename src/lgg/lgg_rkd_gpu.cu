/* lgg_rkd_gpu.cu: relational knowledge distillation, RKD-D and RKD-A (Park et al., 2019). Twin of lgg_rkd.c. */
#include "lgg_graph_gpu.h"

static __device__ double lgg_huber(double u) {
    return fabs(u) < 1 ? 0.5 * u * u : fabs(u) - 0.5;
}

static __device__ double lgg_huber_slope(double u) {
    return u > 1 ? 1 : u < -1 ? -1 : u;
}

/* Squared distances of one representation. */
static void lgg_rkd_distances_gpu(lgg_graph_gpu *graph, int batch, const lgg_representation *representation) {
    lgg_gram_forward_gpu(graph, batch, representation->d, representation->x);
    lgg_distance_forward_gpu(graph);
}

/* Block i: student_total, teacher_total (n) = sum over j < i of each one's d_ij. */
static __global__ void lgg_distance_total_kernel(size_t n, const float *student2, const float *teacher2,
                                                 double *student_total, double *teacher_total) {
    const size_t i = blockIdx.x;
    double student_sum = 0, teacher_sum = 0;
    for (size_t j = threadIdx.x; j < i; j += LGG_THREADS) {
        student_sum += sqrt((double)student2[i * n + j]);
        teacher_sum += sqrt((double)teacher2[i * n + j]);
    }
    const double student_row = lgg_block_sum(student_sum), teacher_row = lgg_block_sum(teacher_sum);
    if (threadIdx.x != 0) return;
    student_total[i] = student_row;
    teacher_total[i] = teacher_row;
}

/* mean (2) = mean d of student and teacher over the pairs i < j. One block. */
static __global__ void lgg_mean_distance_kernel(size_t n, double pairs, const double *student_total,
                                                const double *teacher_total, double *mean) {
    const double student_sum = lgg_block_total(n, student_total), teacher_sum = lgg_block_total(n, teacher_total);
    if (threadIdx.x != 0) return;
    mean[0] = pairs > 0 ? student_sum / pairs : 0;
    mean[1] = pairs > 0 ? teacher_sum / pairs : 0;
}

/* Block i: f_ij = h'(u_S - u_T) for j < i, total and common (n) = the row's sums of h(u_S - u_T) and h' u_S; all 0 where there is
 * nothing to compare, a mean distance being 0. */
static __global__ void lgg_rkd_distance_kernel(size_t n, const double *mean, const float *student2,
                                               const float *teacher2, float *f, double *total, double *common) {
    const size_t i = blockIdx.x;
    const bool comparable = mean[0] > 0 && mean[1] > 0;
    double huber_sum = 0, slope_sum = 0;
    for (size_t j = threadIdx.x; j < i; j += LGG_THREADS) {
        f[i * n + j] = 0;
        if (!comparable) continue;
        const double u = sqrt((double)student2[i * n + j]) / mean[0];
        const double u_teacher = sqrt((double)teacher2[i * n + j]) / mean[1];
        const double slope = lgg_huber_slope(u - u_teacher);
        huber_sum += lgg_huber(u - u_teacher);
        slope_sum += slope * u;
        f[i * n + j] = (float)slope;
    }
    const double huber_row = lgg_block_sum(huber_sum), slope_row = lgg_block_sum(slope_sum);
    if (threadIdx.x != 0) return;
    total[i] = huber_row;
    common[i] = slope_row;
}

/* Adds share / pairs times the sum of total (n) to *value; *common = the sum of common_row (n). One block. */
static __global__ void lgg_rkd_distance_report_kernel(size_t n, double pairs, double share, const double *total,
                                                      const double *common_row, lgg_zeros zeros, double *value,
                                                      double *common) {
    lgg_report_zeros(zeros);
    const double huber_sum = lgg_block_total(n, total), slope_sum = lgg_block_total(n, common_row);
    if (threadIdx.x != 0) return;
    if (pairs > 0) *value += share * huber_sum / pairs;
    *common = slope_sum;
}

/* f (n, n) = scale dL/dD, from h' below the diagonal. A thread takes a pair j < i, since it writes both sides. */
static __global__ void lgg_rkd_distance_gradient_kernel(size_t n, double pairs, double scale, const double *mean,
                                                        const double *common, const float *student2, float *f) {
    const size_t t = lgg_element(), i = t / n, j = t % n;
    if (t >= n * n || j > i) return;
    const double d = sqrt((double)student2[t]);
    if (i == j || d == 0 || mean[0] == 0 || mean[1] == 0) {
        f[i * n + j] = f[j * n + i] = 0;
        return;
    }
    const double slope = ((double)f[t] - *common / pairs) / (pairs * mean[0]);
    f[i * n + j] = f[j * n + i] = (float)(scale * slope / (4 * d));
}

/* RKD-D of one pair of layers: u_ij = d_ij / mean d; L = mean over i < j of h(u_S - u_T). */
static void lgg_rkd_distance_pair_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                                      const lgg_representation *teacher, double share, double scale) {
    const size_t n = (size_t)batch;
    const double pairs = (double)n * (double)(n - 1) / 2;
    const cudaStream_t stream = loss->device->stream;
    lgg_graph_gpu *graph = loss->student, *guide = loss->teacher;
    double **row = loss->row_total;
    float *f = loss->edge_gradient;
    lgg_rkd_distances_gpu(graph, batch, student);
    lgg_rkd_distances_gpu(guide, batch, teacher);
    lgg_distance_total_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(n, graph->distance2, guide->distance2, row[0],
                                                                       row[1]);
    lgg_mean_distance_kernel<<<1, LGG_THREADS, 0, stream>>>(n, pairs, row[0], row[1], loss->mean_distance);
    lgg_rkd_distance_kernel<<<(unsigned)n, LGG_THREADS, 0, stream>>>(n, loss->mean_distance, graph->distance2,
                                                                     guide->distance2, f, row[0], row[1]);
    lgg_rkd_distance_report_kernel<<<1, LGG_THREADS, 0, stream>>>(
        n, pairs, share, row[0], row[1], lgg_zeros_of(graph, loss), loss->report + LGG_REPORT_VALUE, loss->common);
    if (!student->gradient || scale == 0) return;
    lgg_rkd_distance_gradient_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(
        n, pairs, share * scale, loss->mean_distance, loss->common, graph->distance2, f);
    lgg_distance_backward_gpu(graph, f, student->gradient);
}

/* student_inverse, teacher_inverse (count) = 1/d of the squared distances, 0 where d = 0. */
static __global__ void lgg_inverse_distances_kernel(size_t count, const float *student2, const float *teacher2,
                                                    float *student_inverse, float *teacher_inverse) {
    const size_t t = lgg_element();
    if (t >= count) return;
    student_inverse[t] = student2[t] > 0 ? 1 / sqrtf(student2[t]) : 0.f;
    teacher_inverse[t] = teacher2[t] > 0 ? 1 / sqrtf(teacher2[t]) : 0.f;
}

/* Of one representation: D and 1/d, both (n, n) and symmetric. */
struct lgg_distances {
    const float *squared, *inverse;
};

/* What it contributes to the angles of a triangle (j, m, q). */
struct lgg_triangle {
    float jm2, jq2, mq2, jm, jq, mq;
};

static __device__ lgg_triangle lgg_triangle_of(size_t n, const lgg_distances &distances, size_t j, size_t m, size_t q) {
    const size_t jm = j * n + m, jq = j * n + q, qm = q * n + m; /* neighbouring m read neighbours */
    const lgg_triangle triangle = {distances.squared[jm], distances.squared[jq], distances.squared[qm],
                                   distances.inverse[jm], distances.inverse[jq], distances.inverse[qm]};
    return triangle;
}

/* The cosine at m, between the edges to j and q; and at q, between those to j and m. */
static __device__ float lgg_cosine_at_m(const lgg_triangle &t) {
    return 0.5f * (t.jm2 + t.mq2 - t.jq2) * t.jm * t.mq;
}
static __device__ float lgg_cosine_at_q(const lgg_triangle &t) {
    return 0.5f * (t.jq2 + t.mq2 - t.jm2) * t.jq * t.mq;
}

/* Block (j, m / LGG_ANGLE_EDGES), `columns` of them a row: total (n, columns) = sum over the block's m and all q of h(difference of the
 * cosines at m), and f_jm of f (n, n) = what D_jm gets from h'
 *     as an edge of the angles at m (twice, since j and q are alike):  sum_q h' (1 / (d_jm d_mq) - cos / D_jm)
 *     as the side opposite to the angles at q:                        -sum_q h' / (2 d_jq d_mq)                            */
static __global__ void lgg_rkd_angle_kernel(size_t n, size_t columns, lgg_distances student, lgg_distances teacher,
                                            float *f, double *total) {
    __shared__ float part[LGG_THREADS]; /* of f_jm: the threads of an m share the q */
    const size_t j = blockIdx.x / columns, first = blockIdx.x % columns * LGG_ANGLE_EDGES;
    const size_t m = first + threadIdx.x % LGG_ANGLE_EDGES;
    float huber = 0, edge = 0, opposite = 0;
    for (size_t q = threadIdx.x / LGG_ANGLE_EDGES; m < n && q < n; q += LGG_THREADS / LGG_ANGLE_EDGES) {
        const lgg_triangle s = lgg_triangle_of(n, student, j, m, q), t = lgg_triangle_of(n, teacher, j, m, q);
        const float cosine = lgg_cosine_at_m(s);
        const float at_m = cosine - lgg_cosine_at_m(t), at_q = lgg_cosine_at_q(s) - lgg_cosine_at_q(t);
        const float size = fabsf(at_m);
        huber += size < 1 ? 0.5f * at_m * at_m : size - 0.5f;
        if (q == j) continue; /* between an edge and itself: a constant */
        edge += fminf(fmaxf(at_m, -1.f), 1.f) * (s.jm * s.mq - cosine * s.jm * s.jm);
        opposite -= fminf(fmaxf(at_q, -1.f), 1.f) * 0.5f * s.jq * s.mq;
    }
    part[threadIdx.x] = edge + opposite;
    __syncthreads();
    if (threadIdx.x < LGG_ANGLE_EDGES && m < n) {
        float sum = 0;
        for (unsigned t = threadIdx.x; t < LGG_THREADS; t += LGG_ANGLE_EDGES)
            sum += part[t];
        f[j * n + m] = sum;
    }
    const double block = lgg_block_sum((double)huber);
    if (threadIdx.x == 0) total[blockIdx.x] = block;
}

/* *value += share times the sum of total (count) over the number of angles. One block. */
static __global__ void lgg_rkd_angle_report_kernel(size_t count, double angles, double share, const double *total,
                                                   lgg_zeros zeros, double *value) {
    lgg_report_zeros(zeros);
    const double sum = lgg_block_total(count, total);
    if (threadIdx.x == 0) *value += share * sum / angles;
}

/* f (n, n) = half (f + f'), diagonal 0. A thread takes a pair j <= i, since it writes both sides. */
static __global__ void lgg_rkd_angle_gradient_kernel(size_t n, float half, float *f) {
    const size_t t = lgg_element(), i = t / n, j = t % n;
    if (t >= n * n || j > i) return;
    f[i * n + j] = f[j * n + i] = i == j ? 0.f : half * (f[i * n + j] + f[j * n + i]);
}

/* RKD-A of one pair of layers: L = mean over i, j, l of h(cos_S - cos_T). */
static void lgg_rkd_angle_pair_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                                   const lgg_representation *teacher, double share, double scale) {
    const size_t n = (size_t)batch, columns = lgg_angle_columns(n);
    const double angles = (double)n * (double)n * (double)n;
    const cudaStream_t stream = loss->device->stream;
    lgg_graph_gpu *graph = loss->student, *guide = loss->teacher;
    float *f = loss->edge_gradient;
    lgg_rkd_distances_gpu(graph, batch, student);
    lgg_rkd_distances_gpu(guide, batch, teacher);
    lgg_inverse_distances_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(
        n * n, graph->distance2, guide->distance2, loss->inverse_distance[0], loss->inverse_distance[1]);
    const lgg_distances distances = {graph->distance2, loss->inverse_distance[0]};
    const lgg_distances guide_distances = {guide->distance2, loss->inverse_distance[1]};
    lgg_rkd_angle_kernel<<<(unsigned)(n * columns), LGG_THREADS, 0, stream>>>(n, columns, distances, guide_distances, f,
                                                                              loss->angle_total);
    lgg_rkd_angle_report_kernel<<<1, LGG_THREADS, 0, stream>>>(
        n * columns, angles, share, loss->angle_total, lgg_zeros_of(graph, loss), loss->report + LGG_REPORT_VALUE);
    if (!student->gradient || scale == 0) return;
    lgg_rkd_angle_gradient_kernel<<<lgg_blocks(n * n), LGG_THREADS, 0, stream>>>(
        n, (float)(0.5 * share * scale / angles), f);
    lgg_distance_backward_gpu(graph, f, student->gradient);
}

void lgg_rkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                          const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    for (int l = 0; l < loss->layers; l++) {
        if (loss->kind == LGG_RKD_DISTANCE) {
            lgg_rkd_distance_pair_gpu(loss, batch, &student[l], &teacher[l], share, (double)scale);
        } else {
            lgg_rkd_angle_pair_gpu(loss, batch, &student[l], &teacher[l], share, (double)scale);
        }
    }
}
