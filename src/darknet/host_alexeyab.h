/* host_alexeyab.h: everything in which AlexeyAB/darknet differs from the other hosts. To be included by host.h alone. */
#ifndef HOST_ALEXEYAB_H
#define HOST_ALEXEYAB_H

#ifndef HOST_H
#error "include host.h: it includes this"
#endif

#include "activations.h"
#include "dark_cuda.h"
#include "list.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What our patches add to its parser.c. */
void write_weights_upto(network net, FILE *file, int cutoff, int save_ema);

/* Of its classifier.c, which no header names. */
float validate_classifier_single(char *data_file, char *cfg, char *weights, network *existing, int top);

#ifdef __cplusplus
}
#endif

/* What the host hands to a layer's forward and backward functions. */
typedef network_state host_pass;

/* A layer's update functions: the batch is that of all subdivisions; then learning rate, momentum and decay, and on the GPU the loss
 * scale. */
typedef void host_update_function(layer, int, float, float, float);
typedef void host_update_function_gpu(layer, int, float, float, float, float);
#define HOST_UPDATE_PARAMETERS int batch, float rate, float momentum, float decay
#define HOST_UPDATE_ARGUMENTS batch, rate, momentum, decay

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

/* Whether subdivisions may be more than batch: a pass has an image then, and an iteration as many as there are passes. */
#define HOST_TAKES_MANY_SUBDIVISIONS 1

/* Whether `parseval` trains on the GPU, too. */
#define HOST_HAS_PARSEVAL_GPU 0

/* What the host's GPU side does that at_once_gpu.h does not: launches for an activation that changes nothing; the biases of a [connected]
 * sample by sample. */
#define HOST_LAUNCHES_LINEAR 0
#define HOST_CONNECTS_BY_SAMPLE 1

/* Whether [batchnorm] lacks what batchnorm_whole.h gives it, and strided 1x1 convolutions what convolution_1x1.h does. */
#define HOST_COMPLETES_BATCHNORM 0
#define HOST_MENDS_1X1 0

/* Whether layers can have the weights of another (shared_statistics.h). */
#define HOST_SHARES_LAYERS 1

/* The layer that has the weights of l in its place; NULL: l has its own. */
static inline layer *host_weights_owner(const layer *l) {
    return l->type == CONVOLUTIONAL ? l->share_layer : NULL;
}

/* Whether a [shortcut] can have weights (weighted_sum.h). */
#define HOST_WEIGHS_SUMS 1

/* The type of a [reorg] (reorg_gradient.h). [reorg3d] is another. */
#define HOST_REORG REORG_OLD

/* The network of a pass. */
static inline const network *host_net(const host_pass *pass) {
    return &pass->net;
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

/* Whether the truth of this layer is a list of boxes x, y, w, h, and the values that each takes there; 0: it is none. */
static inline int host_box_values(const layer *l) {
    return l->type == YOLO || l->type == GAUSSIAN_YOLO || l->type == REGION ? l->truth_size : 0;
}

/* Whether layers can be given streams of their own. */
#define HOST_HAS_STREAMS 1

/* The first layer of net with an option by which the device's work leaves its one stream; -1 if there is none. */
static inline int host_streamed_layer(const network *net, const char **option, int *value) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        const int has_options = l->type == CONVOLUTIONAL || l->type == ROUTE;
        if (has_options && l->stream >= 0) {
            *option = "stream";
            *value = l->stream;
            return i;
        }
        if (has_options && l->wait_stream_id >= 0) {
            *option = "wait_stream";
            *value = l->wait_stream_id;
            return i;
        }
    }
    return -1;
}

/* The network of a pass. This host copies its network about: what was at hand when the sections were read is gone. */
static inline const network *host_network(const network *kept, const host_pass *pass) {
    (void)kept;
    return &pass->net;
}

/* Where the number of updates is kept. */
static inline int *host_updates(const network *net) {
    return net->cur_iteration;
}

