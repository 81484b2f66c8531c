/* host_tool_pjreddie.c: what of host_tool.h pjreddie/darknet does in its own way. */
#include <string.h>

#ifdef GPU
#include "blas.h"
#endif
#include "host_tool.h"

/* of Darknet's image.c, declared in a header that is not fit for our warnings */
image center_crop_image(image im, int w, int h);

image host_crop_centre(image whole, int w, int h) {
    return center_crop_image(whole, w, h);
}

/* This host has them always. */
void host_add_training_buffers(network *net) {
    (void)net;
}

const char *host_without_gradient(const layer *l) {
    if (l->type == L2NORM) return "[l2norm], whose gradient Darknet does not have";
    return l->type == ISEG ? "a detection layer" : NULL;
}

#ifdef GPU
static void backward_fixed_batchnorm_gpu(layer l, network net) {
    if (!net.delta_gpu) return;
    scale_bias_gpu(l.delta_gpu, l.mean_delta_gpu, l.batch, l.out_c, l.out_h * l.out_w);
    axpy_gpu(l.outputs * l.batch, 1, l.delta_gpu, 1, net.delta_gpu, 1);
}

static void pass_on_gpu(layer l, network net) {
    (void)l;
    (void)net;
}
#endif

void host_fix_gradient_gpu(layer *l) {
#ifdef GPU
    if (l->type != BATCHNORM) {
        l->backward_gpu = pass_on_gpu;
        return;
    }
    if (gpu_index >= 0) cuda_push_array(l->mean_delta_gpu, l->mean_delta, (size_t)l->out_c);
    l->backward_gpu = backward_fixed_batchnorm_gpu;
#else
    (void)l;
#endif
}

void host_forward_for_gradient(network *net, const float *x) {
    host_forward(net, x);
}

/* Every delta is 0 but that of layer `from`. */
static void set_deltas(network *net, int from, const float *delta) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        size_t size = (size_t)l->outputs * (size_t)l->batch;
        if (l->delta) memset(l->delta, 0, size * sizeof(float));
#ifdef GPU
        if (net->gpu_index >= 0 && l->delta_gpu) fill_gpu((int)size, 0, l->delta_gpu, 1);
#endif
    }
    layer *l = &net->layers[from];
    size_t size = (size_t)l->outputs * (size_t)l->batch;
    memcpy(l->delta, delta, size * sizeof(float));
#ifdef GPU
    if (net->gpu_index >= 0) cuda_push_array(l->delta_gpu, l->delta, size);
#endif
}

void host_backward(network *net, const float *x, int from, const float *delta, float *gradient) {
    network before = *net;
    set_deltas(net, from, delta);
    net->input = (float *)x;
    net->train = 0;
    net->delta = gradient;
    size_t size = (size_t)net->inputs * (size_t)net->batch;
    memset(gradient, 0, size * sizeof *gradient);
#ifdef GPU
    if (net->gpu_index >= 0) net->delta_gpu = cuda_make_array(gradient, size);
#endif
    backward_network(net);
#ifdef GPU
    if (net->gpu_index >= 0) {
        cuda_pull_array(net->delta_gpu, gradient, size);
        cuda_free(net->delta_gpu);
    }
#endif
    *net = before;
}
