/* tool_export.c: which layers of a network are exported, and as what. */
#include "tool_export.h"

#include <stdlib.h>

#include "lgg_inference.h"
#include "tool_cfg.h"
#include "tool_export_nodes.h"

static int is_boxes(const tool_exporter *e, int i) {
    return host_layer_kind(&e->net->layers[i]) == EXPORT_BOXES;
}

static int is_output(const tool_exporter *e, int i) {
    return !e->options->embedding && i < e->options->last && is_boxes(e, i + 1);
}

/* The shape of what layer i gives. */
static tool_tensor shape_of(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    tool_tensor t = {.c = l->out_c, .h = l->out_h, .w = l->out_w};
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
        t = (tool_tensor){.c = l->outputs, .h = 1, .w = 1, .flat = 1};
        break;
    case EXPORT_AVERAGE:
        t.h = t.w = 1;
        break;
    default:
        break;
    }
    int flat = t.flat || export_size(&t) != l->outputs;
    for (int j = 0; host_layer_kind(l) == EXPORT_ROUTE && j < l->n; ++j)
        flat = flat || e->output[l->input_layers[j]].flat;
    return flat ? (tool_tensor){.c = l->outputs, .h = 1, .w = 1, .flat = 1} : t;
}

/* "12_shortcut", or what an output of the model is called. */
static void name_output(const tool_exporter *e, int i, char name[EXPORT_NAME]) {
    const layer *l = &e->net->layers[i];
    if (is_output(e, i)) {
        snprintf(name, EXPORT_NAME, "%.40s_%d", export_type(e, i + 1), i + 1);
    } else if (i != e->options->last) {
        snprintf(name, EXPORT_NAME, "%d_%.40s", i, export_type(e, i));
    } else if (host_layer_kind(l) == EXPORT_SOFTMAX) {
        snprintf(name, EXPORT_NAME, "probabilities");
    } else {
        snprintf(name, EXPORT_NAME, "%s", e->options->embedding ? "embedding" : "output");
    }
}

static void export_layer(const tool_exporter *e, int i, const tool_tensor *in) {
    const layer *l = &e->net->layers[i];
    const char *name = e->output[i].name, *obstacle = host_export_obstacle(l);
    if (obstacle) export_refuse(e, i, obstacle);
    switch (host_layer_kind(l)) {
    case EXPORT_SAME:
        if (strcmp(name, in->name) != 0) export_node(e, "Identity", name, in->name);
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
    case EXPORT_AVERAGE: {
        const tool_tensor image = export_as_image(e, in, l->c, l->h, l->w, name);
        export_node(e, "GlobalAveragePool", name, image.name);
        return;
    }
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
        char before[EXPORT_NAME];
        if (export_before_activation(e, i, "", before) == name) {
            export_node(e, "Identity", name, in->name);
        } else {
            export_activate(e, i, in->name);
        }
        return;
    }
    case EXPORT_BATCHNORM:
        export_batch_norm(e, l, l->out_c, name, in->name, name);
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
    export_refuse(e, i, "what it computes");
}

/* Marks the layers that layer i depends on, and itself. */
static void mark_needed(tool_exporter *e, int i) {
    if (i < 0 || e->needed[i]) return;
    e->needed[i] = 1;
    const layer *l = &e->net->layers[i];
    if (is_boxes(e, i)) export_refuse(e, i, "what it gives, which other layers read,");
    if (l->type != ROUTE) mark_needed(e, i - 1);
    for (int j = 0; j < i; ++j) {
        if (host_reads(l, j)) mark_needed(e, j);
    }
}

static void mark_outputs(tool_exporter *e) {
    int outputs = 0;
    for (int i = 0; i < e->options->last; ++i) {
        if (!is_output(e, i)) continue;
        mark_needed(e, i);
        ++outputs;
    }
    if (outputs == 0) mark_needed(e, e->options->last);
}

/* A dropout and the like are not there; the layer before them has their output. */
static int is_transparent(const tool_exporter *e, int i) {
    return host_layer_kind(&e->net->layers[i]) == EXPORT_SAME && !is_output(e, i) && i != e->options->last && i > 0;
}

static void export_layers(tool_exporter *e) {
    for (int i = 0; i <= e->options->last; ++i) {
        if (!e->needed[i]) continue;
        const tool_tensor *in = i > 0 ? &e->output[i - 1] : &e->input;
        tool_tensor *out = &e->output[i];
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
static void note_boxes(const tool_exporter *e) {
    static const char *const keys[] = {"classes", "num",        "coords", "mask", "anchors", "scale_x_y", "new_coords",
                                       "softmax", "background", "tree",   "side", "sqrt",    NULL};
    tool_cfg *cfg = tool_cfg_read(e->options->cfg);
    for (int i = 0; i <= e->options->last; ++i) {
        char name[EXPORT_NAME], text[1024] = "";
        if (!is_boxes(e, i)) continue;
        for (int k = 0; keys[k]; ++k) {
            const char *value = tool_cfg_get(&cfg->section[i + 1], keys[k]);
            const size_t length = strlen(text);
            if (value) snprintf(text + length, sizeof text - length, "%s%s=%s", length ? " " : "", keys[k], value);
        }
        snprintf(name, sizeof name, "%.40s_%d", export_type(e, i), i);
        tool_onnx_note(e->onnx, name, text);
    }
    tool_cfg_free(cfg);
}

tool_onnx *tool_export(tool_model *model, const tool_export_options *options) {
    tool_exporter e = {.model = model, .net = tool_model_network(model), .options = options};
    e.input = (tool_tensor){.name = "images", .c = e.net->c, .h = e.net->h, .w = e.net->w};
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