/* The iterations that net has trained. */
static inline size_t host_iteration(const network *net) {
    return (size_t)get_current_iteration(*net);
}
/* Those before the one that a training pass is of. */
static inline size_t host_iteration_of_pass(const network *net) {
    return host_iteration(net);
}
/* Whether the host goes on after a loss that is no finite number: it takes such values out of gradients or weights. */
static inline int host_repairs_losses(const network *net) {
#ifdef GPU
    if (gpu_index >= 0 && net->cudnn_half && net->loss_scale != 1) return 1;
#endif
    return net->try_fix_nan;
}
/* Whether policy=sgdr has no cycle: the host would look for the one of an iteration for ever. */
static inline int host_lacks_cycle(const network *net) {
    return net->policy == SGDR && (net->batches_per_cycle <= 0 || net->batches_cycle_mult <= 0);
}
/* Whether a detector's batches change their size with that of the images. */
static inline int host_changes_batch(const network *net) {
    return net->dynamic_minibatch;
}
/* Whether the images of a classifier have labels. */
static inline int host_takes_labels(const network *net) {
    return !net->unsupervised;
}
/* An option of net by which a detector, or by the second any training, draws its images in an order of its own; NULL without one. */
static inline const char *host_draws_images(const network *net, int detecting) {
    if (detecting && net->track) return "track";
    return net->contrastive ? "contrastive" : NULL;
}
/* An option of net by which images are changed beyond a crop and a mirror image, or networks change them; NULL without one. */
static inline const char *host_changes_images(const network *net) {
    if (net->mixup) return "mixup, cutmix or mosaic";
    if (net->adversarial_lr > 0) return "adversarial_lr";
    if (net->contrastive) return "contrastive";
    if (net->sequential_subdivisions > 1 && net->track) return "track";
    return net->blur ? "blur" : NULL;
}
static inline float host_learning_rate(const network *net) {
    return get_current_rate(*net);
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
    net->use_cuda_graph = 0; /* it would replay the first pass, whatever has been changed in the network since */
    return net;
}
/* The host frees the buffers of an [empty] or [silence], which are those of the layer before it, once more. */
static inline void host_free_network(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (l->type != EMPTY) continue;
        l->output = l->delta = NULL;
#ifdef GPU
        l->output_gpu = l->delta_gpu = NULL;
#endif
    }
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

/* A pass in training mode over the images x (B, inputs), forth and back to their delta (B, inputs), or on a GPU to that there: both hold
 * zeros. Only deltas are wanted of it. In float32, whatever CUDNN_HALF says. */
static inline void host_train_to_images(network *net, float *x, float *truth, float *delta, float *delta_gpu) {
    network_state state = {0};
    state.net = *net;
    state.train = 1;
#ifdef GPU
    if (gpu_index >= 0) {
        const size_t images = (size_t)net->inputs * (size_t)net->batch,
                     labels = (size_t)net->truths * (size_t)net->batch;
        if (!*net->input_gpu) {
            *net->input_gpu = cuda_make_array(x, images);
            *net->truth_gpu = cuda_make_array(truth, labels);
        } else {
            cuda_push_array(*net->input_gpu, x, images);
            cuda_push_array(*net->truth_gpu, truth, labels);
        }
        state.net.cudnn_half = 0;
        state.input = *net->input_gpu;
        state.truth = *net->truth_gpu;
        state.delta = delta_gpu;
        forward_network_gpu(state.net, state);
        backward_network_gpu(state.net, state);
        return;
    }
#endif
    (void)delta_gpu;
    state.net.input = state.input = x;
    state.net.truth = state.truth = truth;
    state.delta = delta;
    forward_network(state.net, state);
    backward_network(state.net, state);
}

/* The output (batch, outputs) of the last prediction. */
static inline float *host_output(const network *net) {
    return get_network_output(*net);
}

