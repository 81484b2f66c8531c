/* lgg_gkd.c: graph knowledge distillation, L = sum over layer pairs of ||A_T^p - A_S^p||^2 (Frobenius; or its root), A filtered
 * by class with edges=inter|intra.
 *
 * With Delta = A_S^p - A_T^p:  dL/dA_S^p = Gamma = 2 Delta (or Delta / ||Delta||, 0 for equal graphs), and
 * dL/dA_S = sum_(a + b = p - 1) A_S^a Gamma A_S^b.
 */
#include "lgg_graphs.h"
#include <math.h>
#include <string.h>

/* label_class (B) = arg max v_i, the first of equals. */
static void lgg_label_classes(size_t n, size_t classes, const float *labels, int *label_class) {
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t t = 1; t < classes; t++) {
            if (labels[i * classes + t] > labels[i * classes + best]) best = t;
        }
        label_class[i] = (int)best;
    }
}

/* Zeroes the edges of matrix (B, B) that `edges` leaves out. */
static void lgg_edges_apply_shared(size_t n, lgg_edges edges, const int *label_class, float *matrix) {
    const int keep_same = edges == LGG_EDGES_INTRA;
    if (edges == LGG_EDGES_ALL) return;
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            if ((label_class[i] == label_class[j]) != keep_same) matrix[i * n + j] = 0;
        }
    }
}

/* to (n, n) = from (n, n). */
static void lgg_rows_copy_shared(size_t n, const float *from, float *to) {
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * n, from + i * n, n * sizeof(float));
}

/* The adjacency to compare: the graph's own, or its filtered copy. */
static const float *lgg_gkd_edges_shared(const lgg_loss *loss, const lgg_graph *graph, float *filtered) {
    const size_t n = (size_t)graph->batch;
    if (loss->options.edges == LGG_EDGES_ALL) return graph->adjacency;
    lgg_rows_copy_shared(n, graph->adjacency, filtered);
    lgg_edges_apply_shared(n, loss->options.edges, loss->label_class, filtered);
    return filtered;
}

/* a (n, n) to the p-th power: a itself, or one of the two buffers; then all of it is there. */
static const float *lgg_matrix_power_shared(const lgg_workspace *workspace, int n, int p, const float *a, float *buffer,
                                            float *other) {
    const float *power = a;
    for (int i = 1; i < p; i++) {
        float *next = power == buffer ? other : buffer;
        lgg_product_shared(workspace, n, n, power, a, next);
        lgg_wait();
        power = next;
    }
    return power;
}

/* e (n, n) = student - teacher; returns ||e||^2, 0 where the two are equal to float32's rounding. row_total (2, n) is workspace. Waits
 * until the rows are summed up. */
static double lgg_gkd_difference_shared(size_t n, const float *student, const float *teacher, float *e,
                                        double *row_total) {
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        double squared_i = 0, scale_i = 0;
#pragma omp simd reduction(+ : squared_i, scale_i)
        for (size_t t = i * n; t < (i + 1) * n; t++) {
            e[t] = student[t] - teacher[t];
            squared_i += (double)e[t] * (double)e[t];
            scale_i += (double)teacher[t] * (double)teacher[t];
        }
        row_total[i] = squared_i;
        row_total[n + i] = scale_i;
    }
    const double squared = lgg_sum_rows(n, row_total), scale = lgg_sum_rows(n, row_total + n);
    return squared <= LGG_EQUAL_GRAPH * LGG_EQUAL_GRAPH * scale ? 0 : squared;
}

