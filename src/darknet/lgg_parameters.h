/* lgg_parameters.h: the arrays a layer learns and updates, whatever its type.
 *
 * Darknet's recurrent layers are made of connected or convolutional ones: the layers that own arrays are called leaves here. */
#ifndef LGG_PARAMETERS_H
#define LGG_PARAMETERS_H

#include LGG_HOST_HEADER

#ifdef __cplusplus
extern "C" {
#endif

#define LGG_MAX_LEAVES 8
#define LGG_MAX_ARRAYS 9

typedef struct {
    const char *name;
    float *cpu; /* n values; NULL if they live on the GPU alone */
    float *gpu; /* the same on the GPU; NULL in a CPU build or run */
    size_t n;
} lgg_array;

/* Fills leaves with the layers that own arrays, in the order of Darknet's weights files; returns their number. */
int lgg_leaf_layers(layer *l, layer *leaves[LGG_MAX_LEAVES]);

/* Fills arrays with a leaf's biases, scales, rolling statistics and weights, as far as it has them; returns their number. */
int lgg_leaf_parameters(const layer *leaf, lgg_array arrays[LGG_MAX_ARRAYS]);

/* Fills arrays with what a leaf's updates carry from one iteration to the next: momentum, and Adam's moments. */
int lgg_leaf_updates(const layer *leaf, lgg_array arrays[LGG_MAX_ARRAYS]);

/* Adds -decay*batch*w to the updates of a leaf's biases and scales. */
void lgg_decay_biases_and_scales(const layer *leaf, update_args a);

/* 1 if every value is a finite number; looks at the bits, so that -ffast-math cannot fold it away. */
int lgg_all_finite(const float *x, size_t n);

#ifdef __cplusplus
}
#endif

#endif
