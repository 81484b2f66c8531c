/* at_once_gpu.c: see at_once_gpu.h. */
#include "at_once_gpu.h"

#include <stdio.h>
#include <stdlib.h>

#include "allocate.h"
#include "batchnorm_layer.h"
#include "blas.h"
#include "gemm.h"
#include "around.h"
#include "layer_kernels.h"
#include "random.h"

#ifdef GPU

#if HOST_LAUNCHES_LINEAR
void launch_activate_array_gpu(float *x, int n, ACTIVATION a);
void launch_gradient_array_gpu(float *x, int n, ACTIVATION a, float *delta);

void activate_array_gpu(float *x, int n, ACTIVATION a) {
    if (a != LINEAR) launch_activate_array_gpu(x, n, a);
}

void gradient_array_gpu(float *x, int n, ACTIVATION a, float *delta) {
    if (a != LINEAR) launch_gradient_array_gpu(x, n, a, delta);
}
#endif

/* The share of layer l->input_layers[i] that l, a [route], takes of each sample: *n values of its `array`, from there on. */
static float *routed(const layer *l, int i, float *array, size_t *n) {
    int first = 0;
    *n = (size_t)host_routed_values(l, i, &first);
    return array + first;
}

static void forward_route_gpu(layer l, host_pass pass) {
    float *to = l.output_gpu;
    for (int i = 0; i < l.n; ++i) {
        size_t n;
        const float *from = routed(&l, i, host_layers(&pass)[l.input_layers[i]].output_gpu, &n);
        copy_rows_gpu((size_t)l.batch, n, from, (size_t)l.input_sizes[i], to, (size_t)l.outputs, host_stream());
        to += n;
    }
}

static void backward_route_gpu(layer l, host_pass pass) {
    const float *from = l.delta_gpu;
    for (int i = 0; i < l.n; ++i) {
        size_t n;
        float *to = routed(&l, i, host_layers(&pass)[l.input_layers[i]].delta_gpu, &n);
        add_rows_gpu((size_t)l.batch, n, from, (size_t)l.outputs, to, (size_t)l.input_sizes[i], host_stream());
        from += n;
    }
}

void route_at_once(layer *l) {
    if (l->type != ROUTE || host_has_stream(l)) return;
    l->forward_gpu = forward_route_gpu;
    l->backward_gpu = backward_route_gpu;
}

static void sum_upsample_gpu(const layer *l, int height, int width, const float *large, float *small) {
    add_squares_gpu((size_t)l->batch * (size_t)l->c, (size_t)height, (size_t)width, (size_t)l->stride, l->scale, large,
                    small, host_stream());
}

static void forward_downsample_gpu(layer l, host_pass pass) {
    host_fill_device(l.outputs * l.batch, 0, l.output_gpu);
    sum_upsample_gpu(&l, l.out_h, l.out_w, *host_input_of_gpu(&pass), l.output_gpu);
}

static void backward_upsample_gpu(layer l, host_pass pass) {
    sum_upsample_gpu(&l, l.h, l.w, l.delta_gpu, *host_delta_gpu(&pass));
}

#if HOST_CONNECTS_BY_SAMPLE
static void forward_connected_gpu(layer l, host_pass pass) {
    gemm_ongpu(0, 1, l.batch, l.outputs, l.inputs, 1, *host_input_of_gpu(&pass), l.inputs, l.weights_gpu, l.inputs, 0,
               l.output_gpu, l.outputs);
    if (l.batch_normalize) {
        forward_batchnorm_layer_gpu(l, pass);
    } else {
        add_bias_gpu(l.output_gpu, l.biases_gpu, l.batch, l.outputs, 1);
    }
    activate_array_ongpu(l.output_gpu, l.outputs * l.batch, l.activation);
}

