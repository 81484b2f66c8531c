/* network_plan.h: what a network on the CPU need not do while nothing but its own layers looks into it: in training, and as a teacher.
 *
 * - Channels last. oneDNN works on images whose channels stand innermost or in blocks. Convolutions, batch normalizations, activations,
 *   residual sums and poolings that follow each other keep their arrays as (batch, h, w, c), so that nothing is reordered between
 *   them. Where another kind of layer reads, the arrays are Darknet's (batch, c, h, w). Graphs do not care: the similarity of two
 *   samples does not depend on the order of their values.
 * - Convolutions between few channels have kernels of their own (convolution_narrow.h), in Darknet's order.
 * - A [route] of one layer that only a convolution reads is not copied: the convolution reads that layer.
 * - A teacher's biases, activations and residual sums are part of the convolution before them.
 * - In training a residual sum is formed by the batch normalization before it, which writes nothing else; the sum's delta goes to both of its
 *   layers in one array.
 * - A delta that its last reader, whose backward pass is the first, can write is not filled with zeros before.
 *
 * In prediction (`classifier valid`, the `lgg` commands, programs with libdarknet) everything stays where Darknet has it. */
#ifndef NETWORK_PLAN_H
#define NETWORK_PLAN_H

#include "around.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a network is trained, or only predicts with batch normalizations folded into its convolutions (lgg_inference.h). */
typedef enum { PLAN_TRAINING, PLAN_PREDICTION } plan_purpose;

/* To be called after set_layer_functions. Without FAST and DNNL, and on a GPU, nothing is planned. */
void plan_network(network *net, plan_purpose purpose);

/* With `alone`, from now on backward passes are for the gradient of the images alone: oneDNN's convolutions leave out those of their weights, a
 * third of their work. What is in weight_updates stays there. */
void want_gradient_of_images(network *net, int alone);

/* Layer i of a network that predicts is looked at from outside, from now on: in Darknet's order, if that matters. */
void keep_planned_output(network *net, int i, int in_darknets_order);

/* For tests: the output of layer i as Darknet has it, (batch, outputs): l.output itself or, where the plan has it otherwise, a copy in `copy`. NULL where a
 * pass in training has put it into a residual sum at once. */
const float *planned_output(const network *net, int i, float_buffer *copy);

#ifdef __cplusplus
}
#endif

#endif
