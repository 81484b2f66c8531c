/* at_once_gpu.h: on the GPU, what the host does sample by sample or layer by layer, a launch each, in one launch: the copies of a [route],
 * and the updates of all layers, whose values are the host's to the bit; and in one order what the host adds up in whatever order the
 * threads come, in an [upsample]; and, in pjreddie/darknet, nothing for a linear activation. */
#ifndef AT_ONCE_GPU_H
#define AT_ONCE_GPU_H

#include "host.h"

/* Does nothing to a layer that is no [route]. */
void route_at_once(layer *l);
/* Does nothing to a layer that is no [connected]. In AlexeyAB/darknet it sums up the gradient of its biases sample by sample, and then, if it
 * is batch-normalized, a second time. */
void connect_at_once(layer *l);
/* Does nothing to a layer that is no [upsample]. */
void upsample_in_order(layer *l);
/* Warns where a seed is given, and a layer of a network that trains on the GPU is none of those that are seen to here. */
void warn_of_disorder(const network *net);
/* To be called once every layer has its functions; decay_all as in [net]. Layers with an update of another kind (adam, clip, shared weights, [local]) keep it. */
void update_at_once(network *net, int decay_all);
/* Whether this one's is done with the others', decay_all included. */
int is_updated_at_once(const layer *l);

#endif
