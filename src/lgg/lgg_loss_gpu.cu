/* lgg_loss_gpu.cu: the life of a loss on the device: buffers, evaluation, report. Twin of lgg_loss.c. */
#include "lgg_graph_gpu.h"
#include <stdlib.h>

static bool lgg_is_variation(lgg_kind kind) {
    return kind == LGG_LABEL_VARIATION || kind == LGG_SMOOTH;
}

static bool lgg_is_rkd(lgg_kind kind) {
    return kind == LGG_RKD_DISTANCE || kind == LGG_RKD_ANGLE;
}

static int lgg_student_graphs(const lgg_loss_gpu *loss) {
    return loss->kind == LGG_HKD ? 0 : loss->kind == LGG_SMOOTH ? loss->layers : 1;
}

static int lgg_teacher_graphs(const lgg_loss_gpu *loss) {
    return loss->kind == LGG_GKD || lgg_is_rkd(loss->kind);
}

static float *lgg_take_floats(lgg_arena *arena, size_t count) {
    return (float *)lgg_arena_take(arena, count, sizeof(float));
}

static double *lgg_take_doubles(lgg_arena *arena, size_t count) {
    return (double *)lgg_arena_take(arena, count, sizeof(double));
}

/* Buffers of label variation and smoothness. */
static void lgg_variation_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t n) {
    const size_t layers = (size_t)loss->layers, powers = (size_t)loss->options.power - 1;
    if (!lgg_is_variation(loss->kind)) return;
    loss->label_distance = lgg_take_floats(arena, n * n);
    loss->label_weight = lgg_take_doubles(arena, 1);
    loss->factor = lgg_take_doubles(arena, layers);
    loss->laplacian_power = (float *)lgg_arena_take(arena, layers * n * (size_t)loss->classes, powers * sizeof(float));
}

static void lgg_gkd_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t n) {
    if (loss->kind != LGG_GKD) return;
    if (loss->options.edges != LGG_EDGES_ALL) {
        loss->label_class = (int *)lgg_arena_take(arena, n, sizeof(int));
        for (int i = 0; i < 2; i++)
            loss->filtered[i] = lgg_take_floats(arena, n * n);
    }
    if (loss->options.power > 1) {
        for (int i = 0; i < 4; i++)
            loss->matrix_power[i] = lgg_take_floats(arena, n * n);
    }
}

static void lgg_rkd_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena, size_t n) {
    if (loss->kind == LGG_RKD_DISTANCE) {
        loss->mean_distance = lgg_take_doubles(arena, 2);
        loss->common = lgg_take_doubles(arena, 1);
    }
    if (loss->kind == LGG_RKD_ANGLE) {
        for (int i = 0; i < 2; i++)
            loss->inverse_distance[i] = lgg_take_floats(arena, n * n);
        loss->angle_total = lgg_take_doubles(arena, n * lgg_angle_columns(n));
    }
}

/* Takes one graph with its buffers; while counting there is no graph to fill, and a passing one stands in. */
static void lgg_loss_take_graph_gpu(const lgg_loss_gpu *loss, lgg_arena *arena, lgg_graph_gpu *graph) {
    lgg_graph_gpu counted = {};
    lgg_graph_options options = loss->options.graph;
    if (lgg_is_rkd(loss->kind)) options.unit = 0; /* RKD compares plain distances */
    lgg_graph_take_gpu(graph ? graph : &counted, arena, loss->device, &options, loss->max_batch,
                       lgg_is_rkd(loss->kind));
}

