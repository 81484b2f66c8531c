/* tool_export_weights.c: convolutions, connected layers and batch norms as ONNX nodes. */
#include "tool_export_nodes.h"

void export_batch_norm(const tool_exporter *e, const layer *l, int channels, const char *base, const char *from,
                       const char *name) {
    const struct {
        const char *name;
        const float *x;
    } constants[] = {
        {"scale", l->scales}, {"bias", l->biases}, {"mean", l->rolling_mean}, {"variance", l->rolling_variance}};
    tool_onnx_node *node = export_node(e, "BatchNormalization", name, from);
    for (int i = 0; i < 4; ++i) {
        char constant[EXPORT_NAME];
        export_name(constant, base, constants[i].name);
        tool_onnx_floats(e->onnx, constant, &channels, 1, constants[i].x);
        tool_onnx_input(node, constant);
    }
    tool_onnx_float(node, "epsilon", HOST_BATCH_NORM_EPSILON);
}

/* Weights of a layer, and its biases where no batch norm has them. */
static void add_weights(const tool_exporter *e, tool_onnx_node *node, const layer *l, const char *base,
                        const int *shape, int dimensions, int filters) {
    char weights[EXPORT_NAME], bias[EXPORT_NAME];
    export_name(weights, base, "weights");
    export_name(bias, base, "bias");
    tool_onnx_floats(e->onnx, weights, shape, dimensions, l->weights);
    tool_onnx_input(node, weights);
    if (l->batch_normalize) return;
    tool_onnx_floats(e->onnx, bias, &filters, 1, l->biases);
    tool_onnx_input(node, bias);
}

/* What is left of a layer with weights once `before_norm` is there: its batch norm, if that could not be folded, and its activation. */
static void end_products(const tool_exporter *e, int i, int filters, const char *products, const char *before) {
    const layer *l = &e->net->layers[i];
    if (l->batch_normalize) export_batch_norm(e, l, filters, e->output[i].name, products, before);
    export_activate(e, i, before);
}

void export_convolution(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char activated[EXPORT_NAME], normalized[EXPORT_NAME];
    const int transposed = host_layer_kind(l) == EXPORT_DECONVOLUTION;
    const int dilation = host_dilation(l), pad = l->pad * dilation, groups = l->groups > 0 ? l->groups : 1;
    const int stride[] = {host_stride_y(l), host_stride_x(l)}, reach = dilation * (l->size - 1) + 1;
    const int fits = transposed || ((l->h + 2 * pad - reach) / stride[0] + 1 == l->out_h &&
                                    (l->w + 2 * pad - reach) / stride[1] + 1 == l->out_w);
    if (!fits) export_refuse(e, i, "a padding that does not fit its dilation");
    const tool_tensor image = export_as_image(e, in, l->c, l->h, l->w, base);
    const char *before = export_before_activation(e, i, transposed ? "deconvolution" : "convolution", activated);
    const char *products = before;
    if (l->batch_normalize) {
        export_name(normalized, base, "products");
        products = normalized;
    }
    tool_onnx_node *node = export_node(e, transposed ? "ConvTranspose" : "Conv", products, image.name);
    const int shape[] = {transposed ? l->c : l->n, transposed ? l->n : l->c / groups, l->size, l->size};
    add_weights(e, node, l, base, shape, 4, l->n);
    tool_onnx_ints(node, "kernel_shape", (const int[]){l->size, l->size}, 2);
    tool_onnx_ints(node, "strides", stride, 2);
    tool_onnx_ints(node, "pads", (const int[]){pad, pad, pad, pad}, 4);
    tool_onnx_ints(node, "dilations", (const int[]){dilation, dilation}, 2);
    tool_onnx_int(node, "group", groups);
    end_products(e, i, l->n, products, before);
}

void export_connected(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *base = e->output[i].name;
    char activated[EXPORT_NAME], normalized[EXPORT_NAME];
    const tool_tensor flat = export_as_flat(e, in, base);
    const char *before = export_before_activation(e, i, "product", activated), *products = before;
    if (l->batch_normalize) {
        export_name(normalized, base, "products");
        products = normalized;
    }
    tool_onnx_node *node = export_node(e, "Gemm", products, flat.name);
    add_weights(e, node, l, base, (const int[]){l->outputs, l->inputs}, 2, l->outputs);
    tool_onnx_int(node, "transB", 1);
    end_products(e, i, l->outputs, products, before);
}
