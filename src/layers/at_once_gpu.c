/* at_once_gpu.c: see at_once_gpu.h. */
#include "at_once_gpu.h"

#include <stdlib.h>

#include "allocate.h"
#include "blas.h"
#include "around.h"
#include "layer_kernels.h"
#include "recipe.h"

#if defined(GPU) && HOST_AT_ONCE_GPU

void launch_activate_array_gpu(float *x, int n, ACTIVATION a);
void launch_gradient_array_gpu(float *x, int n, ACTIVATION a, float *delta);

void activate_array_gpu(float *x, int n, ACTIVATION a) {
    if (a != LINEAR) launch_activate_array_gpu(x, n, a);
}

void gradient_array_gpu(float *x, int n, ACTIVATION a, float *delta) {
    if (a != LINEAR) launch_gradient_array_gpu(x, n, a, delta);
}

static void forward_route_gpu(layer l, host_pass pass) {
    float *to = l.output_gpu;
    for (int i = 0; i < l.n; ++i) {
        const layer *from = &host_layers(&pass)[l.input_layers[i]];
        const size_t size = (size_t)l.input_sizes[i];
        copy_rows_gpu((size_t)l.batch, size, from->output_gpu, size, to, (size_t)l.outputs, host_stream());
        to += size;
    }
}

static void backward_route_gpu(layer l, host_pass pass) {
    const float *from = l.delta_gpu;
    for (int i = 0; i < l.n; ++i) {
        const layer *to = &host_layers(&pass)[l.input_layers[i]];
        const size_t size = (size_t)l.input_sizes[i];
        add_rows_gpu((size_t)l.batch, size, from, (size_t)l.outputs, to->delta_gpu, size, host_stream());
        from += size;
    }
}

void route_at_once(layer *l) {
    if (l->type != ROUTE) return;
    l->forward_gpu = forward_route_gpu;
    l->backward_gpu = backward_route_gpu;
}

static void sum_upsample_gpu(const layer *l, int height, int width, const float *large, float *small) {
    add_squares_gpu((size_t)l->batch * (size_t)l->c, (size_t)height, (size_t)width, (size_t)l->stride, l->scale, large,
                    small, host_stream());
}

static void forward_downsample_gpu(layer l, host_pass pass) {
    fill_gpu(l.outputs * l.batch, 0, l.output_gpu, 1);
    sum_upsample_gpu(&l, l.out_h, l.out_w, *host_input_of_gpu(&pass), l.output_gpu);
}

static void backward_upsample_gpu(layer l, host_pass pass) {
    sum_upsample_gpu(&l, l.h, l.w, l.delta_gpu, *host_delta_gpu(&pass));
}

void upsample_in_order(layer *l) {
    if (l->type != UPSAMPLE) return;
    if (l->reverse) {
        l->forward_gpu = forward_downsample_gpu;
    } else {
        l->backward_gpu = backward_upsample_gpu;
    }
}

/* The most tensors of a layer: weights, biases, scales. */
enum { LAYER_TENSORS = 3 };

static int add_tensor(learning_tensor *tensors, int count, const layer *l, float *values, float *updates, int n,
                      int decays) {
    if (!values || !updates || n <= 0) return count;
    tensors[count] = (learning_tensor){values, updates, (size_t)n, l->learning_rate_scale, decays};
    return count + 1;
}

/* The tensors of a layer whose update is momentum and decay of the weights (with decay_all of all), and no more; 0 of any other. */
static int learning_tensors(const layer *l, int decay_all, learning_tensor *tensors) {
    const int plain = (l->type == CONVOLUTIONAL || l->type == CONNECTED || l->type == BATCHNORM) && l->update_gpu;
    if (!plain || l->clip > 0) return 0;
    const int filters = l->type == CONVOLUTIONAL ? l->n : l->type == CONNECTED ? l->outputs : l->c;
    const int weights = l->type == CONVOLUTIONAL ? l->nweights : l->type == CONNECTED ? l->inputs * l->outputs : 0;
    const int scales = l->type == BATCHNORM || l->batch_normalize ? filters : 0;
    int count = add_tensor(tensors, 0, l, l->weights_gpu, l->weight_updates_gpu, weights, 1);
    count = add_tensor(tensors, count, l, l->biases_gpu, l->bias_updates_gpu, filters, decay_all);
    return add_tensor(tensors, count, l, l->scales_gpu, l->scale_updates_gpu, scales, decay_all);
}

static void update_all(layer l, update_args a) {
    update_tensors_gpu(l.functions->tensors, a.learning_rate, a.momentum, a.decay, a.batch, host_stream());
}

/* The network's layers are updated one after another: the last of them does it for all. */
void update_at_once(network *net) {
    const int decay_all = host_recipe(net) && host_recipe(net)->decay_all;
    layer *last = NULL;
    int count = 0;
    if (net->gpu_index < 0 || net->adam) return;
    const size_t most = (size_t)net->n * LAYER_TENSORS;
    learning_tensor *tensors = lgg_allocate(most, sizeof *tensors, "the table of what learns");
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const int more = learning_tensors(l, decay_all, tensors + count);
        if (more == 0) continue;
        count += more;
        l->update_gpu = NULL;
        l->functions->updated_at_once = 1;
        last = l;
    }
    if (last) {
        last->functions->tensors = make_tensor_table(tensors, (size_t)count);
        if (!last->functions->tensors)
            lgg_out_of_memory("the table of what learns, on the GPU", (double)(most * sizeof *tensors));
        last->update_gpu = update_all;
    }
    free(tensors);
}

int is_updated_at_once(const layer *l) {
    return gpu_index >= 0 && l->functions && l->functions->updated_at_once;
}

#else

void route_at_once(layer *l) {
    (void)l;
}

void upsample_in_order(layer *l) {
    (void)l;
}

void update_at_once(network *net) {
    (void)net;
}

int is_updated_at_once(const layer *l) {
    (void)l;
    return 0;
}

#endif
