/* layer_fast.h: which of a CPU layer's passes ours take over for their speed: convolutions (DNNL=1), batch normalization, activations
 * and residual sums (FAST=1). With both 0 a layer stays the host's. */
#ifndef LAYER_FAST_H
#define LAYER_FAST_H

#include "layer_functions.h"

/* Of layer i, after those before it. */
void put_fast_functions(network *net, int i);
void free_fast_functions(layer_functions *functions);

#endif
