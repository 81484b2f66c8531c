/* host_tool_alexeyab.c: what of host_tool.h AlexeyAB/darknet does in its own way. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host_export.h"
#include "host_tool.h"

image host_crop_centre(image whole, int w, int h) {
    image resized = resize_min(whole, w);
    image crop = crop_image(resized, (resized.w - w) / 2, (resized.h - h) / 2, w, h);
    if (resized.data != whole.data) free_image(resized);
    return crop;
}

image host_fit_image(const network *net, image whole) {
    return net->letter_box ? letterbox_image(whole, net->w, net->h) : resize_image(whole, net->w, net->h);
}

detection *host_find_boxes(network *net, int w, int h, float threshold, float nms, int *count) {
    const float hierarchy = .5f; /* as `detector valid` has it */
    const layer *l = host_boxes_layer(net);
    detection *boxes = get_network_boxes(net, w, h, threshold, hierarchy, NULL, 1, count, net->letter_box);
    if (nms > 0 && l->nms_kind == DEFAULT_NMS)
        do_nms_sort(boxes, *count, l->classes, nms);
    else if (nms > 0)
        diounms_sort(boxes, *count, l->classes, nms, l->nms_kind, l->beta_nms);
    return boxes;
}

void host_replace_by_labels(char *path, char *labels) {
    replace_image_to_label(path, labels);
}

/* The input index of the greatest value in the window of output (i, j) of an image's channel, the first of equal ones; -1 if the
 * window lies in the padding. */
static int index_of_maximum(const layer *l, const float *channel, int i, int j) {
    int best = -1;
    for (int n = 0; n < l->size; ++n) {
        for (int m = 0; m < l->size; ++m) {
            int y = i * l->stride_y - l->pad / 2 + n, x = j * l->stride_x - l->pad / 2 + m;
            if (y < 0 || y >= l->h || x < 0 || x >= l->w) continue;
            if (best < 0 || channel[y * l->w + x] > channel[best]) best = y * l->w + x;
        }
    }
    return best;
}

/* A [maxpool] notes where its maxima were in training only: its backward function here looks for them once more. */
static void backward_searching_maxpool(layer l, network_state state) {
    if (!state.delta) return;
    for (int k = 0; k < l.batch * l.out_c; ++k) {
        const float *channel = state.input + (size_t)k * (size_t)(l.w * l.h);
        float *delta = state.delta + (size_t)k * (size_t)(l.w * l.h);
        for (int o = 0; o < l.out_h * l.out_w; ++o) {
            int index = index_of_maximum(&l, channel, o / l.out_w, o % l.out_w);
            if (index >= 0) delta[index] += l.delta[(size_t)k * (size_t)(l.out_h * l.out_w) + (size_t)o];
        }
    }
}

/* This host leaves out what only training needs when it is told the batch: a gradient of the input needs deltas all the same,
 * and the backward functions write to the updates of the weights. */
void host_add_training_buffers(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (l->type == DROPOUT || l->type == EMPTY || l->type == LGG) {
            if (i > 0) l->delta = l[-1].delta;
            continue;
        }
        size_t filters = (size_t)(l->type == CONNECTED ? l->outputs : l->n);
        size_t weights = l->type == CONNECTED ? (size_t)l->inputs * (size_t)l->outputs : (size_t)l->nweights;
        if (!l->delta) l->delta = lgg_allocate((size_t)l->outputs * (size_t)l->batch, sizeof(float), "a layer's delta");
        int keeps_input = l->activation == SWISH || l->activation == MISH || l->activation == HARD_MISH;
        if (keeps_input && !l->activation_input) {
            l->activation_input = lgg_allocate((size_t)l->outputs * (size_t)l->batch, sizeof(float), "a layer's input");
        }
        if (l->type == MAXPOOL) l->backward = backward_searching_maxpool;
        if (l->type == SHORTCUT && l->nweights > 0 && !l->weight_updates)
            l->weight_updates = lgg_allocate(weights, sizeof(float), "a layer's updates");
        if (l->type != CONVOLUTIONAL && l->type != CONNECTED) continue;
        if (!l->weight_updates) l->weight_updates = lgg_allocate(weights, sizeof(float), "a layer's updates");
        if (!l->bias_updates) l->bias_updates = lgg_allocate(filters, sizeof(float), "a layer's updates");
    }
    host_follow_deltas(net);
}

