/* label_variation_layer.h: the section [label_variation]; lgg_hooks.h says what a section is, lgg_section.h what all of them share. */
#ifndef LABEL_VARIATION_LAYER_H
#define LABEL_VARIATION_LAYER_H

#include "lgg_section.h"

layer make_label_variation_layer(const lgg_cfg *cfg, network *net);
void backward_label_variation_layer(layer l, host_pass pass);

#endif
