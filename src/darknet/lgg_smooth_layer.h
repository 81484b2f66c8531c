/* lgg_smooth_layer.h: the section [lgg_smooth]; lgg_hooks.h says what a section is, lgg_section.h what all of them share. */
#ifndef LGG_SMOOTH_LAYER_H
#define LGG_SMOOTH_LAYER_H

#include "lgg_section.h"

layer make_lgg_smooth_layer(const lgg_cfg *cfg, network *net);
void backward_lgg_smooth_layer(layer l, host_pass pass);

#endif
