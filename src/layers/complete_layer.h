/* complete_layer.h: what a host forgets when it makes a layer, so that the layer crashes, writes past the end of its memory, or never learns.
 * Each host has a file of its own, complete_layer_HOST.c, which says what. */
#ifndef COMPLETE_LAYER_H
#define COMPLETE_LAYER_H

#include "host.h"

/* To be called for each layer of net once it is made, before the workspace is. */
void complete_layer(layer *l, const network *net);

#endif
