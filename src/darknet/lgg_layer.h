/* lgg_layer.h: an LGG section as a layer of a network. */
#ifndef LGG_LAYER_H
#define LGG_LAYER_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads one of our sections: `index` is its layer's index in net, `filename` the .cfg it is in. Ends the program with one line
 * that says what is wrong, should the section not be right. */
layer parse_lgg_layer(const char *type, list *options, network *net, int index, const char *filename);

/* Follows the layer before it to its new size and buffers. */
void resize_lgg_layer(layer *l, network *net, int index);
void free_lgg_layer(layer l);

#ifdef __cplusplus
}
#endif

#endif
