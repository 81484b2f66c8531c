/* lgg_loss.c: the life of a loss: options, buffers, evaluation. */
#include "lgg_graphs.h"
#include <math.h>
#include <stdlib.h>

const char *lgg_status_string(lgg_status status) {
    switch (status) {
    case LGG_OK:
        return "no error";
    case LGG_ERROR_ARGUMENT:
        return "invalid argument";
    case LGG_ERROR_MEMORY:
        return "out of memory";
    case LGG_ERROR_DEVICE:
        return "GPU error";
    }
    return "unknown status";
}

lgg_status lgg_options_default(lgg_kind kind, lgg_options *options) {
    if (!options || kind < LGG_LABEL_VARIATION || kind > LGG_HKD) return LGG_ERROR_ARGUMENT;
    *options = (lgg_options){
        .graph = {.similarity = LGG_COSINE, .alpha = 1, .unit = 0, .k = 0, .normalize = kind == LGG_GKD},
        .power = kind == LGG_SMOOTH ? 2 : 1,
        .reduction = LGG_MEAN,
        .edges = LGG_EDGES_ALL,
        .neighbors = LGG_NEIGHBORS_OWN,
        .distance = LGG_SQUARED,
        .temperature = 4,
    };
    return LGG_OK;
}

static int lgg_is_variation(lgg_kind kind) {
    return kind == LGG_LABEL_VARIATION || kind == LGG_SMOOTH;
}

static int lgg_needs_labels(lgg_kind kind, const lgg_options *options) {
    return lgg_is_variation(kind) || (kind == LGG_GKD && options->edges != LGG_EDGES_ALL);
}

/* The logarithms are label variation's alone. */
static int lgg_reduction_valid(lgg_kind kind, const lgg_options *options) {
    if (options->reduction == LGG_SUM || options->reduction == LGG_MEAN) return 1;
    if (kind != LGG_LABEL_VARIATION) return 0;
    return options->reduction == LGG_MEAN_KEPT || options->reduction == LGG_LOG ||
           (options->reduction == LGG_LOG_ROWS && options->power == 1);
}

static int lgg_loss_arguments_valid(lgg_kind kind, const lgg_options *options, int layers, int max_batch, int classes) {
    if (kind < LGG_LABEL_VARIATION || kind > LGG_HKD || !options || max_batch < 1 || classes < 0) return 0;
    if (!lgg_graph_options_valid(&options->graph) || options->power < 1) return 0;
    if (!lgg_reduction_valid(kind, options)) return 0;
    if (options->edges < LGG_EDGES_ALL || options->edges > LGG_EDGES_INTRA) return 0;
    if (options->neighbors != LGG_NEIGHBORS_OWN && options->neighbors != LGG_NEIGHBORS_TEACHER) return 0;
    if (options->distance != LGG_SQUARED && options->distance != LGG_FROBENIUS) return 0;
    if (kind == LGG_HKD && !(options->temperature > 0 && isfinite(options->temperature))) return 0;
    if (lgg_needs_labels(kind, options) && classes < 1) return 0;
    if (kind == LGG_SMOOTH) return layers >= 2;
    if (kind == LGG_LABEL_VARIATION || kind == LGG_HKD) return layers == 1;
    return layers >= 1;
}

/* Buffers of label variation and smoothness. */
static void lgg_variation_take(lgg_loss *loss, lgg_arena *arena, size_t n) {
    loss->label_distance = lgg_arena_take(arena, n * n, sizeof(float));
    loss->label_class = lgg_arena_take(arena, n, sizeof(int));
    lgg_class_gradient_take(&loss->by_class, arena, n, (size_t)loss->classes);
    if (loss->options.power > 1) {
        const size_t size = n * (size_t)loss->classes;
        loss->laplacian_power = lgg_arena_take(arena, size, (size_t)(loss->options.power - 1) * sizeof(float));
    }
}

