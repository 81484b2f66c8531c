/* tool_export.c: see tool_export.h. */
#include "tool_export.h"

#include <stdlib.h>
#include <string.h>

#include "host_export.h"
#include "lgg_inference.h"
#include "tool_cfg.h"
#include "tool_export_activation.h"

#define NAME 128

/* What a layer gives: (batch, c, h, w) or, flat, (batch, c h w). */
typedef struct {
    char name[NAME];
    int c, h, w, flat;
} tensor;

typedef struct {
    tool_model *model;
    network *net;
    tool_onnx *onnx;
    const tool_export_options *options;
    tensor *output; /* (n), of each layer */
    int *needed;    /* (n), whether an output of the model depends on it */
    tensor input;
} exporter;

static const char *type_of(const exporter *e, int i) {
    const char *name = tool_model_layer_name(e->model, i);
    return name + strcspn(name, " ") + 1;
}

static _Noreturn void refuse(const exporter *e, int i, const char *what) {
    tool_fail("layer %d [%s]: %s cannot be exported", i, type_of(e, i), what);
}

/* ---- single nodes ---- */

static tool_onnx_node *add(const exporter *e, const char *operator, const char *name, const char *input) {
    tool_onnx_node *node = tool_onnx_add(e->onnx, operator, name);
    tool_onnx_input(node, input);
    return node;
}

static void add_name(char name[NAME], const char *base, const char *suffix) {
    snprintf(name, NAME, "%.80s/%.40s", base, suffix);
}

static int size_of(const tensor *t) {
    return t->c * t->h * t->w;
}

static void add_int64s(const exporter *e, tool_onnx_node *node, const char *name, const int64_t *x, int count) {
    tool_onnx_int64s(e->onnx, name, x, count);
    tool_onnx_input(node, name);
}

static void reshape(const exporter *e, const char *name, const char *from, const int64_t *shape, int dimensions) {
    char constant[NAME];
    add_name(constant, name, "shape");
    add_int64s(e, add(e, "Reshape", name, from), constant, shape, dimensions);
}

/* t as (batch, c, h, w), under a name of layer `name` if it has to be turned into that. */
static tensor as_image(const exporter *e, const tensor *t, int c, int h, int w, const char *name) {
    if (!t->flat && t->c == c && t->h == h && t->w == w) return *t;
    tensor image = {.c = c, .h = h, .w = w};
    add_name(image.name, name, "image");
    reshape(e, image.name, t->name, (const int64_t[]){-1, c, h, w}, 4);
    return image;
}

static tensor as_flat(const exporter *e, const tensor *t, const char *name) {
    if (t->flat) return *t;
    tensor flat = {.c = size_of(t), .h = 1, .w = 1, .flat = 1};
    add_name(flat.name, name, "flat");
    tool_onnx_int(add(e, "Flatten", flat.name, t->name), "axis", 1);
    return flat;
}

/* The channels (or, flat, the values) from `first` to before `end` of a tensor, each `step`th pixel of each `step`th row. */
static tensor slice(const exporter *e, const tensor *t, int first, int end, int step, const char *name) {
    tensor part = *t;
    char starts[NAME], ends[NAME], axes[NAME], steps[NAME];
    const int axes_count = step > 1 ? 3 : 1;
    memcpy(part.name, name, strlen(name) + 1);
    part.c = end - first;
    part.h = (t->h + step - 1) / step;
    part.w = (t->w + step - 1) / step;
    add_name(starts, name, "starts");
    add_name(ends, name, "ends");
    add_name(axes, name, "axes");
    add_name(steps, name, "steps");
    tool_onnx_node *node = add(e, "Slice", name, t->name);
    add_int64s(e, node, starts, (const int64_t[]){first, 0, 0}, axes_count);
    add_int64s(e, node, ends, (const int64_t[]){end, t->h, t->w}, axes_count);
    add_int64s(e, node, axes, (const int64_t[]){1, 2, 3}, axes_count);
    add_int64s(e, node, steps, (const int64_t[]){1, step, step}, axes_count);
    return part;
}

