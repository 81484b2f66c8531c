/* tool_gradient.h: makes a network for prediction differentiable in its input. */
#ifndef TOOL_GRADIENT_H
#define TOOL_GRADIENT_H

#include "host_tool.h"

/* Replaces the backward functions that are wrong in inference mode: a [batchnorm] of its own then differentiates its rolling
 * statistics as the constants they are; [dropout], [cost] and our own sections pass deltas on. Batch normalization within layers
 * must have been folded into their weights. The softmax at `output` takes part in the loss. Returns NULL, or what the network has whose gradient the host does not. */
const char *tool_fix_gradients(network *net, int output);

#endif
