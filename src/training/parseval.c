/* parseval.c: see parseval.h.
 *
 * The convolution runs unchanged on a layer whose weights are the scaled copy. Its weight gradient goes to a buffer of our
 * own, is scaled by the same factor (dL/dW = s dL/d(sW)), and is added to the layer's updates. */
#include "parseval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "activations.h"
#include "blas.h"
#include "gemm.h"
#include "around.h"
#include "allocate.h"
#include "recipe.h"

struct lgg_parseval {
    int rows, columns, groups; /* of one weight matrix, and how many the layer has */
    float scale;               /* 1 / sqrt(2 size^2 + 1) */
    float *weights;            /* as in use, scale W; scratch for the step */
    float *updates;            /* dL/d(scale W) of one pass */
    float *gram;               /* W W' (rows, rows) */
    float step;                /* [net] parseval */
#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
    float *weights_gpu, *updates_gpu, *gram_gpu;
#endif
};

static int count_weights(const lgg_parseval *p) {
    return p->groups * p->rows * p->columns;
}

static const function_set *inner_of(layer l) {
    return &l.functions->inner[AROUND_PARSEVAL];
}

static void forward_scaled(layer l, host_pass pass) {
    lgg_parseval *p = l.functions->parseval;
    copy_cpu(count_weights(p), l.weights, 1, p->weights, 1);
    scal_cpu(count_weights(p), p->scale, p->weights, 1);
    l.weights = p->weights;
    inner_of(l)->forward(l, pass);
}

static void backward_scaled(layer l, host_pass pass) {
    lgg_parseval *p = l.functions->parseval;
    float *updates = l.weight_updates;
    fill_cpu(count_weights(p), 0, p->updates, 1);
    l.weights = p->weights;
    l.weight_updates = p->updates;
    inner_of(l)->backward(l, pass);
    axpy_cpu(count_weights(p), p->scale, p->updates, 1, updates, 1);
}

/* A residual sum before its activation. */
static layer sum_of(layer l) {
    l.activation = LINEAR;
    return l;
}

static void forward_halved(layer l, host_pass pass) {
    const int n = l.outputs * l.batch;
    inner_of(l)->forward(sum_of(l), pass);
    scal_cpu(n, .5f, l.output, 1);
    activate_array(l.output, n, l.activation);
}

static void backward_halved(layer l, host_pass pass) {
    const int n = l.outputs * l.batch;
    gradient_array(l.output, n, l.activation, l.delta);
    scal_cpu(n, .5f, l.delta, 1);
    inner_of(l)->backward(sum_of(l), pass);
}

static void *allocate(size_t count) {
    return lgg_allocate(count, sizeof(float), "[net]'s parseval");
}

static lgg_parseval *make_matrix_state(const layer *l, float step) {
    lgg_parseval *p = lgg_allocate(1, sizeof *p, "[net]'s parseval");
    p->groups = l->type == CONVOLUTIONAL ? l->groups : 1;
    p->rows = (l->type == CONVOLUTIONAL ? l->n : l->outputs) / p->groups;
    p->columns = l->type == CONVOLUTIONAL ? l->c / l->groups * l->size * l->size : l->inputs;
    p->step = step;
    p->scale = l->type == CONVOLUTIONAL ? 1.f / sqrtf(2.f * (float)(l->size * l->size) + 1.f) : 1.f;
    size_t weights = (size_t)count_weights(p), rows = (size_t)p->rows;
    p->weights = allocate(weights);
    p->updates = allocate(weights);
    p->gram = allocate(rows * rows);
#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
    if (gpu_index >= 0) {
        p->weights_gpu = cuda_make_array(p->weights, weights);
        p->updates_gpu = cuda_make_array(p->updates, weights);
        p->gram_gpu = cuda_make_array(p->gram, rows * rows);
    }
#endif
    return p;
}

#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
static void forward_scaled_gpu(layer l, network net) {
    lgg_parseval *p = l.functions->parseval;
    copy_gpu(count_weights(p), l.weights_gpu, 1, p->weights_gpu, 1);
    scal_gpu(count_weights(p), p->scale, p->weights_gpu, 1);
    l.weights_gpu = p->weights_gpu;
    inner_of(l)->forward_gpu(l, net);
}

static void backward_scaled_gpu(layer l, network net) {
    lgg_parseval *p = l.functions->parseval;
    float *updates = l.weight_updates_gpu;
    fill_gpu(count_weights(p), 0, p->updates_gpu, 1);
    l.weights_gpu = p->weights_gpu;
    l.weight_updates_gpu = p->updates_gpu;
    inner_of(l)->backward_gpu(l, net);
    axpy_gpu(count_weights(p), p->scale, p->updates_gpu, 1, updates, 1);
}
#endif