/* Ends layer i: `name` has its values before the activation, or is the output itself. The name of what comes before that. */
static const char *name_before_activation(const exporter *e, int i, const char *what, char name[NAME]) {
    const char *activation = host_activation_name(&e->net->layers[i]);
    if (!tool_export_knows_activation(activation)) {
        char text[NAME];
        snprintf(text, sizeof text, "activation=%.50s", activation);
        refuse(e, i, text);
    }
    if (strcmp(activation, "linear") == 0) return e->output[i].name;
    add_name(name, e->output[i].name, what);
    return name;
}

static void add_activation(const exporter *e, int i, const char *before) {
    if (strcmp(before, e->output[i].name) == 0) return;
    tool_export_activation(e->onnx, host_activation_name(&e->net->layers[i]), before, e->output[i].name);
}

/* ---- layers ---- */

static void add_batch_norm(const exporter *e, const layer *l, int channels, const char *base, const char *from, const char *name) {
    const struct {
        const char *name;
        const float *x;
    } constants[] = {{"scale", l->scales}, {"bias", l->biases}, {"mean", l->rolling_mean}, {"variance", l->rolling_variance}};
    tool_onnx_node *node = add(e, "BatchNormalization", name, from);
    for (int i = 0; i < 4; ++i) {
        char constant[NAME];
        add_name(constant, base, constants[i].name);
        tool_onnx_floats(e->onnx, constant, &channels, 1, constants[i].x);
        tool_onnx_input(node, constant);
    }
    tool_onnx_float(node, "epsilon", HOST_BATCH_NORM_EPSILON);
}

/* Weights of a layer, and its biases where no batch norm has them. */
static void add_weights(const exporter *e, tool_onnx_node *node, const layer *l, const char *base, const int *shape, int dimensions,
                        int filters) {
    char weights[NAME], bias[NAME];
    add_name(weights, base, "weights");
    add_name(bias, base, "bias");
    tool_onnx_floats(e->onnx, weights, shape, dimensions, l->weights);
    tool_onnx_input(node, weights);
    if (l->batch_normalize) return;
    tool_onnx_floats(e->onnx, bias, &filters, 1, l->biases);
    tool_onnx_input(node, bias);
}

/* What is left of a layer with weights once `before_norm` is there: its batch norm, if that could not be folded, and its activation. */
static void end_products(const exporter *e, int i, int filters, const char *products, const char *before) {
    const layer *l = &e->net->layers[i];
    if (l->batch_normalize) add_batch_norm(e, l, filters, e->output[i].name, products, before);
    add_activation(e, i, before);
}

static void export_convolution(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char activated[NAME], normalized[NAME];
    const int transposed = host_layer_kind(l) == EXPORT_DECONVOLUTION;
    const int dilation = host_dilation(l), pad = l->pad * dilation, groups = l->groups > 0 ? l->groups : 1;
    const int stride[] = {host_stride_y(l), host_stride_x(l)}, reach = dilation * (l->size - 1) + 1;
    const int fits = transposed || ((l->h + 2 * pad - reach) / stride[0] + 1 == l->out_h && (l->w + 2 * pad - reach) / stride[1] + 1 == l->out_w);
    if (!fits) refuse(e, i, "a padding that does not fit its dilation");
    const tensor image = as_image(e, in, l->c, l->h, l->w, base);
    const char *before = name_before_activation(e, i, transposed ? "deconvolution" : "convolution", activated);
    const char *products = before;
    if (l->batch_normalize) {
        add_name(normalized, base, "products");
        products = normalized;
    }
    tool_onnx_node *node = add(e, transposed ? "ConvTranspose" : "Conv", products, image.name);
    const int shape[] = {transposed ? l->c : l->n, transposed ? l->n : l->c / groups, l->size, l->size};
    add_weights(e, node, l, base, shape, 4, l->n);
    tool_onnx_ints(node, "kernel_shape", (const int[]){l->size, l->size}, 2);
    tool_onnx_ints(node, "strides", stride, 2);
    tool_onnx_ints(node, "pads", (const int[]){pad, pad, pad, pad}, 4);
    tool_onnx_ints(node, "dilations", (const int[]){dilation, dilation}, 2);
    tool_onnx_int(node, "group", groups);
    end_products(e, i, l->n, products, before);
}

static void export_connected(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char activated[NAME], normalized[NAME];
    const tensor flat = as_flat(e, in, base);
    const char *before = name_before_activation(e, i, "product", activated), *products = before;
    if (l->batch_normalize) {
        add_name(normalized, base, "products");
        products = normalized;
    }
    tool_onnx_node *node = add(e, "Gemm", products, flat.name);
    add_weights(e, node, l, base, (const int[]){l->outputs, l->inputs}, 2, l->outputs);
    tool_onnx_int(node, "transB", 1);
    end_products(e, i, l->outputs, products, before);
}

