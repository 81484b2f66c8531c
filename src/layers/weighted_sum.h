/* weighted_sum.h: the backward pass of a [shortcut] with weights, on one thread.
 *
 * Each value of the sum adds to the updates of its weights. The host shares the values among threads, which then add to one number at
 * once and lose terms, other ones each time. */
#ifndef WEIGHTED_SUM_H
#define WEIGHTED_SUM_H

#include "host.h"

#if HOST_WEIGHS_SUMS
/* Does nothing to a layer of another kind. */
void put_around_weighted_sum(layer *l);
#else
static inline void put_around_weighted_sum(layer *l) {
    (void)l;
}
#endif

#endif
