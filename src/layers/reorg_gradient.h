/* reorg_gradient.h: the backward pass of a [reorg] whose channels stride * stride does not divide.
 *
 * Such a layer takes some values of its input more than once. The gradient of those is a sum; the host's backward function, the mirror
 * of its forward one, keeps the last of its terms. (On the GPU it still does.) */
#ifndef REORG_GRADIENT_H
#define REORG_GRADIENT_H

#include "host.h"

/* Does nothing to a layer that the host gets right. */
void sum_reorg_gradient(layer *l);

#endif