/* Windows begin l->pad / 2 before the image, and the last one may reach beyond its end. */
static void export_pool(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const tensor image = as_image(e, in, l->c, l->h, l->w, e->output[i].name);
    const int is_average = host_layer_kind(l) == EXPORT_LOCAL_AVERAGE, begin = l->pad / 2;
    int end_h = (l->out_h - 1) * host_stride_y(l) + l->size - l->h - begin, end_w = (l->out_w - 1) * host_stride_x(l) + l->size - l->w - begin;
    if (end_h < 0) end_h = 0;
    if (end_w < 0) end_w = 0;
    if (begin >= l->size || end_h >= l->size || end_w >= l->size) refuse(e, i, "a padding as large as its window");
    tool_onnx_node *node = add(e, is_average ? "AveragePool" : "MaxPool", e->output[i].name, image.name);
    tool_onnx_ints(node, "kernel_shape", (const int[]){l->size, l->size}, 2);
    tool_onnx_ints(node, "strides", (const int[]){host_stride_y(l), host_stride_x(l)}, 2);
    tool_onnx_ints(node, "pads", (const int[]){begin, begin, end_h, end_w}, 4);
    if (is_average) tool_onnx_int(node, "count_include_pad", 0);
}

/* A softmax over each of l->groups parts of the values. */
static void export_softmax(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char scaled[NAME], grouped[NAME], soft[NAME], scalar[48];
    const tensor flat = as_flat(e, in, base);
    const char *from = flat.name;
    if (l->temperature != 1) {
        add_name(scaled, base, "divided");
        tool_onnx_input(add(e, "Mul", scaled, from), tool_export_scalar(e->onnx, 1 / l->temperature, scalar));
        from = scaled;
    }
    if (l->groups > 1) {
        add_name(grouped, base, "groups");
        add_name(soft, base, "softmax");
        reshape(e, grouped, from, (const int64_t[]){-1, l->groups, l->inputs / l->groups}, 3);
        tool_onnx_int(add(e, "Softmax", soft, grouped), "axis", 2);
        reshape(e, base, soft, (const int64_t[]){-1, l->inputs}, 2);
    } else {
        tool_onnx_int(add(e, "Softmax", base, from), "axis", 1);
    }
}

/* The tensor times the factors of term `term` of a sum, where they are not all 1. */
static tensor times_factors(const exporter *e, int i, const host_sum *sum, int term, const tensor *t) {
    const float *factor = sum->factor + (size_t)term * (size_t)sum->channels;
    int ones = 1;
    for (int c = 0; c < sum->channels; ++c)
        ones = ones && factor[c] == 1;
    if (ones) return *t;
    tensor product = *t;
    char suffix[32], constant[NAME];
    snprintf(suffix, sizeof suffix, "term%d", term);
    add_name(product.name, e->output[i].name, suffix);
    tool_onnx_node *node = add(e, "Mul", product.name, t->name);
    if (sum->channels == 1) {
        char scalar[48];
        tool_onnx_input(node, tool_export_scalar(e->onnx, *factor, scalar));
        return product;
    }
    add_name(constant, product.name, "factors");
    tool_onnx_floats(e->onnx, constant, (const int[]){1, sum->channels, 1, 1}, 4, factor);
    tool_onnx_input(node, constant);
    return product;
}

/* What of layer `added` is added to a map of the shape of `out`: each `step`th pixel, and as many channels as both have; the others of
 * `out` stay as they are. */