static void lgg_gkd_take(lgg_loss *loss, lgg_arena *arena, size_t n) {
    if (loss->kind != LGG_GKD) return;
    if (loss->options.edges != LGG_EDGES_ALL) {
        loss->label_class = lgg_arena_take(arena, n, sizeof(int));
        for (int i = 0; i < 2; i++)
            loss->filtered[i] = lgg_arena_take(arena, n * n, sizeof(float));
    }
    if (loss->options.power > 1) {
        for (int i = 0; i < 4; i++)
            loss->matrix_power[i] = lgg_arena_take(arena, n * n, sizeof(float));
    }
}

static void lgg_rkd_take(lgg_loss *loss, lgg_arena *arena, size_t n) {
    if (loss->kind != LGG_RKD_ANGLE) return;
    for (int i = 0; i < 2; i++) {
        loss->inverse_distance[i] = lgg_arena_take(arena, n * n, sizeof(float));
        loss->distance_rest[i] = lgg_arena_take(arena, n * n, sizeof(float));
    }
}

/* Takes one graph with its buffers; while counting there is no graph to fill, and a passing one stands in. */
static void lgg_loss_take_graph(const lgg_loss *loss, lgg_arena *arena, lgg_graph *graph) {
    lgg_graph counted = {0};
    lgg_graph_options options = loss->options.graph;
    const int rkd = loss->kind >= LGG_RKD_DISTANCE && loss->kind <= LGG_RKD_PROBABILITY;
    /* RKD compares plain distances, SP products, PKT cosines of all pairs, whatever else the options say. */
    if (rkd) options = (lgg_graph_options){.similarity = LGG_COSINE, .alpha = 1};
    lgg_graph_take(graph ? graph : &counted, arena, &options, loss->max_batch,
                   rkd && loss->kind != LGG_RKD_PROBABILITY);
    if (graph) graph->workspace = &loss->workspace;
}

/* Takes every buffer of the loss. */
static void lgg_loss_take(lgg_loss *loss, lgg_arena *arena) {
    const size_t n = (size_t)loss->max_batch;
    const int students = loss->kind == LGG_SMOOTH ? loss->layers : 1;
    if (loss->kind == LGG_HKD) return;
    lgg_workspace_take(&loss->workspace, arena, n, (size_t)loss->classes);
    loss->student = lgg_arena_take(arena, (size_t)students, sizeof(lgg_graph));
    for (int l = 0; l < students && !arena->overflow; l++) {
        lgg_loss_take_graph(loss, arena, loss->student ? &loss->student[l] : NULL);
    }
    loss->edge_gradient = lgg_arena_take(arena, n * n, sizeof(float));
    loss->row_total = lgg_arena_take(arena, n, 2 * sizeof(double));
    if (lgg_is_variation(loss->kind)) {
        lgg_variation_take(loss, arena, n);
        loss->sigma = lgg_arena_take(arena, (size_t)loss->layers, sizeof(double));
        return;
    }
    loss->teacher = lgg_arena_take(arena, 1, sizeof(lgg_graph));
    lgg_loss_take_graph(loss, arena, loss->teacher);
    lgg_gkd_take(loss, arena, n);
    lgg_rkd_take(loss, arena, n);
}

/* Bytes of the loss whose arguments are in `loss`; 0 on overflow. */
static size_t lgg_loss_count(const lgg_loss *arguments) {
    lgg_arena arena = {0};
    lgg_loss loss = *arguments;
    lgg_arena_take(&arena, 1, sizeof(lgg_loss));
    lgg_loss_take(&loss, &arena);
    return arena.overflow ? 0 : arena.used;
}

size_t lgg_loss_bytes(lgg_kind kind, const lgg_options *options, int layers, int max_batch, int classes) {
    if (!lgg_loss_arguments_valid(kind, options, layers, max_batch, classes)) return 0;
    const lgg_loss arguments = {
        .kind = kind, .options = *options, .layers = layers, .max_batch = max_batch, .classes = classes};
    return lgg_loss_count(&arguments);
}

