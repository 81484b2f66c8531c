/* lgg_graph.c: the graph of a representation (Section 3.3 of the paper), forward and back, and lgg.h's functions that make and build one. */
#include "lgg_graphs.h"
#include <math.h>
#include <stdlib.h>

int lgg_graph_options_valid(const lgg_graph_options *options) {
    const int exponential = options->similarity == LGG_RBF || options->similarity == LGG_EXP;
    return (options->similarity == LGG_COSINE || exponential) &&
           (!exponential || (options->alpha > 0 && isfinite(options->alpha))) &&
           options->alpha_from >= LGG_ALPHA_GIVEN && options->alpha_from <= LGG_ALPHA_DEVIATION &&
           (options->unit == 0 || options->unit == 1) && options->k >= 0 &&
           (options->normalize == 0 || options->normalize == 1);
}

void lgg_graph_take(lgg_graph *graph, lgg_arena *arena, const lgg_graph_options *options, int max_batch,
                    int distances_only) {
    const size_t n = (size_t)max_batch, matrix = n * n;
    graph->options = *options;
    graph->max_batch = max_batch;
    graph->gram = lgg_arena_take(arena, matrix, sizeof(float));
    graph->inverse_length = lgg_arena_take(arena, n, sizeof(double));
    if (distances_only || options->similarity != LGG_COSINE) {
        graph->distance2 = lgg_arena_take(arena, matrix, sizeof(float));
    }
    if (distances_only) return;
    graph->similarity = lgg_arena_take(arena, matrix, sizeof(float));
    if (options->similarity != LGG_COSINE && options->alpha_from == LGG_ALPHA_DEVIATION) {
        graph->row_distance = lgg_arena_take(arena, n, 2 * sizeof(double));
    }
    if (options->k > 0) {
        graph->own_neighbors = lgg_arena_take(arena, matrix, sizeof(unsigned char));
        graph->threads = lgg_threads();
        graph->rank = lgg_arena_take(arena, n, (size_t)graph->threads * sizeof(uint64_t));
        graph->exact_rank = lgg_arena_take(arena, n, (size_t)graph->threads * sizeof(double));
    }
    graph->adjacency = graph->similarity;
    if (options->normalize) {
        graph->adjacency = lgg_arena_take(arena, matrix, sizeof(float));
        graph->degree = lgg_arena_take(arena, n, sizeof(double));
        graph->inverse_root_degree = lgg_arena_take(arena, n, sizeof(double));
        graph->degree_gradient = lgg_arena_take(arena, n, sizeof(double));
    }
}

void lgg_graph_forward_shared(lgg_graph *graph, int batch, int d, const float *x, const unsigned char *neighbors) {
    const int select = !neighbors && lgg_neighbors_needed(graph, batch);
    const unsigned char *mask = select ? graph->own_neighbors : neighbors;
    lgg_gram_forward_shared(graph, batch, d, x);
    lgg_similarity_forward_shared(graph);
    if (select) lgg_neighbors_select_shared(graph);
    if (lgg_thread() == 0) graph->neighbors = mask;
    if (mask) lgg_neighbors_apply_shared(batch, mask, graph->similarity);
    if (graph->options.normalize) lgg_normalize_forward_shared(graph);
}

void lgg_graph_forward(lgg_graph *graph, int batch, int d, const float *x, const unsigned char *neighbors) {
#pragma omp parallel num_threads(lgg_workspace_team(graph->workspace, batch, d))
    lgg_graph_forward_shared(graph, batch, d, x, neighbors);
}

void lgg_graph_backward_shared(const lgg_graph *graph, float *e, float *gradient) {
    if (graph->options.normalize) lgg_normalize_backward_shared(graph, e);
    if (graph->neighbors) lgg_neighbors_apply_shared(graph->batch, graph->neighbors, e);
    lgg_similarity_backward_shared(graph, e, gradient);
}

void lgg_graph_backward(const lgg_graph *graph, float *e, float *gradient) {
#pragma omp parallel num_threads(lgg_workspace_team(graph->workspace, graph->batch, graph->d))
    lgg_graph_backward_shared(graph, e, gradient);
}

/* A graph without a loss brings its own workspace. */
static void lgg_graph_take_alone(lgg_graph *graph, lgg_arena *arena, const lgg_graph_options *options, int max_batch) {
    lgg_graph_take(graph, arena, options, max_batch, 0);
    lgg_workspace_take(&graph->own_workspace, arena, (size_t)max_batch, 0);
    graph->workspace = &graph->own_workspace;
}

lgg_status lgg_graph_create(lgg_graph **graph, const lgg_graph_options *options, int max_batch) {
    if (!graph) return LGG_ERROR_ARGUMENT;
    *graph = NULL;
    if (!options || max_batch < 1 || !lgg_graph_options_valid(options)) return LGG_ERROR_ARGUMENT;

    lgg_arena arena = {0};
    lgg_graph sizes = {0};
    lgg_arena_take(&arena, 1, sizeof(lgg_graph));
    lgg_graph_take_alone(&sizes, &arena, options, max_batch);
    if (arena.overflow) return LGG_ERROR_MEMORY;
    arena.base = calloc(1, arena.used);
    if (!arena.base) return LGG_ERROR_MEMORY;
    arena.used = 0;
    *graph = lgg_arena_take(&arena, 1, sizeof(lgg_graph));
    lgg_graph_take_alone(*graph, &arena, options, max_batch);
    return LGG_OK;
}

void lgg_graph_free(lgg_graph *graph) {
    free(graph);
}

lgg_status lgg_graph_build(lgg_graph *graph, int batch, int d, const float *x) {
    if (!graph || !x || batch < 1 || batch > graph->max_batch || d < 1) return LGG_ERROR_ARGUMENT;
    lgg_graph_forward(graph, batch, d, x, NULL);
    return LGG_OK;
}

const float *lgg_graph_adjacency(const lgg_graph *graph) {
    return graph && graph->batch ? graph->adjacency : NULL;
}