static tensor fitted(const exporter *e, int i, int term, const tensor *added, const tensor *out, int may_scale) {
    const int step = added->w > out->w ? added->w / out->w : 1;
    tensor part = *added;
    char suffix[32], name[NAME];
    if (added->c == out->c && added->h == out->h && added->w == out->w) return part;
    const int same_grid = (added->h + step - 1) / step == out->h && (added->w + step - 1) / step == out->w;
    if (added->flat || out->flat || !same_grid) refuse(e, i, "a sum with a smaller map");
    if (!may_scale) refuse(e, i, "a sum of different shapes with factors");
    snprintf(suffix, sizeof suffix, "part%d", term);
    add_name(name, e->output[i].name, suffix);
    if (step > 1 || added->c > out->c) part = slice(e, added, 0, added->c < out->c ? added->c : out->c, step, name);
    if (part.c == out->c) return part;
    tensor padded = part;
    snprintf(suffix, sizeof suffix, "padded%d", term);
    add_name(padded.name, e->output[i].name, suffix);
    padded.c = out->c;
    tool_onnx_ints(add(e, "Pad", padded.name, part.name), "pads", (const int[]){0, 0, 0, 0, 0, out->c - part.c, 0, 0}, 8);
    return padded;
}

static void export_sum(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const host_sum sum = host_layer_sum(l);
    char activated[NAME];
    const char *before = name_before_activation(e, i, "sum", activated);
    tensor total = times_factors(e, i, &sum, 0, in);
    for (int j = 0; j < sum.count; ++j) {
        const tensor *added = &e->output[sum.index[j]];
        const int may_scale = sum.channels == 1 && sum.factor[0] == 1;
        const tensor scaled = times_factors(e, i, &sum, j + 1, added);
        const tensor term = fitted(e, i, j + 1, &scaled, in, may_scale);
        char name[NAME], suffix[32];
        snprintf(suffix, sizeof suffix, "sum%d", j + 1);
        add_name(name, e->output[i].name, suffix);
        if (j + 1 == sum.count) snprintf(name, sizeof name, "%s", before);
        tool_onnx_input(add(e, "Add", name, total.name), term.name);
        memcpy(total.name, name, sizeof name);
    }
    free(sum.factor);
    add_activation(e, i, before);
}

/* One part of each layer, one after the other: channels where all maps have one size, else values. */
static void export_route(const exporter *e, int i) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    int parts, part;
    host_route_part(l, &parts, &part);
    const int flat = e->output[i].flat;
    tensor *from = lgg_allocate((size_t)l->n, sizeof *from, "a route");
    for (int j = 0; j < l->n; ++j) {
        char suffix[32], name[NAME];
        const tensor *t = &e->output[l->input_layers[j]];
        snprintf(suffix, sizeof suffix, "part%d", j);
        add_name(name, base, suffix);
        from[j] = flat ? as_flat(e, t, name) : *t;
        if (parts == 1) continue;
        if (from[j].c % parts) refuse(e, i, "a number of channels that its groups do not divide");
        if (l->n == 1) snprintf(name, sizeof name, "%s", base);
        const int channels = from[j].c / parts;
        from[j] = slice(e, &from[j], part * channels, (part + 1) * channels, 1, name);
    }
    if (l->n > 1) {
        tool_onnx_node *node = tool_onnx_add(e->onnx, "Concat", base);
        for (int j = 0; j < l->n; ++j)
            tool_onnx_input(node, from[j].name);
        tool_onnx_int(node, "axis", 1);
    } else if (strcmp(from[0].name, base) != 0) {
        add(e, "Identity", base, from[0].name);
    }
    free(from);
}

static void export_upsample(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char resized[NAME], scales[NAME], scalar[48];
    const char *name = base;
    if (l->scale != 1) {
        add_name(resized, base, "resized");
        name = resized;
    }
    add_name(scales, base, "scales");
    tool_onnx_node *node = add(e, "Resize", name, in->name);
    tool_onnx_floats(e->onnx, scales, (const int[]){4}, 1, (const float[]){1, 1, (float)l->stride, (float)l->stride});
    tool_onnx_input(node, scales);
    tool_onnx_text(node, "mode", "nearest");
    if (name != base) tool_onnx_input(add(e, "Mul", base, name), tool_export_scalar(e->onnx, l->scale, scalar));
}

/* Darknet's reorg reads its input as (c / s^2, h s, w s) and writes (s, s, c / s^2, h, w), which it calls (c s^2, h / s, w / s). */
static void export_reorg(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    const int s = l->stride;
    char split[NAME], swapped[NAME];
    if (l->c % (s * s)) refuse(e, i, "a number of channels that stride^2 does not divide");
    add_name(split, base, "split");
    add_name(swapped, base, "swapped");
    reshape(e, split, in->name, (const int64_t[]){-1, l->c / (s * s), l->h, s, l->w, s}, 6);
    tool_onnx_ints(add(e, "Transpose", swapped, split), "perm", (const int[]){0, 3, 5, 1, 2, 4}, 6);
    reshape(e, base, swapped, (const int64_t[]){-1, l->out_c, l->out_h, l->out_w}, 4);
}

