/* lgg_rkd_gpu.cu: relational knowledge distillation, RKD-D and RKD-A (Park et al., 2019). Twin of lgg_rkd.c. */
#include "lgg_weights_gpu.h"

static __device__ double lgg_huber(double u) {
    return fabs(u) < 1 ? 0.5 * u * u : fabs(u) - 0.5;
}

static __device__ double lgg_huber_slope(double u) {
    return u > 1 ? 1 : u < -1 ? -1 : u;
}

/* ---- RKD-D: u_ij = d_ij / mean d; L = mean over i < j of h(u_S - u_T); every pair is met twice ---- */

/* Block (g, i): total (count, n) = sum over j of d_ij. */
static __global__ void lgg_distance_total_kernel(lgg_graphs graphs, double *total) {
    const lgg_row row = lgg_row_of(graphs);
    double sum = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS)
        sum += sqrt((double)graphs.distance2[row.matrix + j]);
    const double all = lgg_block_sum(sum);
    if (threadIdx.x == 0) total[row.vector] = all;
}

/* Block (pair, i): f_ij = h'(u_S - u_T) in e; huber and common (pairs, n) = the row's sums of h(u_S - u_T) and h' u_S; all 0 where there is
 * nothing to compare, a mean distance being 0. mean (count) from total (count, n), which every block adds up for itself. */
static __global__ void lgg_rkd_distance_kernel(lgg_graphs graphs, double ordered_pairs, const double *total,
                                               lgg_backward backward, double *mean, double *huber, double *common) {
    const size_t n = graphs.n;
    const lgg_row student = lgg_row_of(graphs), teacher = lgg_row_at(n, student.g + graphs.students, student.i);
    const double student_mean = lgg_block_total(n, total + student.g * n) / ordered_pairs,
                 teacher_mean = lgg_block_total(n, total + teacher.g * n) / ordered_pairs;
    const bool comparable = student_mean > 0 && teacher_mean > 0;
    double huber_sum = 0, slope_sum = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        backward.e[student.matrix + j] = 0;
        if (!comparable || j == student.i) continue;
        const double u = sqrt((double)graphs.distance2[student.matrix + j]) / student_mean;
        const double u_teacher = sqrt((double)graphs.distance2[teacher.matrix + j]) / teacher_mean;
        const double slope = lgg_huber_slope(u - u_teacher);
        huber_sum += lgg_huber(u - u_teacher);
        slope_sum += slope * u;
        backward.e[student.matrix + j] = (float)slope;
    }
    const double huber_row = lgg_block_sum(huber_sum), slope_row = lgg_block_sum(slope_sum);
    if (threadIdx.x != 0) return;
    huber[student.vector] = huber_row;
    common[student.vector] = slope_row;
    if (student.i == 0) mean[student.g] = comparable ? student_mean : 0;
}

/* Block (pair, i): row i of W, from F_ij = dL/dD_ij = (h'_ij - common) / (pairs mean 4 d_ij), h' in e; the loss is reported. */
static __global__ void lgg_rkd_distance_weights_kernel(lgg_graphs graphs, double ordered_pairs, double share,
                                                       double scale, const double *mean, const double *huber,
                                                       const double *common, lgg_backward backward) {
    const size_t n = graphs.n;
    const lgg_row row = lgg_row_of(graphs);
    const double huber_sum = lgg_block_total(n, huber + row.g * n), slope_sum = lgg_block_total(n, common + row.g * n);
    if (row.i == 0) lgg_report_zeros(graphs, row.g, backward.report);
    if (row.i == 0 && threadIdx.x == 0) {
        backward.report[row.g * LGG_REPORT_SIZE + LGG_REPORT_VALUE] =
            ordered_pairs > 0 ? share * huber_sum / ordered_pairs : 0;
    }
    if (!graphs.vertices[row.g].gradient) return;
    const double mean_distance = mean[row.g], factor = share * scale / (ordered_pairs / 2 * mean_distance * 4);
    lgg_distance_weights(graphs, backward, row, [&](size_t j) -> double {
        const double d = sqrt((double)graphs.distance2[row.matrix + j]);
        if (j == row.i || d == 0 || mean_distance == 0) return 0;
        return factor * ((double)backward.e[row.matrix + j] - slope_sum / ordered_pairs) / d;
    });
}

static void lgg_rkd_distance_gpu(lgg_loss_gpu *loss, double share, double scale) {
    const lgg_graphs *graphs = &loss->graphs;
    const unsigned n = (unsigned)graphs->n, rows = graphs->students * n;
    const double ordered_pairs = (double)n * (double)(n - 1);
    const cudaStream_t stream = loss->device->stream;
    double **row = loss->row_total;
    lgg_distance_total_kernel<<<graphs->count * n, LGG_THREADS, 0, stream>>>(*graphs, loss->distance_total);
    lgg_rkd_distance_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, ordered_pairs, loss->distance_total,
                                                              loss->backward, loss->mean_distance, row[0], row[1]);
    lgg_rkd_distance_weights_kernel<<<rows, LGG_THREADS, 0, stream>>>(
        *graphs, ordered_pairs, share, scale, loss->mean_distance, row[0], row[1], loss->backward);
}