/* What `classifier valid` predicts of an image, into x (inputs), and what it says of it. */
static inline void host_read_validation_image(const network *net, char *path, float *x) {
    image whole = load_image_color(path, 0, 0), resized = resize_min(whole, net->w);
    image crop = crop_image(resized, (resized.w - net->w) / 2, (resized.h - net->h) / 2, net->w, net->h);
    memcpy(x, crop.data, (size_t)net->inputs * sizeof(float));
    if (resized.data != whole.data) free_image(resized);
    free_image(whole);
    free_image(crop);
}
/* Binary convolutions predict with bits that the host's validation packs first. Returns 0 where there are none. */
static inline int host_validates(const network *net, char *data_file, char *cfg, char *weights) {
    for (int i = 0; i < net->n; ++i) {
        if (!net->layers[i].xnor) continue;
        validate_classifier_single(data_file, cfg, weights, NULL, -1);
        return 1;
    }
    return 0;
}
static inline void host_walk_hierarchy(const network *net, float *scores) {
    if (net->hierarchy) hierarchy_predictions(scores, net->outputs, net->hierarchy, 1);
}
static inline void host_print_validation(const char *path, int label, const float *scores, int i, float right, int top,
                                         float right_in_top) {
    (void)path, (void)label, (void)scores;
    printf("\n%d: top 1: %f, top %d: %f", i, (double)right, top, (double)right_in_top);
}

/* Whether a layer of a network that is trained has a delta. A GPU build gives convolutions and others none on the CPU, and with
 * optimized_memory those on the device come once all layers are there. */
