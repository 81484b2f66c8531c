/* host_tool_pjreddie.c: what of host_tool.h pjreddie/darknet does in its own way. */
#include <string.h>

#ifdef GPU
#include "blas.h"
#endif
#include "activations.h"
#include "host_export.h"
#include "host_tool.h"

/* of Darknet's image.c, declared in a header that is not fit for our warnings */
image center_crop_image(image im, int w, int h);

image host_crop_centre(image whole, int w, int h) {
    return center_crop_image(whole, w, h);
}

image host_fit_image(const network *net, image whole) {
    return letterbox_image(whole, net->w, net->h);
}

detection *host_find_boxes(network *net, int w, int h, float threshold, float nms, int *count) {
    const float hierarchy = .5f; /* as `detector valid` has it */
    detection *boxes = get_network_boxes(net, w, h, threshold, hierarchy, NULL, 1, count);
    if (nms > 0) do_nms_sort(boxes, *count, host_boxes_layer(net)->classes, nms);
    return boxes;
}

/* As fill_truth_detection in Darknet's data.c. */
void host_replace_by_labels(char *path, char *labels) {
    static const char *const rules[][2] = {{"images", "labels"}, {"JPEGImages", "labels"}, {"raw", "labels"},
                                           {".jpg", ".txt"},     {".png", ".txt"},         {".JPG", ".txt"},
                                           {".JPEG", ".txt"}};
    strcpy(labels, path);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i) {
        strcpy(path, labels);
        find_replace(path, (char *)rules[i][0], (char *)rules[i][1], labels);
    }
}

/* This host has them always. */
void host_add_training_buffers(network *net) {
    (void)net;
}

int host_reads_net_option(const char *name) {
    (void)name;
    return 0;
}

const char *host_without_gradient(const layer *l) {
    if (l->type == L2NORM) return "[l2norm], whose gradient Darknet does not have";
    return l->type == ISEG ? "a detection layer" : NULL;
}

#ifdef GPU
static void backward_fixed_batchnorm_gpu(layer l, network net) {
    if (!net.delta_gpu) return;
    scale_bias_gpu(l.delta_gpu, l.mean_delta_gpu, l.batch, l.out_c, l.out_h * l.out_w);
    axpy_gpu(l.outputs * l.batch, 1, l.delta_gpu, 1, net.delta_gpu, 1);
}

static void pass_on_gpu(layer l, network net) {
    (void)l;
    (void)net;
}
#endif

void host_fix_gradient_gpu(layer *l) {
#ifdef GPU
    if (l->type != BATCHNORM) {
        l->backward_gpu = pass_on_gpu;
        return;
    }
    if (gpu_index >= 0) cuda_push_array(l->mean_delta_gpu, l->mean_delta, (size_t)l->out_c);
    l->backward_gpu = backward_fixed_batchnorm_gpu;
#else
    (void)l;
#endif
}

void host_forward_for_gradient(network *net, const float *x) {
    host_forward(net, x);
}

/* Every delta is 0 but that of layer `from`. */
static void set_deltas(network *net, int from, const float *delta) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        size_t size = (size_t)l->outputs * (size_t)l->batch;
        if (l->delta) memset(l->delta, 0, size * sizeof(float));
#ifdef GPU
        if (net->gpu_index >= 0 && l->delta_gpu) fill_gpu((int)size, 0, l->delta_gpu, 1);
#endif
    }
    layer *l = &net->layers[from];
    size_t size = (size_t)l->outputs * (size_t)l->batch;
    memcpy(l->delta, delta, size * sizeof(float));
#ifdef GPU
    if (net->gpu_index >= 0) cuda_push_array(l->delta_gpu, l->delta, size);
#endif
}

void host_backward(network *net, const float *x, int from, const float *delta, float *gradient) {
    network before = *net;
    set_deltas(net, from, delta);
    net->input = (float *)x;
    net->train = 0;
    net->delta = gradient;
    size_t size = (size_t)net->inputs * (size_t)net->batch;
    memset(gradient, 0, size * sizeof *gradient);
#ifdef GPU
    if (net->gpu_index >= 0) net->delta_gpu = cuda_make_array(gradient, size);
#endif
    backward_network(net);
#ifdef GPU
    if (net->gpu_index >= 0) {
        cuda_pull_array(net->delta_gpu, gradient, size);
        cuda_free(net->delta_gpu);
    }
#endif
    *net = before;
}

/* ---- host_export.h ---- */

host_export_kind host_layer_kind(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
        return EXPORT_CONVOLUTION;
    case DECONVOLUTIONAL:
        return EXPORT_DECONVOLUTION;
    case CONNECTED:
        return EXPORT_CONNECTED;
    case MAXPOOL:
        return EXPORT_MAXPOOL;
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
    case REORG:
        return EXPORT_REORG;
    case ACTIVE:
    case LOGXENT:
        return EXPORT_ACTIVATION;
    case BATCHNORM:
        return EXPORT_BATCHNORM;
    case L2NORM:
        return EXPORT_L2NORM;
    case DROPOUT:
    case COST:
    case LGG:
        return EXPORT_SAME;
    case YOLO:
    case REGION:
    case DETECTION:
    case ISEG:
        return EXPORT_BOXES;
    default:
        return EXPORT_NOT;
    }
}

const char *host_export_obstacle(const layer *l) {
    if (l->type == CONVOLUTIONAL && (l->binary || l->xnor)) return "binary weights";
    if (l->type == UPSAMPLE && l->reverse) return "a stride below 1";
    if (l->type == REORG && (l->reverse || l->flatten || l->extra)) return "reverse, flatten or extra";
    if (l->type == SOFTMAX && l->softmax_tree) return "a tree of classes";
    if (l->type == SOFTMAX && l->spatial != 0) return "spatial";
    return NULL;
}

const char *host_activation_name(const layer *l) {
    if (l->type == LOGXENT) return "logistic";
    return get_activation_string(l->activation);
}

host_sum host_layer_sum(const layer *l) {
    host_sum sum = {.count = 1, .index = {l->index}, .channels = 1};
    sum.factor = lgg_allocate(2, sizeof *sum.factor, "a sum");
    sum.factor[0] = l->alpha;
    sum.factor[1] = l->beta;
    return sum;
}

void host_route_part(const layer *l, int *parts, int *part) {
    (void)l;
    *parts = 1;
    *part = 0;
}
