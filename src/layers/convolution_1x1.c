/* convolution_1x1.c: see convolution_1x1.h. */
#include "convolution_1x1.h"

#include "around.h"

#if HOST_MENDS_1X1

#include <string.h>

#include "col2im.h"
#include "im2col.h"

static size_t count_seen(layer l) {
    return (size_t)l.c * (size_t)l.out_h * (size_t)l.out_w;
}

static size_t count_pixels(layer l) {
    return (size_t)l.c * (size_t)l.h * (size_t)l.w;
}

/* The layer as the host's functions are to see it. */
static layer of_seen_pixels(layer l) {
    l.h = l.out_h;
    l.w = l.out_w;
    l.stride = 1;
    l.pad = 0;
    return l;
}

/* The pixels that the convolution sees, and room for the gradient with respect to them: (B, c, out_h, out_w) each. */
static float *gather_pixels(layer l, float *input) {
    const size_t seen = count_seen(l), pixels = count_pixels(l), batch = (size_t)l.batch;
    float *gathered = floats_of(&l.functions->pixels, 2 * batch * seen);
    for (size_t b = 0; b < batch; ++b)
        im2col_cpu(input + b * pixels, l.c, l.h, l.w, 1, l.stride, l.pad, gathered + b * seen);
    return gathered;
}

static void forward_strided(layer l, host_pass pass) {
    float **input = host_input_of(&pass);
    *input = gather_pixels(l, *input);
    l.functions->inner[AROUND_1X1].forward(of_seen_pixels(l), pass);
}

static void backward_strided(layer l, host_pass pass) {
    const size_t seen = count_seen(l), pixels = count_pixels(l), batch = (size_t)l.batch;
    float **input = host_input_of(&pass), **delta = host_delta(&pass), *target = *delta;
    *input = gather_pixels(l, *input);
    if (target) {
        *delta = *input + batch * seen;
        memset(*delta, 0, batch * seen * sizeof(float));
    }
    l.functions->inner[AROUND_1X1].backward(of_seen_pixels(l), pass);
    for (size_t b = 0; target && b < batch; ++b)
        col2im_cpu(*delta + b * seen, l.c, l.h, l.w, 1, l.stride, l.pad, target + b * pixels);
}

#if defined(GPU) && !defined(CUDNN)
static float *gather_pixels_gpu(layer l, float *input) {
    const size_t seen = count_seen(l), pixels = count_pixels(l), batch = (size_t)l.batch;
    float *gathered = device_floats_of(&l.functions->pixels_gpu, 2 * batch * seen);
    for (size_t b = 0; b < batch; ++b)
        im2col_gpu(input + b * pixels, l.c, l.h, l.w, 1, l.stride, l.pad, gathered + b * seen);
    return gathered;
}

static void forward_strided_gpu(layer l, host_pass pass) {
    float **input = host_input_of_gpu(&pass);
    *input = gather_pixels_gpu(l, *input);
    l.functions->inner[AROUND_1X1].forward_gpu(of_seen_pixels(l), pass);
}

static void backward_strided_gpu(layer l, host_pass pass) {
    const size_t seen = count_seen(l), pixels = count_pixels(l), batch = (size_t)l.batch;
    float **input = host_input_of_gpu(&pass), **delta = host_delta_gpu(&pass), *target = *delta;
    *input = gather_pixels_gpu(l, *input);
    if (target) {
        *delta = *input + batch * seen;
        host_fill_device((int)(batch * seen), 0, *delta);
    }
    l.functions->inner[AROUND_1X1].backward_gpu(of_seen_pixels(l), pass);
    for (size_t b = 0; target && b < batch; ++b)
        col2im_gpu(*delta + b * seen, l.c, l.h, l.w, 1, l.stride, l.pad, target + b * pixels);
}
#endif

void put_around_strided_1x1(layer *l) {
    if (!host_misreads_1x1(l)) return;
    begin_around(l, AROUND_1X1);
    l->forward = forward_strided;
    l->backward = backward_strided;
#if defined(GPU) && !defined(CUDNN)
    l->forward_gpu = forward_strided_gpu;
    l->backward_gpu = backward_strided_gpu;
#endif
}

#endif