/* Floats that the largest convolution unrolls an image into. */
static size_t workspace_floats(const network *net) {
    size_t most = 1;
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (l->type != CONVOLUTIONAL) continue;
        size_t floats = (size_t)(l->out_h * l->out_w) * (size_t)(l->size * l->size * l->c);
        if (floats > most) most = floats;
    }
    return most;
}

/* Where host_pull_output looks for what was computed on the CPU. */
static void push_outputs(const network *net) {
#ifdef GPU
    for (int i = 0; i < net->n && net->gpu_index >= 0; ++i) {
        layer *l = &net->layers[i];
        if (l->output_gpu) cuda_push_array(l->output_gpu, l->output, (size_t)l->outputs * (size_t)l->batch);
    }
#else
    (void)net;
#endif
}

/* Gradients are computed on the CPU, with a workspace there: that of a GPU build is on the device. */
static network begin_on_cpu(const network *net) {
    network on_cpu = *net;
    on_cpu.workspace = lgg_allocate(workspace_floats(net), sizeof(float), "a workspace");
    return on_cpu;
}

void host_forward_for_gradient(network *net, const float *x) {
    network on_cpu = begin_on_cpu(net);
    network_state state = {.net = on_cpu, .input = (float *)x};
    forward_network(on_cpu, state);
    free(on_cpu.workspace);
    push_outputs(net);
}

void host_backward(network *net, const float *x, int from, const float *delta, float *gradient) {
    memset(gradient, 0, (size_t)net->inputs * (size_t)net->batch * sizeof *gradient);
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (l->delta) memset(l->delta, 0, (size_t)l->outputs * (size_t)l->batch * sizeof *l->delta);
    }
    memcpy(net->layers[from].delta, delta, (size_t)net->layers[from].outputs * (size_t)net->batch * sizeof *delta);
    network on_cpu = begin_on_cpu(net);
    network_state state = {.net = on_cpu, .input = (float *)x, .delta = gradient};
    backward_network(on_cpu, state);
    free(on_cpu.workspace);
}

int host_reads_net_option(const char *name) {
    return strcmp(name, "flip") == 0;
}

const char *host_without_gradient(const layer *l) {
    if (l->type == MAXPOOL && l->maxpool_depth) return "a [maxpool] over channels";
    if (l->type == CONV_LSTM || l->type == HISTORY) return "a recurrent layer";
    if (l->type == LOCAL_AVGPOOL) return "[local_avgpool], whose gradient Darknet only approximates";
    if (l->activation == GELU) return "activation=gelu, whose gradient Darknet takes at its output";
    if (l->activation == NORM_CHAN || l->activation == NORM_CHAN_SOFTMAX || l->activation == NORM_CHAN_SOFTMAX_MAXVAL)
        return "activation=normalize_channels, whose gradient Darknet only approximates";
    return l->antialiasing ? "an antialiased layer" : NULL;
}

/* Gradients are computed on the CPU. */
void host_fix_gradient_gpu(layer *l) {
    (void)l;
}

/* ---- host_export.h ---- */

host_export_kind host_layer_kind(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
        return EXPORT_CONVOLUTION;
    case CONNECTED:
        return EXPORT_CONNECTED;
    case MAXPOOL:
        return EXPORT_MAXPOOL;
    case LOCAL_AVGPOOL:
        return EXPORT_LOCAL_AVERAGE;
    case AVGPOOL:
        return EXPORT_AVERAGE;
    case SOFTMAX:
        return EXPORT_SOFTMAX;
    case SHORTCUT:
        return EXPORT_SUM;
    case ROUTE:
        return EXPORT_ROUTE;
    case UPSAMPLE:
        return EXPORT_UPSAMPLE;
    case REORG_OLD:
        return EXPORT_REORG;
    case ACTIVE:
        return EXPORT_ACTIVATION;
    case BATCHNORM:
        return EXPORT_BATCHNORM;
    case SCALE_CHANNELS:
    case SAM:
        return EXPORT_PRODUCT;
    case DROPOUT:
    case EMPTY:
    case COST:
    case LGG:
        return EXPORT_SAME;
    case YOLO:
    case GAUSSIAN_YOLO:
    case REGION:
    case DETECTION:
        return EXPORT_BOXES;
    default:
        return EXPORT_NOT;
    }
}

static const char *convolution_obstacle(const layer *l) {
    if (l->binary || l->xnor || l->use_bin_output) return "binary weights or outputs";
    if (l->antialiasing) return "antialiasing";
    if (l->deform) return "sway, rotate or stretch";
    if (l->coordconv) return "coordconv";
    return NULL;
}

