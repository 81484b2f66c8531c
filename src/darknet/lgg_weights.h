/* lgg_weights.h: how long a weights file must be to fill a network. */
#ifndef LGG_WEIGHTS_H
#define LGG_WEIGHTS_H

#include "lgg_cfg.h"

#include LGG_HOST_HEADER

/* Fails unless the file holds exactly the weights of net, naming both lengths in bytes. */
void check_weights_file(const lgg_place *place, const char *option, const char *path, const network *net);

#endif