static void backward_connected_gpu(layer l, host_pass pass) {
    float *input = *host_input_of_gpu(&pass), *delta = *host_delta_gpu(&pass);
    if (host_net(&pass)->time_steps > 1) constrain_ongpu(l.outputs * l.batch, 1, l.delta_gpu, 1);
    gradient_array_ongpu(l.output_gpu, l.outputs * l.batch, l.activation, l.delta_gpu);
    if (l.batch_normalize) {
        backward_batchnorm_layer_gpu(l, pass); /* and the biases' gradient with it */
    } else {
        backward_bias_gpu(l.bias_updates_gpu, l.delta_gpu, l.batch, l.outputs, 1);
    }
    gemm_ongpu(1, 0, l.outputs, l.inputs, l.batch, 1, l.delta_gpu, l.outputs, input, l.inputs, 1, l.weight_updates_gpu,
               l.inputs);
    if (!delta) return;
    gemm_ongpu(0, 0, l.batch, l.inputs, l.outputs, 1, l.delta_gpu, l.outputs, l.weights_gpu, l.inputs, 1, delta,
               l.inputs);
}

void connect_at_once(layer *l) {
    if (l->type != CONNECTED) return;
    l->forward_gpu = forward_connected_gpu;
    l->backward_gpu = backward_connected_gpu;
}
#else
void connect_at_once(layer *l) {
    (void)l;
}
#endif

void upsample_in_order(layer *l) {
    if (l->type != UPSAMPLE) return;
    if (l->reverse) {
        l->forward_gpu = forward_downsample_gpu;
    } else {
        l->backward_gpu = backward_upsample_gpu;
    }
}

void warn_of_disorder(const network *net) {
    for (int i = 0; i < net->n && gpu_index >= 0 && lgg_repeats() && host_can_train(net); ++i) {
        const char *what = host_adds_in_any_order(&net->layers[i]);
        if (!what) continue;
        fprintf(stderr, "[net]: warning: seed: layer %d, %s, adds up in any order on a GPU: no training repeats\n", i,
                what);
        return;
    }
}

/* The most tensors of a layer: weights, biases, scales. */
enum { LAYER_TENSORS = 3 };

static int add_tensor(learning_tensor *tensors, int count, const layer *l, float *values, float *updates, int n,
                      int decays, int is_mended) {
    if (!values || !updates || n <= 0) return count;
    tensors[count] = (learning_tensor){values, updates, (size_t)n, l->learning_rate_scale, decays, is_mended};
    return count + 1;
}

/* The tensors of a layer whose update is momentum and decay of the weights (with decay_all of all), and no more; 0 of any other. */
static int learning_tensors(const network *net, const layer *l, int decay_all, learning_tensor *tensors) {
    const int plain = (l->type == CONVOLUTIONAL || l->type == CONNECTED || l->type == BATCHNORM) && l->update_gpu;
    if (!plain || !host_updates_plainly(net, l)) return 0;
    const int filters = l->type == CONVOLUTIONAL ? l->n : l->type == CONNECTED ? l->outputs : l->c;
    const int weights = l->type == CONVOLUTIONAL ? l->nweights : l->type == CONNECTED ? l->inputs * l->outputs : 0;
    const int scales = l->type == BATCHNORM || l->batch_normalize ? filters : 0;
    int count = add_tensor(tensors, 0, l, l->weights_gpu, l->weight_updates_gpu, weights, 1, host_mends_weights(l));
    count = add_tensor(tensors, count, l, l->biases_gpu, l->bias_updates_gpu, filters, decay_all, 0);
    return add_tensor(tensors, count, l, l->scales_gpu, l->scale_updates_gpu, scales, decay_all, 0);
}

static void update_all(layer l, HOST_UPDATE_PARAMETERS_GPU) {
    const update_step step = HOST_UPDATE_STEP_GPU;
    update_tensors_gpu(l.functions->tensors, &step, host_stream());
}

/* The network's layers are updated one after another: the last of them does it for all. */
void update_at_once(network *net, int decay_all) {
    layer *last = NULL;
    int count = 0;
    if (gpu_index < 0 || net->adam) return;
    const size_t most = (size_t)net->n * LAYER_TENSORS;
    learning_tensor *tensors = lgg_allocate(most, sizeof *tensors, "the table of what learns");
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const int more = learning_tensors(net, l, decay_all, tensors + count);
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

void connect_at_once(layer *l) {
    (void)l;
}

void upsample_in_order(layer *l) {
    (void)l;
}

void warn_of_disorder(const network *net) {
    (void)net;
}

void update_at_once(network *net, int decay_all) {
    (void)net, (void)decay_all;
}

int is_updated_at_once(const layer *l) {
    (void)l;
    return 0;
}

#endif
