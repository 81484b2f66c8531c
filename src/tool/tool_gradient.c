/* tool_gradient.c: see tool_gradient.h. */
#include "tool_gradient.h"

#include <math.h>

#include "network_plan.h"
#include "tool.h"

/* delta of the input += delta * scale / sqrt(rolling variance + epsilon): the factors wait in mean_delta. */
static void backward_fixed_batchnorm(layer l, host_pass pass) {
    if (!pass.delta) return;
    int spatial = l.out_h * l.out_w;
    for (int i = 0; i < l.batch * l.out_c; ++i) {
        float factor = l.mean_delta[i % l.out_c];
        for (int j = 0; j < spatial; ++j)
            pass.delta[i * spatial + j] += factor * l.delta[i * spatial + j];
    }
}

static void pass_on(layer l, host_pass pass) {
    (void)l;
    (void)pass;
}

static void fix_batchnorm(layer *l) {
    if (!l->mean_delta) l->mean_delta = lgg_allocate((size_t)l->out_c, sizeof(float), "a [batchnorm]");
    for (int c = 0; c < l->out_c; ++c)
        l->mean_delta[c] = l->scales[c] / sqrtf(l->rolling_variance[c] + HOST_BATCH_NORM_EPSILON);
    l->backward = backward_fixed_batchnorm;
    host_fix_gradient_gpu(l);
}

static void fix_pass_on(layer *l) {
    l->backward = pass_on;
    host_fix_gradient_gpu(l);
}

static const char *without_gradient(const layer *l) {
    if (l->binary || l->xnor) return "a binary convolution";
    if (l->batch_normalize && l->type != BATCHNORM) {
        return "batch normalization in a layer other than [convolutional] and [connected]";
    }
    switch (l->type) {
    case NORMALIZATION:
        return "[normalization], whose gradient Darknet only approximates";
    case CROP:
        return "[crop]";
    case LOGXENT:
        return "[logistic], whose gradient Darknet takes for that of its loss";
    case DETECTION:
    case REGION:
    case YOLO:
        return "a detection layer";
    case RNN:
    case GRU:
    case LSTM:
    case CRNN:
        return "a recurrent layer";
    default:
        return host_without_gradient(l);
    }
}

const char *tool_fix_gradients(network *net, int output) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const char *obstacle = without_gradient(l);
        if (l->type == SOFTMAX && i != output)
            obstacle =
                "a [softmax] that is not the network's output, whose gradient Darknet takes for that of its loss";
        if (obstacle) return obstacle;
        l->stopbackward = l->onlyforward = 0;
        if (l->type == BATCHNORM) fix_batchnorm(l);
        if (l->type == DROPOUT || l->type == COST || l->type == LGG) fix_pass_on(l);
    }
    want_gradient_of_images(net, 1);
    return NULL;
}
