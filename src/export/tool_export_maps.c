/* tool_export_maps.c: layers without weights as ONNX nodes: pooling, sums, routes and the like. */
#include <stdlib.h>

#include "tool_export_nodes.h"

/* Windows begin l->pad / 2 before the image, and the last one may reach beyond its end. */
void export_pool(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const tool_tensor image = export_as_image(e, in, l->c, l->h, l->w, e->output[i].name);
    const int is_average = host_layer_kind(l) == EXPORT_LOCAL_AVERAGE, begin = l->pad / 2;
    int end_h = (l->out_h - 1) * host_stride_y(l) + l->size - l->h - begin,
        end_w = (l->out_w - 1) * host_stride_x(l) + l->size - l->w - begin;
    if (end_h < 0) end_h = 0;
    if (end_w < 0) end_w = 0;
    if (begin >= l->size || end_h >= l->size || end_w >= l->size)
        export_refuse(e, i, "a padding as large as its window");
    tool_onnx_node *node = export_node(e, is_average ? "AveragePool" : "MaxPool", e->output[i].name, image.name);
    tool_onnx_ints(node, "kernel_shape", (const int[]){l->size, l->size}, 2);
    tool_onnx_ints(node, "strides", (const int[]){host_stride_y(l), host_stride_x(l)}, 2);
    tool_onnx_ints(node, "pads", (const int[]){begin, begin, end_h, end_w}, 4);
    if (is_average) tool_onnx_int(node, "count_include_pad", 0);
}

/* A softmax over each of l->groups parts of the values. */
void export_softmax(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char scaled[EXPORT_NAME], grouped[EXPORT_NAME], soft[EXPORT_NAME], scalar[48];
    const tool_tensor flat = export_as_flat(e, in, base);
    const char *from = flat.name;
    if (l->temperature != 1) {
        export_name(scaled, base, "divided");
        tool_onnx_input(export_node(e, "Mul", scaled, from), tool_export_scalar(e->onnx, 1 / l->temperature, scalar));
        from = scaled;
    }
    if (l->groups > 1) {
        export_name(grouped, base, "groups");
        export_name(soft, base, "softmax");
        export_reshape(e, grouped, from, (const int64_t[]){-1, l->groups, l->inputs / l->groups}, 3);
        tool_onnx_int(export_node(e, "Softmax", soft, grouped), "axis", 2);
        export_reshape(e, base, soft, (const int64_t[]){-1, l->inputs}, 2);
    } else {
        tool_onnx_int(export_node(e, "Softmax", base, from), "axis", 1);
    }
}

/* The tool_tensor times the factors of term `term` of a sum, where they are not all 1. */
static tool_tensor times_factors(const tool_exporter *e, int i, const host_sum *sum, int term, const tool_tensor *t) {
    const float *factor = sum->factor + (size_t)term * (size_t)sum->channels;
    int ones = 1;
    for (int c = 0; c < sum->channels; ++c)
        ones = ones && factor[c] == 1;
    if (ones) return *t;
    tool_tensor product = *t;
    char suffix[32], constant[EXPORT_NAME];
    snprintf(suffix, sizeof suffix, "term%d", term);
    export_name(product.name, e->output[i].name, suffix);
    tool_onnx_node *node = export_node(e, "Mul", product.name, t->name);
    if (sum->channels == 1) {
        char scalar[48];
        tool_onnx_input(node, tool_export_scalar(e->onnx, *factor, scalar));
        return product;
    }
    export_name(constant, product.name, "factors");
    tool_onnx_floats(e->onnx, constant, (const int[]){1, sum->channels, 1, 1}, t->flat ? 2 : 4, factor);
    tool_onnx_input(node, constant);
    return product;
}

/* What of layer `added` is added to a map of the shape of `out`: each `step`th pixel, and as many channels as both have; the others of
 * `out` stay as they are. */
static tool_tensor fitted(const tool_exporter *e, int i, int term, const tool_tensor *added, const tool_tensor *out,
                          int may_scale) {
    const int step = added->w > out->w ? added->w / out->w : 1;
    tool_tensor part = *added;
    char suffix[32], name[EXPORT_NAME];
    if (added->c == out->c && added->h == out->h && added->w == out->w) {
        if (added->flat == out->flat) return part;
        snprintf(suffix, sizeof suffix, "part%d", term);
        export_name(name, e->output[i].name, suffix);
        return out->flat ? export_as_flat(e, added, name) : export_as_image(e, added, out->c, out->h, out->w, name);
    }
    const int same_grid = (added->h + step - 1) / step == out->h && (added->w + step - 1) / step == out->w;
    if (added->flat || out->flat || !same_grid) export_refuse(e, i, "a sum with a smaller map");
    if (!may_scale) export_refuse(e, i, "a sum of different shapes with factors");
    snprintf(suffix, sizeof suffix, "part%d", term);
    export_name(name, e->output[i].name, suffix);
    if (step > 1 || added->c > out->c)
        part = export_slice(e, added, 0, added->c < out->c ? added->c : out->c, step, name);
    if (part.c == out->c) return part;
    tool_tensor padded = part;
    snprintf(suffix, sizeof suffix, "padded%d", term);
    export_name(padded.name, e->output[i].name, suffix);
    padded.c = out->c;
    tool_onnx_ints(export_node(e, "Pad", padded.name, part.name), "pads",
                   (const int[]){0, 0, 0, 0, 0, out->c - part.c, 0, 0}, 8);
    return padded;
}

