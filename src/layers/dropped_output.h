/* dropped_output.h: the gradient of an activation before a [dropout].
 *
 * A [dropout] works in its layer's output: what it keeps is y / (1 - p) from then on. The derivatives of tanh, logistic, elu and others are told
 * from y, so before that layer's backward pass y is put back; what was left out, 0 here, has no delta to multiply.
 */
#ifndef DROPPED_OUTPUT_H
#define DROPPED_OUTPUT_H

#include "host.h"

/* Does nothing to a layer whose activation's derivative is told from the sign alone, or without a [dropout] in its output. A layer of a kind that
 * has no activation may well have its output put back, which nothing of it looks at. */
void put_around_dropped_output(network *net, int i);

#endif
