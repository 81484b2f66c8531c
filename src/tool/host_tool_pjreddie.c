/* host_tool_pjreddie.c: host_tool.h and host_image.h for pjreddie/darknet. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef GPU
#include "blas.h"
#endif
#include "gemm.h"
#include "host_image.h"
#include "host_tool.h"
#include "lgg_inference.h"
#include "tool.h"
#include "tool_decode.h"

/* of Darknet's image.c and of the stb_image_write.h inside it, declared in headers that are not fit for our warnings */
image center_crop_image(image im, int w, int h);
unsigned char *stbi_write_png_to_mem(unsigned char *pixels, int stride, int w, int h, int c, int *length);

/* The whole image, by the decoder that this build trains with. */
static image read_whole_image(const char *path, int c) {
#ifdef OPENCV
    image whole = load_image((char *)path, 0, 0, c);
    if (whole.w < 1 || whole.h < 1 || whole.c != c) tool_fail("cannot read %s: is no image", path);
#else
    int w, h;
    uint8_t *pixels = tool_decode_file(path, c, &w, &h);
    image whole = make_image(w, h, c);
    for (int k = 0; k < c; ++k) {
        for (int i = 0; i < w * h; ++i)
            whole.data[k * w * h + i] = (float)((float)pixels[i * c + k] / 255.);
    }
    free(pixels);
#endif
    return whole;
}

void host_read_image(const char *path, int w, int h, int c, float *x) {
    image whole = read_whole_image(path, c);
    image crop = center_crop_image(whole, w, h);
    memcpy(x, crop.data, (size_t)(w * h * c) * sizeof *x);
    free_image(whole);
    free_image(crop);
}

unsigned char *host_png(const unsigned char *pixels, int w, int h, int c, int *length) {
    return stbi_write_png_to_mem((unsigned char *)pixels, w * c, w, h, c, length);
}

network *host_load_network(const char *cfg, const char *weights, int batch) {
    network *net = parse_network_cfg_custom((char *)cfg, batch);
    load_weights(net, (char *)weights);
    fold_batch_norms(net);
    return net;
}

void host_forward(network *net, const float *x) {
    network_predict(net, (float *)x);
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

void host_forward_backward(network *net, const float *x, const float *truth, float *gradient) {
    network before = *net;
    net->input = (float *)x;
    net->truth = (float *)truth;
    net->train = 0;
    net->delta = gradient;
    size_t size = (size_t)net->inputs * (size_t)net->batch;
    memset(gradient, 0, size * sizeof *gradient);
#ifdef GPU
    if (net->gpu_index >= 0) net->delta_gpu = cuda_make_array(gradient, size);
#endif
    forward_network(net);
    backward_network(net);
#ifdef GPU
    if (net->gpu_index >= 0) {
        cuda_pull_array(net->delta_gpu, gradient, size);
        cuda_free(net->delta_gpu);
    }
#endif
    *net = before;
}

void host_pull_output(const network *net, layer *l) {
#ifdef GPU
    if (net->gpu_index >= 0) cuda_pull_array(l->output_gpu, l->output, (size_t)l->outputs * (size_t)l->batch);
#else
    (void)net;
    (void)l;
#endif
}

void host_gemm(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
               int ldc) {
    memset(c, 0, (size_t)m * (size_t)ldc * sizeof *c);
    gemm_cpu(ta, tb, m, n, k, 1, (float *)a, lda, (float *)b, ldb, 0, c, ldc);
}
