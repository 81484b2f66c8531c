/* layer_fast.h: which of a CPU layer's passes ours take over for their speed: convolutions (DNNL=1), batch normalization, activations
 * and residual sums (FAST=1). With both 0 a layer stays the host's. */
#ifndef LAYER_FAST_H
#define LAYER_FAST_H

#include "around.h"

/* How a layer's functions, as they are set now, depend on the order of an image's values (network_plan.h). */
typedef enum {
    ORDER_DARKNETS, /* they read and write (batch, c, h, w) */
    ORDER_KEPT,     /* value by value, or channel by channel: what they write has the order of what they read */
    ORDER_FREE,     /* each of the two may have any order */
    ORDER_LOST      /* they read any order, and write one value a channel */
} layer_order;
layer_order order_of(const layer *l);

/* Whether the backward function of l can write the delta of the layer that it takes in, where its plan says so, instead of adding. */
int writes_delta(const layer *l);

/* Of layer i, after those before it. */
void put_fast_functions(network *net, int i);
void free_fast_functions(layer_functions *functions);

#endif
