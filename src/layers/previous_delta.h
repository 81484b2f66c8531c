/* previous_delta.h: every consumer of a layer's output adds to its delta.
 *
 * A layer's output may have several consumers ([route], [shortcut], a section's tap): the host clears every delta once, and each
 * consumer adds its share, the next layer last of all. Some of the host's functions assign instead, and lose what the others have
 * put there. Around those: what is there is set aside, the host writes, it is added back. That costs two passes over the delta, and
 * is done only where others do read the layer; it is decided once.
 *
 * What follows the network's input, or a layer without a gradient such as [crop], has no delta to write to: a layer without weights
 * is skipped there, another gets one that nobody reads. */
#ifndef PREVIOUS_DELTA_H
#define PREVIOUS_DELTA_H

#include "host.h"

/* The layer whose output and delta layer i has: its own, or those of the one before it where it works in place. */
int buffer_owner(const network *net, int i);

/* Whether layer `reader` of net adds to the delta of layer i though it is not the one after it. */
int layer_reads(const network *net, int reader, int i);

/* Gives a delta that nobody reads to each layer without one that a [route] or [shortcut] reads: they add to it without asking. To be
 * called again when the layers have taken another size. */
void give_missing_deltas(network *net);

/* Goes around the backward functions of layer i, where it has to. */
void put_around_previous_delta(network *net, int i);

#endif
