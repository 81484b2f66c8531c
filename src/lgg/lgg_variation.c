/* lgg_variation.c: label variation sigma = tr(V' L^m V), L = D - A the Laplacian of a graph, V (B, C) the labels; and its
 * smoothness over layers, sum_l |sigma_(l+1) - sigma_l|.
 *
 * m = 1:  sigma = sum_ij A_ij |v_i - v_j|^2 / 2, for one-hot labels the weight of the edges between distinct classes.
 * m > 1:  with U_i = L^i V (B, C), sigma = tr(U_a' U_b) for any a + b = m, and
 *         dsigma/dA_ij = sum_(a + b = m - 1) (U_a,i - U_a,j).(U_b,i - U_b,j) / 2.
 * L^m itself is never formed. Under cosine the last product, with X, may be left to lgg_class_gradient.c.
 *
 * The loss by `reduction`, with W_i = sum_j |v_i - v_j|^2 / 2, W = sum_i W_i, and sigma_i row i's share of sigma (m = 1):
 *
 *     sum         sigma              mean_kept   sigma / W, W over the edges that k leaves
 *     mean        sigma / W          log         log(sigma / W)
 *                                    log_rows    the mean of log(sigma_i / W_i)
 */
#include "lgg_graphs.h"
#include <math.h>
#include <stdlib.h>

double lgg_label_distance(int batch, int classes, const float *labels, float *label_distance, double *row_total) {
    const size_t n = (size_t)batch, c = (size_t)classes;
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        double weight = 0;
        label_distance[i * n + i] = 0;
        for (size_t j = 0; j < i; j++) {
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (size_t t = 0; t < c; t++) {
                const float difference = labels[i * c + t] - labels[j * c + t];
                sum += difference * difference;
            }
            label_distance[i * n + j] = sum / 2;
            weight += (double)sum;
        }
        row_total[i] = weight;
    }
    lgg_mirror(n, label_distance);
    return lgg_sum_rows(n, row_total);
}

/* Classes whose sums are kept in registers. */
enum { LGG_CLASSES_AT_ONCE = 16 };

/* next (n, C) = L u, next_i = sum_j A_ij (u_i - u_j), for u (n, C). D u - A u would be the difference of what the strong edges within a class
 * give, and what is left of it, the faint edges between classes, its rounding. */
static void lgg_laplacian_multiply(const lgg_graph *graph, int classes, const float *u, float *next) {
    const size_t n = (size_t)graph->batch, all = (size_t)classes;
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        for (size_t first = 0; first < all; first += LGG_CLASSES_AT_ONCE) {
            const size_t count = lgg_least(LGG_CLASSES_AT_ONCE, all - first);
            const float *u_i = u + i * all + first;
            double sum[LGG_CLASSES_AT_ONCE] = {0};
            for (size_t j = 0; j < n; j++) {
                const double a_ij = (double)graph->adjacency[i * n + j];
                const float *u_j = u + j * all + first;
#pragma omp simd
                for (size_t c = 0; c < count; c++)
                    sum[c] += a_ij * (double)(u_i[c] - u_j[c]);
            }
            for (size_t c = 0; c < count; c++)
                next[i * all + first + c] = (float)sum[c];
        }
    }
}

/* sum of a_i b_i */
static double lgg_inner_product(size_t count, const float *a, const float *b) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t t = 0; t < count; t++)
        sum += (double)a[t] * (double)b[t];
    return sum;
}

/* U_i = L^i V: V itself, then the pieces of laplacian_power. */
static const float *lgg_laplacian_power_of(int i, size_t size, const float *labels, const float *laplacian_power) {
    return i == 0 ? labels : laplacian_power + (size_t)(i - 1) * size;
}

/* sum_ij A_ij |v_i - v_j|^2 / 2; row_total (n) is workspace. */
static double lgg_variation_of_edges(size_t n, const float *adjacency, const float *label_distance, double *row_total) {
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++)
        row_total[i] = lgg_inner_product(n, adjacency + i * n, label_distance + i * n);
    return lgg_sum_rows(n, row_total);
}

double lgg_variation_forward(const lgg_graph *graph, int classes, int power, const float *labels,
                             const float *label_distance, float *laplacian_power, double *row_total) {
    const size_t n = (size_t)graph->batch, size = n * (size_t)classes;
    if (power == 1) return lgg_variation_of_edges(n, graph->adjacency, label_distance, row_total);
    for (int i = 1; i < power; i++) {
        lgg_laplacian_multiply(graph, classes, lgg_laplacian_power_of(i - 1, size, labels, laplacian_power),
                               laplacian_power + (size_t)(i - 1) * size);
    }
    return lgg_inner_product(size, lgg_laplacian_power_of(power / 2, size, labels, laplacian_power),
                             lgg_laplacian_power_of(power - power / 2, size, labels, laplacian_power));
}

