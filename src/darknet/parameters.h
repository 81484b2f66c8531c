/* parameters.h: the arrays a layer learns and updates, whatever its type.
 *
 * Darknet's recurrent layers are made of connected or convolutional ones: the layers that own arrays are called leaves here. Which
 * they are, the host knows (host_leaf_layers). */
#ifndef LGG_PARAMETERS_H
#define LGG_PARAMETERS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LGG_MAX_ARRAYS 9

/* Fills arrays with a leaf's biases, scales, rolling statistics and weights, as far as it has them; returns their number. */
int lgg_leaf_parameters(const layer *leaf, lgg_array arrays[LGG_MAX_ARRAYS]);

/* Fills arrays with what a leaf's updates carry from one iteration to the next: momentum, and Adam's moments. */
int lgg_leaf_updates(const layer *leaf, lgg_array arrays[LGG_MAX_ARRAYS]);

/* Fills arrays with what else layer l of net (not a leaf) carries from one batch to the next, such as what recurrent layers remember. */
int lgg_layer_memory(const network *net, const layer *l, lgg_array arrays[LGG_MAX_ARRAYS]);

/* Adds -decay*batch*w to the updates of a leaf's biases and scales. */
void lgg_decay_biases_and_scales(const layer *leaf, update_args a);

/* 1 if every value is a finite number; looks at the bits, so that -ffast-math cannot fold it away. */
int lgg_all_finite(const float *x, size_t n);

/* The layer of 0..end-1, or of all where there are fewer, whose weights, biases, scales or rolling statistics hold NaN or infinity, *array telling which; -1 if none does. */
int lgg_first_rubbish(const network *net, int end, const char **array);

#ifdef __cplusplus
}
#endif

#endif
