/* operations_dnnl.c: see operations_dnnl.h. */
#include "operations_dnnl.h"

#include "convolution_dnnl.h"
#include "elementwise_fast.h"

#include <string.h>

enum { ALIGNMENT = 64, SIMD_CHANNELS = 16 };

typedef enum { TAKEN, GIVEN, ADDED } access; /* by the operation */

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

void free_operations(convolution_dnnl *c) {
    free_operation(&c->forward);
    free_operation(&c->backward_data);
    free_operation(&c->backward_weights);
    c->base = NULL;
    c->bytes = 0;
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
    if (dnnl_memory_desc_equal(host, inner)) {
        t->added = dnnl_memory_desc_get_size(inner) / sizeof(float);
        return 1;
    }

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
                     dnnl_dilated_convolution_forward_desc_init(
                         &forward, dnnl_forward_inference, dnnl_convolution_direct, &s.inner_image, &s.inner_filters,
                         &biases, &s.inner_map, s.stride, s.skipped, s.pad, s.pad) == dnnl_success &&
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

static int make_operations_of(convolution_dnnl *c, layer l, dnnl_format_tag_t inner) {
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
int make_operations(convolution_dnnl *c, layer l) {
    if (wants_channels_last(l)) {
        if (make_operations_of(c, l, dnnl_nhwc) && is_fast(&c->forward) && is_fast(&c->backward_data) &&
            is_fast(&c->backward_weights))
            return 1;
        free_operations(c);
    }
    return make_operations_of(c, l, dnnl_format_tag_any);
}
