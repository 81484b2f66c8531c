/* lgg_similarity.c: step 1 of the graph (Section 3.3 of the paper), S_ij with S_ii = 0.
 *
 *     cosine  S_ij = x_i.x_j / (|x_i| |x_j|)      rbf  S_ij = exp(-alpha D_ij)      exp  S_ij = exp(-alpha sqrt(D_ij))
 *
 * with alpha from lgg_alpha.c. The normalized graph does not change when all S_ij are multiplied by one factor: there the distances are taken
 * less the least of them, so that the edges of points that are far apart from each other do not leave float32's range.
 */
#include "lgg_graphs.h"
#include <math.h>

/* S (B, B) from gram (B, B); 0 where a vector is zero. */
static void lgg_cosine_forward_shared(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch;
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        const double inverse_i = graph->inverse_length[i];
        const float *gram = graph->gram + i * n;
        float *similarity = graph->similarity + i * n;
#pragma omp simd
        for (size_t j = 0; j < n; j++) {
            const float cosine = (float)((double)gram[j] * (inverse_i * graph->inverse_length[j]));
            similarity[j] = cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
        }
        similarity[i] = 0;
    }
}

/* gradient_i += 2 E_ij (u_j - S_ij u_i) / |x_i|, u = x / |x|, as s (s u_j - u_i + c u_i): s the sign of S_ij, c = 1 - |S_ij|. */
static void lgg_cosine_backward_direct(const lgg_graph *graph, size_t i, size_t j, double inverse_i, double e_ij,
                                       float *gradient) {
    const size_t d = (size_t)graph->d;
    const float *x_i = graph->x + i * d, *x_j = graph->x + j * d;
    const double sign = graph->gram[i * (size_t)graph->batch + j] < 0 ? -1 : 1;
    const double inverse_j = sign / lgg_exact_length(graph, j), slope = 2 * e_ij * sign * inverse_i;
    float *gradient_i = gradient + i * d;
    double c = 0;
#pragma omp simd reduction(+ : c)
    for (size_t t = 0; t < d; t++) {
        const double difference = inverse_j * (double)x_j[t] - inverse_i * (double)x_i[t];
        c += difference * difference / 2;
    }
#pragma omp simd
    for (size_t t = 0; t < d; t++) {
        const double u_it = inverse_i * (double)x_i[t];
        gradient_i[t] += (float)(slope * (inverse_j * (double)x_j[t] - u_it + c * u_it));
    }
}

/* Deals with the parallel pairs of row i, and leaves a zero for them in e. */
static void lgg_cosine_backward_parallel(const lgg_graph *graph, size_t i, float *e, float *gradient) {
    const size_t n = (size_t)graph->batch;
    const float *similarity = graph->similarity + i * n;
    double inverse_i = 0; /* looked at where there is a parallel pair */
    int parallel = 0;
#pragma omp simd reduction(| : parallel)
    for (size_t j = 0; j < n; j++)
        parallel |= lgg_parallel_cosine(similarity[j]);
    for (size_t j = 0; parallel && j < n; j++) {
        if (!lgg_parallel_cosine(similarity[j])) continue;
        if (inverse_i == 0) inverse_i = 1 / lgg_exact_length(graph, i);
        if (e[i * n + j] != 0) lgg_cosine_backward_direct(graph, i, j, inverse_i, (double)e[i * n + j], gradient);
        e[i * n + j] = 0;
    }
}

/* e (B, B) = dL/dS becomes W: W_ij = 2 E_ij / (|x_i| |x_j|), W_ii = -2 sum_j E_ij S_ij / |x_i|^2. */
static void lgg_cosine_backward_shared(const lgg_graph *graph, float *e, float *gradient) {
    const size_t n = (size_t)graph->batch;
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        lgg_cosine_backward_parallel(graph, i, e, gradient);
        const double inverse_i = graph->inverse_length[i];
        const float *similarity = graph->similarity + i * n;
        float *row = e + i * n;
        double diagonal = 0;
#pragma omp simd reduction(+ : diagonal)
        for (size_t j = 0; j < n; j++) {
            diagonal += (double)row[j] * (double)similarity[j];
            row[j] = (float)(2 * (double)row[j] * (inverse_i * graph->inverse_length[j]));
        }
        row[i] = (float)(-2 * diagonal * inverse_i * inverse_i);
    }
    lgg_product_add_shared(graph->workspace, graph->batch, graph->d, e, graph->x, gradient);
}

