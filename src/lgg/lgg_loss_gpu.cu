/* lgg_loss_gpu.cu: the life of a loss on the device: buffers, evaluation, report. Twin of lgg_loss.c. */
#include "lgg_graph_gpu.h"
#include <math.h>
#include <stdlib.h>

static bool lgg_is_variation(lgg_kind kind) {
    return kind == LGG_LABEL_VARIATION || kind == LGG_SMOOTH;
}

/* By distances alone. */
static bool lgg_is_rkd(lgg_kind kind) {
    return kind == LGG_RKD_DISTANCE || kind == LGG_RKD_ANGLE;
}

/* The options that the graphs are made by: SP and PKT take cosines of all pairs, whatever else is said. */
static lgg_options lgg_options_of_graphs(const lgg_loss_gpu *loss) {
    lgg_options options = loss->options;
    if (loss->kind != LGG_RKD_SIMILARITY && loss->kind != LGG_RKD_PROBABILITY) return options;
    const lgg_graph_options cosines = {LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN};
    options.graph = cosines;
    options.neighbors = LGG_NEIGHBORS_OWN;
    return options;
}

static float *lgg_take_floats(lgg_arena *arena, size_t count) {
    return (float *)lgg_arena_take(arena, count, sizeof(float));
}

static double *lgg_take_doubles(lgg_arena *arena, size_t count) {
    return (double *)lgg_arena_take(arena, count, sizeof(double));
}

/* Doubles of a report. */
static size_t lgg_report_size(const lgg_loss_gpu *loss) {
    return (size_t)loss->layers * LGG_REPORT_SIZE;
}

/* Graphs of students and teachers together; HKD has none. */
static size_t lgg_graph_count(const lgg_loss_gpu *loss) {
    if (loss->kind == LGG_HKD) return 0;
    return (lgg_is_variation(loss->kind) ? 1 : 2) * (size_t)loss->layers;
}

/* What label variation and smoothness need besides. */
static void lgg_variation_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t rows) {
    const size_t powers = (size_t)loss->options.power - 1, classes = (size_t)loss->classes;
    if (!lgg_is_variation(loss->kind)) return;
    loss->laplacian_power = (float *)lgg_arena_take(arena, rows * classes, powers * sizeof(float));
    loss->label_mean = lgg_take_floats(arena, (size_t)loss->layers * (powers + 1) * classes);
    loss->q = lgg_take_floats(arena, rows);
}

static void lgg_gkd_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t matrices) {
    if (loss->kind != LGG_GKD || loss->options.power == 1) return;
    loss->adjacency = lgg_take_floats(arena, matrices);
    for (int i = 0; i < 2; i++)
        loss->matrix_power[i] = lgg_take_floats(arena, matrices);
}

static void lgg_rkd_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t n, size_t rows) {
    if (loss->kind == LGG_RKD_DISTANCE) {
        loss->distance_total = lgg_take_doubles(arena, 2 * rows);
        loss->mean_distance = lgg_take_doubles(arena, (size_t)loss->layers);
    }
    if (loss->kind == LGG_RKD_ANGLE) {
        loss->inverse_distance = lgg_take_floats(arena, 2 * rows * n);
        loss->distance_rest = lgg_take_floats(arena, 2 * rows * n);
        loss->nearest = lgg_take_floats(arena, 2 * rows);
        loss->with_rest = (int *)lgg_arena_take(arena, 2 * (size_t)loss->layers, sizeof(int));
        loss->angle_total = lgg_take_doubles(arena, rows * lgg_angle_columns(n));
    }
}

/* Whether alpha does, on the distances; asked also while bytes are counted and there are no buffers. */
static bool lgg_alpha_depends(const lgg_loss_gpu *loss) {
    return !loss->graphs.cosine && !loss->graphs.distances_only && loss->graphs.alpha_from == LGG_ALPHA_DEVIATION;
}

/* What is handed back of the students' graphs. */
static void lgg_backward_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t n, size_t rows) {
    lgg_backward *backward = &loss->backward;
    backward->e = lgg_take_floats(arena, rows * n);
    backward->weight = lgg_take_floats(arena, rows * n);
    backward->along = lgg_take_doubles(arena, rows);
    backward->parallel = (int *)lgg_arena_take(arena, rows, sizeof(int));
    backward->factor = lgg_take_doubles(arena, (size_t)loss->layers);
    if (loss->graphs.normalize) backward->half_q = lgg_take_doubles(arena, rows);
    if (lgg_alpha_depends(loss)) backward->alpha_row = lgg_take_doubles(arena, rows);
}

