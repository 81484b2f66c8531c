/* lgg_rkd.c: relational knowledge distillation (Park et al., 2019), by distances (RKD-D) and by angles (RKD-A).
 *
 * h is the Huber loss of threshold 1. Both start from the squared distances D_ij = |x_i - x_j|^2, d = sqrt(D), and end in
 * F = dL/dD.
 */
#include "lgg_graphs.h"
#include <math.h>
#include <string.h>

static double lgg_huber(double u) {
    return fabs(u) < 1 ? 0.5 * u * u : fabs(u) - 0.5;
}

static double lgg_huber_slope(double u) {
    return u > 1 ? 1 : u < -1 ? -1 : u;
}

/* Squared distances of one representation. */
static void lgg_rkd_distances(lgg_graph *graph, int batch, const lgg_representation *representation) {
#pragma omp parallel num_threads(lgg_workspace_team(graph->workspace, batch, representation->d))
    {
        lgg_gram_forward_shared(graph, batch, representation->d, representation->x);
        lgg_distance_forward_shared(graph);
    }
}

/* Adds dL/dX to gradient, given f = dL/dD. */
static void lgg_rkd_backward(const lgg_graph *graph, float *f, float *gradient) {
#pragma omp parallel num_threads(lgg_workspace_team(graph->workspace, graph->batch, graph->d))
    lgg_distance_backward_shared(graph, f, gradient);
}

/* Mean of d_ij over i < j; row_total (n) is workspace. */
static double lgg_mean_distance(const lgg_graph *graph, double *row_total) {
    const size_t n = (size_t)graph->batch;
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        const float *distance2 = graph->distance2 + i * n;
        double row = 0;
#pragma omp simd reduction(+ : row)
        for (size_t j = 0; j < i; j++)
            row += sqrt((double)distance2[j]);
        row_total[i] = row;
    }
    return n > 1 ? lgg_sum_rows(n, row_total) / ((double)n * (double)(n - 1) / 2) : 0;
}

/* RKD-D of one pair of layers: u_ij = d_ij / mean d; L = mean over i < j of h(u_S - u_T).
 *
 * With P pairs and slope_ij = h'(u_S - u_T):  dL/dd_ij = (slope_ij - sum_kl slope_kl u_kl / P) / (P mean d_S), and
 * dL/dD_ij = dL/dd_ij / (2 d_ij), half of it in F_ij and half in F_ji; 0 for coincident points. */
static double lgg_rkd_distance_pair(lgg_loss *loss, int batch, const lgg_representation *student,
                                    const lgg_representation *teacher, double scale) {
    const size_t n = (size_t)batch;
    lgg_graph *graph = loss->student, *guide = loss->teacher;
    float *f = loss->edge_gradient;
    lgg_rkd_distances(graph, batch, student);
    lgg_rkd_distances(guide, batch, teacher);
    const double mean = lgg_mean_distance(graph, loss->row_total),
                 guide_mean = lgg_mean_distance(guide, loss->row_total);
    if (mean == 0 || guide_mean == 0) return 0; /* nothing to compare */

    const double pairs = (double)n * (double)(n - 1) / 2;
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        const float *distance2 = graph->distance2 + i * n, *guide2 = guide->distance2 + i * n;
        double row = 0, row_common = 0;
#pragma omp simd reduction(+ : row, row_common)
        for (size_t j = 0; j < i; j++) {
            const double u = sqrt((double)distance2[j]) / mean, u_teacher = sqrt((double)guide2[j]) / guide_mean;
            const double slope = lgg_huber_slope(u - u_teacher);
            row += lgg_huber(u - u_teacher);
            row_common += slope * u;
            f[i * n + j] = (float)slope;
        }
        loss->row_total[i] = row;
        loss->row_total[n + i] = row_common;
    }
    const double total = lgg_sum_rows(n, loss->row_total), common = lgg_sum_rows(n, loss->row_total + n);
    if (!student->gradient || scale == 0) return total / pairs;
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        f[i * n + i] = 0;
        for (size_t j = 0; j < i; j++) {
            const double d = sqrt((double)graph->distance2[i * n + j]);
            const double slope = ((double)f[i * n + j] - common / pairs) / (pairs * mean);
            f[i * n + j] = d > 0 ? (float)(scale * slope / (4 * d)) : 0;
        }
    }
    lgg_mirror(n, f);
    lgg_rkd_backward(graph, f, student->gradient);
    return total / pairs;
}