static void export_l2norm(const exporter *e, int i, const tensor *in) {
    char length[NAME];
    add_name(length, e->output[i].name, "length");
    tool_onnx_node *node = add(e, "ReduceL2", length, in->name);
    tool_onnx_ints(node, "axes", (const int[]){1}, 1);
    tool_onnx_int(node, "keepdims", 1);
    tool_onnx_input(add(e, "Div", e->output[i].name, in->name), length);
}

static void export_product(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    char activated[NAME];
    const char *before = name_before_activation(e, i, "product", activated);
    tool_onnx_input(add(e, "Mul", before, e->output[l->index].name), in->name);
    add_activation(e, i, before);
}

/* ---- the network ---- */

static int is_boxes(const exporter *e, int i) {
    return host_layer_kind(&e->net->layers[i]) == EXPORT_BOXES;
}

static int is_output(const exporter *e, int i) {
    return !e->options->embedding && i < e->options->last && is_boxes(e, i + 1);
}

/* The shape of what layer i gives. */
static tensor shape_of(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    tensor t = {.c = l->out_c, .h = l->out_h, .w = l->out_w};
    switch (host_layer_kind(l)) {
    case EXPORT_SAME:
    case EXPORT_ACTIVATION:
    case EXPORT_L2NORM:
    case EXPORT_BATCHNORM:
    case EXPORT_SUM:
        t = *in;
        break;
    case EXPORT_CONNECTED:
    case EXPORT_SOFTMAX:
        t = (tensor){.c = l->outputs, .h = 1, .w = 1, .flat = 1};
        break;
    case EXPORT_AVERAGE:
        t.h = t.w = 1;
        break;
    default:
        break;
    }
    int flat = t.flat || size_of(&t) != l->outputs;
    for (int j = 0; host_layer_kind(l) == EXPORT_ROUTE && j < l->n; ++j)
        flat = flat || e->output[l->input_layers[j]].flat;
    return flat ? (tensor){.c = l->outputs, .h = 1, .w = 1, .flat = 1} : t;
}

/* "12_shortcut", or what an output of the model is called. */
static void name_output(const exporter *e, int i, char name[NAME]) {
    const layer *l = &e->net->layers[i];
    if (is_output(e, i)) {
        snprintf(name, NAME, "%.40s_%d", type_of(e, i + 1), i + 1);
    } else if (i != e->options->last) {
        snprintf(name, NAME, "%d_%.40s", i, type_of(e, i));
    } else if (host_layer_kind(l) == EXPORT_SOFTMAX) {
        snprintf(name, NAME, "probabilities");
    } else {
        snprintf(name, NAME, "%s", e->options->embedding ? "embedding" : "output");
    }
}

static void export_layer(const exporter *e, int i, const tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *name = e->output[i].name, *obstacle = host_export_obstacle(l);
    if (obstacle) refuse(e, i, obstacle);
    switch (host_layer_kind(l)) {
    case EXPORT_SAME:
        if (strcmp(name, in->name) != 0) add(e, "Identity", name, in->name);
        return;
    case EXPORT_CONVOLUTION:
    case EXPORT_DECONVOLUTION:
        export_convolution(e, i, in);
        return;
    case EXPORT_CONNECTED:
        export_connected(e, i, in);
        return;
    case EXPORT_MAXPOOL:
    case EXPORT_LOCAL_AVERAGE:
        export_pool(e, i, in);
        return;
    case EXPORT_AVERAGE:
        add(e, "GlobalAveragePool", name, in->name);
        return;
    case EXPORT_SOFTMAX:
        export_softmax(e, i, in);
        return;
    case EXPORT_SUM:
        export_sum(e, i, in);
        return;
    case EXPORT_ROUTE:
        export_route(e, i);
        return;
    case EXPORT_UPSAMPLE:
        export_upsample(e, i, in);
        return;
    case EXPORT_REORG:
        export_reorg(e, i, in);
        return;
    case EXPORT_ACTIVATION: {
        char before[NAME];
        if (name_before_activation(e, i, "", before) == name) {
            add(e, "Identity", name, in->name);
        } else {
            add_activation(e, i, in->name);
        }
        return;
    }
    case EXPORT_BATCHNORM:
        add_batch_norm(e, l, l->out_c, name, in->name, name);
        return;
    case EXPORT_L2NORM:
        export_l2norm(e, i, in);
        return;
    case EXPORT_PRODUCT:
        export_product(e, i, in);
        return;
    case EXPORT_BOXES:
    case EXPORT_NOT:
        break;
    }
    refuse(e, i, "what it computes");
}

