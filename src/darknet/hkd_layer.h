/* hkd_layer.h: the section [hkd]; lgg_hooks.h says what a section is, lgg_section.h what all of them share. */
#ifndef HKD_LAYER_H
#define HKD_LAYER_H

#include "lgg_section.h"

layer make_hkd_layer(const lgg_cfg *cfg, network *net);
void backward_hkd_layer(layer l, host_pass pass);

#endif