static inline int host_has_delta(const layer *l) {
#ifdef GPU
    return l->type != CROP;
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

/* Whether the loader of classes makes squares, as wide as the network. */
#define HOST_LOADS_SQUARES 0

/* Whether l, a [dropout], is to leave out blocks. */
static inline int host_has_blocks(const layer *l) {
    return l->dropblock;
}

/* Whether it does, which is on the device alone. */
static inline int host_drops_blocks(const layer *l) {
#ifdef GPU
    return gpu_index >= 0 && l->dropblock;
#else
    (void)l;
    return 0;
#endif
}
#ifdef GPU
/* x (n) on the device, times `by`. */
static inline void host_scale_gpu(int n, float by, float *x) {
    scal_ongpu(n, by, x, 1);
}
#endif

/* What l, a section, takes over from the layer before it beside its buffers: what this host's demo looks for in a network's last
 * layer. */
static inline void host_follow_previous(layer *l, const layer *previous) {
    l->nms_kind = previous->nms_kind;
    l->beta_nms = previous->beta_nms;
    l->embedding_size = previous->embedding_size;
    l->sim_thresh = previous->sim_thresh;
    l->track_ciou_norm = previous->track_ciou_norm;
    l->track_history_size = previous->track_history_size;
    l->dets_for_track = previous->dets_for_track;
    l->dets_for_show = previous->dets_for_show;
    host_keep_delta(l);
}

/* The share of its rolling statistics that batch normalization keeps in an iteration. */
static inline float host_batch_norm_momentum(const host_pass *pass, const layer *l) {
    const float of_host = l->type == CONNECTED ? .95f : .9f;
#ifdef LGG_WITHOUT_GRADIENTS
    (void)pass;
    return of_host;
#else
    return pass->net.bn_momentum > 0 ? pass->net.bn_momentum : of_host;
#endif
}

/* Whether the host's backward function of l assigns the delta of the layer before it, or changes all of it, as a convolution with xnor=1
 * does. What adds on the CPU or on the GPU only may be among them. */
static inline int host_assigns_delta(const layer *l) {
    switch (l->type) {
    case ACTIVE:
    case BATCHNORM:
    case NORMALIZATION:
    case REORG:
    case REORG_OLD:
    case REGION:
        return 1;
    case UPSAMPLE:
        return l->reverse > 0;
    case CONVOLUTIONAL:
#ifdef LGG_WITHOUT_GRADIENTS
        return 1;
#else
        return l->xnor;
#endif
    default:
        return 0;
    }
}

/* Whether l, which need not come next, reads the output of layer i and adds to its delta. */
static inline int host_reads(const layer *l, int i) {
    if (l->type == SCALE_CHANNELS || l->type == SAM) return l->index == i;
    if (l->type == YOLO) return l->embedding_layer_id == i;
    for (int j = 0; (l->type == ROUTE || l->type == SHORTCUT) && j < l->n; ++j)
        if (l->input_layers[j] == i) return 1;
    return 0;
}

/* Whether the backward function of l adds to other deltas than that of the layer before it. */
static inline int host_adds_elsewhere(const layer *l) {
    return l->type == SHORTCUT || l->type == SCALE_CHANNELS || l->type == SAM;
}

/* Whether l blurs what it puts out after its size is set, to another: its output is not what its size says. */
static inline int host_is_blurred(const layer *l) {
    return l->antialiasing;
}

/* Whether l has the output and the delta of the layer before it for its own. */
static inline int host_works_in_place(const layer *l) {
    return l->type == DROPOUT || l->type == EMPTY || l->type == LGG;
}

/* Whether l is computed as if its stride were 1, and without its padding. */
static inline int host_misreads_1x1(const layer *l) {
    return l->type == CONVOLUTIONAL && l->size == 1 && l->stride == 1 && (l->stride_y != 1 || l->pad != 0);
}

/* Whether l forms products, normalizes them or adds biases, and activates; without the latter two its functions are those of the products
 * alone. What binary convolutions do besides, blurring, and excitation by the truth, are the host's. */
static inline int host_is_linear(const layer *l) {
    if (l->type == CONVOLUTIONAL) return !l->binary && !l->xnor && !l->antialiasing && !l->assisted_excitation;
    return l->type == CONNECTED;
}

/* Steps of a convolution's window over the image, and between the pixels that it sees. */
static inline int host_stride_y(const layer *l) {
    return l->stride_y;
}
static inline int host_stride_x(const layer *l) {
    return l->stride_x;
}
static inline int host_dilation(const layer *l) {
    return l->dilation;
}

/* The activation of l where each value has one of its own; LINEAR where it has not: then the host's functions do the rest, on l.output
 * once all else is done, and on l.delta before anything else is. */
static inline ACTIVATION host_activation(const layer *l) {
    switch (l->activation) {
    case SWISH:
    case MISH:
    case HARD_MISH:
    case NORM_CHAN:
    case NORM_CHAN_SOFTMAX:
    case NORM_CHAN_SOFTMAX_MAXVAL:
        return l->type == CONVOLUTIONAL ? LINEAR : l->activation;
    default:
        return l->activation;
    }
}
/* Whether the activation of l looks at all channels of a pixel, which it finds in (batch, c, h, w). */
static inline int host_activates_channels(const layer *l) {
    return l->activation == NORM_CHAN || l->activation == NORM_CHAN_SOFTMAX ||
           l->activation == NORM_CHAN_SOFTMAX_MAXVAL;
}
static inline void host_activate_rest(layer l) {
    const int n = l.outputs * l.batch, size = l.out_w * l.out_h;
    if (host_activation(&l) == l.activation) return;
    if (l.activation == SWISH) activate_array_swish(l.output, n, l.activation_input, l.output);
    if (l.activation == MISH) activate_array_mish(l.output, n, l.activation_input, l.output);
    if (l.activation == HARD_MISH) activate_array_hard_mish(l.output, n, l.activation_input, l.output);
    if (l.activation == NORM_CHAN) activate_array_normalize_channels(l.output, n, l.batch, l.out_c, size, l.output);
    if (l.activation == NORM_CHAN_SOFTMAX || l.activation == NORM_CHAN_SOFTMAX_MAXVAL)
        activate_array_normalize_channels_softmax(l.output, n, l.batch, l.out_c, size, l.output,
                                                  l.activation == NORM_CHAN_SOFTMAX_MAXVAL);
}
static inline void host_gradient_rest(layer l) {
    const int n = l.outputs * l.batch, size = l.out_w * l.out_h;
    if (host_activation(&l) == l.activation) return;
    if (l.activation == SWISH) gradient_array_swish(l.output, n, l.activation_input, l.delta);
    if (l.activation == MISH) gradient_array_mish(n, l.activation_input, l.delta);
    if (l.activation == HARD_MISH) gradient_array_hard_mish(n, l.activation_input, l.delta);
    if (l.activation == NORM_CHAN) gradient_array_normalize_channels(l.output, n, l.batch, l.out_c, size, l.delta);
    if (l.activation == NORM_CHAN_SOFTMAX || l.activation == NORM_CHAN_SOFTMAX_MAXVAL)
        gradient_array_normalize_channels_softmax(l.output, n, l.batch, l.out_c, size, l.delta);
}

/* The layer that l is a copy of; -1 if it is none. */
static inline int host_copies_one(const layer *l) {
    return l->type == ROUTE && l->n == 1 && l->groups == 1 ? l->input_layers[0] : -1;
}

/* The array `old` of another layer is `moved` now. A [shortcut] keeps what it adds by its address. */
static inline void host_follow_array(layer *l, const float *old, float *moved) {
    if (l->output == old) l->output = moved;
    if (l->delta == old) l->delta = moved;
    for (int i = 0; l->type == SHORTCUT && i < l->n; ++i) {
        if (l->layers_output[i] == old) l->layers_output[i] = moved;
        if (l->layers_delta[i] == old) l->layers_delta[i] = moved;
    }
}

/* Whether no gradient goes from l to those before it though they have one. */
static inline int host_stops_gradients(const layer *l) {
    return l->stopbackward || l->onlyforward;
}

/* Whether no gradient ever goes to l or those before it: what comes before it has no backward pass. Any other number but 0 is the iteration until
 * which it has none. */
static inline int host_stops_passes(const layer *l) {
    return l->stopbackward == 1;
}

/* Whether l, a [shortcut], is activation(alpha * the layer before + beta * layer l->index), all three of one shape. */
static inline int host_is_plain_sum(const layer *l, float *alpha, float *beta) {
    *alpha = *beta = 1;
    return l->n == 1 && l->nweights == 0 && l->input_sizes[0] == l->outputs && l->activation != SWISH &&
           l->activation != MISH;
}

/* Halves the sum of l, a [shortcut]. Returns 0 where that is not for its functions to do. */
static inline int host_halve_sum(layer *l) {
    l->alpha = .5f; /* which nothing of the host's reads */
    return 0;
}

/* The layer that l adds to the one before it, both as they are; -1 if it does anything else. */
static inline int host_adds(const layer *l) {
    float alpha, beta;
    return l->type == SHORTCUT && l->alpha == 0 && host_is_plain_sum(l, &alpha, &beta) ? l->index : -1;
}

/* Layers without a gradient have no delta: gives l one of its present size. */
static inline int host_lacks_delta(const layer *l) {
    return l->type == CROP;
}
static inline void host_give_delta(layer *l) {
    const size_t n = (size_t)l->outputs * (size_t)l->batch;
    free(l->delta);
    l->delta = (float *)lgg_allocate(n, sizeof(float), "the layers' buffers");
#ifdef GPU
    if (gpu_index < 0) return;
    if (l->delta_gpu) cuda_free(l->delta_gpu);
    l->delta_gpu = cuda_make_array(l->delta, n);
#endif
}

/* After that: a [shortcut] keeps the deltas of the layers that it adds. */
static inline void host_follow_deltas(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        for (int j = 0; l->type == SHORTCUT && j < l->n; ++j)
            l->layers_delta[j] = net->layers[l->input_layers[j]].delta;
    }
}