/* Marks the layers that layer i depends on, and itself. */
static void mark_needed(exporter *e, int i) {
    if (i < 0 || e->needed[i]) return;
    e->needed[i] = 1;
    const layer *l = &e->net->layers[i];
    if (is_boxes(e, i)) refuse(e, i, "what it gives, which other layers read,");
    if (l->type != ROUTE) mark_needed(e, i - 1);
    for (int j = 0; j < i; ++j) {
        if (host_reads(l, j)) mark_needed(e, j);
    }
}

static void mark_outputs(exporter *e) {
    int outputs = 0;
    for (int i = 0; i < e->options->last; ++i) {
        if (!is_output(e, i)) continue;
        mark_needed(e, i);
        ++outputs;
    }
    if (outputs == 0) mark_needed(e, e->options->last);
}

/* A dropout and the like are not there; the layer before them has their output. */
static int is_transparent(const exporter *e, int i) {
    return host_layer_kind(&e->net->layers[i]) == EXPORT_SAME && !is_output(e, i) && i != e->options->last && i > 0;
}

static void export_layers(exporter *e) {
    for (int i = 0; i <= e->options->last; ++i) {
        if (!e->needed[i]) continue;
        const tensor *in = i > 0 ? &e->output[i - 1] : &e->input;
        tensor *out = &e->output[i];
        *out = shape_of(e, i, in);
        if (is_transparent(e, i)) {
            *out = *in;
            continue;
        }
        name_output(e, i, out->name);
        export_layer(e, i, in);
        const int wanted = is_output(e, i) || (i == e->options->last && !is_boxes(e, i));
        tool_onnx_tensor(e->onnx, wanted ? TOOL_ONNX_OUTPUT : TOOL_ONNX_BETWEEN, out->name,
                         (const int[]){out->c, out->h, out->w}, out->flat ? 1 : 3);
    }
}

/* What a program needs to read the boxes: the options of their section. */
static void note_boxes(const exporter *e) {
    static const char *const keys[] = {"classes", "num", "coords", "mask", "anchors", "scale_x_y", "new_coords", NULL};
    tool_cfg *cfg = tool_cfg_read(e->options->cfg);
    for (int i = 0; i <= e->options->last; ++i) {
        char name[NAME], text[1024] = "";
        if (!is_boxes(e, i)) continue;
        for (int k = 0; keys[k]; ++k) {
            const char *value = tool_cfg_get(&cfg->section[i + 1], keys[k]);
            const size_t length = strlen(text);
            if (value) snprintf(text + length, sizeof text - length, "%s%s=%s", length ? " " : "", keys[k], value);
        }
        snprintf(name, sizeof name, "%.40s_%d", type_of(e, i), i);
        tool_onnx_note(e->onnx, name, text);
    }
    tool_cfg_free(cfg);
}

tool_onnx *tool_export(tool_model *model, const tool_export_options *options) {
    exporter e = {.model = model, .net = tool_model_network(model), .options = options};
    e.input = (tensor){.name = "images", .c = e.net->c, .h = e.net->h, .w = e.net->w};
    e.output = lgg_allocate((size_t)e.net->n, sizeof *e.output, "the layers");
    e.needed = lgg_allocate((size_t)e.net->n, sizeof *e.needed, "the layers");
    mark_outputs(&e);
    fold_batch_norms(e.net);
    tool_network_scale_parseval(e.net);
    e.onnx = tool_onnx_create(options->name, "images: planes of red, green and blue, values from 0 to 1");
    tool_onnx_tensor(e.onnx, TOOL_ONNX_INPUT, "images", (const int[]){e.net->c, e.net->h, e.net->w}, 3);
    export_layers(&e);
    note_boxes(&e);
    free(e.output);
    free(e.needed);
    return e.onnx;
}
