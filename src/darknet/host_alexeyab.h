/* host_alexeyab.h: everything in which AlexeyAB/darknet differs from the other hosts, for the files of this folder. */
#ifndef HOST_ALEXEYAB_H
#define HOST_ALEXEYAB_H

#include <stdlib.h>

#include "darknet.h"
#include "blas.h"
#include "connected_layer.h"
#include "convolutional_layer.h"
#include "dark_cuda.h"
#include "array.h"
#include "allocate.h"
#include "list.h"
#include "network.h"
#include "option_list.h"
#include "parser.h"
#include "utils.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What our patches add to its parser.c. */
void write_weights_upto(network net, FILE *file, int cutoff, int save_ema);

#ifdef __cplusplus
}
#endif

/* What the host hands to a layer's forward and backward functions. */
typedef network_state host_pass;

/* Options that the host reads in every section. */
#define HOST_COMMON_OPTIONS                                                                                            \
    "clip", "onlyforward", "dont_update", "burnin_update", "stopbackward", "train_only_bn", "dontload",                \
        "dontloadscales", "learning_rate"

/* The sections that the host knows. */
#define HOST_SECTIONS                                                                                                  \
    "[net]", "[network]", "[convolutional]", "[conv]", "[connected]", "[conn]", "[local]", "[activation]", "[rnn]",    \
        "[gru]", "[lstm]", "[conv_lstm]", "[crnn]", "[history]", "[crop]", "[cost]", "[region]", "[yolo]",             \
        "[Gaussian_yolo]", "[detection]", "[softmax]", "[soft]", "[contrastive]", "[normalization]", "[lrn]",          \
        "[batchnorm]", "[maxpool]", "[max]", "[local_avgpool]", "[local_avg]", "[reorg3d]", "[reorg]", "[avgpool]",    \
        "[avg]", "[route]", "[upsample]", "[shortcut]", "[scale_channels]", "[sam]", "[dropout]", "[empty]",           \
        "[silence]", "[implicit]"

/* Layers that cannot be tapped: type, why, and whether a teacher's can be read all the same. */
#define HOST_UNTAPPABLE                                                                                                \
    {COST, "a [cost], whose output is its loss", 0}, {CROP, "a [crop], which has no gradient", 1},                     \
        {DETECTION, "a [detection], whose delta is that of its own loss", 1},                                          \
        {REGION, "a [region], whose delta is that of its own loss", 1},                                                \
        {YOLO, "a [yolo], whose delta is that of its own loss", 1},                                                    \
        {GAUSSIAN_YOLO, "a [Gaussian_yolo], whose delta is that of its own loss", 1},                                  \
        {CONTRASTIVE, "a [contrastive], whose delta is that of its own loss", 0}, {                                    \
        BLANK, "a section that Darknet does not know", 0                                                               \
    }

/* Whether the patches of this host have `parseval`. */
#define HOST_HAS_PARSEVAL 0

/* Whether the host's writer of weights can be asked what it writes: not where that group of patches is left out. */
#ifdef LGG_WITHOUT_TRAINING
#define HOST_WRITES_LAYERS 0
#else
#define HOST_WRITES_LAYERS 1
#endif

/* Whether layers have `functions`, and ours are put around them (layer_functions.h). */
#define HOST_WRAPS_LAYERS 0

/* Batch normalization divides by sqrt(variance + this). */
#define HOST_BATCH_NORM_EPSILON 1e-5f

static inline layer *host_layers(const host_pass *pass) {
    return pass->net.layers;
}
static inline int host_layer_count(const host_pass *pass) {
    return pass->net.n;
}
static inline int host_subdivisions(const host_pass *pass) {
    return pass->net.subdivisions;
}
static inline float *host_cost(const host_pass *pass) {
    return pass->net.cost;
}

/* The labels (B, host_truths) of the batch; NULL without a truth. */
static inline float *host_truth(const host_pass *pass) {
    return pass->truth;
}
static inline int host_truths(const host_pass *pass) {
    return pass->net.truths;
}

/* Whether this pass trains: nothing else makes the losses run. Adversarial passes change the images, not the weights. */
static inline int host_trains(const host_pass *pass) {
    return pass->train && pass->truth && !pass->net.adversarial;
}

/* Whether net has what training needs: not if it was parsed for inference. */
static inline int host_can_train(const network *net) {
    return net->train;
}

/* Deltas carry this factor (mixed precision, on the GPU). */
static inline float host_loss_scale(const host_pass *pass) {
#ifdef GPU
    if (gpu_index >= 0) return pass->net.loss_scale;
#endif
    (void)pass;
    return 1.f;
}

/* Whether the truth of a network with this layer is boxes or masks, and no class vector. */
static inline int host_has_boxes(const layer *l) {
    return l->type == DETECTION || l->type == REGION || l->type == YOLO || l->type == GAUSSIAN_YOLO;
}

/* Whether layers can be given streams of their own. */
#define HOST_HAS_STREAMS 1

