/* tool_dropping.h: dropout of activations in a network that predicts. */
#ifndef TOOL_DROPPING_H
#define TOOL_DROPPING_H

#include "host.h"

/* From now on each value that one of the n layers gives is 0 with probability `share`, else over 1 - share; 0: nothing is dropped any
 * more. The draws are lgg_rand()'s. Returns the index of a layer whose output cannot be dropped, -1: none. */
int drop_activations(network *net, const int *layers, int n, double share);

/* The layers that end a block: each [shortcut]; without any, each [convolutional] and [connected] but the last. Returns their number. */
int block_layers(const network *net, int *layers);

#endif
