/* convolution_dnnl.c: see convolution_dnnl.h. */
#include "convolution_dnnl.h"

#include "allocate.h"
#include "batchnorm_fast.h"
#include "batchnorm_rows.h"
#include "bias_rows.h"
#include "convolution_narrow.h"
#include "elementwise_fast.h"
#include "operations_dnnl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* A thread more pays where each has a million operations or more: measured, a second one gains nothing at .3 million operations, a quarter of
 * the time at 1.2 and four tenths at 2.4. */
enum { ALIGNMENT = 64, OPERATIONS_A_THREAD = 1000000 };

static int max_threads(void) {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

/* Threads that a pass of the layer is worth. */
static int worth_threads(layer l) {
    const double operations = 2. * (double)l.nweights * (double)l.out_h * (double)l.out_w * (double)l.batch;
    const double worth = operations / OPERATIONS_A_THREAD;
    return worth < 1 ? 1 : worth < max_threads() ? (int)worth : max_threads();
}

/* oneDNN takes as many threads as OpenMP would. Returns how many that were before. */
static int take_threads(int threads) {
    const int before = max_threads();
#ifdef _OPENMP
    if (threads != before) omp_set_num_threads(threads);
#else
    (void)threads;
#endif
    return before;
}

static void leave_workspace(workspace_dnnl *shared) {
    if (!shared || --shared->layers > 0) return;
    free(shared->memory);
    free(shared);
}

void free_convolution_dnnl(convolution_dnnl *c) {
    if (!c) return;
    free_operations(c);
    if (c->stream) dnnl_stream_destroy(c->stream);
    if (c->engine) dnnl_engine_destroy(c->engine);
    leave_workspace(c->shared);
    free(c);
}

/* One workspace for all layers of a network: `before` is a layer that has it, NULL for the first. */
static int join_workspace(convolution_dnnl *c, const convolution_dnnl *before) {
    c->shared = before ? before->shared : calloc(1, sizeof *c->shared);
    if (c->shared) ++c->shared->layers;
    return c->shared != NULL;
}

convolution_dnnl *make_convolution_dnnl(layer l, const convolution_dnnl *before) {
    if (l.binary || l.xnor || !host_is_linear(&l) || (host_misreads_1x1(&l) && !HOST_MENDS_1X1)) return NULL;
#ifdef GPU
    if (gpu_index >= 0) return NULL;
#endif
    convolution_dnnl *c = calloc(1, sizeof(*c));
    if (!c) return NULL;
    if (!join_workspace(c, before) || dnnl_engine_create(&c->engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags) != dnnl_success) {
        free_convolution_dnnl(c);
        return NULL;
    }
    return c;
}

/* As oneDNN knows it. */
static int make_all(convolution_dnnl *c, layer l) {
    const int before = take_threads(c->threads), made = make_operations(c, l);
    take_threads(before);
    if (!made) free_operations(c);
    return made;
}

/* Nothing but a place in the workspace. */
static int make_narrow(convolution_dnnl *c, layer l) {
    c->bytes = narrow_workspace(&l, c->threads);
    return 1;
}

/* Makes the operations fit the layer's present batch, image size and threads. Returns 0 if the layer is the host's. */
static int prepare(layer l) {
    convolution_dnnl *c = l.functions->dnnl;
    if (!c) return 0;
    const int threads = worth_threads(l);
    const layer_plan *plan = &l.functions->plan;
    if (c->batch != l.batch || c->h != l.h || c->w != l.w || c->threads != threads ||
        memcmp(&c->plan, plan, sizeof *plan) != 0) {
        free_operations(c);
        c->plan = *plan;
        c->batch = l.batch;
        c->h = l.h;
        c->w = l.w;
        c->threads = threads;
        c->failed = !(plan->narrow ? make_narrow(c, l) : make_all(c, l));
    }
    return !c->failed;
}

static int place_tensor(tensor *t, char *base) {
    return t->inner == t->host || dnnl_memory_set_data_handle(t->inner, base + t->offset) == dnnl_success;
}

static int place_operation(operation *o, char *base) {
    if (!o->description) return 1;
    return place_tensor(&o->image, base) && place_tensor(&o->filters, base) && place_tensor(&o->map, base) &&
           dnnl_memory_set_data_handle(o->scratch, base + o->scratch_offset) == dnnl_success;
}

int is_ready_for_dnnl(layer l) {
    return prepare(l);
}

/* Makes the workspace as large as this layer needs it; what another layer has left there is of no use any more. */
static char *grow_workspace(workspace_dnnl *shared, size_t bytes) {
    const size_t room = bytes + ALIGNMENT;
    if (room > shared->bytes) {
        free(shared->memory);
        shared->memory = malloc(room);
        shared->bytes = shared->memory ? room : 0;
        if (!shared->memory) return NULL;
    }
    return (char *)(((uintptr_t)shared->memory + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

/* Points the inner tensors into the workspace. Returns 0 if the layer is the host's, also where memory is short. */
static int place(layer l) {
    if (!prepare(l)) return 0;
    convolution_dnnl *c = l.functions->dnnl;
    char *base = grow_workspace(c->shared, c->bytes);
    if (!base) return 0;
    if (c->base == base) return 1;
    if (!place_operation(&c->forward, base) || !place_operation(&c->backward_data, base) ||
        !place_operation(&c->backward_weights, base))
        return 0;
    c->base = base;
    return 1;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: build with DNNL=0\n", what);
    exit(EXIT_FAILURE);
}

static void execute(convolution_dnnl *c, const_dnnl_primitive_t primitive, int n, const dnnl_exec_arg_t *arguments) {
    const int before = take_threads(c->threads);
    if (dnnl_primitive_execute(primitive, c->stream, n, arguments) != dnnl_success ||
        dnnl_stream_wait(c->stream) != dnnl_success)
        fail("oneDNN could not execute a convolution");
    take_threads(before);
}

static void reorder(convolution_dnnl *c, const tensor *t, dnnl_memory_t from, dnnl_memory_t to) {
    if (!t->reorder) return;
    dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    execute(c, t->reorder, 2, arguments);
}

static void take(convolution_dnnl *c, const tensor *t, const float *host) {
    dnnl_memory_set_data_handle(t->host, (void *)host);
    reorder(c, t, t->host, t->inner);
}

static void give(convolution_dnnl *c, const tensor *t, float *host) {
    if (t->added) {
        add_fast((const float *)(c->base + t->offset), host, t->added);
        return;
    }
    dnnl_memory_set_data_handle(t->host, host);
    reorder(c, t, t->inner, t->host);
}

/* Runs an operation on its inner tensors, whose roles oneDNN knows by these names. */
static void run(convolution_dnnl *c, operation *o, int image_role, int filters_role, int map_role) {
    const int before = take_threads(c->threads);
    if (!o->primitive && dnnl_primitive_create(&o->primitive, o->description) != dnnl_success)
        fail("oneDNN could not create a convolution");
    take_threads(before);
    const dnnl_exec_arg_t arguments[6] = {
        {image_role, o->image.inner}, {filters_role, o->filters.inner},
        {map_role, o->map.inner},     {DNNL_ARG_SCRATCHPAD, o->scratch},
        {DNNL_ARG_BIAS, o->biases},   {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, o->residual}};
    execute(c, o->primitive, !o->biases ? 4 : !o->residual ? 5 : 6, arguments);
}

static void convolve(layer l, const float *input, float *output) {
    convolution_dnnl *c = l.functions->dnnl;
    operation *o = &c->forward;
    if (c->plan.narrow) {
        forward_narrow(&l, input, output, NULL, (float *)c->base, c->threads);
        return;
    }
    take(c, &o->image, input);
    take(c, &o->filters, l.weights);
    if (!o->map.reorder) dnnl_memory_set_data_handle(o->map.host, output);
    run(c, o, DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST);
    give(c, &o->map, output);
}

static size_t count_rows(layer l) {
    return (size_t)l.batch * (size_t)l.out_h * (size_t)l.out_w;
}

/* What batch normalization writes: the layer's output, or that of the [shortcut] after it. */
typedef struct {
    const float *residual; /* what that adds; NULL: nothing */
    float *output;
    ACTIVATION activation;
} normalized_map;

static normalized_map map_of(layer l, const host_pass *pass) {
    const layer_plan *plan = &l.functions->plan;
    const layer *all = host_layers(pass);
    l.functions->went_into_sum = pass->train && plan->residual;
    if (!l.functions->went_into_sum) return (normalized_map){NULL, l.output, host_activation(&l)};
    return (normalized_map){all[plan->residual - 1].output, all[plan->sum].output, all[plan->sum].activation};
}

static void normalize_map(layer l, host_pass pass, const float *x) {
    const normalized_map map = map_of(l, &pass);
    if (l.functions->plan.channels_last)
        forward_batchnorm_sum_rows(l, pass, x, map.residual, map.output, map.activation);
    else
        forward_batchnorm_sum_fast(l, pass, x, map.residual, map.output, map.activation);
}

static void bias_map(layer l) {
    if (l.functions->plan.channels_last)
        bias_activate_rows(l.output, l.biases, count_rows(l), l.n, host_activation(&l));
    else
        bias_activate_fast(l.output, l.biases, l.batch, l.n, l.out_h * l.out_w, host_activation(&l));
}

/* Biases, activation and residual sum are the convolution's own here. */
static void predict(layer l, const host_pass *pass, const float *input) {
    const layer_plan *plan = &l.functions->plan;
    const operation *o = &l.functions->dnnl->forward;
    if (l.batch_normalize) fail("a teacher's batch normalization is not part of its convolution");
    dnnl_memory_set_data_handle(o->biases, l.biases);
    if (plan->residual) dnnl_memory_set_data_handle(o->residual, host_layers(pass)[plan->residual - 1].output);
    convolve(l, input, plan->residual ? host_layers(pass)[plan->sum].output : l.output);
}

/* The statistics of a narrow convolution's result are taken image by image, while that is in the cache. */
static void train_narrow(layer l, host_pass pass, const float *input) {
    const convolution_dnnl *c = l.functions->dnnl;
    moments *planes = lgg_allocate((size_t)l.n * (size_t)l.batch, sizeof *planes, layer_buffers);
    forward_narrow(&l, input, l.x, planes, (float *)c->base, c->threads);
    const normalized_map map = map_of(l, &pass);
    finish_batchnorm_fast(l, pass, planes, l.x, map.residual, map.output, map.activation);
    free(planes);
}

int forward_convolution_dnnl(layer l, host_pass pass) {
    if (!place(l)) return 0;
    const float *input = *host_input_of(&pass);
    if (l.functions->plan.predicts) {
        predict(l, &pass, input);
    } else if (l.batch_normalize && l.functions->plan.narrow && pass.train) {
        train_narrow(l, pass, input);
    } else if (l.batch_normalize) {
        float *x = pass.train ? l.x : l.output;
        convolve(l, input, x);
        normalize_map(l, pass, x);
    } else {
        convolve(l, input, l.output);
        bias_map(l);
    }
    host_activate_rest(l);
    return 1;
}

/* Both passes want l.delta reordered; where there are both and they want it alike, the second finds it where the first left it. */
static void backward_weights(layer l, const float *input) {
    convolution_dnnl *c = l.functions->dnnl;
    operation *o = &c->backward_weights;
    take(c, &o->map, l.delta);
    take(c, &o->image, input);
    run(c, o, DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST);
    give(c, &o->filters, l.weight_updates);
}

static void backward_data(layer l, float *input_delta) {
    convolution_dnnl *c = l.functions->dnnl;
    operation *o = &c->backward_data;
    if (!l.weight_updates || !o->map.reorder ||
        !dnnl_memory_desc_equal(&o->map.layout, &c->backward_weights.map.layout))
        take(c, &o->map, l.delta);
    take(c, &o->filters, l.weights);
    if (!o->image.reorder) dnnl_memory_set_data_handle(o->image.host, input_delta);
    run(c, o, DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST);
    give(c, &o->image, input_delta);
}

/* The layer as it is to be read backward, its delta where its plan says that it is. */
static layer read_delta(layer l, const host_pass *pass) {
    const int from = l.functions->plan.delta_from;
    if (from) l.delta = host_layers(pass)[from - 1].delta;
    return l;
}

/* l.delta <- the gradient of what the convolution gives; adds to the updates of what comes after it. */
static void backward_map(layer l, host_pass pass) {
    const int last = l.functions->plan.channels_last;
    const ACTIVATION activation = host_activation(&l);
    host_gradient_rest(l);
    if (l.batch_normalize && last)
        backward_batchnorm_rows(read_delta(l, &pass), pass, l.x, l.delta, 0, activation);
    else if (l.batch_normalize)
        backward_batchnorm_fast(read_delta(l, &pass), pass, l.x, l.delta, 0, activation);
    else if (last)
        backward_bias_rows(l.bias_updates, l.output, l.delta, count_rows(l), l.n, activation);
    else
        backward_bias_fast(l.bias_updates, l.output, l.delta, l.batch, l.n, l.out_h * l.out_w, activation);
}

/* The gradient of a narrow convolution's result is made image by image, where it is needed. */
static void backward_whole_narrow(layer l, host_pass pass, const float *input, float *input_delta) {
    const convolution_dnnl *c = l.functions->dnnl;
    channel_line *lines = NULL;
    if (l.batch_normalize) {
        host_gradient_rest(l);
        l = read_delta(l, &pass);
        lines = learn_batchnorm_fast(l, pass, l.x, host_activation(&l));
    } else {
        backward_map(l, pass);
    }
    backward_narrow(&l, input, input_delta, c->plan.assigns, lines, (float *)c->base, c->threads);
    free(lines);
}

int backward_convolution_dnnl(layer l, host_pass pass) {
    if (!place(l)) return 0;
    const float *input = *host_input_of(&pass);
    float *input_delta = *host_delta(&pass);
    if (l.functions->for_images) l.weight_updates = NULL;
    if (l.functions->plan.narrow) {
        backward_whole_narrow(l, pass, input, input_delta);
        return 1;
    }
    backward_map(l, pass);
    if (l.weight_updates) backward_weights(l, input);
    if (input_delta) backward_data(l, input_delta);
    return 1;
}
