/* lgg_normalize.c: step 4 of the graph: A_ij = r_i S_ij r_j, r_i = D_i^-1/2, D_i = sum_j S_ij (S as step 3 left it). A vertex
 * with D_i <= 0 is isolated, r_i = 0; so is one whose cosines cancel to what rounding leaves of 0.
 */
#include "lgg_graphs.h"
#include <math.h>

void lgg_normalize_forward_shared(lgg_graph *graph) {
    const size_t n = (size_t)graph->batch;
    double *r = graph->inverse_root_degree;
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        const float *similarity = graph->similarity + i * n;
        double degree = 0, size = 0;
#pragma omp simd reduction(+ : degree, size)
        for (size_t j = 0; j < n; j++) {
            degree += (double)similarity[j];
            size += fabs((double)similarity[j]);
        }
        if (graph->options.similarity == LGG_COSINE && degree <= LGG_PRODUCT_ERROR * size) degree = 0;
        graph->degree[i] = degree;
        r[i] = degree > 0 ? 1 / sqrt(degree) : 0;
    }
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        const float *similarity = graph->similarity + i * n;
        float *adjacency = graph->adjacency + i * n;
#pragma omp simd
        for (size_t j = 0; j < n; j++)
            adjacency[j] = (float)((double)similarity[j] * (r[i] * r[j]));
    }
}

/* e (B, B) = dL/dA becomes dL/dS = r_i r_j E_ij + (q_i + q_j) / 2 with q_i = dL/dD_i = -sum_j E_ij A_ij / D_i; under rbf and exp, which go on
 * with a multiple of S_ij, it becomes S_ij dL/dS_ij: where the edges of a vertex have faded, dL/dS alone leaves float32's range. */
void lgg_normalize_backward_shared(const lgg_graph *graph, float *e) {
    const size_t n = (size_t)graph->batch;
    const double *r = graph->inverse_root_degree;
    double *half_q = graph->degree_gradient;
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        const float *row = e + i * n, *adjacency = graph->adjacency + i * n;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < n; j++)
            sum += (double)row[j] * (double)adjacency[j];
        half_q[i] = graph->degree[i] > 0 ? -0.5 * sum / graph->degree[i] : 0;
    }
#pragma omp for schedule(static) nowait
    for (size_t i = 0; i < n; i++) {
        float *row = e + i * n;
        const float *similarity = graph->similarity + i * n;
        if (graph->options.similarity == LGG_COSINE) {
#pragma omp simd
            for (size_t j = 0; j < n; j++)
                row[j] = (float)(r[i] * r[j] * (double)row[j] + half_q[i] + half_q[j]);
        } else {
#pragma omp simd
            for (size_t j = 0; j < n; j++)
                row[j] = (float)((double)similarity[j] * (r[i] * r[j] * (double)row[j] + half_q[i] + half_q[j]));
        }
        row[i] = 0;
    }
}