/* e (n, n) = Gamma becomes sum_(a + b = p - 1) A^a Gamma A^b: R_1 = Z_0 = Gamma; Z_i = Z_(i-1) A; R_(i+1) = A R_i + Z_i. */
static void lgg_matrix_power_backward_shared(const lgg_loss *loss, int n, const float *adjacency, float *e) {
    const size_t rows = (size_t)n;
    float *z = loss->matrix_power[0], *next_z = loss->matrix_power[1], *next_e = loss->matrix_power[2];
    if (loss->options.power == 1) return;
    lgg_rows_copy_shared(rows, e, z);
    for (int i = 1; i < loss->options.power; i++) {
        lgg_product_shared(&loss->workspace, n, n, z, adjacency, next_z);
        lgg_wait();
        lgg_rows_copy_shared(rows, next_z, next_e);
        lgg_product_add_shared(&loss->workspace, n, n, adjacency, e, next_e);
        lgg_wait();
        lgg_rows_copy_shared(rows, next_e, e);
        float *kept = z;
        z = next_z;
        next_z = kept;
    }
}

/* One pair of layers: returns its loss, adds scale dL/dx to the student's gradient. Every thread has its own rows of both graphs, and of
 * what becomes of their difference. */
static double lgg_gkd_pair_shared(lgg_loss *loss, int batch, const lgg_representation *student,
                                  const lgg_representation *teacher, double scale) {
    lgg_graph *graph = loss->student, *guide = loss->teacher;
    const int power = loss->options.power;
    const size_t n = (size_t)batch;
    float *e = loss->edge_gradient;

    lgg_graph_forward_shared(guide, batch, teacher->d, teacher->x, NULL);
    lgg_wait();
    lgg_graph_forward_shared(graph, batch, student->d, student->x,
                             loss->options.neighbors == LGG_NEIGHBORS_TEACHER ? guide->neighbors : NULL);
    const float *a_student = lgg_gkd_edges_shared(loss, graph, loss->filtered[0]);
    const float *a_teacher = lgg_gkd_edges_shared(loss, guide, loss->filtered[1]);
    const float *to_power = lgg_matrix_power_shared(&loss->workspace, batch, power, a_student, loss->matrix_power[0],
                                                    loss->matrix_power[1]);
    const double squared =
        lgg_gkd_difference_shared(n, to_power,
                                  lgg_matrix_power_shared(&loss->workspace, batch, power, a_teacher,
                                                          loss->matrix_power[2], loss->matrix_power[3]),
                                  e, loss->row_total);
    const int root = loss->options.distance == LGG_FROBENIUS;
    const double value = root ? sqrt(squared) : squared;
    if (!student->gradient || squared == 0 || scale == 0 || (root && value < LGG_VANISHED)) return value;

    const float slope = (float)(root ? scale / value : 2 * scale);
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
#pragma omp simd
        for (size_t t = i * n; t < (i + 1) * n; t++)
            e[t] *= slope;
    }
    lgg_matrix_power_backward_shared(loss, batch, a_student, e);
    lgg_edges_apply_shared(n, loss->options.edges, loss->label_class, e);
    lgg_graph_backward_shared(graph, e, student->gradient);
    return value;
}

/* By one team from the student's and the teacher's Gram matrices to the gradient. */
static double lgg_gkd_pair(lgg_loss *loss, int batch, const lgg_representation *student,
                           const lgg_representation *teacher, double scale) {
    const int threads = lgg_workspace_team(&loss->workspace, batch, student->d > teacher->d ? student->d : teacher->d);
    double value = 0;
    (void)threads; /* where the build knows no OpenMP */
#pragma omp parallel num_threads(threads)
    {
        const double same = lgg_gkd_pair_shared(loss, batch, student, teacher, scale);
        if (lgg_thread() == 0) value = same;
    }
    return value;
}

double lgg_gkd_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                        const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1;
    double total = 0;
    if (loss->label_class) lgg_label_classes((size_t)batch, (size_t)loss->classes, labels, loss->label_class);
    loss->zero_share = 0;
    for (int l = 0; l < loss->layers; l++) {
        total += lgg_gkd_pair(loss, batch, &student[l], &teacher[l], share * (double)scale);
        loss->zero_share = fmax(loss->zero_share, lgg_gram_zero_share(loss->student));
    }
    return share * total;
}
