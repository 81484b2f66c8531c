/* rkd_layer.h: the section [rkd]; lgg_hooks.h says what a section is, lgg_section.h what all of them share. */
#ifndef RKD_LAYER_H
#define RKD_LAYER_H

#include "lgg_section.h"

layer make_rkd_layer(const lgg_cfg *cfg, network *net);
void backward_rkd_layer(layer l, host_pass pass);

#endif