#ifdef GPU
/* The input and the delta of a pass on the device. */
static inline float **host_input_of_gpu(host_pass *pass) {
    return &pass->input;
}
static inline float **host_delta_gpu(host_pass *pass) {
    return &pass->delta;
}

/* The networks of several GPUs, as the host hands them about. */
typedef network *host_networks;
static inline network *host_network_of(host_networks nets, int i) {
    return &nets[i];
}

#define HOST_UPDATE_PARAMETERS_GPU int batch, float rate, float momentum, float decay, float loss_scale
#define HOST_UPDATE_STEP_GPU                                                                                           \
    { rate, momentum, decay, loss_scale, batch }

/* Whether the update of l, which learns, is momentum and decay of its weights, and no more, and is done in every iteration. */
static inline int host_updates_plainly(const network *net, const layer *l) {
    const int is_changed = l->clip > 0 || l->reverse > 0 || l->deform || (l->grad_centr && l->batch_normalize);
    const int is_left_out = !l->train || l->train_only_bn || l->burnin_update || l->dont_update;
    for (int i = 0; i < net->n && l->weights_gpu; ++i)
        if (&net->layers[i] != l && net->layers[i].weights_gpu == l->weights_gpu) return 0;
    return !l->adam && !is_changed && !is_left_out;
}
/* Whether the host mends weights of l that are no numbers, and their updates, before each update. */
static inline int host_mends_weights(const layer *l) {
    return l->type == CONVOLUTIONAL;
}
/* What of l, on the device, adds up numbers in whatever order its threads come; NULL if nothing does. */
static inline const char *host_adds_in_any_order(const layer *l) {
    if (l->type == SCALE_CHANNELS) return "a [scale_channels]";
    if (l->type == SHORTCUT && l->nweights > 0) return "a [shortcut] with weights";
    if (l->type == DROPOUT && host_drops_blocks(l)) return "a [dropout] with dropblock=1";
    return l->xnor ? "a convolution with xnor=1" : NULL;
}
/* The values of each sample of layer l->input_layers[i] that l, a [route], takes, and which is the first of them. */
static inline int host_routed_values(const layer *l, int i, int *first) {
    const int part = l->input_sizes[i] / l->groups;
    *first = part * l->group_id;
    return part;
}
/* Whether l begins or waits for a stream. */
static inline int host_has_stream(const layer *l) {
    return l->stream >= 0 || l->wait_stream_id >= 0;
}

