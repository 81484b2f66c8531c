/* host_pjreddie.h: everything in which pjreddie/darknet differs from the other hosts. To be included by host.h alone. */
#ifndef HOST_PJREDDIE_H
#define HOST_PJREDDIE_H

#ifndef HOST_H
#error "include host.h: it includes this"
#endif

/* What our patches add to its parser.c. */
network *parse_network_cfg_custom(char *filename, int batch);
void write_weights_upto(network *net, FILE *file, int cutoff);

/* What the host hands to a layer's forward and backward functions. */
typedef network host_pass;

/* A layer's update function, and what it is given beside the layer. */
typedef void host_update_function(layer, update_args);
typedef host_update_function host_update_function_gpu;
#define HOST_UPDATE_PARAMETERS update_args a
#define HOST_UPDATE_ARGUMENTS a

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

/* Whether subdivisions may be more than batch: a pass has an image then, and an iteration as many as there are passes. */
#define HOST_TAKES_MANY_SUBDIVISIONS 0

#ifdef GPU
int cuda_get_device(void); /* of its cuda.c, which no header of it names */
#endif

/* Whether `parseval` trains on the GPU, too. */
#define HOST_HAS_PARSEVAL_GPU 1

/* What the host's GPU side does that at_once_gpu.h does not: launches for an activation that changes nothing; the biases of a [connected]
 * sample by sample. */
#define HOST_LAUNCHES_LINEAR 1
#define HOST_CONNECTS_BY_SAMPLE 0

/* Whether [batchnorm] lacks what batchnorm_whole.h gives it, and strided 1x1 convolutions what convolution_1x1.h does. */
#define HOST_COMPLETES_BATCHNORM 1
#define HOST_MENDS_1X1 1

/* Whether layers can have the weights of another (shared_statistics.h). */
#define HOST_SHARES_LAYERS 0

/* The layer that has the weights of l in its place; NULL: l has its own, as every layer of this host. */
static inline layer *host_weights_owner(const layer *l) {
    (void)l;
    return NULL;
}

/* Whether a [shortcut] can have weights (weighted_sum.h). */
#define HOST_WEIGHS_SUMS 0

/* The type of a [reorg] (reorg_gradient.h). */
#define HOST_REORG REORG