/* Takes every device buffer of the loss. */
static void lgg_loss_take_gpu(lgg_loss_gpu *loss, lgg_arena *arena) {
    const size_t n = (size_t)loss->max_batch;
    loss->report = lgg_take_doubles(arena, LGG_REPORT_SIGMA + (size_t)loss->layers);
    for (int i = 0; i < 2; i++)
        loss->row_total[i] = lgg_take_doubles(arena, n);
    if (loss->kind == LGG_HKD) return;
    for (int l = 0; l < lgg_student_graphs(loss); l++)
        lgg_loss_take_graph_gpu(loss, arena, loss->student ? &loss->student[l] : nullptr);
    for (int l = 0; l < lgg_teacher_graphs(loss); l++)
        lgg_loss_take_graph_gpu(loss, arena, loss->teacher);
    loss->edge_gradient = lgg_take_floats(arena, n * n);
    lgg_variation_take_gpu(loss, arena, n);
    lgg_gkd_take_gpu(loss, arena, n);
    lgg_rkd_take_gpu(loss, arena, n);
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
    const size_t report = (LGG_REPORT_SIGMA + (size_t)loss->layers) * sizeof(double);
    loss->student = (lgg_graph_gpu *)calloc((size_t)lgg_student_graphs(loss) + 1, sizeof(lgg_graph_gpu));
    loss->teacher = (lgg_graph_gpu *)calloc((size_t)lgg_teacher_graphs(loss) + 1, sizeof(lgg_graph_gpu));
    if (!loss->student || !loss->teacher) return LGG_ERROR_MEMORY;
    if (cudaMalloc(&loss->block, bytes) != cudaSuccess ||
        cudaMallocHost((void **)&loss->host_report, report) != cudaSuccess) {
        cudaGetLastError(); /* forgets it: the status tells */
        return LGG_ERROR_MEMORY;
    }
    if (cudaEventCreateWithFlags(&loss->reported, cudaEventDisableTiming) != cudaSuccess) return LGG_ERROR_DEVICE;
    lgg_arena arena = {};
    arena.base = (char *)loss->block;
    lgg_loss_take_gpu(loss, &arena);
    for (size_t i = 0; i < report / sizeof(double); i++)
        loss->host_report[i] = 0;
    return LGG_OK;
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
    cudaFreeHost(loss->host_report);
    cudaFree(loss->block);
    free(loss->student);
    free(loss->teacher);
    free(loss);
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
    if ((lgg_is_variation(loss->kind) || loss->label_class) && !labels) return false;
    if (!lgg_representations_valid(student, loss->layers)) return false;
    if (!lgg_is_variation(loss->kind) && !lgg_representations_valid(teacher, loss->layers)) return false;
    return loss->kind != LGG_HKD || student->d == teacher->d;
}

lgg_status lgg_loss_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                 const lgg_representation *teacher, float scale) {
    if (!lgg_evaluate_arguments_valid(loss, batch, labels, student, teacher)) return LGG_ERROR_ARGUMENT;
    const cudaStream_t stream = loss->device->stream;
    const size_t report = (LGG_REPORT_SIGMA + (size_t)loss->layers) * sizeof(double);
    loss->device->status = LGG_OK;
    cudaMemsetAsync(loss->report, 0, report, stream);
    switch (loss->kind) {
    case LGG_LABEL_VARIATION:
        lgg_variation_evaluate_gpu(loss, batch, labels, student, scale);
        break;
    case LGG_SMOOTH:
        lgg_smooth_evaluate_gpu(loss, batch, labels, student, scale);
        break;
    case LGG_GKD:
        lgg_gkd_evaluate_gpu(loss, batch, labels, student, teacher, scale);
        break;
    case LGG_RKD_DISTANCE:
    case LGG_RKD_ANGLE:
        lgg_rkd_evaluate_gpu(loss, batch, student, teacher, scale);
        break;
    case LGG_HKD:
        lgg_hkd_evaluate_gpu(loss, batch, student, teacher, scale);
        break;
    }
    cudaMemcpyAsync(loss->host_report, loss->report, report, cudaMemcpyDeviceToHost, stream);
    cudaEventRecord(loss->reported, stream);
    /* Only looked at: the error may be older, and whoever caused it must still find it. */
    return cudaPeekAtLastError() == cudaSuccess ? loss->device->status : LGG_ERROR_DEVICE;
}

lgg_status lgg_loss_read_gpu(lgg_loss_gpu *loss, double *value, double *sigma, double *zero_share) {
    if (!loss) return LGG_ERROR_ARGUMENT;
    if (cudaEventSynchronize(loss->reported) != cudaSuccess) return LGG_ERROR_DEVICE;
    if (value) *value = loss->host_report[LGG_REPORT_VALUE];
    if (zero_share) *zero_share = loss->host_report[LGG_REPORT_ZERO_SHARE];
    for (int l = 0; sigma && lgg_is_variation(loss->kind) && l < loss->layers; l++)
        sigma[l] = loss->host_report[LGG_REPORT_SIGMA + l];
    return LGG_OK;
}