void export_sum(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const host_sum sum = host_layer_sum(l);
    char activated[EXPORT_NAME];
    const char *before = export_before_activation(e, i, "sum", activated);
    tool_tensor total = times_factors(e, i, &sum, 0, in);
    for (int j = 0; j < sum.count; ++j) {
        const tool_tensor *added = &e->output[sum.index[j]];
        const int may_scale = sum.channels == 1 && sum.factor[0] == 1;
        const tool_tensor scaled = times_factors(e, i, &sum, j + 1, added);
        const tool_tensor term = fitted(e, i, j + 1, &scaled, in, may_scale);
        char name[EXPORT_NAME], suffix[32];
        snprintf(suffix, sizeof suffix, "sum%d", j + 1);
        export_name(name, e->output[i].name, suffix);
        if (j + 1 == sum.count) snprintf(name, sizeof name, "%s", before);
        tool_onnx_input(export_node(e, "Add", name, total.name), term.name);
        memcpy(total.name, name, sizeof name);
    }
    free(sum.factor);
    export_activate(e, i, before);
}

/* One part of each layer, one after the other: channels where all maps have one size, else values. */
void export_route(const tool_exporter *e, int i) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    int parts, part;
    host_route_part(l, &parts, &part);
    const int flat = e->output[i].flat;
    tool_tensor *from = lgg_allocate((size_t)l->n, sizeof *from, "a route");
    for (int j = 0; j < l->n; ++j) {
        char suffix[32], name[EXPORT_NAME];
        const tool_tensor *t = &e->output[l->input_layers[j]];
        snprintf(suffix, sizeof suffix, "part%d", j);
        export_name(name, base, suffix);
        from[j] = flat ? export_as_flat(e, t, name) : *t;
        if (parts == 1) continue;
        if (from[j].c % parts) export_refuse(e, i, "a number of channels that its groups do not divide");
        if (l->n == 1) snprintf(name, sizeof name, "%s", base);
        const int channels = from[j].c / parts;
        from[j] = export_slice(e, &from[j], part * channels, (part + 1) * channels, 1, name);
    }
    if (l->n > 1) {
        tool_onnx_node *node = tool_onnx_add(e->onnx, "Concat", base);
        for (int j = 0; j < l->n; ++j)
            tool_onnx_input(node, from[j].name);
        tool_onnx_int(node, "axis", 1);
    } else if (strcmp(from[0].name, base) != 0) {
        export_node(e, "Identity", base, from[0].name);
    }
    free(from);
}

/* Each pixel h x w times. */
static void enlarge(const tool_exporter *e, const char *name, const char *from, int h, int w) {
    char scales[EXPORT_NAME];
    export_name(scales, name, "scales");
    tool_onnx_node *node = export_node(e, "Resize", name, from);
    tool_onnx_floats(e->onnx, scales, (const int[]){4}, 1, (const float[]){1, 1, (float)h, (float)w});
    tool_onnx_input(node, scales);
    tool_onnx_text(node, "mode", "nearest");
}

void export_upsample(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char resized[EXPORT_NAME], scalar[48];
    const char *name = base;
    if (l->scale != 1) {
        export_name(resized, base, "resized");
        name = resized;
    }
    const tool_tensor image = export_as_image(e, in, l->c, l->h, l->w, base);
    enlarge(e, name, image.name, l->stride, l->stride);
    if (name != base) tool_onnx_input(export_node(e, "Mul", base, name), tool_export_scalar(e->onnx, l->scale, scalar));
}

/* Darknet's reorg reads its input as (c / s^2, h s, w s) and writes (s, s, c / s^2, h, w), which it calls (c s^2, h / s, w / s). */
void export_reorg(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    const int s = l->stride;
    char split[EXPORT_NAME], swapped[EXPORT_NAME];
    if (l->c % (s * s)) export_refuse(e, i, "a number of channels that stride^2 does not divide");
    export_name(split, base, "split");
    export_name(swapped, base, "swapped");
    export_reshape(e, split, in->name, (const int64_t[]){-1, l->c / (s * s), l->h, s, l->w, s}, 6);
    tool_onnx_ints(export_node(e, "Transpose", swapped, split), "perm", (const int[]){0, 3, 5, 1, 2, 4}, 6);
    export_reshape(e, base, swapped, (const int64_t[]){-1, l->out_c, l->out_h, l->out_w}, 4);
}

void export_l2norm(const tool_exporter *e, int i, const tool_tensor *in) {
    char length[EXPORT_NAME];
    export_name(length, e->output[i].name, "length");
    tool_onnx_node *node = export_node(e, "ReduceL2", length, in->name);
    tool_onnx_ints(node, "axes", (const int[]){1}, 1);
    tool_onnx_int(node, "keepdims", 1);
    tool_onnx_input(export_node(e, "Div", e->output[i].name, in->name), length);
}

/* A factor for each channel is written out for each pixel: OpenCV 4.6 cannot spread it where there are several images. */
void export_product(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    char activated[EXPORT_NAME], spread[EXPORT_NAME], shaped[EXPORT_NAME];
    tool_tensor image;
    export_name(shaped, e->output[i].name, "scaled");
    const tool_tensor scaled = export_as_image(e, &e->output[l->index], l->out_c, l->out_h, l->out_w, shaped);
    if (in->flat) {
        const int is_whole = in->c != scaled.c;
        export_name(shaped, e->output[i].name, "image");
        image = export_as_image(e, in, scaled.c, is_whole ? scaled.h : 1, is_whole ? scaled.w : 1, shaped);
        in = &image;
    }
    const char *before = export_before_activation(e, i, "product", activated), *factors = in->name;
    if (!in->flat && in->c == scaled.c && in->h == 1 && in->w == 1 && scaled.h * scaled.w > 1) {
        export_name(spread, e->output[i].name, "factors");
        enlarge(e, spread, factors, scaled.h, scaled.w);
        factors = spread;
    }
    tool_onnx_input(export_node(e, "Mul", before, scaled.name), factors);
    export_activate(e, i, before);
}
