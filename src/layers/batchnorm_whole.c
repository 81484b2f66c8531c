/* batchnorm_whole.c: see batchnorm_whole.h. */
#include "batchnorm_whole.h"

#if HOST_COMPLETES_BATCHNORM

#include <stdlib.h>

#include "blas.h"
#include "allocate.h"

static void update_batchnorm(layer l, update_args a) {
    const float step = a.learning_rate * l.learning_rate_scale / (float)a.batch;
    axpy_cpu(l.c, step, l.bias_updates, 1, l.biases, 1);
    scal_cpu(l.c, a.momentum, l.bias_updates, 1);
    axpy_cpu(l.c, step, l.scale_updates, 1, l.scales, 1);
    scal_cpu(l.c, a.momentum, l.scale_updates, 1);
}

#ifdef GPU
static void update_batchnorm_gpu(layer l, update_args a) {
    const float step = a.learning_rate * l.learning_rate_scale / (float)a.batch;
    axpy_gpu(l.c, step, l.bias_updates_gpu, 1, l.biases_gpu, 1);
    scal_gpu(l.c, a.momentum, l.bias_updates_gpu, 1);
    axpy_gpu(l.c, step, l.scale_updates_gpu, 1, l.scales_gpu, 1);
    scal_gpu(l.c, a.momentum, l.scale_updates_gpu, 1);
}
#endif

/* `*x` with room for n floats. */
static void make_room(float **x, size_t n) {
    *x = lgg_grow(*x, n, sizeof(float), "the layers' buffers");
}

static void make_room_for_batch(layer *l) {
    const size_t n = (size_t)l->batch * (size_t)l->outputs;
    make_room(&l->x, n);
    make_room(&l->x_norm, n);
}

void complete_batchnorm(layer *l) {
    if (l->type != BATCHNORM) return;
    make_room(&l->mean_delta, (size_t)l->c);
    make_room(&l->variance_delta, (size_t)l->c);
    make_room_for_batch(l);
    l->update = update_batchnorm;
#ifdef GPU
    l->update_gpu = update_batchnorm_gpu;
#endif
}

#ifdef GPU
static void resize_device(float **x, const layer *l) {
    cuda_free(*x);
    *x = cuda_make_array(l->output, (size_t)l->batch * (size_t)l->outputs);
}
#endif

void resize_whole_batchnorm(layer *l, int w, int h) {
    l->h = l->out_h = h;
    l->w = l->out_w = w;
    l->inputs = l->outputs = h * w * l->c;
    make_room(&l->output, (size_t)l->batch * (size_t)l->outputs);
    make_room(&l->delta, (size_t)l->batch * (size_t)l->outputs);
    make_room_for_batch(l);
#ifdef GPU
    resize_device(&l->output_gpu, l);
    resize_device(&l->delta_gpu, l);
    resize_device(&l->x_gpu, l);
    resize_device(&l->x_norm_gpu, l);
#ifdef CUDNN
    cudnnSetTensor4dDescriptor(l->dstTensorDesc, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, l->batch, l->out_c, l->out_h,
                               l->out_w);
#endif
#endif
}

#endif
