/* tool_export_nodes.c: see tool_export_nodes.h. */
#include "tool_export_nodes.h"

const char *export_type(const tool_exporter *e, int i) {
    const char *name = tool_model_layer_name(e->model, i);
    return name + strcspn(name, " ") + 1;
}

_Noreturn void export_refuse(const tool_exporter *e, int i, const char *what) {
    tool_fail("layer %d [%s]: %s cannot be exported", i, export_type(e, i), what);
}

tool_onnx_node *export_node(const tool_exporter *e, const char *op, const char *name, const char *input) {
    tool_onnx_node *node = tool_onnx_add(e->onnx, op, name);
    tool_onnx_input(node, input);
    return node;
}

void export_name(char name[EXPORT_NAME], const char *base, const char *suffix) {
    snprintf(name, EXPORT_NAME, "%.80s/%.40s", base, suffix);
}

int export_size(const tool_tensor *t) {
    return t->c * t->h * t->w;
}

void export_int64s(const tool_exporter *e, tool_onnx_node *node, const char *name, const int64_t *x, int count) {
    tool_onnx_int64s(e->onnx, name, x, count);
    tool_onnx_input(node, name);
}

void export_reshape(const tool_exporter *e, const char *name, const char *from, const int64_t *shape, int dimensions) {
    char constant[EXPORT_NAME];
    export_name(constant, name, "shape");
    export_int64s(e, export_node(e, "Reshape", name, from), constant, shape, dimensions);
}

/* t as (batch, c, h, w), under a name of layer `name` if it has to be turned into that. */
tool_tensor export_as_image(const tool_exporter *e, const tool_tensor *t, int c, int h, int w, const char *name) {
    if (!t->flat && t->c == c && t->h == h && t->w == w) return *t;
    tool_tensor image = {.c = c, .h = h, .w = w};
    export_name(image.name, name, "image");
    export_reshape(e, image.name, t->name, (const int64_t[]){-1, c, h, w}, 4);
    return image;
}

tool_tensor export_as_flat(const tool_exporter *e, const tool_tensor *t, const char *name) {
    if (t->flat) return *t;
    tool_tensor flat = {.c = export_size(t), .h = 1, .w = 1, .flat = 1};
    export_name(flat.name, name, "flat");
    tool_onnx_int(export_node(e, "Flatten", flat.name, t->name), "axis", 1);
    return flat;
}

/* The channels (or, flat, the values) from `first` to before `end` of a tensor, each `step`th pixel of each `step`th row. */
tool_tensor export_slice(const tool_exporter *e, const tool_tensor *t, int first, int end, int step, const char *name) {
    tool_tensor part = *t;
    char starts[EXPORT_NAME], ends[EXPORT_NAME], axes[EXPORT_NAME], steps[EXPORT_NAME];
    const int axes_count = step > 1 ? 3 : 1;
    memcpy(part.name, name, strlen(name) + 1);
    part.c = end - first;
    part.h = (t->h + step - 1) / step;
    part.w = (t->w + step - 1) / step;
    export_name(starts, name, "starts");
    export_name(ends, name, "ends");
    export_name(axes, name, "axes");
    export_name(steps, name, "steps");
    tool_onnx_node *node = export_node(e, "Slice", name, t->name);
    export_int64s(e, node, starts, (const int64_t[]){first, 0, 0}, axes_count);
    export_int64s(e, node, ends, (const int64_t[]){end, t->h, t->w}, axes_count);
    export_int64s(e, node, axes, (const int64_t[]){1, 2, 3}, axes_count);
    export_int64s(e, node, steps, (const int64_t[]){1, step, step}, axes_count);
    return part;
}

/* Ends layer i: `name` has its values before the activation, or is the output itself. The name of what comes before that. */
const char *export_before_activation(const tool_exporter *e, int i, const char *what, char name[EXPORT_NAME]) {
    const char *activation = host_activation_name(&e->net->layers[i]);
    if (!tool_export_knows_activation(activation)) {
        char text[EXPORT_NAME];
        snprintf(text, sizeof text, "activation=%.50s", activation);
        export_refuse(e, i, text);
    }
    if (strcmp(activation, "linear") == 0) return e->output[i].name;
    export_name(name, e->output[i].name, what);
    return name;
}

void export_activate(const tool_exporter *e, int i, const char *before) {
    if (strcmp(before, e->output[i].name) == 0) return;
    tool_export_activation(e->onnx, host_activation_name(&e->net->layers[i]), before, e->output[i].name);
}
