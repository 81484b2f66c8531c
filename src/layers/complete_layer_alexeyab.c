/* complete_layer_alexeyab.c: see complete_layer.h.
 *
 * Only convolutions, poolings, shortcuts and batch normalizations know that they are trained. Where `train` is 0, update_network passes a
 * layer over, so that [connected] and recurrent layers never learnt; and on the CPU its delta is never cleared, so that the deltas of
 * [avgpool], [route], [connected] and others summed up over all iterations. The update of [gru] is that of [rnn], whose layers it does not
 * have; on the CPU [lstm] and [conv_lstm] have no delta: each crashed in its first iteration. swish, mish and hard_mish are there for
 * [convolutional] alone, the first two for [shortcut], too: elsewhere they give zeros, from which nothing is learnt. */
#include "complete_layer.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"

/* The name of an activation that gives zeros in l; NULL if it has another. */
static const char *zero_activation(const layer *l) {
    if (l->type == CONVOLUTIONAL) return NULL;
    if (l->activation == HARD_MISH) return "hard_mish";
    if (l->type == SHORTCUT) return NULL;
    return l->activation == SWISH ? "swish" : l->activation == MISH ? "mish" : NULL;
}

static void refuse_zeros(const layer *l) {
    const char *name = zero_activation(l);
    if (!name || !darknet_is_training()) return;
    fprintf(stderr,
            "[%s]: activation=%s: gives zeros here, this Darknet has it for [convolutional]; another would be right\n",
            get_layer_string(l->type), name);
    exit(EXIT_FAILURE);
}

static void update_gru(layer l, int batch, float learning_rate, float momentum, float decay) {
    layer *leaves[HOST_MAX_LEAVES];
    const int n = host_leaf_layers(&l, leaves);
    for (int i = 0; i < n; ++i)
        update_connected_layer(*leaves[i], batch, learning_rate, momentum, decay);
}

void complete_layer(layer *l, const network *net) {
    refuse_zeros(l);
    l->train = net->train;
    if (l->type == GRU) l->update = update_gru;
    if (net->train && !l->delta && (l->type == LSTM || l->type == CONV_LSTM))
        l->delta = (float *)lgg_allocate((size_t)l->outputs * (size_t)l->batch * (size_t)l->steps, sizeof(float),
                                         "the layers' buffers");
}