/* 1/d_ij in place of D_ij's root, for all pairs: inverse (B, B), 0 where d_ij = 0. */
static void lgg_inverse_distances(const lgg_graph *graph, float *inverse) {
    const size_t n = (size_t)graph->batch;
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t t = 0; t < n * n; t++) {
        const float distance2 = graph->distance2[t];
        inverse[t] = distance2 > 0 ? 1 / sqrtf(distance2) : 0;
    }
}

/* rest (B, B) = D_ij less its float32, where an angle at i or j is between that edge and one so short that D_ij - D_jl, which is to be about
 * as small, would be rounding; else 0. nearest (B) is workspace. Returns whether there is such an angle. */
static int lgg_distance_rest(const lgg_graph *graph, double *nearest, float *rest) {
    const size_t n = (size_t)graph->batch;
    int needed = 0;
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        const float *distance2 = graph->distance2 + i * n;
        float least = HUGE_VALF;
        for (size_t j = 0; j < n; j++)
            least = distance2[j] > 0 && distance2[j] < least ? distance2[j] : least;
        nearest[i] = (double)least;
    }
#pragma omp parallel for schedule(dynamic, 8) reduction(| : needed) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        rest[i * n + i] = 0;
        for (size_t j = 0; j < i; j++) {
            const double distance2 = (double)graph->distance2[i * n + j];
            const int is_far = fmin(nearest[i], nearest[j]) < LGG_NEAR * distance2;
            rest[i * n + j] = is_far ? (float)(lgg_distance_exact(graph, i, j) - distance2) : 0;
            needed |= is_far;
        }
    }
    lgg_mirror(n, rest);
    return needed;
}

/* a + b - c + rest, of numbers that may cancel. */
static inline float lgg_exact_sum(float a, float b, float c, float rest) {
    return (float)((double)a + (double)b - (double)c + (double)rest);
}

/* Row j of RKD-A: for all i and l, the angle at i between e_ij = x_j - x_i and e_il has
 *     cos_ijl = (D_ij + D_il - D_jl) / (2 d_ij d_il),   0 where one of the two edges is.
 * Returns the sum over i, l of h(difference_ijl), difference = cos - cos of the teacher, and leaves in row j of f what h' gives:
 *     D_ij, as an edge of the angle (twice, since j and l are alike):  sum_l h' (1 / (d_ij d_il) - cos / D_ij)
 *     D_jl, as the side opposite to it:                               -sum_i h' / (2 d_ij d_il)
 * with_rest: whether the distances have one. */
