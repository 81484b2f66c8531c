/* lgg_gkd_layer.h: the section [lgg_gkd]; lgg_hooks.h says what a section is, lgg_section.h what all of them share. */
#ifndef LGG_GKD_LAYER_H
#define LGG_GKD_LAYER_H

#include "lgg_section.h"

layer make_lgg_gkd_layer(const lgg_cfg *cfg, network *net);
void backward_lgg_gkd_layer(layer l, host_pass pass);

#endif
