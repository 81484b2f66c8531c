/* host_pjreddie.h: everything in which pjreddie/darknet differs from the other hosts, for the files of this folder. */
#ifndef HOST_PJREDDIE_H
#define HOST_PJREDDIE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "darknet.h"
#include "connected_layer.h"
#include "convolutional_layer.h"
#include "array.h"
#include "allocate.h"
#include "network.h"
#include "option_list.h"
#include "parser.h"
#include "utils.h"

/* What our patches add to its parser.c. */
network *parse_network_cfg_custom(char *filename, int batch);
void write_weights_upto(network *net, FILE *file, int cutoff);

/* What the host hands to a layer's forward and backward functions. */
typedef network host_pass;

/* A layer's functions. */
typedef void host_function(layer, host_pass);
typedef void host_update_function(layer, update_args);

/* Options that the host reads in every section. */
#define HOST_COMMON_OPTIONS                                                                                            \
    "truth", "onlyforward", "stopbackward", "dontsave", "dontload", "numload", "dontloadscales", "learning_rate",      \
        "smooth"

/* The sections that the host knows. */
#define HOST_SECTIONS                                                                                                  \
    "[net]", "[network]", "[convolutional]", "[conv]", "[deconvolutional]", "[deconv]", "[connected]", "[conn]",       \
        "[local]", "[activation]", "[logistic]", "[l2norm]", "[rnn]", "[gru]", "[lstm]", "[crnn]", "[crop]", "[cost]", \
        "[region]", "[yolo]", "[iseg]", "[detection]", "[softmax]", "[soft]", "[normalization]", "[lrn]",              \
        "[batchnorm]", "[maxpool]", "[max]", "[reorg]", "[avgpool]", "[avg]", "[route]", "[upsample]", "[shortcut]",   \
        "[dropout]"

/* Layers that cannot be tapped: type, why, and whether a teacher's can be read all the same. */
#define HOST_UNTAPPABLE                                                                                                \
    {COST, "a [cost], whose output is its loss", 0}, {CROP, "a [crop], which has no gradient", 1},                     \
        {DETECTION, "a [detection], whose delta is that of its own loss", 1},                                          \
        {REGION, "a [region], whose delta is that of its own loss", 1},                                                \
        {YOLO, "a [yolo], whose delta is that of its own loss", 1},                                                    \
        {ISEG, "an [iseg], whose delta is that of its own loss", 1},                                                   \
        {L2NORM, "an [l2norm], whose backward pass is not the gradient of a normalization", 1}, {                      \
        BLANK, "a section that Darknet does not know", 0                                                               \
    }

/* Whether the patches of this host have `parseval`. */
#define HOST_HAS_PARSEVAL 1

/* Whether the host's writer of weights can be asked what it writes: not where that group of patches is left out. */
#ifdef LGG_WITHOUT_TRAINING
#define HOST_WRITES_LAYERS 0
#else
#define HOST_WRITES_LAYERS 1
#endif

/* Whether layers have `functions`, and ours are put around them (layer_functions.h). */
#define HOST_WRAPS_LAYERS 1

/* Batch normalization divides by sqrt(variance + this). */
#define HOST_BATCH_NORM_EPSILON 1e-5f

static inline layer *host_layers(const host_pass *pass) {
    return pass->layers;
}
static inline int host_layer_count(const host_pass *pass) {
    return pass->n;
}
static inline int host_subdivisions(const host_pass *pass) {
    return pass->subdivisions;
}
static inline float *host_cost(const host_pass *pass) {
    return pass->cost;
}

/* The labels (B, host_truths) of the batch; NULL without a truth. */
static inline float *host_truth(const host_pass *pass) {
    return pass->truth;
}
static inline int host_truths(const host_pass *pass) {
    return pass->truths;
}

/* Whether this pass trains: nothing else makes the losses run. */
static inline int host_trains(const host_pass *pass) {
    return pass->train && pass->truth;
}

/* Whether net has what training needs: this host always makes it. */
static inline int host_can_train(const network *net) {
    (void)net;
    return 1;
}

/* Deltas carry this factor. */
static inline float host_loss_scale(const host_pass *pass) {
    (void)pass;
    return 1.f;
}

/* Whether the truth of a network with this layer is boxes or masks, and no class vector. */
static inline int host_has_boxes(const layer *l) {
    return l->type == DETECTION || l->type == REGION || l->type == YOLO || l->type == ISEG;
}