static inline double lgg_rkd_angle_row(const lgg_loss *loss, size_t n, size_t j, int with_rest, float *f_j) {
    const float *distance2_j = loss->student->distance2 + j * n, *guide2_j = loss->teacher->distance2 + j * n;
    const float *inverse_j = loss->inverse_distance[0] + j * n, *guide_inverse_j = loss->inverse_distance[1] + j * n;
    const float *rest_j = loss->distance_rest[0] + j * n, *guide_rest_j = loss->distance_rest[1] + j * n;
    double total = 0;
    memset(f_j, 0, n * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        const float *distance2_i = loss->student->distance2 + i * n, *guide2_i = loss->teacher->distance2 + i * n;
        const float *inverse_i = loss->inverse_distance[0] + i * n,
                    *guide_inverse_i = loss->inverse_distance[1] + i * n;
        const float *rest_i = loss->distance_rest[0] + i * n, *guide_rest_i = loss->distance_rest[1] + i * n;
        const float d2_ij = distance2_j[i], g2_ij = guide2_j[i];
        const float inverse_ij = inverse_j[i], guide_inverse_ij = guide_inverse_j[i];
        float row_total = 0, edge = 0;
#pragma omp simd reduction(+ : row_total, edge)
        for (int l = 0; l < (int)n; l++) {
            const float both = inverse_ij * inverse_i[l];
            float sum = d2_ij + distance2_i[l] - distance2_j[l], guide_sum = g2_ij + guide2_i[l] - guide2_j[l];
            if (with_rest) {
                sum = lgg_exact_sum(d2_ij, distance2_i[l], distance2_j[l], rest_j[i] + rest_i[l] - rest_j[l]);
                guide_sum =
                    lgg_exact_sum(g2_ij, guide2_i[l], guide2_j[l], guide_rest_j[i] + guide_rest_i[l] - guide_rest_j[l]);
            }
            const float cosine = 0.5f * sum * both;
            const float guide_cosine = 0.5f * guide_sum * guide_inverse_ij * guide_inverse_i[l];
            const float difference = cosine - guide_cosine;
            const float size = fabsf(difference);
            /* Between e_ij and itself the cosine is a constant. */
            const float slope = l == (int)j ? 0.f : size < 1 ? difference : difference > 0 ? 1.f : -1.f;
            row_total += size < 1 ? 0.5f * difference * difference : size - 0.5f;
            edge += slope * (both - cosine * inverse_ij * inverse_ij);
            f_j[l] -= 0.5f * slope * both;
        }
        total += (double)row_total;
        f_j[i] += edge;
    }
    return total;
}

/* RKD-A of one pair of layers: L = mean over i, j, l of h(cos_S - cos_T). */
static double lgg_rkd_angle_pair(lgg_loss *loss, int batch, const lgg_representation *student,
                                 const lgg_representation *teacher, double scale) {
    const size_t n = (size_t)batch;
    const double angles = (double)n * (double)n * (double)n;
    float *f = loss->edge_gradient;
    lgg_rkd_distances(loss->student, batch, student);
    lgg_rkd_distances(loss->teacher, batch, teacher);
    lgg_inverse_distances(loss->student, loss->inverse_distance[0]);
    lgg_inverse_distances(loss->teacher, loss->inverse_distance[1]);
    const int of_student = lgg_distance_rest(loss->student, loss->row_total, loss->distance_rest[0]),
              of_teacher = lgg_distance_rest(loss->teacher, loss->row_total, loss->distance_rest[1]);
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t j = 0; j < n; j++)
        loss->row_total[j] = of_student || of_teacher ? lgg_rkd_angle_row(loss, n, j, 1, f + j * n)
                                                      : lgg_rkd_angle_row(loss, n, j, 0, f + j * n);
    const double total = lgg_sum_rows(n, loss->row_total);
    if (!student->gradient || scale == 0) return total / angles;

    const float half = (float)(0.5 * scale / angles);
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            f[i * n + j] = f[j * n + i] = half * (f[i * n + j] + f[j * n + i]);
        f[i * n + i] = 0;
    }
    lgg_rkd_backward(loss->student, f, student->gradient);
    return total / angles;
}

double lgg_rkd_evaluate(lgg_loss *loss, int batch, const lgg_representation *student, const lgg_representation *teacher,
                        float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    double total = 0;
    loss->zero_share = 0;
    for (int l = 0; l < loss->layers; l++) {
        total += loss->kind == LGG_RKD_DISTANCE
                     ? lgg_rkd_distance_pair(loss, batch, &student[l], &teacher[l], share * (double)scale)
                     : lgg_rkd_angle_pair(loss, batch, &student[l], &teacher[l], share * (double)scale);
        loss->zero_share = fmax(loss->zero_share, lgg_gram_zero_share(loss->student));
    }
    return share * total;
}
