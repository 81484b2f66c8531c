/* tool_network.c: see tool_network.h. */
#include "tool_network.h"

#include <math.h>

#include "parseval.h"

void tool_network_scale_parseval(network *net) {
    for (int i = 0; i < net->n && has_lgg_parseval(net); ++i) {
        layer *l = &net->layers[i];
        if (l->type != CONVOLUTIONAL || host_weights_owner(l)) continue;
        const float factor = 1.f / sqrtf(2.f * (float)(l->size * l->size) + 1.f);
        const size_t n = host_weight_count(l);
        for (size_t j = 0; j < n; ++j)
            l->weights[j] *= factor;
        host_push_weights(l);
    }
}