/* W (rows, columns) <- (1+b) W - b (W W') W, with a copy of W in `old` and W W' in `gram`. */
static void step_matrix(float *w, float *old, float *gram, int rows, int columns, float b) {
    copy_cpu(rows * columns, w, 1, old, 1);
    fill_cpu(rows * rows, 0, gram, 1);
    gemm_cpu(0, 1, rows, rows, columns, 1, old, columns, old, columns, 1, gram, rows);
    gemm_cpu(0, 0, rows, columns, rows, -b, gram, rows, old, columns, 1 + b, w, columns);
}

static void update_towards_frame(layer l, HOST_UPDATE_PARAMETERS) {
    const lgg_parseval *p = l.functions->parseval;
    inner_of(l)->update(l, HOST_UPDATE_ARGUMENTS);
    for (int g = 0; g < p->groups; ++g) {
        size_t at = (size_t)g * (size_t)p->rows * (size_t)p->columns;
        step_matrix(l.weights + at, p->weights + at, p->gram, p->rows, p->columns, p->step);
    }
}

#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
static void update_towards_frame_gpu(layer l, update_args a) {
    const lgg_parseval *p = l.functions->parseval;
    const float b = p->step;
    inner_of(l)->update_gpu(l, a);
    for (int g = 0; g < p->groups; ++g) {
        size_t at = (size_t)g * (size_t)p->rows * (size_t)p->columns;
        float *w = l.weights_gpu + at, *old = p->weights_gpu + at;
        copy_gpu(p->rows * p->columns, w, 1, old, 1);
        gemm_gpu(0, 1, p->rows, p->rows, p->columns, 1, old, p->columns, old, p->columns, 0, p->gram_gpu, p->rows);
        gemm_gpu(0, 0, p->rows, p->columns, p->rows, -b, p->gram_gpu, p->rows, old, p->columns, 1 + b, w, p->columns);
    }
}
#endif

static void scale_weights_in_use(layer *l) {
    l->forward = forward_scaled;
    l->backward = backward_scaled;
#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
    l->forward_gpu = forward_scaled_gpu;
    l->backward_gpu = backward_scaled_gpu;
#endif
}

static void step_after_updates(layer *l) {
    if (l->update) l->update = update_towards_frame;
#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
    if (l->update_gpu) l->update_gpu = update_towards_frame_gpu;
#endif
}

int has_lgg_parseval(const network *net) {
    return host_recipe(net) && host_recipe(net)->parseval != 0;
}

static void halve_sum(layer *l) {
    if (host_halve_sum(l)) return;
    begin_around(l, AROUND_PARSEVAL);
    l->forward = forward_halved;
    l->backward = backward_halved;
}

/* Why layer l cannot be one of a Parseval network; NULL if it can. */
static const char *obstacle(const layer *l) {
    float alpha, beta;
    if (l->binary || l->xnor) return "has binary weights, which cannot be orthonormal";
    if (l->type != SHORTCUT || host_is_plain_sum(l, &alpha, &beta)) return NULL;
    return "is a sum that cannot be halved: leave out its weights, take two layers of one size, and neither swish nor "
           "mish";
}

void make_lgg_parseval(network *net) {
    if (!has_lgg_parseval(net)) return;
#if defined(GPU) && !HOST_HAS_PARSEVAL_GPU
    if (gpu_index >= 0) {
        fprintf(stderr, "[net]: parseval: on the GPU this Darknet does not have it; build with GPU=0\n");
        exit(EXIT_FAILURE);
    }
#endif
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const char *why = l->type == CONVOLUTIONAL || l->type == CONNECTED || l->type == SHORTCUT ? obstacle(l) : NULL;
        if (why) {
            fprintf(stderr, "[net]: parseval: layer %d %s\n", i, why);
            exit(EXIT_FAILURE);
        }
        if (l->type == SHORTCUT) halve_sum(l);
        if (l->type != CONVOLUTIONAL && l->type != CONNECTED) continue;
        l->functions->parseval = make_matrix_state(l, host_recipe(net)->parseval);
        begin_around(l, AROUND_PARSEVAL);
        if (l->type == CONVOLUTIONAL) scale_weights_in_use(l);
        step_after_updates(l);
    }
}

void free_lgg_parseval(lgg_parseval *p) {
    if (!p) return;
    free(p->weights);
    free(p->updates);
    free(p->gram);
#if defined(GPU) && HOST_HAS_PARSEVAL_GPU
    if (p->weights_gpu) cuda_free(p->weights_gpu);
    if (p->updates_gpu) cuda_free(p->updates_gpu);
    if (p->gram_gpu) cuda_free(p->gram_gpu);
#endif
    free(p);
}
