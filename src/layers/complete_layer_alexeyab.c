/* complete_layer_alexeyab.c: see complete_layer.h.
 *
 * Only convolutions, poolings, shortcuts and batch normalizations know that they are trained. Where `train` is 0, update_network passes a
 * layer over, so that [connected] and recurrent layers never learnt; and on the CPU its delta is never cleared, so that the deltas of
 * [avgpool], [route], [connected] and others summed up over all iterations. The update of [gru] is that of [rnn], whose layers it does not
 * have; on the CPU [lstm] and [conv_lstm] have no delta: each crashed in its first iteration. */
#include "complete_layer.h"

static void update_gru(layer l, int batch, float learning_rate, float momentum, float decay) {
    layer *leaves[HOST_MAX_LEAVES];
    const int n = host_leaf_layers(&l, leaves);
    for (int i = 0; i < n; ++i)
        update_connected_layer(*leaves[i], batch, learning_rate, momentum, decay);
}

void complete_layer(layer *l, const network *net) {
    l->train = net->train;
    if (l->type == GRU) l->update = update_gru;
    if (net->train && !l->delta && (l->type == LSTM || l->type == CONV_LSTM))
        l->delta = (float *)lgg_allocate((size_t)l->outputs * (size_t)l->batch * (size_t)l->steps, sizeof(float),
                                         "the layers' buffers");
}
