/* host_tool.c: what of host_tool.h and host_image.h is the same in all hosts. */
#include "host_tool.h"

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

unsigned char *host_png(const unsigned char *pixels, int w, int h, int c, int *length) {
    return stbi_write_png_to_mem(pixels, w * c, w, h, c, length);
}

network *host_load_network(const char *cfg, const char *weights, int batch) {
    network *net = host_parse_network(cfg, batch);
    host_load_weights(net, weights);
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