lgg_status lgg_loss_create(lgg_loss **loss, lgg_kind kind, const lgg_options *options, int layers, int max_batch,
                           int classes) {
    if (!loss) return LGG_ERROR_ARGUMENT;
    *loss = NULL;
    if (!lgg_loss_arguments_valid(kind, options, layers, max_batch, classes)) return LGG_ERROR_ARGUMENT;
    const lgg_loss arguments = {
        .kind = kind, .options = *options, .layers = layers, .max_batch = max_batch, .classes = classes};
    const size_t bytes = lgg_loss_count(&arguments);
    lgg_arena arena = {.base = bytes ? calloc(1, bytes) : NULL};
    if (!arena.base) return LGG_ERROR_MEMORY;
    *loss = lgg_arena_take(&arena, 1, sizeof(lgg_loss));
    **loss = arguments;
    lgg_loss_take(*loss, &arena);
    return LGG_OK;
}

void lgg_loss_free(lgg_loss *loss) {
    free(loss);
}

lgg_status lgg_loss_set_alpha(lgg_loss *loss, float alpha) {
    if (!loss || !(alpha > 0) || !isfinite(alpha)) return LGG_ERROR_ARGUMENT;
    loss->options.graph.alpha = alpha;
    const int students = loss->kind == LGG_SMOOTH ? loss->layers : loss->student ? 1 : 0;
    for (int l = 0; l < students; l++)
        loss->student[l].options.alpha = alpha;
    if (loss->teacher) loss->teacher->options.alpha = alpha;
    return LGG_OK;
}

double lgg_loss_zero_share(const lgg_loss *loss) {
    return loss ? loss->zero_share : 0;
}

static int lgg_representations_valid(const lgg_representation *representation, int layers) {
    if (!representation) return 0;
    for (int l = 0; l < layers; l++) {
        if (!representation[l].x || representation[l].d < 1) return 0;
    }
    return 1;
}

static int lgg_evaluate_arguments_valid(const lgg_loss *loss, int batch, const float *labels,
                                        const lgg_representation *student, const lgg_representation *teacher) {
    if (!loss || batch < 1 || batch > loss->max_batch) return 0;
    if (lgg_needs_labels(loss->kind, &loss->options) && !labels) return 0;
    if (!lgg_representations_valid(student, loss->layers)) return 0;
    if (!lgg_is_variation(loss->kind) && !lgg_representations_valid(teacher, loss->layers)) return 0;
    return loss->kind != LGG_HKD || student->d == teacher->d;
}

lgg_status lgg_loss_evaluate(lgg_loss *loss, int batch, const float *labels, const lgg_representation *student,
                             const lgg_representation *teacher, float scale, double *value, double *sigma) {
    if (!lgg_evaluate_arguments_valid(loss, batch, labels, student, teacher)) return LGG_ERROR_ARGUMENT;
    double result = 0;
    switch (loss->kind) {
    case LGG_LABEL_VARIATION:
        result = lgg_variation_evaluate(loss, batch, labels, student, scale, loss->sigma);
        break;
    case LGG_SMOOTH:
        result = lgg_smooth_evaluate(loss, batch, labels, student, scale, loss->sigma);
        break;
    case LGG_GKD:
        result = lgg_gkd_evaluate(loss, batch, labels, student, teacher, scale);
        break;
    case LGG_RKD_DISTANCE:
    case LGG_RKD_ANGLE:
        result = lgg_rkd_evaluate(loss, batch, student, teacher, scale);
        break;
    case LGG_RKD_SIMILARITY:
    case LGG_RKD_PROBABILITY:
        result = lgg_relation_evaluate(loss, batch, student, teacher, scale);
        break;
    case LGG_HKD:
        result = lgg_hkd_evaluate(loss, batch, student, teacher, scale);
        break;
    }
    for (int l = 0; sigma && loss->sigma && l < loss->layers; l++)
        sigma[l] = loss->sigma[l];
    if (value) *value = result;
    return LGG_OK;
}