/* The first layer of net with an option by which the device's work leaves its one stream; -1 if there is none. */
static inline int host_streamed_layer(const network *net, const char **option, int *value) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        const int streams = l->type == CONVOLUTIONAL, waits = streams || l->type == ROUTE;
        if (streams && l->stream >= 0) {
            *option = "stream";
            *value = l->stream;
            return i;
        }
        if (waits && l->wait_stream_id >= 0) {
            *option = "wait_stream";
            *value = l->wait_stream_id;
            return i;
        }
    }
    return -1;
}

/* What a dropout multiplied value i of its batch by. */
static inline float host_dropout_factor(const layer *l, size_t i) {
    return l->rand[i] < l->probability ? 0.f : l->scale;
}

/* The network of a pass. This host copies its network about: what was at hand when the sections were read is gone. */
static inline const network *host_network(const network *kept, const host_pass *pass) {
    (void)kept;
    return &pass->net;
}

/* The images (B, inputs) that net is working on. */
static inline float *host_input(const network *net) {
    return net->input;
}

/* Where the number of updates is kept. */
static inline int *host_updates(const network *net) {
    return net->cur_iteration;
}

/* The iterations that net has trained. */
static inline size_t host_iteration(const network *net) {
    return (size_t)get_current_iteration(*net);
}
/* Whether a detector's batches change their size with that of the images. */
static inline int host_changes_batch(const network *net) {
    return net->dynamic_minibatch;
}
static inline float host_learning_rate(const network *net) {
    return get_current_rate(*net);
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
    write_weights_upto(*net, file, cutoff, net->save_ema);
#endif
}

