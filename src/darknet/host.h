/* host.h: what our files ask of the Darknet that they are built into. What is the same in all hosts stands here; what differs, in
 * host_<name>.h, which the compiler's -DLGG_HOST_HEADER names: host_pjreddie.h, host_alexeyab.h. A new host brings one of its own. */
#ifndef HOST_H
#define HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "darknet.h"
#include "blas.h"
#include "connected_layer.h"
#include "convolutional_layer.h"
#include "network.h"
#include "option_list.h"
#include "parser.h"
#include "utils.h"

#include "allocate.h"
#include "array.h"

/* An array on the device; NULL in a build for the CPU. */
#ifdef GPU
#define HOST_GPU(x) (x)
#else
#define HOST_GPU(x) NULL
#endif

/* Most numbers of a network as a whole that a state keeps (host_network_memory). */
#define LGG_NETWORK_MEMORY 4

#include LGG_HOST_HEADER

/* A layer's forward or backward function. */
typedef void host_function(layer, host_pass);

/* Batch normalization divides by sqrt(variance + this). */
#define HOST_BATCH_NORM_EPSILON 1e-5f

/* Whether the host's writer of weights can be asked what it writes: not where that group of patches is left out. */
#ifdef LGG_WITHOUT_TRAINING
#define HOST_WRITES_LAYERS 0
#else
#define HOST_WRITES_LAYERS 1
#endif

static inline layer *host_layers(const host_pass *pass) {
    return host_net(pass)->layers;
}
static inline int host_layer_count(const host_pass *pass) {
    return host_net(pass)->n;
}
static inline int host_subdivisions(const host_pass *pass) {
    return host_net(pass)->subdivisions;
}
static inline float *host_cost(const host_pass *pass) {
    return host_net(pass)->cost;
}

static inline void host_forget_truth(host_pass *pass) {
    pass->truth = NULL;
}

/* The labels (B, host_truths) of the batch; NULL without a truth. */
static inline float *host_truth(const host_pass *pass) {
    return pass->truth;
}
static inline int host_truths(const host_pass *pass) {
    return host_net(pass)->truths;
}

/* What a pass gives to a layer: the output and the delta of the layer before it. The delta is NULL where there is none. */
static inline float **host_input_of(host_pass *pass) {
    return &pass->input;
}
static inline float **host_delta(host_pass *pass) {
    return &pass->delta;
}

/* What a dropout multiplied value i of its batch by. */
static inline float host_dropout_factor(const layer *l, size_t i) {
    return l->rand[i] < l->probability ? 0.f : l->scale;
}

/* The device that net is on is this thread's from now on: with several of them the last one that was set up is. */
static inline void host_select_device(const network *net) {
#ifdef GPU
    if (net->gpu_index >= 0) cuda_set_device(net->gpu_index);
#else
    (void)net;
#endif
}

/* The images (B, inputs) that net is working on. */
static inline float *host_input(const network *net) {
    return net->input;
}

/* What [net] says of the training. NULL, and nothing calls the writer of weights, where the group of patches is left out. */
static inline struct lgg_recipe *host_recipe(const network *net) {
#ifdef LGG_WITHOUT_TRAINING
    (void)net;
    return NULL;
#else
    return net->recipe;
#endif
}

static inline void host_load_weights(network *net, const char *weights) {
    load_weights(net, (char *)weights);
}

/* Whether a layer of net has a loss of the host's, which is the task's. */
static inline int host_has_task_loss(const network *net) {
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].cost && net->layers[i].type != LGG) return 1;
    return 0;
}

/* The number of a leaf's weights (host_leaf_layers), biases and scales not among them. */
static inline size_t host_weight_count(const layer *l) {
    switch (l->type) {
    case CONNECTED:
        return (size_t)l->inputs * (size_t)l->outputs;
    case LOCAL:
        return (size_t)l->size * (size_t)l->size * (size_t)l->c * (size_t)l->n * (size_t)l->out_w * (size_t)l->out_h;
    default:
        return (size_t)l->nweights;
    }
}

/* Makes l, a section, share the buffers of the one before it, and what else of it others look for in a network's last layer. */
static inline void host_share_buffers(layer *l, const layer *previous) {
    l->output = previous->output;
    l->delta = previous->delta;
#ifdef GPU
    l->output_gpu = previous->output_gpu;
    l->delta_gpu = previous->delta_gpu;
#endif
    host_follow_previous(l, previous);
}

/* Brings changed weights of a convolutional or connected layer to the device. */
static inline void host_push_weights(layer *l) {
#ifdef GPU
    if (gpu_index < 0) return;
    if (l->type == CONVOLUTIONAL) push_convolutional_layer(*l);
    if (l->type == CONNECTED) push_connected_layer(*l);
#else
    (void)l;
#endif
}

#ifdef GPU
/* Frees an array on the device, which may be NULL, and forgets it. */
static inline void host_free_array(float **array) {
    if (*array) cuda_free(*array);
    *array = NULL;
}
#endif

/* Frees what only training reads of a layer on the device. */
static inline void host_free_device_training_buffers(layer *l) {
#ifdef GPU
    if (gpu_index < 0 || host_shares_device_buffers(l)) return;
    float **buffers[] = {&l->delta_gpu, &l->weight_updates_gpu, &l->bias_updates_gpu, &l->scale_updates_gpu};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; ++i)
        host_free_array(buffers[i]);
#else
    (void)l;
#endif
}

/* The same of what a batch norm keeps for its backward pass, in a layer that has none any more. */
static inline void host_free_device_normalization(layer *l) {
#ifdef GPU
    if (gpu_index < 0 || host_shares_device_buffers(l)) return;
    host_free_array(&l->x_gpu);
    host_free_array(&l->x_norm_gpu);
#else
    (void)l;
#endif
}

/* After a copy to the device was enqueued from memory that is not pinned and will be changed or freed: waits for it on devices that read such
 * memory by themselves (GH200), where CUDA need not have taken a copy of its own. */
static inline void host_await_copy(void) {
#ifdef GPU
    int device = 0, reads = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&reads, cudaDevAttrPageableMemoryAccessUsesHostPageTables, device);
    if (reads) cudaStreamSynchronize(host_stream());
#endif
}

#endif