/* The labels of the batch on the device. */
static inline float *host_truth_gpu(const host_pass *pass) {
    return pass->truth;
}
/* The same on the CPU, in a pass on the device: nobody has them there. */
static inline const float *host_truth_at_hand(const host_pass *pass) {
    (void)pass;
    return NULL;
}

/* What the network takes for its cost, from the costs of its layers: this host sums them up when it is asked. */
static inline void host_sum_costs(host_pass *pass) {
    (void)pass;
}

/* Whether buffers of l on the device are not its own: [net] optimized_memory. */
static inline int host_shares_device_buffers(const layer *l) {
    return l->optimized_memory > 0;
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
static inline void host_copy_device(int n, float *from, float *to) {
    copy_ongpu(n, from, 1, to, 1);
}
static inline void host_fill_device(int n, float a, float *x) {
    fill_ongpu(n, a, x, 1);
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

/* Numbers of the network as a whole that go from one iteration to the next: what [yolo] tells bad labels by. Returns how many there are. */
static inline int host_network_memory(const network *net, float *memory[LGG_NETWORK_MEMORY]) {
    memory[0] = net->badlabels_reject_threshold;
    memory[1] = net->delta_rolling_max;
    memory[2] = net->delta_rolling_avg;
    memory[3] = net->delta_rolling_std;
    return 4;
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

#endif
