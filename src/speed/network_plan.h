/* network_plan.h: what a network on the CPU need not do while nothing but its own layers looks into it: in training, and as a teacher.
 *
 * - Channels last. oneDNN works on images whose channels stand innermost or in blocks. Convolutions, batch normalizations, activations,
 *   residual sums and poolings that follow each other keep their arrays as (batch, h, w, c), so that nothing is reordered between
 *   them. Where another kind of layer reads, the arrays are Darknet's (batch, c, h, w). Graphs do not care: the similarity of two
 *   samples does not depend on the order of their values.
 * - A [route] of one layer that only a convolution reads is not copied: the convolution reads that layer.
 * - A delta that its last reader, whose backward pass is the first, can write is not filled with zeros before.
 *
 * In prediction (`classifier valid`, the `lgg` commands, programs with libdarknet) everything stays where Darknet has it. */
#ifndef NETWORK_PLAN_H
#define NETWORK_PLAN_H

#include "layer_functions.h"

#if HOST_WRAPS_LAYERS

#ifdef __cplusplus
extern "C" {
#endif

/* To be called after set_layer_functions. Without FAST and DNNL, and on a GPU, nothing is planned. */
void plan_network(network *net);

/* The output of layer i as Darknet has it, (batch, outputs): l.output itself or, where the plan has it otherwise, a copy in `copy`. */
const float *planned_output(const network *net, int i, float_buffer *copy);

#ifdef __cplusplus
}
#endif

#else

static inline void plan_network(network *net) {
    (void)net;
}

#endif

#endif
