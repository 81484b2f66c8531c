/* shared_statistics.c: see shared_statistics.h. */
#include "shared_statistics.h"

#include "around.h"

#if HOST_SHARES_LAYERS
void separate_statistics(layer *l) {
    if (!l->share_layer || !l->mean) return;
    l->mean = floats_of(&l->functions->statistics, 2 * (size_t)l->n);
    l->variance = l->mean + l->n;
#ifdef GPU
    if (gpu_index < 0) return;
    l->mean_gpu = device_floats_of(&l->functions->statistics_gpu, 2 * (size_t)l->n);
    l->variance_gpu = l->mean_gpu + l->n;
#endif
}
#endif