/* The least D_ij of two points, the same for all threads. The degrees, which are not there yet, are its workspace. */
static float lgg_least_distance_shared(const lgg_graph *graph) {
    double *row = graph->degree;
    const size_t n = (size_t)graph->batch;
    double least = n > 1 ? (double)FLT_MAX : 0;
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        const float *distance2 = graph->distance2 + i * n;
        float least_i = FLT_MAX;
        for (size_t j = 0; j < i; j++)
            least_i = distance2[j] < least_i ? distance2[j] : least_i;
        row[i] = (double)least_i;
    }
    for (size_t i = 0; i < n; i++)
        least = row[i] < least ? row[i] : least;
    lgg_wait(); /* row is written again */
    return (float)least;
}

/* S (B, B) from distance2 (B, B). */
static void lgg_exponential_forward_shared(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch;
    const float alpha = (float)lgg_alpha_of(graph);
    const int squared = graph->options.similarity == LGG_RBF;
    const float least = graph->options.normalize ? lgg_least_distance_shared(graph) : 0;
    const float shift = squared ? least : sqrtf(least);
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const float distance2 = graph->distance2[i * n + j];
            graph->similarity[i * n + j] =
                alpha > 0 ? expf(-alpha * ((squared ? distance2 : sqrtf(distance2)) - shift)) : 0;
        }
        graph->similarity[i * n + i] = 0;
    }
}

/* S_ij; 1 where lgg_normalize_backward_shared has multiplied e by it. */
static float lgg_edge_weight(const lgg_graph *graph, size_t t) {
    return graph->options.normalize ? 1 : graph->similarity[t];
}

/* dL/dalpha = -sum_ij E_ij S_ij D_ij, under exp sqrt(D_ij), where alpha depends on the distances; else 0. */
static double lgg_exponential_common_shared(const lgg_graph *graph, const float *e) {
    const size_t n = (size_t)graph->batch;
    const int squared = graph->options.similarity == LGG_RBF;
    if (graph->options.alpha_from != LGG_ALPHA_DEVIATION) return 0;
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        for (size_t j = 0; j < n; j++) {
            const double distance2 = (double)graph->distance2[i * n + j];
            row -= (double)e[i * n + j] * (double)lgg_edge_weight(graph, i * n + j) *
                   (squared ? distance2 : sqrt(distance2));
        }
        graph->row_distance[i] = row;
    }
    return lgg_sum_rows(n, graph->row_distance);
}

/* e (B, B) = dL/dS becomes F = dL/dD: F_ij = -alpha S_ij E_ij, under exp divided by 2 sqrt(D_ij), 0 at D_ij = 0. */
static void lgg_exponential_backward_shared(const lgg_graph *graph, float *e, float *gradient) {
    const size_t n = (size_t)graph->batch;
    const float alpha = (float)lgg_alpha_of(graph);
    const int squared = graph->options.similarity == LGG_RBF;
    const double common = lgg_exponential_common_shared(graph, e);
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        for (size_t t = i * n; t < (i + 1) * n; t++) {
            const float distance2 = graph->distance2[t];
            const float slope = squared ? 1 : distance2 > 0 ? 0.5f / sqrtf(distance2) : 0;
            e[t] *= -alpha * lgg_edge_weight(graph, t) * slope;
        }
        lgg_alpha_backward(graph, common, i, e + i * n);
    }
    lgg_distance_backward_shared(graph, e, gradient);
}

void lgg_similarity_forward_shared(lgg_graph *graph) {
    if (graph->options.similarity == LGG_COSINE) {
        lgg_cosine_forward_shared(graph);
    } else {
        lgg_distance_forward_shared(graph);
        lgg_alpha_forward_shared(graph);
        lgg_exponential_forward_shared(graph);
    }
}

void lgg_similarity_backward_shared(const lgg_graph *graph, float *e, float *gradient) {
    if (graph->options.similarity == LGG_COSINE) {
        lgg_cosine_backward_shared(graph, e, gradient);
    } else {
        lgg_exponential_backward_shared(graph, e, gradient);
    }
}