/* ---- RKD-A: L = mean over i, j, l of h(cos_S - cos_T) ---- */

/* inverse (count, n, n) = 1/d, 0 where d = 0. */
static __global__ void lgg_inverse_distances_kernel(size_t count, const float *distance2, float *inverse) {
    const size_t t = lgg_element();
    if (t >= count) return;
    inverse[t] = distance2[t] > 0 ? 1 / sqrtf(distance2[t]) : 0.f;
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

/* Of graph g, of squared and inverse distances (count, n, n). */
static __device__ lgg_distances lgg_distances_of(const lgg_graphs &graphs, const float *inverse, size_t g) {
    const size_t size = graphs.n * graphs.n;
    const lgg_distances distances = {graphs.distance2 + g * size, inverse + g * size};
    return distances;
}

/* Block (pair, j, m / LGG_ANGLE_EDGES), `columns` of them a row: total (pairs, n, columns) = sum over the block's m and all q of h(difference of
 * the cosines at m), and f_jm in e = what D_jm gets from h'
 *     as an edge of the angles at m (twice, since j and q are alike):  sum_q h' (1 / (d_jm d_mq) - cos / D_jm)
 *     as the side opposite to the angles at q:                        -sum_q h' / (2 d_jq d_mq)                            */
static __global__ void lgg_rkd_angle_kernel(lgg_graphs graphs, size_t columns, const float *inverse,
                                            lgg_backward backward, double *total) {
    __shared__ float part[LGG_THREADS]; /* of f_jm: the threads of an m share the q */
    const size_t n = graphs.n, pair = blockIdx.x / columns / n, j = blockIdx.x / columns % n;
    const size_t first = blockIdx.x % columns * LGG_ANGLE_EDGES;
    const lgg_distances student = lgg_distances_of(graphs, inverse, pair),
                        teacher = lgg_distances_of(graphs, inverse, graphs.students + pair);
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
        backward.e[(pair * n + j) * n + m] = sum;
    }
    const double block = lgg_block_sum((double)huber);
    if (threadIdx.x == 0) total[blockIdx.x] = block;
}

/* Block (pair, i): row i of W, from F = half (f + f'), f in e; the loss, share times the sum of total (pairs, sums) over the number of
 * angles, is reported. */
static __global__ void lgg_rkd_angle_weights_kernel(lgg_graphs graphs, double angles, double share, double scale,
                                                    size_t sums, const double *total, lgg_backward backward) {
    const lgg_row row = lgg_row_of(graphs);
    const float *f = backward.e + row.g * graphs.n * graphs.n;
    if (row.i == 0) {
        lgg_report_zeros(graphs, row.g, backward.report);
        const double sum = lgg_block_total(sums, total + row.g * sums);
        if (threadIdx.x == 0) backward.report[row.g * LGG_REPORT_SIZE + LGG_REPORT_VALUE] = share * sum / angles;
    }
    if (!graphs.vertices[row.g].gradient) return;
    const double half = 0.5 * share * scale / angles;
    lgg_distance_weights(graphs, backward, row, [&](size_t j) -> double {
        if (j == row.i) return 0;
        return half * ((double)f[row.i * graphs.n + j] + (double)f[j * graphs.n + row.i]);
    });
}

static void lgg_rkd_angle_gpu(lgg_loss_gpu *loss, double share, double scale) {
    const lgg_graphs *graphs = &loss->graphs;
    const size_t n = graphs->n, columns = lgg_angle_columns(n), count = graphs->count * n * n;
    const unsigned rows = graphs->students * (unsigned)n;
    const double angles = (double)n * (double)n * (double)n;
    const cudaStream_t stream = loss->device->stream;
    lgg_inverse_distances_kernel<<<lgg_blocks(count), LGG_THREADS, 0, stream>>>(count, graphs->distance2,
                                                                                loss->inverse_distance);
    lgg_rkd_angle_kernel<<<rows *(unsigned)columns, LGG_THREADS, 0, stream>>>(*graphs, columns, loss->inverse_distance,
                                                                              loss->backward, loss->angle_total);
    lgg_rkd_angle_weights_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, angles, share, scale, n * columns,
                                                                   loss->angle_total, loss->backward);
}

void lgg_rkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                          const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    lgg_graphs_forward_gpu(&loss->graphs, &loss->options, loss->device, loss->vertices, batch, student, teacher);
    if (loss->kind == LGG_RKD_DISTANCE) {
        lgg_rkd_distance_gpu(loss, share, (double)scale);
    } else {
        lgg_rkd_angle_gpu(loss, share, (double)scale);
    }
    if (scale != 0) lgg_gradient_add_gpu(&loss->graphs, &loss->backward, nullptr, loss->device);
}
