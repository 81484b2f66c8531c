/* weighted_sum.h: backward passes in which several values add to one number, on one thread: of a [shortcut] with weights to their updates, of
 * [scale_channels] to the factors' delta, of a [maxpool] whose windows overlap to the largest value.
 *
 * The host shares the values among threads, which then add to one number at once and lose terms, other ones each time. */
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