/* Takes every device buffer of the loss. */
static void lgg_loss_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena) {
    const size_t n = (size_t)loss->max_batch, layers = (size_t)loss->layers, rows = layers * n;
    loss->backward.report = lgg_take_doubles(arena, lgg_report_size(loss));
    for (int i = 0; i < 2; i++)
        loss->row_total[i] = lgg_take_doubles(arena, rows);
    if (loss->kind == LGG_HKD) return;
    const int teachers = lgg_is_variation(loss->kind) ? 0 : loss->layers;
    const lgg_options options = lgg_options_of_graphs(loss);
    lgg_graphs_take_gpu(&loss->graphs, arena, &options, loss->layers, teachers, loss->max_batch,
                        lgg_is_rkd(loss->kind));
    lgg_backward_take_gpu(loss, arena, n, rows);
    lgg_variation_take_gpu(loss, arena, rows);
    lgg_gkd_take_gpu(loss, arena, 2 * rows * n);
    lgg_rkd_take_gpu(loss, arena, n, rows);
}

/* The arguments of a loss, as a loss without buffers. */
static lgg_loss_gpu lgg_loss_arguments(lgg_device *device, lgg_kind kind, const lgg_options *options, int layers,
                                       int max_batch, int classes) {
    lgg_loss_gpu loss = {};
    loss.device = device;
    loss.kind = kind;
    loss.options = *options;
    loss.layers = layers;
    loss.max_batch = max_batch;
    loss.classes = classes;
    return loss;
}

size_t lgg_loss_bytes_gpu(lgg_kind kind, const lgg_options *options, int layers, int max_batch, int classes) {
    if (!lgg_loss_bytes(kind, options, layers, max_batch, classes)) return 0;
    lgg_loss_gpu loss = lgg_loss_arguments(nullptr, kind, options, layers, max_batch, classes);
    lgg_arena arena = {};
    lgg_loss_take_gpu(&loss, &arena);
    return arena.overflow ? 0 : arena.used;
}

static lgg_status lgg_loss_set_up(lgg_loss_gpu *loss, size_t bytes) {
    const size_t report = lgg_report_size(loss);
    loss->vertices = (lgg_vertices *)calloc(2 * lgg_graph_count(loss) + 1, sizeof(lgg_vertices));
    if (!loss->vertices) return LGG_ERROR_MEMORY;
    if (cudaMalloc(&loss->block, bytes) != cudaSuccess ||
        cudaMallocHost((void **)&loss->host_report, report * sizeof(double)) != cudaSuccess) {
        cudaGetLastError(); /* forgets it: the status tells */
        return LGG_ERROR_MEMORY;
    }
    if (cudaEventCreateWithFlags(&loss->reported, cudaEventDisableTiming) != cudaSuccess) return LGG_ERROR_DEVICE;
    lgg_arena arena = {};
    arena.base = (char *)loss->block;
    lgg_loss_take_gpu(loss, &arena);
    for (size_t i = 0; i < report; i++)
        loss->host_report[i] = 0;
    /* no loss writes all of it, and all of it is copied */
    const cudaError_t cleared =
        cudaMemsetAsync(loss->backward.report, 0, report * sizeof(double), loss->device->stream);
    return cleared == cudaSuccess ? LGG_OK : LGG_ERROR_DEVICE;
}

lgg_status lgg_loss_create_gpu(lgg_loss_gpu **loss, lgg_device *device, lgg_kind kind, const lgg_options *options,
                               int layers, int max_batch, int classes) {
    if (!loss) return LGG_ERROR_ARGUMENT;
    *loss = nullptr;
    if (!device || !lgg_loss_bytes(kind, options, layers, max_batch, classes)) return LGG_ERROR_ARGUMENT;
    const size_t bytes = lgg_loss_bytes_gpu(kind, options, layers, max_batch, classes);
    if (!bytes) return LGG_ERROR_MEMORY;
    *loss = (lgg_loss_gpu *)malloc(sizeof(lgg_loss_gpu));
    if (!*loss) return LGG_ERROR_MEMORY;
    **loss = lgg_loss_arguments(device, kind, options, layers, max_batch, classes);
    const lgg_status status = lgg_loss_set_up(*loss, bytes);
    if (status != LGG_OK) {
        lgg_loss_free_gpu(*loss);
        *loss = nullptr;
    }
    return status;
}

void lgg_loss_free_gpu(lgg_loss_gpu *loss) {
    if (!loss) return;
    if (loss->reported) cudaEventDestroy(loss->reported);
    cudaFree(loss->block);
    if (loss->host_report) cudaFreeHost(loss->host_report);
    free(loss->vertices);
    free(loss);
}

static bool lgg_needs_labels(const lgg_loss_gpu *loss) {
    return lgg_is_variation(loss->kind) || (loss->kind == LGG_GKD && loss->options.edges != LGG_EDGES_ALL);
}

static bool lgg_representations_valid(const lgg_representation *representation, int layers) {
    if (!representation) return false;
    for (int l = 0; l < layers; l++) {
        if (!representation[l].x || representation[l].d < 1) return false;
    }
    return true;
}

static bool lgg_evaluate_arguments_valid(const lgg_loss_gpu *loss, int batch, const float *labels,
                                         const lgg_representation *student, const lgg_representation *teacher) {
    if (!loss || batch < 1 || batch > loss->max_batch) return false;
    if (lgg_needs_labels(loss) && !labels) return false;
    if (!lgg_representations_valid(student, loss->layers)) return false;
    if (!lgg_is_variation(loss->kind) && !lgg_representations_valid(teacher, loss->layers)) return false;
    return loss->kind != LGG_HKD || student->d == teacher->d;
}

