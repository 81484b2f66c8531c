/* layer_fast.c: see layer_fast.h. */
#include "layer_fast.h"

#include <stdlib.h>

#include "batchnorm_fast.h"
#include "batchnorm_rows.h"
#include "convolution_dnnl.h"
#include "elementwise_fast.h"
#include "allocate.h"

#ifdef LGG_FAST
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

/* Whether the arrays of l and of the layer that it takes in are (batch, h, w, c). */
static int is_channels_last(layer l) {
    return l.functions->plan.channels_last;
}

static void forward_batchnorm(layer l, host_pass pass) {
    if (is_channels_last(l))
        forward_batchnorm_rows(l, pass, *host_input_of(&pass), l.output, LINEAR);
    else
        forward_batchnorm_fast(l, pass, *host_input_of(&pass), l.output, LINEAR);
}

static void backward_batchnorm(layer l, host_pass pass) {
    const int add = !l.functions->plan.assigns;
    if (is_channels_last(l))
        backward_batchnorm_rows(l, pass, *host_input_of(&pass), *host_delta(&pass), add, LINEAR);
    else
        backward_batchnorm_fast(l, pass, *host_input_of(&pass), *host_delta(&pass), add, LINEAR);
}

static gradient_target input_target(layer l, host_pass *pass, float factor) {
    return (gradient_target){*host_delta(pass), factor, l.functions->plan.assigns};
}

static void forward_activation(layer l, host_pass pass) {
    activate_into_fast(*host_input_of(&pass), l.output, count_outputs(l), l.activation);
}

static void backward_activation(layer l, host_pass pass) {
    backward_shortcut_fast(l.output, l.delta, count_outputs(l), l.activation, input_target(l, &pass, 1),
                           (gradient_target){0});
}

static void forward_route(layer l, host_pass pass) {
    if (!l.functions->plan.skipped) host_functions(l)->forward(l, pass);
}

static void backward_route(layer l, host_pass pass) {
    if (!l.functions->plan.skipped) host_functions(l)->backward(l, pass);
}

static void forward_shortcut(layer l, host_pass pass) {
    float alpha, beta;
    if (l.functions->plan.skipped || (l.functions->plan.is_summed && pass.train)) return;
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
    const gradient_target from = {host_layers(&pass)[l.index].delta, beta, l.functions->plan.assigns_from};
    const gradient_target input = l.functions->plan.shares_delta ? (gradient_target){0} : input_target(l, &pass, alpha);
    backward_shortcut_fast(l.output, l.delta, count_outputs(l), l.activation, input, from);
}

static pooled_images pooled_by(layer l) {
    return (pooled_images){l.batch, l.c, l.h * l.w, l.functions->plan.input_channels_last};
}

static void forward_avgpool(layer l, host_pass pass) {
    average_fast(pooled_by(l), *host_input_of(&pass), l.output);
}

static void backward_avgpool(layer l, host_pass pass) {
    if (*host_delta(&pass)) backward_average_fast(pooled_by(l), l.delta, *host_delta(&pass), l.functions->plan.assigns);
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
    if (l->type == AVGPOOL) put_fast_pair(l, forward_avgpool, backward_avgpool);
    if (host_copies_one(l) >= 0) put_fast_pair(l, forward_route, backward_route);
    if (!l->batch_normalize || !host_is_linear(l)) return;
    l->functions->zeros = lgg_allocate(2 * (size_t)l->out_c, sizeof(float), "the layers' buffers");
    put_fast_pair(l, forward_normalized, backward_normalized);
}
#endif

#ifdef DNNL
/* What the plan has the layer take in for the output and the delta of the layer before it. */
static void take_source(layer l, host_pass *pass) {
    if (!l.functions->plan.source) return;
    const layer *source = &host_layers(pass)[l.functions->plan.source - 1];
    *host_input_of(pass) = source->output;
    *host_delta(pass) = source->delta;
}

/* Only Darknet's own order is one that the host's function understands. */
static void check_host_can(layer l) {
    const layer_plan *plan = &l.functions->plan;
    if (plan->channels_last || plan->input_channels_last || plan->assigns || plan->residual)
        lgg_out_of_memory("a convolution by oneDNN", (double)l.outputs * l.batch * sizeof(float));
}

static void forward_convolution(layer l, host_pass pass) {
    take_source(l, &pass);
    if (forward_convolution_dnnl(l, pass)) return;
    check_host_can(l);
    l.functions->inner[AROUND_DNNL].forward(l, pass);
}

static void backward_convolution(layer l, host_pass pass) {
    take_source(l, &pass);
    if (backward_convolution_dnnl(l, pass)) return;
    check_host_can(l);
    l.functions->inner[AROUND_DNNL].backward(l, pass);
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

#ifdef LGG_FAST
static int is_plain_sum(const layer *l) {
    float alpha, beta;
    return host_is_plain_sum(l, &alpha, &beta);
}
#endif

layer_order order_of(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
        return l->functions && l->functions->dnnl && !l->functions->plan.narrow && l->groups == 1 &&
                       !host_activates_channels(l)
                   ? ORDER_FREE
                   : ORDER_DARKNETS;
#ifdef LGG_FAST
    case SHORTCUT:
        return is_plain_sum(l) ? ORDER_KEPT : ORDER_DARKNETS;
    case ROUTE:
        return host_copies_one(l) >= 0 ? ORDER_KEPT : ORDER_DARKNETS;
    case BATCHNORM:
    case ACTIVE:
        return ORDER_KEPT;
    case AVGPOOL:
        return ORDER_LOST;
#endif
    default:
        return l->type == LGG ? ORDER_KEPT : ORDER_DARKNETS; /* a [dropout] draws for its values in their order */
    }
}

int writes_delta(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
        return l->functions && l->functions->dnnl;
#ifdef LGG_FAST
    case SHORTCUT:
        return is_plain_sum(l);
    case BATCHNORM:
    case ACTIVE:
    case AVGPOOL:
        return 1;
#endif
    default:
        return 0;
    }
}

void put_fast_functions(network *net, int i) {
#ifdef LGG_FAST
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
