/* lgg_graph_gpu.cu: the graphs of a loss (Section 3.3 of the paper): their buffers, and the way forward. Twin of lgg_graph.c. */
#include "lgg_tile_gpu.h"
#include <string.h>

static size_t lgg_padded(size_t n) {
    return (n + LGG_TILE - 1) / LGG_TILE * LGG_TILE;
}

void lgg_graphs_take_gpu(lgg_graphs *graphs, lgg_arena *arena, const lgg_options *options, int students, int teachers,
                         int max_batch, int distances_only) {
    const lgg_graph_options *graph = &options->graph;
    const size_t n = (size_t)max_batch, padded = lgg_padded(n), count = (size_t)students + (size_t)teachers;
    const size_t vector = count * n, matrix = vector * n;
    graphs->students = (unsigned)students;
    graphs->count = (unsigned)count;
    graphs->distances_only = distances_only;
    graphs->cosine = !distances_only && graph->similarity == LGG_COSINE;
    graphs->squared = graph->similarity == LGG_RBF;
    graphs->unit = !distances_only && graph->unit;
    graphs->normalize = !distances_only && graph->normalize;
    graphs->taught = teachers > 0 && options->neighbors == LGG_NEIGHBORS_TEACHER;
    graphs->alpha = graph->alpha;
    graphs->alpha_from = graph->alpha_from;
    const int chooses = !distances_only && graph->k > 0;
    graphs->judged = chooses ? graphs->count : graphs->cosine ? graphs->students : 0;
    graphs->parts_most = lgg_parts_most(graphs->count, padded);
    const size_t judged = (size_t)graphs->judged * n, parts = graphs->parts_most;

    graphs->vertices = (const lgg_vertices *)lgg_arena_take(arena, count, sizeof(lgg_vertices));
    graphs->part = (float *)lgg_arena_take(arena, parts * padded, padded * sizeof(float));
    graphs->part_length2 = (float *)lgg_arena_take(arena, parts, padded * sizeof(float));
    graphs->inverse_length = (double *)lgg_arena_take(arena, vector, sizeof(double));
    if (!graphs->cosine) graphs->distance2 = (float *)lgg_arena_take(arena, matrix, sizeof(float));
    if (!distances_only) graphs->similarity = (float *)lgg_arena_take(arena, matrix, sizeof(float));
    if (chooses) {
        graphs->choice = (unsigned char *)lgg_arena_take(arena, matrix, sizeof(unsigned char));
        graphs->edge = (unsigned char *)lgg_arena_take(arena, matrix, sizeof(unsigned char));
    }
    if (judged) {
        graphs->doubtful = (int *)lgg_arena_take(arena, judged, sizeof(int));
        graphs->exact = (double *)lgg_arena_take(arena, judged, n * sizeof(double));
        graphs->exact_length = (double *)lgg_arena_take(arena, judged, sizeof(double));
    }
    if (!graphs->cosine && !distances_only && graph->alpha_from == LGG_ALPHA_DEVIATION) {
        graphs->distance_sum = (double *)lgg_arena_take(arena, 2 * vector, sizeof(double));
    }
    if (!graphs->cosine && !distances_only && graphs->normalize) {
        graphs->least_distance2 = (float *)lgg_arena_take(arena, vector, sizeof(float));
    }
    if (graphs->normalize) {
        graphs->degree = (double *)lgg_arena_take(arena, vector, sizeof(double));
        graphs->inverse_root_degree = (double *)lgg_arena_take(arena, vector, sizeof(double));
    }
}

/* What follows from the size of the batch. */
static void lgg_graphs_size(lgg_graphs *graphs, const lgg_options *options, int batch) {
    const int k = options->graph.k;
    graphs->n = (size_t)batch;
    graphs->padded = lgg_padded(graphs->n);
    graphs->k = graphs->choice && k < batch - 1 ? k : 0;
    graphs->index_bits = 1;
    while (batch > 1 << graphs->index_bits)
        graphs->index_bits++;
}

/* How many before representation g have the same gradient. */
static unsigned lgg_gradient_sharers(const lgg_vertices *vertices, unsigned g) {
    unsigned sharers = 0;
    for (unsigned other = 0; other < g; other++)
        sharers += vertices[g].gradient && vertices[other].gradient == vertices[g].gradient;
    return sharers;
}

/* Where the representations lie, and where they are cut. */
static void lgg_graphs_cut(lgg_graphs *graphs, lgg_vertices *vertices, const lgg_representation *student,
                           const lgg_representation *teacher) {
    size_t columns = 0, widest = 0;
    for (unsigned g = 0; g < graphs->count; g++) {
        const bool is_student = g < graphs->students;
        const lgg_representation *from = is_student ? &student[g] : &teacher[g - graphs->students];
        const lgg_vertices filled = {from->x, is_student ? from->gradient : nullptr, (size_t)from->d, 0, 0, 0, 0, 0, 0};
        vertices[g] = filled;
        columns += filled.d;
        widest = filled.d > widest ? filled.d : widest;
    }
    graphs->part_columns = lgg_part_columns(graphs->count, graphs->parts_most, columns, widest);
    graphs->parts = graphs->strips = 0;
    for (unsigned g = 0; g < graphs->count; g++) {
        vertices[g].first_part = graphs->parts;
        vertices[g].parts = (unsigned)((vertices[g].d + graphs->part_columns - 1) / graphs->part_columns);
        vertices[g].first_strip = graphs->strips;
        graphs->parts += vertices[g].parts;
        if (vertices[g].gradient) vertices[g].strips = (unsigned)((vertices[g].d + LGG_TILE - 1) / LGG_TILE);
        graphs->strips += vertices[g].strips;
    }
    graphs->rounds = 1;
    for (unsigned g = 0; g < graphs->students; g++) {
        vertices[g].round = lgg_gradient_sharers(vertices, g);
        if (vertices[g].round >= graphs->rounds) graphs->rounds = vertices[g].round + 1;
    }
}

/* Tells the device, unless it knows. */
static void lgg_vertices_push(const lgg_loss_gpu *loss) {
    const lgg_graphs *graphs = &loss->graphs;
    lgg_vertices *known = loss->vertices + graphs->count;
    const size_t size = graphs->count * sizeof *known;
    if (memcmp(known, loss->vertices, size) == 0) return;
    /* A device that reads the host's memory by itself may still be at it, for the evaluation before. */
    cudaEventSynchronize(loss->reported);
    memcpy(known, loss->vertices, size);
    cudaMemcpyAsync((void *)graphs->vertices, known, size, cudaMemcpyHostToDevice, loss->device->stream);
}

void lgg_graphs_forward_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                            const lgg_representation *teacher) {
    lgg_graphs *graphs = &loss->graphs;
    const lgg_device *device = loss->device;
    lgg_graphs_size(graphs, &loss->options, batch);
    lgg_graphs_cut(graphs, loss->vertices, student, teacher);
    lgg_vertices_push(loss);
    lgg_gram_forward_gpu(graphs, device);
    lgg_similarity_forward_gpu(graphs, device);
    if (graphs->cosine || graphs->k > 0) lgg_exact_forward_gpu(graphs, device);
    if (graphs->k > 0) lgg_neighbors_apply_gpu(graphs, device);
}
