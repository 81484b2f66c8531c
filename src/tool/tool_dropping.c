/* tool_dropping.c: see tool_dropping.h. */
#include "tool_dropping.h"

#include "around.h"
#include "random.h"

/* The probability of a layer that is no [dropout] is nobody else's. */
static void drop(const layer *l) {
    const size_t n = (size_t)l->outputs * (size_t)l->batch;
    const float scale = (float)(1 / (1 - (double)l->probability));
    for (size_t i = 0; i < n; ++i) {
        const double draw = lgg_rand() / (RAND_MAX + 1.);
        l->output[i] *= draw < (double)l->probability ? 0 : scale;
    }
}

static void forward_dropping(layer l, host_pass pass) {
    l.functions->inner[AROUND_DROPPING].forward(l, pass);
    if (l.probability > 0) drop(&l);
}

#ifdef GPU
static void forward_dropping_gpu(layer l, host_pass pass) {
    const size_t n = (size_t)l.outputs * (size_t)l.batch;
    l.functions->inner[AROUND_DROPPING].forward_gpu(l, pass);
    if (!(l.probability > 0)) return;
    cuda_pull_array(l.output_gpu, l.output, n);
    drop(&l);
    cuda_push_array(l.output_gpu, l.output, n);
}
#endif

static int is_droppable(const layer *l) {
    return l->functions && l->type != DROPOUT && l->type != SOFTMAX && l->type != COST;
}

int drop_activations(network *net, const int *layers, int n, double share) {
    for (int i = 0; i < n; ++i) {
        layer *l = &net->layers[layers[i]];
        if (!is_droppable(l)) return layers[i];
        l->probability = (float)share;
        if (l->forward == forward_dropping) continue;
        begin_around(l, AROUND_DROPPING);
        l->forward = forward_dropping;
#ifdef GPU
        l->forward_gpu = forward_dropping_gpu;
#endif
    }
    return -1;
}

int block_layers(const network *net, int *layers) {
    int n = 0;
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type == SHORTCUT) layers[n++] = i;
    }
    if (n) return n;
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type == CONVOLUTIONAL || net->layers[i].type == CONNECTED) layers[n++] = i;
    }
    return n > 0 ? n - 1 : 0;
}
