/* convolution_dnnl.c: see convolution_dnnl.h. */
#include "convolution_dnnl.h"

#include "batchnorm_fast.h"
#include "batchnorm_rows.h"
#include "elementwise_fast.h"
#include "layer_functions.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* A thread more pays where each has a million operations or more: measured, a second one gains nothing at .3 million operations, a quarter of
 * the time at 1.2 and four tenths at 2.4. */
enum { ALIGNMENT = 64, SIMD_CHANNELS = 16, OPERATIONS_A_THREAD = 1000000 };

/* One array as Darknet keeps it (host) and as oneDNN wants it (inner, in the workspace); both are the same where the layouts
 * agree. The reorder copies host to inner for what an operation reads, or carries inner back to host for what it writes. */
typedef struct {
    dnnl_memory_t host;
    dnnl_memory_t inner;
    dnnl_primitive_t reorder;
    dnnl_memory_desc_t layout; /* of inner */
    size_t offset;             /* of inner in the workspace */
} tensor;

typedef enum { TAKEN, GIVEN, ADDED } access; /* by the operation */

/* Where the inner tensors of whatever layer runs now lie. Freed with the last of its layers. */
struct workspace_dnnl {
    int layers;
    char *memory;
    size_t bytes;
};

/* Forward, backward to the input, or backward to the weights. */
typedef struct {
    dnnl_primitive_desc_t description;
    dnnl_primitive_t primitive;
    tensor image, filters, map; /* (batch, c, h, w), (n, c, size, size), (batch, n, out_h, out_w), or their gradients */
    dnnl_memory_t scratch;
    size_t scratch_offset;
    dnnl_memory_t biases, residual; /* of one that only predicts: (n), and what is added to the map; NULL without */
} operation;

struct convolution_dnnl {
    int batch, h, w, threads; /* what the operations below were made for */
    layer_plan plan;
    int failed;   /* oneDNN has declined this shape */
    size_t bytes; /* of workspace */
    workspace_dnnl *shared;
    char *base; /* where the inner tensors lie now; NULL before they are placed */
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    operation forward, backward_data, backward_weights;
};

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

static void free_tensor(tensor *t) {
    if (t->reorder) dnnl_primitive_destroy(t->reorder);
    if (t->inner && t->inner != t->host) dnnl_memory_destroy(t->inner);
    if (t->host) dnnl_memory_destroy(t->host);
}

static void free_operation(operation *o) {
    free_tensor(&o->image);
    free_tensor(&o->filters);
    free_tensor(&o->map);
    if (o->scratch) dnnl_memory_destroy(o->scratch);
    if (o->biases) dnnl_memory_destroy(o->biases);
    if (o->residual) dnnl_memory_destroy(o->residual);
    if (o->primitive) dnnl_primitive_destroy(o->primitive);
    if (o->description) dnnl_primitive_desc_destroy(o->description);
    *o = (operation){0};
}