/* Whether layers can be given streams of their own. */
#define HOST_HAS_STREAMS 0
static inline int host_streamed_layer(const network *net, const char **option, int *value) {
    (void)net, (void)option, (void)value;
    return -1;
}

/* What a dropout multiplied value i of its batch by. */
static inline float host_dropout_factor(const layer *l, size_t i) {
    return l->rand[i] < l->probability ? 0.f : l->scale;
}

/* The network of a pass, with the images that it was given: what was at hand when the sections were read. */
static inline const network *host_network(const network *kept, const host_pass *pass) {
    (void)pass;
    return kept;
}

/* The images (B, inputs) that net is working on. */
static inline float *host_input(const network *net) {
    return net->input;
}

/* Where the number of updates is kept. */
static inline int *host_updates(const network *net) {
    return net->t;
}

/* The iterations that net has trained. */
static inline size_t host_iteration(const network *net) {
    return get_current_batch((network *)net);
}
/* Whether a detector's batches change their size with that of the images. */
static inline int host_changes_batch(const network *net) {
    (void)net;
    return 0;
}
static inline float host_learning_rate(const network *net) {
    return get_current_rate((network *)net);
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

/* Writes the weights of layers 0..cutoff-1 as the host's weights files have them. */
static inline void host_write_weights(network *net, FILE *file, int cutoff) {
#ifdef LGG_WITHOUT_TRAINING
    (void)net, (void)file, (void)cutoff;
#else
    write_weights_upto(net, file, cutoff);
#endif
}

/* A network for batches of `batch` images, whatever its cfg file says. */
static inline network *host_parse_network(const char *cfg, int batch) {
    return parse_network_cfg_custom((char *)cfg, batch);
}
static inline void host_load_weights(network *net, const char *weights) {
    load_weights(net, (char *)weights);
}
static inline void host_free_network(network *net) {
    free_network(net);
}
/* Batches of another size: resize_network is to follow. */
static inline void host_set_batch(network *net, int batch) {
    set_batch_network(net, batch);
}
static inline void host_predict(network *net, float *input) {
    network_predict(net, input);
}

/* The output (batch, outputs) of the last prediction. */
static inline float *host_output(const network *net) {
    return net->output;
}

/* What `classifier valid` predicts of an image, into x (inputs), and what it says of it. */
static inline void host_read_validation_image(const network *net, char *path, float *x) {
    image whole = load_image_color(path, 0, 0), crop = center_crop_image(whole, net->w, net->h);
    memcpy(x, crop.data, (size_t)net->inputs * sizeof(float));
    free_image(whole);
    free_image(crop);
}
static inline void host_walk_hierarchy(const network *net, float *scores) {
    if (net->hierarchy) hierarchy_predictions(scores, net->outputs, net->hierarchy, 1, 1);
}
static inline void host_print_validation(const char *path, int label, const float *scores, int i, float right, int top,
                                         float right_in_top) {
    printf("%s, %d, %f, %f, \n", path, label, (double)scores[0], (double)scores[1]);
    printf("%d: top 1: %f, top %d: %f\n", i, (double)right, top, (double)right_in_top);
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

/* Whether a layer of a network that is trained has a delta. */
static inline int host_has_delta(const layer *l) {
    return l->delta != NULL;
}

/* A layer whose delta others add to keeps it for itself, as every layer of this host does. */
static inline void host_keep_delta(layer *l) {
    (void)l;
}

/* What a pass gives to a layer: the output and the delta of the layer before it. The delta is NULL where there is none. */
static inline float **host_input_of(host_pass *pass) {
    return &pass->input;
}
static inline float **host_delta(host_pass *pass) {
    return &pass->delta;
}

/* The share of its rolling statistics that batch normalization keeps in an iteration. */
static inline float host_batch_norm_momentum(const host_pass *pass) {
#ifdef LGG_WITHOUT_GRADIENTS
    (void)pass;
    return .99f;
#else
    return pass->bn_momentum;
#endif
}

/* Whether the host's backward function of l assigns the delta of the layer before it. What adds on the CPU or on the GPU only may be
 * among them. */
static inline int host_assigns_delta(const layer *l) {
    switch (l->type) {
    case ACTIVE:
    case BATCHNORM:
    case NORMALIZATION:
    case REORG:
        return 1;
    case UPSAMPLE:
        return l->reverse;
    case CONVOLUTIONAL:
        return l->size == 1 && l->stride == 1 && l->pad == 0;
    default:
        return 0;
    }
}

/* Whether l, which need not come next, reads the output of layer i and adds to its delta. */
static inline int host_reads(const layer *l, int i) {
    if (l->type == SHORTCUT) return l->index == i;
    for (int j = 0; l->type == ROUTE && j < l->n; ++j)
        if (l->input_layers[j] == i) return 1;
    return 0;
}

/* The layer that l is a copy of; -1 if it is none. */
static inline int host_copies_one(const layer *l) {
    return l->type == ROUTE && l->n == 1 ? l->input_layers[0] : -1;
}

/* The layer that l adds to the one before it, both as they are; -1 if it does anything else. */
static inline int host_adds(const layer *l) {
    return l->type == SHORTCUT && l->alpha == 1 && l->beta == 1 ? l->index : -1;
}

/* Whether no gradient goes from l to those before it though they have one. */
static inline int host_stops_gradients(const layer *l) {
    return l->stopbackward || l->onlyforward;
}

/* Whether l has the output and the delta of the layer before it for its own. */
static inline int host_works_in_place(const layer *l) {
    return l->type == DROPOUT || l->type == LGG;
}

/* Whether l is computed as if its stride were 1. (With cuDNN it is right on the GPU.) */
static inline int host_misreads_1x1(const layer *l) {
    return l->type == CONVOLUTIONAL && l->size == 1 && (l->stride != 1 || l->pad != 0);
}

/* Whether l forms products, normalizes them or adds biases, and activates. */
static inline int host_is_linear(const layer *l) {
    return l->type == CONVOLUTIONAL || l->type == DECONVOLUTIONAL || l->type == CONNECTED;
}

/* Layers without a gradient have no delta: gives l one of its present size. */
static inline int host_lacks_delta(const layer *l) {
    return l->type == CROP;
}
static inline void host_give_delta(layer *l) {
    free(l->delta);
    l->delta = (float *)lgg_allocate((size_t)l->outputs * (size_t)l->batch, sizeof(float), "the layers' buffers");
#ifdef GPU
    if (l->delta_gpu) cuda_free(l->delta_gpu);
    l->delta_gpu = cuda_make_array(l->delta, (size_t)l->outputs * (size_t)l->batch);
#endif
}

/* Makes a layer share the buffers of the one before it. */
static inline void host_share_buffers(layer *l, const layer *previous) {
    l->output = previous->output;
    l->delta = previous->delta;
#ifdef GPU
    l->output_gpu = previous->output_gpu;
    l->delta_gpu = previous->delta_gpu;
#endif
}

#ifdef GPU
/* The same of a pass on the device. */
static inline float **host_input_of_gpu(host_pass *pass) {
    return &pass->input_gpu;
}
static inline float **host_delta_gpu(host_pass *pass) {
    return &pass->delta_gpu;
}

/* The networks of several GPUs, as the host hands them about. */
typedef network **host_networks;
static inline network *host_network_of(host_networks nets, int i) {
    return nets[i];
}

/* The labels of the batch on the device. */
static inline float *host_truth_gpu(const host_pass *pass) {
    return pass->truth_gpu;
}

/* What all of the host's device work is enqueued on. */
static inline struct CUstream_st *host_stream(void) {
    return NULL;
}

/* Runs net in inference mode on the images (B, inputs) that `student` has on the device. Enqueues: nothing is pushed, pulled or
 * waited for. */
static inline void host_predict_gpu(network *net, const network *student) {
    network pass = *net;
    pass.train = 0;
    pass.truth = NULL;
    pass.delta_gpu = NULL;
    pass.input_gpu = student->input_gpu;
    for (int i = 0; i < pass.n; ++i) {
        const layer *l = &pass.layers[i];
        pass.index = i;
        l->forward_gpu(*l, pass);
        pass.input_gpu = l->output_gpu;
    }
}

/* The networks of a training on n devices get the same weights. */
static inline void host_synchronize(network **nets, int n) {
    sync_nets(nets, n, 0);
}
static inline void host_axpy_device(int n, float a, float *x, float *y) {
    axpy_gpu(n, a, x, 1, y, 1);
}
static inline void host_copy_device(int n, float *from, float *to) {
    copy_gpu(n, from, 1, to, 1);
}
static inline void host_fill_device(int n, float a, float *x) {
    fill_gpu(n, a, x, 1);
}
#endif

/* Fills leaves with the layers that own what l learns, in the order in which a weights file has them: l itself or, in a recurrent
 * layer, those that it is made of; none where it learns nothing. Returns their number. */
#define HOST_MAX_LEAVES 8
static inline int host_leaf_layers(layer *l, layer *leaves[HOST_MAX_LEAVES]) {
    layer **end = leaves;
    switch (l->type) {
    case CONVOLUTIONAL:
    case DECONVOLUTIONAL:
    case CONNECTED:
    case BATCHNORM:
    case LOCAL:
        *end++ = l;
        break;
    case RNN:
    case CRNN:
        *end++ = l->input_layer, *end++ = l->self_layer, *end++ = l->output_layer;
        break;
    case LSTM:
        *end++ = l->wi, *end++ = l->wf, *end++ = l->wo, *end++ = l->wg;
        *end++ = l->ui, *end++ = l->uf, *end++ = l->uo, *end++ = l->ug;
        break;
    case GRU:
        *end++ = l->wz, *end++ = l->wr, *end++ = l->wh;
        *end++ = l->uz, *end++ = l->ur, *end++ = l->uh;
        break;
    default:
        break;
    }
    return (int)(end - leaves);
}

/* The number of a leaf's weights, biases and scales not among them. */
static inline size_t host_weight_count(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
    case DECONVOLUTIONAL:
        return (size_t)l->nweights;
    case CONNECTED:
        return (size_t)l->inputs * (size_t)l->outputs;
    case LOCAL:
        return (size_t)l->size * (size_t)l->size * (size_t)l->c * (size_t)l->n * (size_t)l->out_w * (size_t)l->out_h;
    default:
        return 0;
    }
}

#ifdef GPU
#define HOST_GPU(x) (x)
#else
#define HOST_GPU(x) NULL
#endif

/* Fills memory with what layer l of net hands from one batch to the next, its updates not among it: what recurrent layers remember,
 * and what their backward passes read before they write it. Returns the number of arrays. */
#define HOST_MAX_MEMORY 5
static inline int host_layer_memory(const network *net, const layer *l, lgg_array memory[HOST_MAX_MEMORY]) {
    const size_t n = (size_t)l->outputs * (size_t)l->batch;
    lgg_array *end = memory;
    (void)net;
    if (l->type == GRU || l->type == RNN) *end++ = (lgg_array){"state", l->state, HOST_GPU(l->state_gpu), n};
    if (l->type == LSTM) {
        *end++ = (lgg_array){"cell", l->c_cpu, HOST_GPU(l->c_gpu), n};
        *end++ = (lgg_array){"state", l->h_cpu, HOST_GPU(l->h_gpu), n};
        *end++ = (lgg_array){"cell's delta", l->dc_cpu, HOST_GPU(l->dc_gpu), n};
        *end++ = (lgg_array){"previous cell", l->prev_cell_cpu, HOST_GPU(l->prev_cell_gpu), n};
        *end++ = (lgg_array){"previous state", l->prev_state_cpu, HOST_GPU(l->prev_state_gpu), n};
    }
    return (int)(end - memory);
}

/* Writes to file what a weights file has of layer l of net, as far as it is read back: without the scales that it is not to load, and
 * with as many filters as it is to (`numload`). Without a layer (NULL): what such a file has before its layers. */
static inline void host_write_layer(const network *net, const layer *l, FILE *file) {
    size_t seen = 0;
    network one = *net;
    layer alone;
    one.n = l != NULL;
    one.layers = &alone;
    one.seen = &seen;
    if (l) {
        alone = *l;
        alone.dontsave = 0;
        if (l->dontloadscales) alone.batch_normalize = 0;
        if (l->numload && (l->type == CONVOLUTIONAL || l->type == DECONVOLUTIONAL)) {
            alone.n = l->numload;
            alone.nweights = l->nweights / l->n * l->numload;
        }
    }
#ifdef LGG_WITHOUT_TRAINING
    (void)file;
#else
    write_weights_upto(&one, file, one.n);
#endif
}

/* Frees what only training reads of a layer on the device. */
static inline void host_free_device_training_buffers(layer *l) {
#ifdef GPU
    if (gpu_index < 0) return;
    float **buffers[] = {&l->delta_gpu, &l->weight_updates_gpu, &l->bias_updates_gpu, &l->scale_updates_gpu};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; ++i) {
        if (*buffers[i]) cuda_free(*buffers[i]);
        *buffers[i] = NULL;
    }
#else
    (void)l;
#endif
}

#endif
