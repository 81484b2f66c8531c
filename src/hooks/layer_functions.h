/* layer_functions.h: our functions in the place of a parsed layer's, or around the host's.
 *
 * A host's layer carries pointers to its forward, backward and update functions. Once all layers of a network are there, we go over
 * them and set these pointers; the host's sources stay as they are. From the inside out:
 *
 *     what the host has set
 *     AROUND_1X1        strided 1x1 convolutions that the host computes wrongly                      convolution_1x1.h
 *     AROUND_SUM        sums with weights, which several threads of the host update at once          weighted_sum.h
 *     AROUND_DELTA      functions that assign the previous layer's delta, or need one                previous_delta.h
 *     AROUND_FAST       batch normalization, activations and residual sums on every core (FAST=1)    layer_fast.h
 *     AROUND_DNNL       convolutions through oneDNN (DNNL=1)                                         layer_fast.h
 *     AROUND_DROPPED    activations whose output a [dropout] works in                                 dropped_output.h
 *     AROUND_PARSEVAL   [net] parseval                                                               parseval.h
 *     AROUND_DROPPING   `lgg stress` alone: activations that are dropped                             tool_dropping.h
 *     AROUND_COST       a [softmax] on the GPU, whose losses are read once the step is enqueued      costs_gpu.h
 *     AROUND_FIRST      the first layer's gradient there, after which they are                       costs_gpu.h
 *
 * (A [route] on the GPU, and the update of all layers there, take the place of the host's: at_once_gpu.h.)
 *
 * Each calls what it has found in the layer, or computes the same itself. The layers inside a recurrent one ([rnn], [crnn], [lstm],
 * [gru], [conv_lstm]) and the blur of an antialiased one are out of reach: the host calls its functions for them by their names. They
 * run as the host wrote them, on one core and without oneDNN, which is right: their products are [connected], or convolutions that add
 * to the delta that they are given (of size 3 in pjreddie/darknet, any in AlexeyAB/darknet, by a patch), and what is wrong in the
 * host's batch normalization itself is mended there, by a patch. */
#ifndef LAYER_FUNCTIONS_H
#define LAYER_FUNCTIONS_H

#include "around.h"

#ifdef __cplusplus
extern "C" {
#endif

/* To be called once all layers of net are there, and again when they have taken another size. */
void set_layer_functions(network *net);
void free_layer_functions(layer_functions *functions);

#ifdef __cplusplus
}
#endif

#endif
