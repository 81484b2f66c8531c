/* host_tool.c: what of host_tool.h and host_image.h is the same in all hosts. */
#include "host_tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gemm.h"
#include "host_image.h"
#include "lgg_inference.h"
#include "tool.h"
#include "tool_decode.h"

/* of Darknet's image.c and of the stb_image_write.h inside it, declared in headers that are not fit for our warnings */
image load_image(char *filename, int w, int h, int c);
unsigned char *stbi_write_png_to_mem(const unsigned char *pixels, int stride, int w, int h, int c, int *length);

/* The whole image, by the decoder that this build trains with. */
static image read_whole_image(const char *path, int c) {
#ifdef OPENCV
    image whole = load_image((char *)path, 0, 0, c);
    if (whole.w < 1 || whole.h < 1 || whole.c != c) tool_fail("cannot read %s: is no image", path);
#else
    int w, h;
    uint8_t *pixels = tool_decode_file(path, c, &w, &h);
    image whole = make_image(w, h, c);
    tool_planes_of_bytes(pixels, w, h, c, whole.data);
    free(pixels);
#endif
    return whole;
}

void host_read_image(const char *path, int w, int h, int c, float *x) {
    image whole = read_whole_image(path, c), crop = host_crop_centre(whole, w, h);
    memcpy(x, crop.data, (size_t)(w * h * c) * sizeof *x);
    free_image(whole);
    free_image(crop);
}

void host_read_for_detector(const network *net, const char *path, float *x, int *w, int *h) {
    image whole = read_whole_image(path, net->c), fitted = host_fit_image(net, whole);
    memcpy(x, fitted.data, (size_t)net->inputs * sizeof *x);
    *w = whole.w, *h = whole.h;
    free_image(whole);
    free_image(fitted);
}

const layer *host_boxes_layer(const network *net) {
    for (int i = net->n - 1; i >= 0; --i)
        if (host_finds_boxes(&net->layers[i])) return &net->layers[i];
    return NULL;
}

char *host_labels_path(const char *path) {
    char image[HOST_LABELS_PATH], labels[HOST_LABELS_PATH];
    /* some names become longer, by a few letters */
    if (strlen(path) + 64 > sizeof image) tool_fail("%.40s...: is too long a path for Darknet", path);
    strcpy(image, path);
    host_replace_by_labels(image, labels);
    return lgg_copy_string(labels);
}

unsigned char *host_png(const unsigned char *pixels, int w, int h, int c, int *length) {
    return stbi_write_png_to_mem(pixels, w * c, w, h, c, length);
}

/* The nearest of the 2^bits - 1 multiples of one step that reach as far as the largest weight, on both sides of 0. */
static void round_to_bits(float *w, size_t n, int bits) {
    double largest = 0;
    for (size_t i = 0; i < n; ++i)
        largest = fmax(largest, fabs((double)w[i]));
    double step = largest / ((1 << (bits - 1)) - 1);
    for (size_t i = 0; i < n && step > 0; ++i)
        w[i] = (float)(step * nearbyint(w[i] / step));
}

static void round_weights(network *net, int bits) {
    layer *leaves[HOST_MAX_LEAVES];
    for (int i = 0; i < net->n; ++i) {
        int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            if (leaves[j]->type == BATCHNORM || !leaves[j]->weights) continue;
            round_to_bits(leaves[j]->weights, host_weight_count(leaves[j]), bits);
            host_push_weights(leaves[j]);
        }
    }
}

network *host_load_unfolded_network(const char *cfg, const char *weights, int batch) {
    network *net = host_parse_network(cfg, batch);
    host_load_weights(net, weights);
    return net;
}

network *host_load_network(const char *cfg, const char *weights, int batch, int bits) {
    network *net = host_load_unfolded_network(cfg, weights, batch);
    if (bits) round_weights(net, bits);
    fold_batch_norms(net);
    host_add_training_buffers(net);
    return net;
}

void host_forward(network *net, const float *x) {
    host_predict(net, (float *)x);
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
