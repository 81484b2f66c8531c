/* lgg_relation.c: two siblings of RKD that compare relations in a batch with a teacher's: similarity-preserving distillation (SP; Tung and Mori,
 * 2019) and probabilistic knowledge transfer (PKT; Passalis and Tefas, 2018).
 *
 * SP    G = X X' with every row h_i over its length, g_i = h_i / |h_i|:  L = sum_ij (G_S - G_T)_ij^2 / B^2
 *       dL/dg_i = r_i = 2 (g_i - t_i) / B^2,   dL/dh_i = (r_i - (r_i.g_i) g_i) / |h_i| =: H_i,   dL/dX = (H + H') X
 * PKT   K_ij = (1 + cos_ij) / 2, q_ij = K_ij / s_i, s_i = sum_(k != i) K_ik; p those of the teacher; e = LGG_PROBABILITY_FLOOR:
 *       L = mean over i of sum_(j != i) p_ij log((p_ij + e) / (q_ij + e))
 *       dL/dq_ij = u_ij = -p_ij / (q_ij + e) / B,   dL/dcos_ij = (u_ij - sum_k u_ik q_ik) / (2 s_i)
 *
 * A zero vector has a row of zeros under SP, the teacher's as the student's, and cosines of 0 under PKT, and no gradient through its own row.
 */
#include "lgg_graphs.h"
#include <math.h>

/* h_ij and h_ji become their half sum, twice what either gets of the pair; the diagonal is multiplied by 2 half. */
static void lgg_symmetrize(size_t n, float half, float *h) {
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            h[i * n + j] = h[j * n + i] = half * (h[i * n + j] + h[j * n + i]);
        h[i * n + i] *= 2 * half;
    }
}

/* 1 / |h_i| of row i of the Gram matrix (n); 0 of a zero vector's. */
static double lgg_inverse_row_length(size_t n, size_t i, const float *row) {
    double length2 = 0;
    if (row[i] < LGG_ZERO_LENGTH2) return 0;
#pragma omp simd reduction(+ : length2)
    for (size_t j = 0; j < n; j++)
        length2 += (double)row[j] * (double)row[j];
    return length2 > 0 ? 1 / sqrt(length2) : 0;
}

/* Returns |g_i - t_i|^2 of row i of both Gram matrices; h (n) = B^2 / 2 H_i. */
static double lgg_similarity_row(size_t n, size_t i, const float *student, const float *teacher, float *h) {
    const double inverse = lgg_inverse_row_length(n, i, student);
    const double guide_inverse = lgg_inverse_row_length(n, i, teacher);
    double total = 0, along = 0;
#pragma omp simd reduction(+ : total, along)
    for (size_t j = 0; j < n; j++) {
        const double g = inverse * (double)student[j], difference = g - guide_inverse * (double)teacher[j];
        total += difference * difference;
        along += difference * g;
    }
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        const double g = inverse * (double)student[j], difference = g - guide_inverse * (double)teacher[j];
        h[j] = (float)((difference - along * g) * inverse);
    }
    return total;
}

/* The Gram matrix of one representation. */
static void lgg_relation_gram(lgg_graph *graph, int batch, const lgg_representation *representation) {
#pragma omp parallel num_threads(lgg_workspace_team(graph->workspace, batch, representation->d))
    lgg_gram_forward_shared(graph, batch, representation->d, representation->x);
}

static double lgg_similarity_pair(lgg_loss *loss, int batch, const lgg_representation *student,
                                  const lgg_representation *teacher, double scale) {
    const size_t n = (size_t)batch;
    const double entries = (double)n * (double)n;
    float *h = loss->edge_gradient;
    lgg_relation_gram(loss->student, batch, student);
    lgg_relation_gram(loss->teacher, batch, teacher);
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        loss->row_total[i] =
            lgg_similarity_row(n, i, loss->student->gram + i * n, loss->teacher->gram + i * n, h + i * n);
    }
    const double value = lgg_sum_rows(n, loss->row_total) / entries;
    if (!student->gradient || scale == 0) return value;
    lgg_symmetrize(n, (float)(2 * scale / entries), h);
#pragma omp parallel num_threads(lgg_workspace_team(&loss->workspace, batch, student->d))
    lgg_product_add_shared(&loss->workspace, batch, student->d, h, student->x, student->gradient);
    return value;
}

/* sum_(k != i) K_ik of a row of cosines, whose own is 0. */
static double lgg_probability_sum(size_t n, size_t i, const float *cosine) {
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += j == i ? 0 : (1 + (double)cosine[j]) / 2;
    return sum;
}

/* q_ij = K_ij / s_i; 0 in an empty row and of the vertex itself. */
static double lgg_probability(float cosine, double sum, size_t i, size_t j) {
    return j == i || sum <= 0 ? 0 : (1 + (double)cosine) / 2 / sum;
}

/* Returns row i's share of B L; e (n) = B dL/dcos_ij. */
static double lgg_probability_row(size_t n, size_t i, const float *student, const float *teacher, float *e) {
    const double sum = lgg_probability_sum(n, i, student), guide_sum = lgg_probability_sum(n, i, teacher);
    double total = 0, common = 0;
    for (size_t j = 0; j < n; j++) {
        const double q = lgg_probability(student[j], sum, i, j), p = lgg_probability(teacher[j], guide_sum, i, j);
        total += p * log((p + LGG_PROBABILITY_FLOOR) / (q + LGG_PROBABILITY_FLOOR));
        common -= p / (q + LGG_PROBABILITY_FLOOR) * q;
    }
    for (size_t j = 0; j < n; j++) {
        const double q = lgg_probability(student[j], sum, i, j), p = lgg_probability(teacher[j], guide_sum, i, j);
        e[j] = j == i || sum <= 0 ? 0 : (float)((-p / (q + LGG_PROBABILITY_FLOOR) - common) / (2 * sum));
    }
    return total;
}

static double lgg_probability_pair(lgg_loss *loss, int batch, const lgg_representation *student,
                                   const lgg_representation *teacher, double scale) {
    const size_t n = (size_t)batch;
    float *e = loss->edge_gradient;
    lgg_graph_forward(loss->student, batch, student->d, student->x, NULL);
    lgg_graph_forward(loss->teacher, batch, teacher->d, teacher->x, NULL);
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        loss->row_total[i] =
            lgg_probability_row(n, i, loss->student->similarity + i * n, loss->teacher->similarity + i * n, e + i * n);
    }
    const double value = lgg_sum_rows(n, loss->row_total) / (double)n;
    if (!student->gradient || scale == 0) return value;
    lgg_symmetrize(n, (float)(0.5 * scale / (double)n), e);
    lgg_graph_backward(loss->student, e, student->gradient);
    return value;
}

double lgg_relation_evaluate(lgg_loss *loss, int batch, const lgg_representation *student,
                             const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    double total = 0;
    loss->zero_share = 0;
    for (int l = 0; l < loss->layers; l++) {
        total += loss->kind == LGG_RKD_SIMILARITY
                     ? lgg_similarity_pair(loss, batch, &student[l], &teacher[l], share * (double)scale)
                     : lgg_probability_pair(loss, batch, &student[l], &teacher[l], share * (double)scale);
        loss->zero_share = fmax(loss->zero_share, lgg_gram_zero_share(loss->student));
    }
    return share * total;
}
