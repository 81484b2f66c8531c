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

/* of Darknet's image.c and of the stb_image_write.h inside it, declared in headers that are not fit for our warnings */
image center_crop_image(image im, int w, int h);
unsigned char *stbi_write_png_to_mem(unsigned char *pixels, int stride, int w, int h, int c, int *length);

void host_read_image(const char *path, int w, int h, int c, float *x) {
    image whole = load_image((char *)path, 0, 0, c);
    image crop = center_crop_image(whole, w, h);
    memcpy(x, crop.data, (size_t)(w * h * c) * sizeof *x);
    free_image(whole);
    free_image(crop);
}

unsigned char *host_png(const unsigned char *pixels, int w, int h, int c, int *length) {
    return stbi_write_png_to_mem((unsigned char *)pixels, w * c, w, h, c, length);
}

int host_write_png(const char *path, const float *x, int w, int h, int c) {
    unsigned char *pixels = tool_alloc((size_t)(w * h * c), 1, "an image");
    for (int k = 0; k < c; ++k) {
        for (int i = 0; i < w * h; ++i)
            pixels[i * c + k] = (unsigned char)(255 * x[k * w * h + i] + .5f);
    }
    int length = 0;
    unsigned char *png = host_png(pixels, w, h, c, &length);
    FILE *file = png ? fopen(path, "wb") : NULL;
    int written = file && fwrite(png, 1, (size_t)length, file) == (size_t)length;
    if (file && fclose(file) != 0) written = 0;
    free(png);
    free(pixels);
    return written;
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

/* delta of the input += delta * scale / sqrt(rolling variance + epsilon): the factors wait in mean_delta. */
static void backward_fixed_batchnorm(layer l, network net) {
    if (!net.delta) return;
    int spatial = l.out_h * l.out_w;
    for (int i = 0; i < l.batch * l.out_c; ++i) {
        float factor = l.mean_delta[i % l.out_c];
        for (int j = 0; j < spatial; ++j)
            net.delta[i * spatial + j] += factor * l.delta[i * spatial + j];
    }
}

static void pass_on(layer l, network net) {
    (void)l;
    (void)net;
}

#ifdef GPU
static void backward_fixed_batchnorm_gpu(layer l, network net) {
    if (!net.delta_gpu) return;
    scale_bias_gpu(l.delta_gpu, l.mean_delta_gpu, l.batch, l.out_c, l.out_h * l.out_w);
    axpy_gpu(l.outputs * l.batch, 1, l.delta_gpu, 1, net.delta_gpu, 1);
}
#endif

static void fix_batchnorm(layer *l) {
    if (!l->mean_delta) l->mean_delta = tool_alloc((size_t)l->out_c, sizeof(float), "a [batchnorm]");
    for (int c = 0; c < l->out_c; ++c)
        l->mean_delta[c] = l->scales[c] / sqrtf(l->rolling_variance[c] + HOST_BATCH_NORM_EPSILON);
    l->backward = backward_fixed_batchnorm;
#ifdef GPU
    if (gpu_index >= 0) cuda_push_array(l->mean_delta_gpu, l->mean_delta, (size_t)l->out_c);
    l->backward_gpu = backward_fixed_batchnorm_gpu;
#endif
}

static void fix_pass_on(layer *l) {
    l->backward = pass_on;
#ifdef GPU
    l->backward_gpu = pass_on;
#endif
}

static const char *without_gradient(const layer *l) {
    if (l->binary || l->xnor) return "a binary convolution";
    if (l->batch_normalize && l->type != BATCHNORM)
        return "batch normalization in a layer other than convolutional or connected";
    switch (l->type) {
    case NORMALIZATION:
        return "[normalization], which Darknet only approximates";
    case L2NORM:
        return "[l2norm], which Darknet does not have";
    case CROP:
        return "[crop]";
    case DETECTION:
    case REGION:
    case YOLO:
    case ISEG:
        return "a detection layer";
    case RNN:
    case GRU:
    case LSTM:
    case CRNN:
        return "a recurrent layer";
    default:
        return NULL;
    }
}

const char *host_prepare_gradient(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const char *obstacle = without_gradient(l);
        if (obstacle) return obstacle;
        l->stopbackward = 0;
        if (l->type == BATCHNORM) fix_batchnorm(l);
        if (l->type == DROPOUT || l->type == COST || l->type == LGG) fix_pass_on(l);
        if (l->type == SOFTMAX) l->noloss = 0;
    }
    return NULL;
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