lgg_status lgg_loss_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                 const lgg_representation *teacher, float scale) {
    if (!lgg_evaluate_arguments_valid(loss, batch, labels, student, teacher)) return LGG_ERROR_ARGUMENT;
    const cudaStream_t stream = loss->device->stream;
    switch (loss->kind) {
    case LGG_LABEL_VARIATION:
    case LGG_SMOOTH:
        lgg_variation_evaluate_gpu(loss, batch, labels, student, scale);
        break;
    case LGG_GKD:
        lgg_gkd_evaluate_gpu(loss, batch, labels, student, teacher, scale);
        break;
    case LGG_RKD_DISTANCE:
    case LGG_RKD_ANGLE:
        lgg_rkd_evaluate_gpu(loss, batch, student, teacher, scale);
        break;
    case LGG_RKD_SIMILARITY:
    case LGG_RKD_PROBABILITY:
        lgg_relation_evaluate_gpu(loss, batch, student, teacher, scale);
        break;
    case LGG_HKD:
        lgg_hkd_evaluate_gpu(loss, batch, student, teacher, scale);
        break;
    }
    cudaMemcpyAsync(loss->host_report, loss->backward.report, lgg_report_size(loss) * sizeof(double),
                    cudaMemcpyDeviceToHost, stream);
    cudaEventRecord(loss->reported, stream);
    /* Only looked at: the error may be older, and whoever caused it must still find it. */
    return cudaPeekAtLastError() == cudaSuccess ? LGG_OK : LGG_ERROR_DEVICE;
}

lgg_status lgg_loss_set_alpha_gpu(lgg_loss_gpu *loss, float alpha) {
    if (!loss || !(alpha > 0) || !isfinite(alpha)) return LGG_ERROR_ARGUMENT;
    loss->options.graph.alpha = loss->graphs.alpha = alpha;
    return LGG_OK;
}

/* A piece of the report of layer l. */
static double lgg_reported(const lgg_loss_gpu *loss, int l, int piece) {
    return loss->host_report[l * LGG_REPORT_SIZE + piece];
}

/* sum_l |sigma_(l+1) - sigma_l|, or its mean. */
static double lgg_smooth_value(const lgg_loss_gpu *loss) {
    double total = 0;
    for (int l = 0; l + 1 < loss->layers; l++) {
        const double a = lgg_reported(loss, l, LGG_REPORT_SIGMA), b = lgg_reported(loss, l + 1, LGG_REPORT_SIGMA);
        total += lgg_sign_of_change(a, b) * (b - a);
    }
    return loss->options.reduction == LGG_MEAN ? total / (loss->layers - 1) : total;
}

static double lgg_reported_value(const lgg_loss_gpu *loss) {
    double total = 0;
    if (loss->kind == LGG_SMOOTH) return lgg_smooth_value(loss);
    for (int l = 0; l < loss->layers; l++)
        total += lgg_reported(loss, l, LGG_REPORT_VALUE);
    return total;
}

lgg_status lgg_loss_read_gpu(lgg_loss_gpu *loss, double *value, double *sigma, double *zero_share) {
    if (!loss) return LGG_ERROR_ARGUMENT;
    if (cudaEventSynchronize(loss->reported) != cudaSuccess) return LGG_ERROR_DEVICE;
    if (value) *value = lgg_reported_value(loss);
    if (zero_share) *zero_share = 0;
    for (int l = 0; zero_share && l < loss->layers; l++)
        *zero_share = fmax(*zero_share, lgg_reported(loss, l, LGG_REPORT_ZERO_SHARE));
    for (int l = 0; sigma && lgg_is_variation(loss->kind) && l < loss->layers; l++)
        sigma[l] = lgg_reported(loss, l, LGG_REPORT_SIGMA);
    return LGG_OK;
}

lgg_status lgg_device_create(lgg_device **device, struct CUstream_st *stream, lgg_products_by products) {
    int current;
    bool has = false;
    if (!device) return LGG_ERROR_ARGUMENT;
    *device = nullptr;
    if (cudaGetDevice(&current) != cudaSuccess) return LGG_ERROR_DEVICE;
    if (lgg_has_tensor_products(&has) != LGG_OK) return LGG_ERROR_DEVICE;
    if (products == LGG_PRODUCTS_3XTF32 && !has) return LGG_ERROR_ARGUMENT;
    *device = (lgg_device *)calloc(1, sizeof(lgg_device));
    if (!*device) return LGG_ERROR_MEMORY;
    (*device)->stream = stream;
    (*device)->tensor_products = has && products != LGG_PRODUCTS_FLOAT32;
    return LGG_OK;
}

void lgg_device_set_stream(lgg_device *device, struct CUstream_st *stream) {
    device->stream = stream;
}

void lgg_device_free(lgg_device *device) {
    free(device);
}
