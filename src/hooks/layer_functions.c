/* layer_functions.c: see layer_functions.h. */
#include "layer_functions.h"

#include <stdio.h>
#include <stdlib.h>

#include "at_once_gpu.h"
#include "batchnorm_whole.h"
#include "convolution_1x1.h"
#include "costs_gpu.h"
#include "dropped_output.h"
#include "layer_fast.h"
#include "layer_kernels.h"
#include "allocate.h"
#include "parseval.h"
#include "previous_delta.h"
#include "recipe.h"
#include "reorg_gradient.h"
#include "shared_statistics.h"
#include "weighted_sum.h"

static void set_functions(network *net, int i) {
    layer *l = &net->layers[i];
    l->functions = lgg_allocate(1, sizeof *l->functions, layer_buffers);
    complete_batchnorm(l);
    sum_reorg_gradient(l);
    separate_statistics(l);
    route_at_once(l);
    connect_at_once(l);
    upsample_in_order(l);
    put_around_strided_1x1(l);
    put_around_weighted_sum(l);
    put_around_previous_delta(net, i);
    put_fast_functions(net, i);
    put_around_dropped_output(net, i);
}

void set_layer_functions(network *net) {
    give_missing_deltas(net);
    if (net->layers[0].functions) return;
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].type != LGG) set_functions(net, i);
    warn_of_disorder(net);
    if (!has_lgg_parseval(net)) /* which goes on from each layer's new weights */
        update_at_once(net, host_recipe(net) && host_recipe(net)->decay_all);
    make_lgg_parseval(net);
    put_around_costs(net);
}

static void free_device_floats(float_buffer *buffer) {
#ifdef GPU
    if (buffer->memory) cuda_free(buffer->memory);
#else
    (void)buffer;
#endif
}

void free_layer_functions(layer_functions *functions) {
    if (!functions) return;
    free_fast_functions(functions);
    free_lgg_parseval(functions->parseval);
    free_underway_cost(functions->cost);
    free(functions->aside.memory);
    free(functions->pixels.memory);
    free(functions->statistics.memory);
    free_device_floats(&functions->aside_gpu);
    free_device_floats(&functions->pixels_gpu);
    free_device_floats(&functions->statistics_gpu);
#ifdef GPU
    free_tensor_table(functions->tensors);
#endif
    free(functions);
}