/* The network of a pass. */
static inline const network *host_net(const host_pass *pass) {
    return pass;
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

/* Whether the truth of this layer is a list of boxes x, y, w, h, and the values that each takes there; 0: it is none. */
static inline int host_box_values(const layer *l) {
    return l->type == YOLO || l->type == REGION ? 5 : 0;
}

/* Whether layers can be given streams of their own. */
#define HOST_HAS_STREAMS 0
static inline int host_streamed_layer(const network *net, const char **option, int *value) {
    (void)net, (void)option, (void)value;
    return -1;
}

/* The network of a pass, with the images that it was given: what was at hand when the sections were read. */
static inline const network *host_network(const network *kept, const host_pass *pass) {
    (void)pass;
    return kept;
}

/* Where the number of updates is kept. */
static inline int *host_updates(const network *net) {
    return net->t;
}

/* The iterations that net has trained. */
static inline size_t host_iteration(const network *net) {
    return get_current_batch((network *)net);
}
/* Those before the one that a training pass is of: the host counts its images as seen before it begins. */
static inline size_t host_iteration_of_pass(const network *net) {
    const size_t images = (size_t)net->batch;
    return *net->seen < images ? 0 : (*net->seen - images) / (images * (size_t)net->subdivisions);
}
/* Whether the host goes on after a loss that is no finite number. */
static inline int host_repairs_losses(const network *net) {
    (void)net;
    return 0;
}
/* Whether policy=sgdr has no cycle: it has no such policy. */
static inline int host_lacks_cycle(const network *net) {
    (void)net;
    return 0;
}
/* Whether a detector's batches change their size with that of the images. */
static inline int host_changes_batch(const network *net) {
    (void)net;
    return 0;
}
/* Whether the images of a classifier have labels. */
static inline int host_takes_labels(const network *net) {
    (void)net;
    return 1;
}
/* An option of net by which images are drawn in an order of its own; NULL without one. */
static inline const char *host_draws_images(const network *net, int detecting) {
    (void)net;
    (void)detecting;
    return NULL;
}
/* An option of net by which images are changed beyond a crop and a mirror image; NULL without one. */
static inline const char *host_changes_images(const network *net) {
    return net->center ? "center" : NULL;
}
static inline float host_learning_rate(const network *net) {
    return get_current_rate((network *)net);
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

/* A pass in training mode over the images x (B, inputs), forth and back to their delta (B, inputs), or on a GPU to that there: both hold
 * zeros. Only deltas are wanted of it. */
static inline void host_train_to_images(network *net, float *x, float *truth, float *delta, float *delta_gpu) {
    network pass = *net;
    pass.input = x;
    pass.truth = truth;
    pass.delta = delta;
    pass.train = 1;
#ifdef GPU
    pass.delta_gpu = delta_gpu;
#else
    (void)delta_gpu;
#endif
    forward_network(&pass);
    backward_network(&pass);
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
static inline int host_validates(const network *net, char *data_file, char *cfg, char *weights) {
    (void)net, (void)data_file, (void)cfg, (void)weights;
    return 0;
}
static inline void host_walk_hierarchy(const network *net, float *scores) {
    if (net->hierarchy) hierarchy_predictions(scores, net->outputs, net->hierarchy, 1, 1);
}
static inline void host_print_validation(const char *path, int label, const float *scores, int i, float right, int top,
                                         float right_in_top) {
    printf("%s, %d, %f, %f, \n", path, label, (double)scores[0], (double)scores[1]);
    printf("%d: top 1: %f, top %d: %f\n", i, (double)right, top, (double)right_in_top);
}

/* Whether a layer of a network that is trained has a delta. */
static inline int host_has_delta(const layer *l) {
    return l->delta != NULL;
}

/* A layer whose delta others add to keeps it for itself, as every layer of this host does. */
static inline void host_keep_delta(layer *l) {
    (void)l;
}

/* The share of its rolling statistics that batch normalization keeps in an iteration. */
static inline float host_batch_norm_momentum(const host_pass *pass, const layer *l) {
    (void)l;
#ifdef LGG_WITHOUT_GRADIENTS
    (void)pass;
    return .99f;
#else
    return pass->bn_momentum;
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
        return 1;
    case UPSAMPLE:
        return l->reverse;
    case CONVOLUTIONAL:
        return l->xnor || (l->size == 1 && l->stride == 1 && l->pad == 0);
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

/* The array `old` of another layer is `moved` now. */
static inline void host_follow_array(layer *l, const float *old, float *moved) {
    if (l->output == old) l->output = moved;
    if (l->delta == old) l->delta = moved;
}

/* Whether no gradient goes from l to those before it though they have one. */
static inline int host_stops_gradients(const layer *l) {
    return l->stopbackward || l->onlyforward;
}

/* Whether no gradient ever goes to l or those before it: what comes before it has no backward pass. */
static inline int host_stops_passes(const layer *l) {
    return l->stopbackward != 0;
}

/* Whether the backward function of l adds to other deltas than that of the layer before it. */
static inline int host_adds_elsewhere(const layer *l) {
    return l->type == SHORTCUT;
}

/* Whether l puts out something of another size than its own: none does. */
static inline int host_is_blurred(const layer *l) {
    (void)l;
    return 0;
}

/* Whether l has the output and the delta of the layer before it for its own. */
static inline int host_works_in_place(const layer *l) {
    return l->type == DROPOUT || l->type == LGG;
}

/* Whether l is computed as if its stride were 1. (With cuDNN it is right on the GPU.) */
static inline int host_misreads_1x1(const layer *l) {
    return l->type == CONVOLUTIONAL && l->size == 1 && (l->stride != 1 || l->pad != 0);
}

/* Whether l forms products, normalizes them or adds biases, and activates; without the latter two its functions are those of the products
 * alone. */
static inline int host_is_linear(const layer *l) {
    return l->type == CONVOLUTIONAL || l->type == DECONVOLUTIONAL || l->type == CONNECTED;
}

/* Steps of a convolution's window over the image, and between the pixels that it sees. */
static inline int host_stride_y(const layer *l) {
    return l->stride;
}
static inline int host_stride_x(const layer *l) {
    return l->stride;
}
static inline int host_dilation(const layer *l) {
    (void)l;
    return 1;
}

/* The activation of l where each value has one of its own, which they all have in this host; LINEAR where it has not: then the host's
 * functions do the rest. */
static inline ACTIVATION host_activation(const layer *l) {
    return l->activation;
}
static inline int host_activates_channels(const layer *l) {
    (void)l;
    return 0;
}
static inline void host_activate_rest(layer l) {
    (void)l;
}
static inline void host_gradient_rest(layer l) {
    (void)l;
}

/* Whether l, a [shortcut], is activation(alpha * the layer before + beta * layer l->index), all three of one shape. */
static inline int host_is_plain_sum(const layer *l, float *alpha, float *beta) {
    *alpha = l->alpha;
    *beta = l->beta;
    return l->w == l->out_w && l->h == l->out_h && l->c == l->out_c;
}

/* Halves the sum of l, a [shortcut]. Returns 0 where that is not for its functions to do. */
static inline int host_halve_sum(layer *l) {
    l->alpha *= .5f;
    l->beta *= .5f;
    return 1;
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
/* After that: layers of this host look for a delta when they need it. */
static inline void host_follow_deltas(network *net) {
    (void)net;
}

/* Whether the loader of classes makes squares, as wide as the network. */
#define HOST_LOADS_SQUARES 1

/* Whether l, a [dropout], is to leave out blocks, and whether it does. */
static inline int host_has_blocks(const layer *l) {
    (void)l;
    return 0;
}
static inline int host_drops_blocks(const layer *l) {
    return host_has_blocks(l);
}
#ifdef GPU
/* x (n) on the device, times `by`. */
static inline void host_scale_gpu(int n, float by, float *x) {
    scal_gpu(n, by, x, 1);
}
#endif

/* What l, a section, takes over from the layer before it beside its buffers: nothing that this host asks for. */
static inline void host_follow_previous(layer *l, const layer *previous) {
    (void)l, (void)previous;
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

#define HOST_UPDATE_PARAMETERS_GPU update_args a
#define HOST_UPDATE_STEP_GPU                                                                                           \
    { a.learning_rate, a.momentum, a.decay, 1, a.batch }

/* Whether the update of l, which learns, is momentum and decay of its weights, and no more. */
static inline int host_updates_plainly(const network *net, const layer *l) {
    (void)net;
    return l->clip <= 0;
}
/* Whether the host mends weights of l that are no numbers, and their updates, before each update. */
static inline int host_mends_weights(const layer *l) {
    (void)l;
    return 0;
}
/* What of l, on the device, adds up numbers in whatever order its threads come; NULL if nothing does. */
static inline const char *host_adds_in_any_order(const layer *l) {
    (void)l;
    return NULL;
}
/* The values of each sample of layer l->input_layers[i] that l, a [route], takes, and which is the first of them. */
static inline int host_routed_values(const layer *l, int i, int *first) {
    *first = 0;
    return l->input_sizes[i];
}
/* Whether l begins or waits for a stream. */
static inline int host_has_stream(const layer *l) {
    (void)l;
    return 0;
}

/* The labels of the batch on the device. */
static inline float *host_truth_gpu(const host_pass *pass) {
    return pass->truth_gpu;
}
/* The same on the CPU, in a pass on the device; NULL where nobody has them there. */
static inline const float *host_truth_at_hand(const host_pass *pass) {
    return pass->truth;
}

/* What the network takes for its cost, from the costs of its layers. */
static inline void host_sum_costs(host_pass *pass) {
    calc_network_cost(pass);
}

/* Whether buffers of l on the device are not its own. */
static inline int host_shares_device_buffers(const layer *l) {
    (void)l;
    return 0;
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

/* Numbers of the network as a whole that go from one iteration to the next: it has none. */
static inline int host_network_memory(const network *net, float *memory[LGG_NETWORK_MEMORY]) {
    (void)net, (void)memory;
    return 0;
}

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

#endif
