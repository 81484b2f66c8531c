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

/* Of all graphs: D and 1/d, 0 where d = 0, both (count, n, n); the least D of each row that is not 0; what float32 leaves of D (count, n, n), and
 * whether a graph has such rests. */
struct lgg_angle_distances {
    const float *squared;
    float *inverse, *rest, *nearest;
    int *with_rest;
};

/* Block (g, i): row i of inverse, and its nearest. */
static __global__ void lgg_inverse_distances_kernel(lgg_graphs graphs, lgg_angle_distances distances) {
    __shared__ float least_of[LGG_THREADS];
    const lgg_row row = lgg_row_of(graphs);
    float least = HUGE_VALF;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const float distance2 = distances.squared[row.matrix + j];
        distances.inverse[row.matrix + j] = distance2 > 0 ? 1 / sqrtf(distance2) : 0.f;
        least = distance2 > 0 ? fminf(least, distance2) : least;
    }
    least_of[threadIdx.x] = least;
    __syncthreads();
    if (threadIdx.x != 0) return;
    for (unsigned t = 1; t < LGG_THREADS; t++)
        least = fminf(least, least_of[t]);
    distances.nearest[row.vector] = least;
    if (row.i == 0) distances.with_rest[row.g] = 0;
}

/* Block (g, i): row i of rest = D_ij less its float32, where an angle at i or j is between that edge and one so short that D_ij - D_jl would be
 * rounding; else 0. */
static __global__ void lgg_distance_rest_kernel(lgg_graphs graphs, lgg_angle_distances distances) {
    const lgg_row row = lgg_row_of(graphs);
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const float *x_i = vertices.x + row.i * vertices.d, *nearest = distances.nearest + row.g * graphs.n;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS)
        distances.rest[row.matrix + j] = 0;
    for (size_t j = 0; j < graphs.n; j++) {
        const float distance2 = distances.squared[row.matrix + j], *x_j = vertices.x + j * vertices.d;
        double share = 0;
        if (!((double)fminf(nearest[row.i], nearest[j]) < LGG_NEAR * (double)distance2)) continue;
        for (size_t t = threadIdx.x; t < vertices.d; t += LGG_THREADS) {
            const double difference = (double)x_i[t] - (double)x_j[t];
            share += difference * difference;
        }
        const double exact = lgg_block_sum(share);
        if (threadIdx.x != 0) continue;
        distances.rest[row.matrix + j] = (float)(exact - (double)distance2);
        distances.with_rest[row.g] = 1; /* the same from all blocks */
    }
}

/* Of one representation: D, 1/d and the rest of D, all (n, n) and symmetric; rest NULL where there is none. */
struct lgg_distances {
    const float *squared, *inverse, *rest;
};

/* What it contributes to the angles of a triangle (j, m, q): twice the products of its edges at m and at q, and 1/d. */
struct lgg_triangle {
    float at_m, at_q, jm, jq, mq;
};

/* a + b - c + rest, of numbers that may cancel. */
static __device__ float lgg_exact_sum(float a, float b, float c, float rest) {
    return (float)((double)a + (double)b - (double)c + (double)rest);
}

static __device__ lgg_triangle lgg_triangle_of(size_t n, const lgg_distances &distances, size_t j, size_t m, size_t q) {
    const size_t jm = j * n + m, jq = j * n + q, qm = q * n + m; /* neighbouring m read neighbours */
    const float jm2 = distances.squared[jm], jq2 = distances.squared[jq], mq2 = distances.squared[qm];
    lgg_triangle triangle = {jm2 + mq2 - jq2, jq2 + mq2 - jm2, distances.inverse[jm], distances.inverse[jq],
                             distances.inverse[qm]};
    if (distances.rest) {
        const float rest_jm = distances.rest[jm], rest_jq = distances.rest[jq], rest_mq = distances.rest[qm];
        triangle.at_m = lgg_exact_sum(jm2, mq2, jq2, rest_jm + rest_mq - rest_jq);
        triangle.at_q = lgg_exact_sum(jq2, mq2, jm2, rest_jq + rest_mq - rest_jm);
    }
    return triangle;
}

/* The cosine at m, between the edges to j and q; and at q, between those to j and m. Rounded before it is subtracted from another, so that those of
 * equal graphs leave 0. */
static __device__ float lgg_cosine_at_m(const lgg_triangle &t) {
    return __fmul_rn(0.5f * t.at_m * t.jm, t.mq);
}
static __device__ float lgg_cosine_at_q(const lgg_triangle &t) {
    return __fmul_rn(0.5f * t.at_q * t.jq, t.mq);
}

/* Those of graph g. */
static __device__ lgg_distances lgg_distances_of(const lgg_graphs &graphs, const lgg_angle_distances &all, size_t g) {
    const size_t first = g * graphs.n * graphs.n;
    const lgg_distances distances = {all.squared + first, all.inverse + first,
                                     all.with_rest[g] ? all.rest + first : NULL};
    return distances;
}

/* Block (pair, j, m / LGG_ANGLE_EDGES), `columns` of them a row: total (pairs, n, columns) = sum over the block's m and all q of h(difference of
 * the cosines at m), and f_jm in e = what D_jm gets from h'
 *     as an edge of the angles at m (twice, since j and q are alike):  sum_q h' (1 / (d_jm d_mq) - cos / D_jm)
 *     as the side opposite to the angles at q:                        -sum_q h' / (2 d_jq d_mq)                            */
static __global__ void lgg_rkd_angle_kernel(lgg_graphs graphs, size_t columns, lgg_angle_distances distances,
                                            lgg_backward backward, double *total) {
    __shared__ float part[LGG_THREADS]; /* of f_jm: the threads of an m share the q */
    const size_t n = graphs.n, pair = blockIdx.x / columns / n, j = blockIdx.x / columns % n;
    const size_t first = blockIdx.x % columns * LGG_ANGLE_EDGES;
    const lgg_distances student = lgg_distances_of(graphs, distances, pair),
                        teacher = lgg_distances_of(graphs, distances, graphs.students + pair);
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
    const size_t n = graphs->n, columns = lgg_angle_columns(n);
    const unsigned rows = graphs->students * (unsigned)n, all_rows = graphs->count * (unsigned)n;
    const lgg_angle_distances distances = {graphs->distance2, loss->inverse_distance, loss->distance_rest,
                                           loss->nearest, loss->with_rest};
    const double angles = (double)n * (double)n * (double)n;
    const cudaStream_t stream = loss->device->stream;
    lgg_inverse_distances_kernel<<<all_rows, LGG_THREADS, 0, stream>>>(*graphs, distances);
    lgg_distance_rest_kernel<<<all_rows, LGG_THREADS, 0, stream>>>(*graphs, distances);
    lgg_rkd_angle_kernel<<<rows *(unsigned)columns, LGG_THREADS, 0, stream>>>(*graphs, columns, distances,
                                                                              loss->backward, loss->angle_total);
    lgg_rkd_angle_weights_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, angles, share, scale, n * columns,
                                                                   loss->angle_total, loss->backward);
}

void lgg_rkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                          const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    lgg_graphs_forward_gpu(loss, batch, student, teacher);
    if (loss->kind == LGG_RKD_DISTANCE) {
        lgg_rkd_distance_gpu(loss, share, (double)scale);
    } else {
        lgg_rkd_angle_gpu(loss, share, (double)scale);
    }
    if (scale != 0) lgg_gradient_add_gpu(&loss->graphs, &loss->backward, nullptr, loss->device);
}
