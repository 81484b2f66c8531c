/* shared_statistics.h: layers that share their weights (`share_index`) have each their own mean and variance of a batch.
 *
 * The host gives them those of the layer that they share, too: the forward pass of the later one overwrote what the backward pass of the
 * earlier one needs. */
#ifndef SHARED_STATISTICS_H
#define SHARED_STATISTICS_H

#include "host.h"

#if HOST_SHARES_LAYERS
/* Does nothing to a layer of its own. Freed with its functions. */
void separate_statistics(layer *l);
#else
static inline void separate_statistics(layer *l) {
    (void)l;
}
#endif

#endif