/* (u_i - u_j).(w_i - w_j) / 2 of u and w (n, C) */
static float lgg_half_product(size_t classes, const float *u, const float *w, size_t i, size_t j) {
    const float *u_i = u + i * classes, *u_j = u + j * classes, *w_i = w + i * classes, *w_j = w + j * classes;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t c = 0; c < classes; c++)
        sum += (u_i[c] - u_j[c]) * (w_i[c] - w_j[c]);
    return sum / 2;
}

void lgg_variation_backward(int batch, int classes, int power, float scale, const float *labels,
                            const float *label_distance, const float *laplacian_power, float *e) {
    const size_t n = (size_t)batch, all = (size_t)classes, size = n * all;
    if (power == 1) {
#pragma omp parallel for simd if (parallel : n >= LGG_PARALLEL_ROWS)
        for (size_t t = 0; t < n * n; t++)
            e[t] = scale * label_distance[t];
        return;
    }
#pragma omp parallel for schedule(dynamic, 8) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            float sum = 0;
            for (int a = 0, b = power - 1; a <= b; a++, b--) {
                sum += (float)(a == b ? 1 : 2) *
                       lgg_half_product(all, lgg_laplacian_power_of(a, size, labels, laplacian_power),
                                        lgg_laplacian_power_of(b, size, labels, laplacian_power), i, j);
            }
            e[i * n + j] = scale * sum;
        }
        e[i * n + i] = 0;
    }
    lgg_mirror(n, e);
}

lgg_status lgg_graph_variation(lgg_graph *graph, const float *labels, int classes, int power, lgg_reduction reduction,
                               double *sigma) {
    if (!graph || !graph->batch || !labels || !sigma || classes < 1 || power < 1 ||
        (reduction != LGG_SUM && reduction != LGG_MEAN)) {
        return LGG_ERROR_ARGUMENT;
    }
    const size_t n = (size_t)graph->batch;
    lgg_arena arena = {0};
    float *label_distance, *laplacian_power;
    double *row_total;
    for (int carve = 0; carve < 2; carve++) {
        arena.used = 0;
        label_distance = lgg_arena_take(&arena, n * n, sizeof(float));
        laplacian_power = lgg_arena_take(&arena, n * (size_t)classes, (size_t)(power - 1) * sizeof(float));
        row_total = lgg_arena_take(&arena, n, sizeof(double));
        if (arena.overflow) return LGG_ERROR_MEMORY;
        if (!carve && !(arena.base = malloc(arena.used))) return LGG_ERROR_MEMORY;
    }
    const double weight = lgg_label_distance(graph->batch, classes, labels, label_distance, row_total);
    *sigma = lgg_variation_forward(graph, classes, power, labels, label_distance, laplacian_power, row_total);
    if (reduction == LGG_MEAN) *sigma = weight > 0 ? *sigma / weight : 0;
    free(arena.base);
    return LGG_OK;
}

/* sigma of one built graph, by the loss's options. */
static double lgg_loss_variation(const lgg_loss *loss, const lgg_graph *graph, const float *labels) {
    return lgg_variation_forward(graph, loss->classes, loss->options.power, labels, loss->label_distance,
                                 loss->laplacian_power, loss->row_total);
}

/* Adds scale dsigma/dx; laplacian_power must be that of this graph. */
static void lgg_loss_variation_backward(const lgg_loss *loss, const lgg_graph *graph, const float *labels, double scale,
                                        float *gradient) {
    if (scale == 0 || !gradient) return;
    lgg_variation_backward(graph->batch, loss->classes, loss->options.power, (float)scale, labels, loss->label_distance,
                           loss->laplacian_power, loss->edge_gradient);
    if (loss->by_class.one_hot && lgg_class_gradient_pays(loss, graph) &&
        lgg_class_gradient_add(loss, graph, loss->edge_gradient, scale, gradient)) {
        return;
    }
    lgg_graph_backward(graph, loss->edge_gradient, gradient);
}

/* Sum of |v_i - v_j|^2 / 2 over the edges that the mask keeps; row_total (n) is workspace. */
static double lgg_kept_weight(const lgg_graph *graph, const float *label_distance, double *row_total) {
    const size_t n = (size_t)graph->batch;
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        for (size_t j = 0; j < n; j++)
            row += graph->neighbors[i * n + j] ? (double)label_distance[i * n + j] : 0;
        row_total[i] = row;
    }
    return lgg_sum_rows(n, row_total);
}

/* reduction=log_rows: the mean of log(sigma_i / W_i) over the rows where both are above 0; row_total (n) becomes the slope of each,
 * 1 / (2 rows sigma_i), 0 of the others, so that dL/dA_ij = |v_i - v_j|^2 / 2 (slope_i + slope_j). row_total (2, n). */
