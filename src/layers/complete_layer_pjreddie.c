/* complete_layer_pjreddie.c: see complete_layer.h.
 *
 * In training [rnn] keeps a state for each step and one before the first, but has room for one. On the CPU [lstm] has neither a delta nor
 * its backward function. [local] asks for as many bytes of workspace as it needs floats, [crnn] for none, and cuDNN takes the convolutions
 * of [crnn] for such of all steps at once. [deconvolutional] leaves at zero
 * the number of groups, by which load_convolutional_weights divides.
 *
 * And every layer that a layer consists of gets the momentum of its batch normalization: recurrent layers call theirs with a network of
 * nothing but `train`. */
#include "complete_layer.h"

/* The host has it, and no header of its own says so. */
void backward_lstm_layer(layer l, network net);

static float *zeros(size_t n) {
    return (float *)lgg_allocate(n, sizeof(float), "the layers' buffers");
}

static void complete_rnn(layer *l) {
    free(l->state);
    l->state = zeros((size_t)l->outputs * (size_t)l->batch * (size_t)(l->steps + 1));
}

static void complete_lstm(layer *l) {
    l->delta = zeros((size_t)l->outputs * (size_t)l->batch * (size_t)l->steps);
    l->backward = backward_lstm_layer;
}

static void complete_crnn(layer *l) {
    layer *inner[] = {l->input_layer, l->self_layer, l->output_layer};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; ++i) {
#ifdef CUDNN
        if (gpu_index >= 0) cudnn_convolutional_setup(inner[i]);
#endif
        inner[i]->learning_rate_scale = l->learning_rate_scale; /* 0 so far: they never learnt */
        if (inner[i]->workspace_size > l->workspace_size) l->workspace_size = inner[i]->workspace_size;
    }
}

static void give_momentum(layer *l, const network *net) {
#ifdef LGG_WITHOUT_GRADIENTS
    (void)l, (void)net;
#else
    layer *leaves[HOST_MAX_LEAVES];
    const int n = host_leaf_layers(l, leaves);
    for (int i = 0; i < n; ++i)
        leaves[i]->bn_momentum = net->bn_momentum;
#endif
}

void complete_layer(layer *l, const network *net) {
    give_momentum(l, net);
    switch (l->type) {
    case RNN:
        complete_rnn(l);
        break;
    case LSTM:
        complete_lstm(l);
        break;
    case CRNN:
        complete_crnn(l);
        break;
    case LOCAL:
        l->workspace_size *= sizeof(float);
        break;
    case DECONVOLUTIONAL:
        l->groups = 1;
        break;
    default:
        break;
    }
}