static void free_operations(convolution_dnnl *c) {
    free_operation(&c->forward);
    free_operation(&c->backward_data);
    free_operation(&c->backward_weights);
    c->base = NULL;
    c->bytes = 0;
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

/* Reserves `size` bytes of the workspace at *end, aligned. Returns their offset. */
static size_t reserve(size_t *end, size_t size) {
    size_t offset = *end;
    *end = (offset + size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return offset;
}

/* Sets up one tensor of an operation: its two memories, their place in the workspace, and the reorder between them. */
static int make_tensor(convolution_dnnl *c, tensor *t, access use, const dnnl_memory_desc_t *host,
                       const dnnl_memory_desc_t *inner, size_t *end) {
    t->layout = *inner;
    if (dnnl_memory_create(&t->host, host, c->engine, DNNL_MEMORY_NONE) != dnnl_success) return 0;
    if (use != ADDED && dnnl_memory_desc_equal(host, inner)) {
        t->inner = t->host;
        return 1;
    }
    if (dnnl_memory_create(&t->inner, inner, c->engine, DNNL_MEMORY_NONE) != dnnl_success) return 0;
    t->offset = reserve(end, dnnl_memory_desc_get_size(inner));

    const dnnl_memory_desc_t *from = use == TAKEN ? host : inner, *to = use == TAKEN ? inner : host;
    dnnl_post_ops_t sum = NULL;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t description = NULL;
    int made = dnnl_primitive_attr_create(&attributes) == dnnl_success && dnnl_post_ops_create(&sum) == dnnl_success;
    if (made && use == ADDED)
        made = dnnl_post_ops_append_sum(sum, 1) == dnnl_success &&
               dnnl_primitive_attr_set_post_ops(attributes, sum) == dnnl_success;
    made =
        made &&
        dnnl_reorder_primitive_desc_create(&description, from, c->engine, to, c->engine, attributes) == dnnl_success &&
        dnnl_primitive_create(&t->reorder, description) == dnnl_success;
    if (description) dnnl_primitive_desc_destroy(description);
    if (sum) dnnl_post_ops_destroy(sum);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    return made;
}

/* The layouts of a layer's three arrays as Darknet keeps them, and with the free choice that oneDNN is given. */
typedef struct {
    dnnl_memory_desc_t image, filters, map;
    dnnl_memory_desc_t inner_image, inner_filters, inner_map;
    dnnl_dims_t stride, pad, skipped; /* skipped: pixels between two that the window sees */
} shapes;

/* oneDNN's blocked layouts hold 16 channels: narrower layers would compute and move zeros, so those get channels innermost. */
static int wants_channels_last(layer l) {
    const layer_plan *plan = &l.functions->plan;
    const int is_narrow = l.c > 3 && (l.c < SIMD_CHANNELS || l.n < SIMD_CHANNELS);
    return l.groups == 1 && (is_narrow || plan->channels_last || plan->input_channels_last);
}

static dnnl_format_tag_t order_tag(int channels_last) {
    return channels_last ? dnnl_nhwc : dnnl_nchw;
}

static int describe(layer l, dnnl_format_tag_t inner, shapes *s) {
    dnnl_dims_t pixels = {l.batch, l.c, l.h, l.w}, outputs = {l.batch, l.n, l.out_h, l.out_w};
    dnnl_dims_t filters = {l.n, l.c, l.size, l.size};
    dnnl_dims_t grouped = {l.groups, l.n / l.groups, l.c / l.groups, l.size, l.size};
    dnnl_format_tag_t image = order_tag(l.functions->plan.input_channels_last),
                      map = order_tag(l.functions->plan.channels_last);
    dnnl_data_type_t type = dnnl_f32;
    s->stride[0] = host_stride_y(&l);
    s->stride[1] = host_stride_x(&l);
    s->pad[0] = s->pad[1] = l.pad * host_dilation(&l);
    s->skipped[0] = s->skipped[1] = host_dilation(&l) - 1;
    return dnnl_memory_desc_init_by_tag(&s->image, 4, pixels, type, image) == dnnl_success &&
           dnnl_memory_desc_init_by_tag(&s->map, 4, outputs, type, map) == dnnl_success &&
           dnnl_memory_desc_init_by_tag(&s->inner_image, 4, pixels, type, inner) == dnnl_success &&
           dnnl_memory_desc_init_by_tag(&s->inner_map, 4, outputs, type, inner) == dnnl_success &&
           (l.groups == 1 ? dnnl_memory_desc_init_by_tag(&s->filters, 4, filters, type, dnnl_oihw) == dnnl_success &&
                                dnnl_memory_desc_init_by_tag(&s->inner_filters, 4, filters, type,
                                                             dnnl_format_tag_any) == dnnl_success
                          : dnnl_memory_desc_init_by_tag(&s->filters, 5, grouped, type, dnnl_goihw) == dnnl_success &&
                                dnnl_memory_desc_init_by_tag(&s->inner_filters, 5, grouped, type,
                                                             dnnl_format_tag_any) == dnnl_success);
}

/* What else a convolution does with its map: `after` may be NULL. */
static int make_operation(convolution_dnnl *c, operation *o, const shapes *s, const void *description,
                          const_dnnl_primitive_desc_t hint, const access use[3], const dnnl_query_t what[3],
                          const_dnnl_post_ops_t after) {
    dnnl_primitive_attr_t attributes = NULL;
    int made = dnnl_primitive_attr_create(&attributes) == dnnl_success &&
               dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success &&
               (!after || dnnl_primitive_attr_set_post_ops(attributes, after) == dnnl_success) &&
               dnnl_primitive_desc_create(&o->description, description, attributes, c->engine, hint) == dnnl_success;
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (!made) return 0;

    const dnnl_memory_desc_t *inner[3],
        *scratch = dnnl_primitive_desc_query_md(o->description, dnnl_query_scratchpad_md, 0);
    for (int i = 0; i < 3; ++i)
        inner[i] = dnnl_primitive_desc_query_md(o->description, what[i], 0);
    size_t end = 0; /* the map first: both backward operations find its reordered copy in the same place */
    made = make_tensor(c, &o->map, use[2], &s->map, inner[2], &end) &&
           make_tensor(c, &o->image, use[0], &s->image, inner[0], &end) &&
           make_tensor(c, &o->filters, use[1], &s->filters, inner[1], &end) &&
           dnnl_memory_create(&o->scratch, scratch, c->engine, DNNL_MEMORY_NONE) == dnnl_success;
    o->scratch_offset = reserve(&end, dnnl_memory_desc_get_size(scratch));
    if (end > c->bytes) c->bytes = end;
    return made;
}

/* A residual sum and an activation on each value before it is written. */
static int describe_rest(const layer_plan *plan, const shapes *s, dnnl_post_ops_t rest) {
    float slope = 1;
    activation_slope(plan->activation, &slope);
    return (!plan->residual || dnnl_post_ops_append_binary(rest, dnnl_binary_add, &s->map) == dnnl_success) &&
           (slope == 1 || dnnl_post_ops_append_eltwise(rest, 1, dnnl_eltwise_relu, slope, 0) == dnnl_success);
}

/* The forward pass of a layer that only predicts, whole. */
static int make_prediction(convolution_dnnl *c, layer l, dnnl_format_tag_t inner) {
    static const access use[3] = {TAKEN, TAKEN, GIVEN};
    static const dnnl_query_t what[3] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
    shapes s;
    dnnl_convolution_desc_t forward;
    dnnl_memory_desc_t biases;
    dnnl_post_ops_t rest = NULL;
    const int made = describe(l, inner, &s) && dnnl_post_ops_create(&rest) == dnnl_success &&
                     describe_rest(&l.functions->plan, &s, rest) &&
                     dnnl_memory_desc_init_by_tag(&biases, 1, (dnnl_dims_t){l.n}, dnnl_f32, dnnl_x) == dnnl_success &&
                     dnnl_convolution_forward_desc_init(&forward, dnnl_forward_inference, dnnl_convolution_direct,
                                                        &s.inner_image, &s.inner_filters, &biases, &s.inner_map,
                                                        s.stride, s.pad, s.pad) == dnnl_success &&
                     make_operation(c, &c->forward, &s, &forward, NULL, use, what, rest) &&
                     dnnl_memory_create(&c->forward.biases, &biases, c->engine, DNNL_MEMORY_NONE) == dnnl_success &&
                     (!l.functions->plan.residual ||
                      dnnl_memory_create(&c->forward.residual, &s.map, c->engine, DNNL_MEMORY_NONE) == dnnl_success);
    if (rest) dnnl_post_ops_destroy(rest);
    return made;
}

static int make_training(convolution_dnnl *c, layer l, dnnl_format_tag_t inner) {
    static const access forward_use[3] = {TAKEN, TAKEN, GIVEN}, weights_use[3] = {TAKEN, ADDED, TAKEN};
    const access data_use[3] = {l.functions->plan.assigns ? GIVEN : ADDED, TAKEN, TAKEN};
    static const dnnl_query_t forward_what[3] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
    static const dnnl_query_t data_what[3] = {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md};
    static const dnnl_query_t weights_what[3] = {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md};
    shapes s;
    dnnl_convolution_desc_t forward, backward_data, backward_weights;
    dnnl_alg_kind_t how = dnnl_convolution_direct;
    return describe(l, inner, &s) &&
           dnnl_dilated_convolution_forward_desc_init(&forward, dnnl_forward_training, how, &s.inner_image,
                                                      &s.inner_filters, NULL, &s.inner_map, s.stride, s.skipped, s.pad,
                                                      s.pad) == dnnl_success &&
           make_operation(c, &c->forward, &s, &forward, NULL, forward_use, forward_what, NULL) &&
           dnnl_dilated_convolution_backward_data_desc_init(&backward_data, how, &s.inner_image, &s.inner_filters,
                                                            &s.inner_map, s.stride, s.skipped, s.pad,
                                                            s.pad) == dnnl_success &&
           make_operation(c, &c->backward_data, &s, &backward_data, c->forward.description, data_use, data_what,
                          NULL) &&
           dnnl_dilated_convolution_backward_weights_desc_init(&backward_weights, how, &s.inner_image, &s.inner_filters,
                                                               NULL, &s.inner_map, s.stride, s.skipped, s.pad,
                                                               s.pad) == dnnl_success &&
           make_operation(c, &c->backward_weights, &s, &backward_weights, c->forward.description, weights_use,
                          weights_what, NULL);
}

static int make_operations(convolution_dnnl *c, layer l, dnnl_format_tag_t inner) {
    return l.functions->plan.predicts ? make_prediction(c, l, inner) : make_training(c, l, inner);
}

/* Whether oneDNN has a kernel for the operation, and does not take the long way. */
static int is_fast(const operation *o) {
    const char *name = "";
    if (!o->description) return 1;
    dnnl_primitive_desc_query(o->description, dnnl_query_impl_info_str, 0, &name);
    return !strstr(name, "ref") && !strstr(name, "gemm");
}

/* With channels innermost if that is wanted and fast, or else as oneDNN likes it. */
static int make_best_operations(convolution_dnnl *c, layer l) {
    if (wants_channels_last(l)) {
        if (make_operations(c, l, dnnl_nhwc) && is_fast(&c->forward) && is_fast(&c->backward_data) &&
            is_fast(&c->backward_weights))
            return 1;
        free_operations(c);
    }
    return make_operations(c, l, dnnl_format_tag_any);
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
        const int before = take_threads(threads);
        c->failed = !make_best_operations(c, l);
        take_threads(before);
        if (c->failed) free_operations(c);
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
    take(c, &o->image, input);
    take(c, &o->filters, l.weights);
    if (!o->map.reorder) dnnl_memory_set_data_handle(o->map.host, output);
    run(c, o, DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST);
    give(c, &o->map, output);
}

static size_t count_rows(layer l) {
    return (size_t)l.batch * (size_t)l.out_h * (size_t)l.out_w;
}

static void normalize_map(layer l, host_pass pass, const float *x) {
    if (l.functions->plan.channels_last)
        forward_batchnorm_rows(l, pass, x, l.output, host_activation(&l));
    else
        forward_batchnorm_fast(l, pass, x, l.output, host_activation(&l));
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

int forward_convolution_dnnl(layer l, host_pass pass) {
    if (!place(l)) return 0;
    const float *input = *host_input_of(&pass);
    if (l.functions->plan.predicts) {
        predict(l, &pass, input);
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

/* Both passes want l.delta reordered; where they want it alike, the second finds it where the first left it. */
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
    if (!o->map.reorder || !dnnl_memory_desc_equal(&o->map.layout, &c->backward_weights.map.layout))
        take(c, &o->map, l.delta);
    take(c, &o->filters, l.weights);
    if (!o->image.reorder) dnnl_memory_set_data_handle(o->image.host, input_delta);
    run(c, o, DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST);
    give(c, &o->image, input_delta);
}

/* l.delta <- the gradient of what the convolution gives; adds to the updates of what comes after it. */
static void backward_map(layer l, host_pass pass) {
    const int last = l.functions->plan.channels_last;
    const ACTIVATION activation = host_activation(&l);
    host_gradient_rest(l);
    if (l.batch_normalize && last)
        backward_batchnorm_rows(l, pass, l.x, l.delta, 0, activation);
    else if (l.batch_normalize)
        backward_batchnorm_fast(l, pass, l.x, l.delta, 0, activation);
    else if (last)
        backward_bias_rows(l.bias_updates, l.output, l.delta, count_rows(l), l.n, activation);
    else
        backward_bias_fast(l.bias_updates, l.output, l.delta, l.batch, l.n, l.out_h * l.out_w, activation);
}

int backward_convolution_dnnl(layer l, host_pass pass) {
    if (!place(l)) return 0;
    backward_map(l, pass);
    backward_weights(l, *host_input_of(&pass));
    if (*host_delta(&pass)) backward_data(l, *host_delta(&pass));
    return 1;
}
