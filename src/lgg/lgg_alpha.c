/* lgg_alpha.c: the scale of an exponential similarity: alpha as given, 1/sqrt(d), or 1/(3 s) with s the standard deviation of the squared
 * distances D_ij over all P pairs i < j:
 *
 *     s^2 = sum_(i<j) (D_ij - mean D)^2 / P,   dalpha/dD_ij = -alpha/s ds/dD_ij = -alpha (D_ij - mean D) / (P s^2)
 *
 * Where all distances are equal there is no such scale: alpha = 0, and the graph has no edges.
 */
#include "lgg_graphs.h"
#include <math.h>

double lgg_alpha_of(const lgg_graph *graph) {
    if (graph->options.alpha_from == LGG_ALPHA_GIVEN) return (double)graph->options.alpha;
    if (graph->options.alpha_from == LGG_ALPHA_SIZE) return 1 / sqrt((double)graph->d);
    return graph->deviation > LGG_EQUAL_DISTANCES * graph->mean_distance2 ? 1 / (3 * graph->deviation) : 0;
}

static double lgg_pairs(const lgg_graph *graph) {
    return (double)graph->batch * (double)(graph->batch - 1) / 2;
}

/* Mean over i < j of (D_ij - centre)^power, power 1 or 2, the same for all threads; row (B) is workspace. */
static double lgg_distance_moment_shared(const lgg_graph *graph, double centre, int power, double *row) {
    const size_t n = (size_t)graph->batch;
#pragma omp for schedule(static)
    for (size_t i = 0; i < n; i++) {
        const float *distance2 = graph->distance2 + i * n;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < i; j++) {
            const double difference = (double)distance2[j] - centre;
            sum += power == 2 ? difference * difference : difference;
        }
        row[i] = sum;
    }
    return n > 1 ? lgg_sum_rows(n, row) / lgg_pairs(graph) : 0;
}

void lgg_alpha_forward_shared(lgg_graph *graph) {
    if (graph->options.alpha_from != LGG_ALPHA_DEVIATION) return;
    const double mean = lgg_distance_moment_shared(graph, 0, 1, graph->row_distance);
    const double variance = lgg_distance_moment_shared(graph, mean, 2, graph->row_distance + graph->batch);
    if (lgg_thread() == 0) {
        graph->mean_distance2 = mean;
        graph->deviation = sqrt(variance);
    }
    lgg_wait();
}

void lgg_alpha_backward(const lgg_graph *graph, double common, size_t i, float *f) {
    const size_t n = (size_t)graph->batch;
    const double alpha = lgg_alpha_of(graph);
    if (graph->options.alpha_from != LGG_ALPHA_DEVIATION || alpha == 0) return;
    /* half of it in f_ij, half in f_ji */
    const double slope = -common * alpha / (2 * lgg_pairs(graph) * graph->deviation * graph->deviation);
    for (size_t j = 0; j < n; j++) {
        if (j != i) f[j] += (float)(slope * ((double)graph->distance2[i * n + j] - graph->mean_distance2));
    }
}
