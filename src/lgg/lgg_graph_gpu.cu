/* lgg_graph_gpu.cu: the graph of a representation (Section 3.3 of the paper), forward and back. Twin of lgg_graph.c. */
#include "lgg_graph_gpu.h"

void lgg_graph_take_gpu(lgg_graph_gpu *graph, lgg_arena *arena, lgg_device *device, const lgg_graph_options *options,
                        int max_batch, int distances_only) {
    const size_t n = (size_t)max_batch, matrix = n * n;
    graph->device = device;
    graph->options = *options;
    graph->gram = (float *)lgg_arena_take(arena, matrix, sizeof(float));
    graph->inverse_length = (double *)lgg_arena_take(arena, n, sizeof(double));
    if (distances_only || options->similarity != LGG_COSINE) {
        graph->distance2 = (float *)lgg_arena_take(arena, matrix, sizeof(float));
    }
    if (distances_only) return;
    graph->similarity = (float *)lgg_arena_take(arena, matrix, sizeof(float));
    if (options->k > 0) {
        graph->own_neighbors = (unsigned char *)lgg_arena_take(arena, matrix, sizeof(unsigned char));
        graph->tied = (unsigned char *)lgg_arena_take(arena, matrix, sizeof(unsigned char));
        graph->exact_rank = (double *)lgg_arena_take(arena, matrix, sizeof(double));
    }
    graph->adjacency = graph->similarity;
    if (options->normalize) {
        graph->adjacency = (float *)lgg_arena_take(arena, matrix, sizeof(float));
        graph->degree = (double *)lgg_arena_take(arena, n, sizeof(double));
        graph->inverse_root_degree = (double *)lgg_arena_take(arena, n, sizeof(double));
        graph->degree_gradient = (double *)lgg_arena_take(arena, n, sizeof(double));
    }
}

void lgg_graph_forward_gpu(lgg_graph_gpu *graph, int batch, int d, const float *x, const unsigned char *neighbors) {
    const int select = !neighbors && lgg_neighbors_needed_gpu(graph, batch);
    lgg_gram_forward_gpu(graph, batch, d, x);
    lgg_similarity_forward_gpu(graph);
    if (select) lgg_neighbors_select_gpu(graph);
    graph->neighbors = select ? graph->own_neighbors : neighbors;
    if (graph->neighbors) lgg_neighbors_apply_gpu(graph, graph->similarity);
    if (graph->options.normalize) lgg_normalize_forward_gpu(graph);
}

void lgg_graph_backward_gpu(const lgg_graph_gpu *graph, float *e, float *gradient) {
    if (graph->options.normalize) lgg_normalize_backward_gpu(graph, e);
    if (graph->neighbors) lgg_neighbors_apply_gpu(graph, e);
    lgg_similarity_backward_gpu(graph, e, gradient);
}
