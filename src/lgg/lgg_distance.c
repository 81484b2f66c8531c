/* lgg_distance.c: squared distances D_ij = |y_i - y_j|^2, with y_i = s_i x_i; s_i = 1, or 1/|x_i| with `unit`.
 *
 * Forward, from the Gram matrix:   D_ij = s_i^2 G_ii + s_j^2 G_jj - 2 s_i s_j G_ij
 * Backward, with F = dL/dD:        dL/dy_i = sum_j 4 F_ij (y_i - y_j),   dL/dx_i = s_i (dL/dy_i - (dL/dy_i . y_i) y_i)
 * (the projection only with `unit`), which is a product W X once y_i.y_j is known.
 *
 * Close pairs, where these differences would cancel, go through x_i - x_j itself; coincident points have D_ij = 0 and
 * gradient 0 exactly.
 */
#include "lgg_graphs.h"
#include <math.h>

/* s_i */
static double lgg_row_scale(const lgg_graph *graph, size_t i) {
    return graph->options.unit ? graph->inverse_length[i] : 1;
}

/* |y_i|^2 */
static double lgg_row_length2(const lgg_graph *graph, size_t i) {
    if (graph->options.unit) return graph->inverse_length[i] > 0;
    return (double)graph->gram[i * (size_t)graph->batch + i];
}

/* D_ij as the Gram matrix gives it. */
static double lgg_distance2_gram(const lgg_graph *graph, size_t i, size_t j) {
    const double g_ij = (double)graph->gram[i * (size_t)graph->batch + j];
    return lgg_row_length2(graph, i) + lgg_row_length2(graph, j) -
           2 * g_ij * (lgg_row_scale(graph, i) * lgg_row_scale(graph, j));
}

static int lgg_is_close(const lgg_graph *graph, size_t i, size_t j) {
    return lgg_distance2_gram(graph, i, j) <= LGG_CLOSE * (lgg_row_length2(graph, i) + lgg_row_length2(graph, j));
}

double lgg_distance_exact(const lgg_graph *graph, size_t i, size_t j) {
    const size_t d = (size_t)graph->d;
    const float *x_i = graph->x + i * d, *x_j = graph->x + j * d;
    const double s_i = lgg_row_scale(graph, i), s_j = lgg_row_scale(graph, j);
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t t = 0; t < d; t++) {
        const double difference = s_i * (double)x_i[t] - s_j * (double)x_j[t];
        sum += difference * difference;
    }
    return sum;
}

/* inverse_length (B) in double precision: the difference of two nearly equal unit vectors needs every digit of it. */
static void lgg_exact_lengths_shared(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch, d = (size_t)graph->d;
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        double length2 = 0;
#pragma omp simd reduction(+ : length2)
        for (size_t t = 0; t < d; t++)
            length2 += (double)graph->x[i * d + t] * (double)graph->x[i * d + t];
        if (graph->inverse_length[i] > 0) graph->inverse_length[i] = 1 / sqrt(length2);
    }
}

void lgg_distance_forward_shared(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch;
    if (graph->options.unit) lgg_exact_lengths_shared(graph);
#pragma omp for schedule(dynamic, 8)
    for (size_t i = 0; i < n; i++) {
        graph->distance2[i * n + i] = 0;
        for (size_t j = 0; j < i; j++) {
            const double distance2 =
                lgg_is_close(graph, i, j) ? lgg_distance_exact(graph, i, j) : lgg_distance2_gram(graph, i, j);
            const int coincident = distance2 < (double)LGG_ZERO_LENGTH2;
            graph->distance2[i * n + j] = coincident ? 0 : (float)distance2;
        }
    }
    lgg_mirror_shared(n, graph->distance2);
}

double lgg_distance_error(const lgg_graph *graph, size_t i, size_t j) {
    if (lgg_is_close(graph, i, j)) return (double)FLT_EPSILON * (double)graph->distance2[i * (size_t)graph->batch + j];
    return LGG_PRODUCT_ERROR * (lgg_row_length2(graph, i) + lgg_row_length2(graph, j));
}

/* gradient_i += 4 F_ij s_i (y_i - y_j - c y_i): c = y_i.(y_i - y_j) with `unit`, else 0. */
static void lgg_distance_backward_direct(const lgg_graph *graph, size_t i, size_t j, double f_ij, float *gradient) {
    const size_t n = (size_t)graph->batch, d = (size_t)graph->d;
    const float *x_i = graph->x + i * d, *x_j = graph->x + j * d;
    const double s_i = lgg_row_scale(graph, i), s_j = lgg_row_scale(graph, j);
    const double c = graph->options.unit ? (double)graph->distance2[i * n + j] / 2 : 0;
    float *gradient_i = gradient + i * d;
#pragma omp simd
    for (size_t t = 0; t < d; t++) {
        const double y_it = s_i * (double)x_i[t], y_jt = s_j * (double)x_j[t];
        gradient_i[t] += (float)(4 * f_ij * s_i * (y_it - y_jt - c * y_it));
    }
}

/* Row i of W, in place of row i of F. Close pairs are dealt with on the way and leave a zero. */
static void lgg_distance_backward_row(const lgg_graph *graph, size_t i, float *f, float *gradient) {
    const size_t n = (size_t)graph->batch;
    const double s_i = lgg_row_scale(graph, i), length2_i = lgg_row_length2(graph, i);
    double diagonal = 0;
    for (size_t j = 0; j < n; j++) {
        const double f_ij = (double)f[i * n + j];
        const double distance2 = (double)graph->distance2[i * n + j];
        f[i * n + j] = 0;
        if (j == i || f_ij == 0 || distance2 == 0) continue;
        if (lgg_is_close(graph, i, j)) {
            lgg_distance_backward_direct(graph, i, j, f_ij, gradient);
            continue;
        }
        const double y_ij = (length2_i + lgg_row_length2(graph, j) - distance2) / 2;
        diagonal += f_ij * (graph->options.unit ? y_ij : 1);
        f[i * n + j] = (float)(-4 * f_ij * s_i * lgg_row_scale(graph, j));
    }
    f[i * n + i] = (float)(4 * diagonal * s_i * s_i);
}

void lgg_distance_backward_shared(const lgg_graph *graph, float *f, float *gradient) {
    const size_t n = (size_t)graph->batch;
    lgg_wait();
#pragma omp for schedule(dynamic, 8) nowait
    for (size_t i = 0; i < n; i++)
        lgg_distance_backward_row(graph, i, f, gradient);
    lgg_product_add_shared(graph->workspace, graph->batch, graph->d, f, graph->x, gradient);
}