/* A network for batches of `batch` images, whatever its cfg file says. */
static inline network *host_parse_network(const char *cfg, int batch) {
    network *net = (network *)lgg_allocate(1, sizeof *net, "a network");
    *net = parse_network_cfg_custom((char *)cfg, batch, 1);
    return net;
}
static inline void host_load_weights(network *net, const char *weights) {
    load_weights(net, (char *)weights);
}
static inline void host_free_network(network *net) {
    free_network(*net);
    free(net);
}
/* Batches of another size: resize_network is to follow, and to make room even where the images have not grown. */
static inline void host_set_batch(network *net, int batch) {
    net->batch = batch;
    for (int i = 0; i < net->n; ++i) {
        net->layers[i].batch = batch;
        net->layers[i].dynamic_minibatch = 1;
    }
}
static inline void host_predict(network *net, float *input) {
    network_predict(*net, input);
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

/* Whether a layer of a network that is trained has a delta. A GPU build gives convolutions and others none on the CPU, and with
 * optimized_memory those on the device come once all layers are there. */
static inline int host_has_delta(const layer *l) {
#ifdef GPU
    (void)l;
    return 1;
#else
    return l->delta != NULL;
#endif
}

/* A layer whose delta others add to keeps it for itself: with optimized_memory layers share one. */
static inline void host_keep_delta(layer *l) {
#ifdef GPU
    l->keep_delta_gpu = 1;
#else
    (void)l;
#endif
}

/* Makes a layer share the buffers of the one before it, and what this host's demo looks for in a network's last layer. */
static inline void host_share_buffers(layer *l, const layer *previous) {
    l->output = previous->output;
    l->delta = previous->delta;
    l->nms_kind = previous->nms_kind;
    l->beta_nms = previous->beta_nms;
    l->embedding_size = previous->embedding_size;
    l->sim_thresh = previous->sim_thresh;
    l->track_ciou_norm = previous->track_ciou_norm;
    l->track_history_size = previous->track_history_size;
    l->dets_for_track = previous->dets_for_track;
    l->dets_for_show = previous->dets_for_show;
#ifdef GPU
    l->output_gpu = previous->output_gpu;
    l->delta_gpu = previous->delta_gpu;
    l->keep_delta_gpu = 1;
#endif
}

#ifdef GPU
/* The networks of several GPUs, as the host hands them about. */
typedef network *host_networks;
static inline network *host_network_of(host_networks nets, int i) {
    return &nets[i];
}

/* The labels of the batch on the device. */
static inline float *host_truth_gpu(const host_pass *pass) {
    return pass->truth;
}

/* What all of the host's device work is enqueued on. */
static inline struct CUstream_st *host_stream(void) {
    return get_cuda_stream();
}

/* Runs net in inference mode on the images (B, inputs) that `student` has on the device. Enqueues: nothing is pushed, pulled or
 * waited for. In float32: built with CUDNN_HALF, this host predicts in half precision wherever the device can, and a student
 * that trains in float32 would be compared with rounded representations. */
static inline void host_predict_gpu(network *net, const network *student) {
    network_state state = {0};
    state.net = *net;
    state.net.cudnn_half = 0;
    state.input = *student->input_gpu;
    forward_network_gpu(*net, state);
}

/* The networks of a training on n devices, which stand one after the other, get the same weights. */
static inline void host_synchronize(network **nets, int n) {
    sync_nets(nets[0], n, 0);
}
static inline void host_axpy_device(int n, float a, float *x, float *y) {
    axpy_ongpu(n, a, x, 1, y, 1);
}
#endif

/* Fills leaves with the layers that own what l learns, in the order in which a weights file has them: l itself or, in a recurrent
 * layer, those that it is made of; none where it learns nothing or shares what another owns. Returns their number. */
#define HOST_MAX_LEAVES 11
static inline int host_leaf_layers(layer *l, layer *leaves[HOST_MAX_LEAVES]) {
    layer **end = leaves;
    switch (l->type) {
    case CONVOLUTIONAL:
        if (!l->share_layer) *end++ = l;
        break;
    case SHORTCUT:
        if (l->nweights > 0) *end++ = l;
        break;
    case IMPLICIT:
    case CONNECTED:
    case BATCHNORM:
    case LOCAL:
        *end++ = l;
        break;
    case RNN:
    case CRNN:
        *end++ = l->input_layer, *end++ = l->self_layer, *end++ = l->output_layer;
        break;
    case GRU:
        *end++ = l->input_z_layer, *end++ = l->input_r_layer, *end++ = l->input_h_layer;
        *end++ = l->state_z_layer, *end++ = l->state_r_layer, *end++ = l->state_h_layer;
        break;
    case LSTM:
        *end++ = l->wf, *end++ = l->wi, *end++ = l->wg, *end++ = l->wo;
        *end++ = l->uf, *end++ = l->ui, *end++ = l->ug, *end++ = l->uo;
        break;
    case CONV_LSTM:
        if (l->peephole) *end++ = l->vf, *end++ = l->vi, *end++ = l->vo;
        *end++ = l->wf;
        if (!l->bottleneck) *end++ = l->wi, *end++ = l->wg, *end++ = l->wo;
        *end++ = l->uf, *end++ = l->ui, *end++ = l->ug, *end++ = l->uo;
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
    case SHORTCUT:
    case IMPLICIT:
        return (size_t)l->nweights;
    case CONNECTED:
        return (size_t)l->inputs * (size_t)l->outputs;
    case LOCAL:
        return (size_t)l->size * (size_t)l->size * (size_t)l->c * (size_t)l->n * (size_t)l->out_w * (size_t)l->out_h;
    default:
        return 0;
    }
}

/* Fills memory with what layer l of net hands from one batch to the next, its updates not among it: what recurrent layers remember,
 * what their backward passes read before they write it, and the averages of `ema_alpha`. Returns the number of arrays. */
#define HOST_MAX_MEMORY 7
static inline int host_layer_memory(const network *net, const layer *l, lgg_array memory[HOST_MAX_MEMORY]) {
    const size_t n = (size_t)l->outputs * (size_t)l->batch;
    lgg_array *end = memory;
    if (l->type == CONVOLUTIONAL && net->ema_alpha > 0) {
        *end++ = (lgg_array){"average weights", l->weights_ema, NULL, (size_t)l->nweights};
        *end++ = (lgg_array){"average biases", l->biases_ema, NULL, (size_t)l->n};
        *end++ = (lgg_array){"average scales", l->scales_ema, NULL, (size_t)l->n};
    }
    if (l->type == GRU) *end++ = (lgg_array){"state", l->state, l->state_gpu, n};
    if (l->type == LSTM || l->type == CONV_LSTM) {
        *end++ = (lgg_array){"cell", l->c_cpu, l->c_gpu, n};
        *end++ = (lgg_array){"state", l->h_cpu, l->h_gpu, n};
        *end++ = (lgg_array){"cell's delta", l->dc_cpu, l->dc_gpu, n};
        *end++ = (lgg_array){"previous cell", l->prev_cell_cpu, l->prev_cell_gpu, n};
    }
    if (l->type == LSTM || l->type == CONV_LSTM || l->type == HISTORY)
        *end++ = (lgg_array){"previous state", l->prev_state_cpu, l->prev_state_gpu, n};
    if (l->type == CONV_LSTM) {
        *end++ = (lgg_array){"stored cell", l->stored_c_cpu, l->stored_c_gpu, n};
        *end++ = (lgg_array){"stored state", l->stored_h_cpu, l->stored_h_gpu, n};
    }
    return (int)(end - memory);
}

/* Writes to file what a weights file has of layer l of net, as far as it is read back: without the scales that it is not to load.
 * Without a layer (NULL): what such a file has before its layers. */
static inline void host_write_layer(const network *net, const layer *l, FILE *file) {
    uint64_t seen = 0;
    network one = *net;
    layer alone;
    one.n = l != NULL;
    one.layers = &alone;
    one.seen = &seen;
    if (l) {
        alone = *l;
        if (l->dontloadscales) alone.batch_normalize = 0;
    }
#ifdef LGG_WITHOUT_TRAINING
    (void)file;
#else
    write_weights_upto(one, file, one.n, 0);
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