/* Outside of convolutions, and sums for two of them, this host takes these activations for 0. */
static const char *activation_obstacle(const layer *l) {
    if (l->type == CONVOLUTIONAL) return NULL;
    if (l->activation == HARD_MISH)
        return "activation=hard_mish, which this Darknet computes in [convolutional] alone,";
    if (l->type == SHORTCUT) return NULL;
    if (l->activation == SWISH) return "activation=swish, which this Darknet takes for 0 here,";
    return l->activation == MISH ? "activation=mish, which this Darknet takes for 0 here," : NULL;
}

const char *host_export_obstacle(const layer *l) {
    const char *obstacle = activation_obstacle(l);
    if (obstacle) return obstacle;
    if (l->type == CONVOLUTIONAL) return convolution_obstacle(l);
    if (l->type == MAXPOOL && l->maxpool_depth) return "maxpool_depth";
    if (l->type == MAXPOOL && l->antialiasing) return "antialiasing";
    if (l->type == UPSAMPLE && l->reverse) return "a stride below 1";
    if (l->type == REORG_OLD && l->reverse) return "reverse";
    if (l->type == SOFTMAX && l->softmax_tree) return "a tree of classes";
    if (l->type == SOFTMAX && l->spatial != 0) return "spatial";
    if (l->type == SHORTCUT && l->n > HOST_MAX_ADDED) return "so many layers to add";
    return NULL;
}

const char *host_activation_name(const layer *l) {
    static const struct {
        ACTIVATION activation;
        const char *name;
    } names[] = {{LOGISTIC, "logistic"},
                 {RELU, "relu"},
                 {RELU6, "relu6"},
                 {RELIE, "relie"},
                 {LINEAR, "linear"},
                 {RAMP, "ramp"},
                 {TANH, "tanh"},
                 {PLSE, "plse"},
                 {REVLEAKY, "revleaky"},
                 {LEAKY, "leaky"},
                 {ELU, "elu"},
                 {LOGGY, "loggy"},
                 {STAIR, "stair"},
                 {HARDTAN, "hardtan"},
                 {LHTAN, "lhtan"},
                 {SELU, "selu"},
                 {GELU, "gelu"},
                 {SWISH, "swish"},
                 {MISH, "mish"},
                 {HARD_MISH, "hard_mish"},
                 {NORM_CHAN, "normalize_channels"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        if (names[i].activation == l->activation) return names[i].name;
    }
    return "normalize_channels_softmax";
}

/* The factors of one channel, as its weights are normalized. */
static void normalize_factors(const layer *l, int channel, int channels, float *factor) {
    double sum = 1, largest = -INFINITY;
    for (int i = 0; i <= l->n; ++i)
        largest = fmax(largest, (double)l->weights[i * channels + channel]);
    for (int pass = 0; pass < 2; ++pass) {
        for (int i = 0; i <= l->n; ++i) {
            double w = (double)l->weights[i * channels + channel];
            if (l->weights_normalization == RELU_NORMALIZATION) w = fmax(w, 0);
            if (l->weights_normalization == SOFTMAX_NORMALIZATION) w = exp(w - largest);
            if (pass) factor[i * channels + channel] = (float)(w / sum);
            if (!pass && l->weights_normalization != NO_NORMALIZATION) sum += (i ? 0 : .0001 - 1) + w;
        }
    }
}

host_sum host_layer_sum(const layer *l) {
    host_sum sum = {.count = l->n, .channels = l->nweights ? l->nweights / (l->n + 1) : 1};
    const size_t factors = (size_t)(l->n + 1) * (size_t)sum.channels;
    sum.factor = lgg_allocate(factors, sizeof *sum.factor, "a sum");
    for (int i = 0; i < l->n; ++i)
        sum.index[i] = l->input_layers[i];
    /* alpha is what [net] parseval leaves (host_halve_sum) */
    for (size_t i = 0; i < factors; ++i)
        sum.factor[i] = l->alpha > 0 ? l->alpha : 1;
    for (int c = 0; l->nweights && c < sum.channels; ++c)
        normalize_factors(l, c, sum.channels, sum.factor);
    return sum;
}

void host_route_part(const layer *l, int *parts, int *part) {
    *parts = l->groups > 0 ? l->groups : 1;
    *part = l->group_id;
}
