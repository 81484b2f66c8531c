/* layer_fast.c: see layer_fast.h. */
#include "layer_fast.h"

#include <stdlib.h>

#include "batchnorm_fast.h"
#include "convolution_dnnl.h"
#include "elementwise_fast.h"
#include "allocate.h"

#ifdef FAST
static size_t count_outputs(layer l) {
    return (size_t)l.batch * (size_t)l.outputs;
}

static const function_set *host_functions(layer l) {
    return &l.functions->inner[AROUND_FAST];
}

/* The layer as one whose output is its products alone: biases of 0, no batch normalization, no activation. */
static layer products_of(layer l) {
    l.batch_normalize = 0;
    l.activation = LINEAR;
    l.biases = l.functions->zeros;
    l.bias_updates = l.functions->zeros + l.out_c;
    return l;
}

/* What batch normalization takes in: kept for the backward pass in training, normalized in place otherwise. */
static float *normalized_input(layer l, const host_pass *pass) {
    return pass->train ? l.x : l.output;
}

static void forward_normalized(layer l, host_pass pass) {
    if (!l.batch_normalize) {
        host_functions(l)->forward(l, pass);
        return;
    }
    layer products = products_of(l);
    products.output = normalized_input(l, &pass);
    host_functions(l)->forward(products, pass);
    forward_batchnorm_fast(l, pass, products.output, l.output, host_activation(&l));
    host_activate_rest(l);
}

static void backward_normalized(layer l, host_pass pass) {
    if (!l.batch_normalize) {
        host_functions(l)->backward(l, pass);
        return;
    }
    host_gradient_rest(l);
    backward_batchnorm_fast(l, pass, l.x, l.delta, 0, host_activation(&l));
    host_functions(l)->backward(products_of(l), pass);
}

static void forward_batchnorm(layer l, host_pass pass) {
    forward_batchnorm_fast(l, pass, *host_input_of(&pass), l.output, LINEAR);
}

static void backward_batchnorm(layer l, host_pass pass) {
    backward_batchnorm_fast(l, pass, *host_input_of(&pass), *host_delta(&pass), 1, LINEAR);
}

static void forward_activation(layer l, host_pass pass) {
    activate_into_fast(*host_input_of(&pass), l.output, count_outputs(l), l.activation);
}

static void backward_activation(layer l, host_pass pass) {
    backward_shortcut_fast(l.output, l.delta, 1, 0, *host_delta(&pass), NULL, count_outputs(l), l.activation);
}

static void forward_shortcut(layer l, host_pass pass) {
    float alpha, beta;
    if (!host_is_plain_sum(&l, &alpha, &beta)) {
        host_functions(l)->forward(l, pass);
        return;
    }
    const float *from = host_layers(&pass)[l.index].output;
    forward_shortcut_fast(*host_input_of(&pass), from, alpha, beta, l.output, count_outputs(l), l.activation);
}

static void backward_shortcut(layer l, host_pass pass) {
    float alpha, beta;
    if (!host_is_plain_sum(&l, &alpha, &beta)) {
        host_functions(l)->backward(l, pass);
        return;
    }
    float *from_delta = host_layers(&pass)[l.index].delta;
    backward_shortcut_fast(l.output, l.delta, alpha, beta, *host_delta(&pass), from_delta, count_outputs(l),
                           l.activation);
}

static void put_fast_pair(layer *l, host_function *forward, host_function *backward) {
    begin_around(l, AROUND_FAST);
    l->forward = forward;
    l->backward = backward;
}

static void put_fast_by_kind(layer *l) {
    if (l->type == BATCHNORM) put_fast_pair(l, forward_batchnorm, backward_batchnorm);
    if (l->type == ACTIVE) put_fast_pair(l, forward_activation, backward_activation);
    if (l->type == SHORTCUT) put_fast_pair(l, forward_shortcut, backward_shortcut);
    if (!l->batch_normalize || !host_is_linear(l)) return;
    l->functions->zeros = lgg_allocate(2 * (size_t)l->out_c, sizeof(float), "the layers' buffers");
    put_fast_pair(l, forward_normalized, backward_normalized);
}
#endif

#ifdef DNNL
static void forward_convolution(layer l, host_pass pass) {
    if (!forward_convolution_dnnl(l, pass)) l.functions->inner[AROUND_DNNL].forward(l, pass);
}

static void backward_convolution(layer l, host_pass pass) {
    if (!backward_convolution_dnnl(l, pass)) l.functions->inner[AROUND_DNNL].backward(l, pass);
}

/* Of a layer before layer i; NULL if none has it. */
static convolution_dnnl *find_dnnl(const network *net, int i) {
    convolution_dnnl *before = NULL;
    while (!before && --i >= 0)
        before = net->layers[i].functions ? net->layers[i].functions->dnnl : NULL;
    return before;
}

static void put_dnnl(network *net, int i) {
    layer *l = &net->layers[i];
    if (l->type == CONVOLUTIONAL) l->functions->dnnl = make_convolution_dnnl(*l, find_dnnl(net, i));
    if (!l->functions->dnnl) return;
    begin_around(l, AROUND_DNNL);
    l->forward = forward_convolution;
    l->backward = backward_convolution;
}
#endif

void put_fast_functions(network *net, int i) {
#ifdef FAST
    put_fast_by_kind(&net->layers[i]);
#endif
#ifdef DNNL
    put_dnnl(net, i);
#endif
    (void)net, (void)i;
}

void free_fast_functions(layer_functions *functions) {
#ifdef DNNL
    free_convolution_dnnl(functions->dnnl);
#endif
    free(functions->zeros);
}