static double lgg_variation_log_rows(const lgg_graph *graph, const float *label_distance, double *row_total) {
    const size_t n = (size_t)graph->batch;
    double sum = 0, rows = 0;
    lgg_variation_of_edges(n, graph->adjacency, label_distance, row_total);
    for (size_t i = 0; i < n; i++) {
        double weight = 0;
        for (size_t j = 0; j < n; j++)
            weight += (double)label_distance[i * n + j];
        row_total[n + i] = weight;
        rows += row_total[i] > 0 && weight > 0;
    }
    for (size_t i = 0; i < n; i++) {
        const int counts = row_total[i] > 0 && row_total[n + i] > 0;
        if (counts) sum += log(row_total[i] / row_total[n + i]);
        row_total[i] = counts && row_total[i] >= LGG_VANISHED ? 1 / (2 * rows * row_total[i]) : 0;
    }
    return rows > 0 ? sum / rows : 0;
}

/* Adds scale dL/dx of that, given the slopes of the rows. */
static void lgg_variation_log_rows_backward(const lgg_loss *loss, const lgg_graph *graph, double scale,
                                            float *gradient) {
    const size_t n = (size_t)graph->batch;
    float *e = loss->edge_gradient;
    if (scale == 0 || !gradient) return;
#pragma omp parallel for if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const double slope = loss->row_total[i] + loss->row_total[j];
            e[i * n + j] = (float)(scale * slope * (double)loss->label_distance[i * n + j]);
        }
    }
    lgg_graph_backward(graph, e, gradient);
}

double lgg_variation_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                              float scale, double *sigma) {
    const lgg_reduction reduction = loss->options.reduction;
    lgg_graph *graph = loss->student;
    double weight = lgg_label_distance(batch, loss->classes, labels, loss->label_distance, loss->row_total);
    loss->by_class.one_hot = lgg_one_hot(batch, loss->classes, labels, loss->label_class);
    lgg_graph_forward(graph, batch, student->d, student->x, NULL);
    loss->zero_share = lgg_gram_zero_share(graph);
    if (reduction == LGG_MEAN_KEPT && graph->neighbors)
        weight = lgg_kept_weight(graph, loss->label_distance, loss->row_total);
    const double share = reduction == LGG_SUM ? 1 : weight > 0 ? 1 / weight : 0;
    sigma[0] = share * lgg_loss_variation(loss, graph, labels);
    if (reduction == LGG_LOG_ROWS) {
        const double value = lgg_variation_log_rows(graph, loss->label_distance, loss->row_total);
        lgg_variation_log_rows_backward(loss, graph, (double)scale, student->gradient);
        return value;
    }
    if (reduction == LGG_LOG) {
        if (!(sigma[0] > 0)) return 0; /* no edge between classes is left: nothing to push */
        const double slope = sigma[0] >= LGG_VANISHED ? 1 / sigma[0] : 0;
        lgg_loss_variation_backward(loss, graph, labels, share * (double)scale * slope, student->gradient);
        return log(sigma[0]);
    }
    lgg_loss_variation_backward(loss, graph, labels, share * (double)scale, student->gradient);
    return sigma[0];
}

/* The sign of b - a; 0 where they are equal, as the same graph twice must be. */
static int lgg_sign_of_change(double a, double b) {
    if (fabs(b - a) <= LGG_EQUAL_SIGMA * (fabs(a) + fabs(b))) return 0;
    return b > a ? 1 : -1;
}

double lgg_smooth_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                           float scale, double *sigma) {
    const int layers = loss->layers;
    const double share = loss->options.reduction == LGG_MEAN ? 1. / (layers - 1) : 1;
    double total = 0;
    if (loss->options.power == 1) {
        lgg_label_distance(batch, loss->classes, labels, loss->label_distance, loss->row_total);
    }
    loss->by_class.one_hot = lgg_one_hot(batch, loss->classes, labels, loss->label_class);
    loss->zero_share = 0;
    for (int l = 0; l < layers; l++) {
        lgg_graph_forward(&loss->student[l], batch, student[l].d, student[l].x, NULL);
        loss->zero_share = fmax(loss->zero_share, lgg_gram_zero_share(&loss->student[l]));
        sigma[l] = lgg_loss_variation(loss, &loss->student[l], labels);
    }
    for (int l = 0; l + 1 < layers; l++) {
        total += lgg_sign_of_change(sigma[l], sigma[l + 1]) * (sigma[l + 1] - sigma[l]);
    }

    /* A layer between a smaller and a larger sigma gets no gradient: its two terms cancel. */
    for (int l = 0; l < layers; l++) {
        const int before = l == 0 ? 0 : lgg_sign_of_change(sigma[l - 1], sigma[l]);
        const int after = l == layers - 1 ? 0 : lgg_sign_of_change(sigma[l], sigma[l + 1]);
        if (before == after || !student[l].gradient) continue;
        if (loss->options.power > 1) lgg_loss_variation(loss, &loss->student[l], labels); /* its L^i V again */
        lgg_loss_variation_backward(loss, &loss->student[l], labels, share * (double)scale * (before - after),
                                    student[l].gradient);
    }
    return share * total;
}
