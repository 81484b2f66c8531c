/* share_scales.c: see share_scales.h. */
#include "share_scales.h"

#ifdef GPU

/* The average of an array of m values that each of the n layers has on its device; their memory on the CPU is for the way. */
static void share_array(host_networks nets, int n, int j, size_t m, float *(*array)(const layer *),
                        float *(*array_gpu)(const layer *)) {
    float *sum = array(&host_network_of(nets, 0)->layers[j]);
    for (int i = 0; i < n; ++i) {
        const layer *l = &host_network_of(nets, i)->layers[j];
        cuda_set_device(host_network_of(nets, i)->gpu_index);
        cuda_pull_array(array_gpu(l), array(l), m);
        if (i > 0) axpy_cpu((int)m, 1, array(l), 1, sum, 1);
    }
    scal_cpu((int)m, 1.f / (float)n, sum, 1);
    for (int i = 0; i < n; ++i) {
        cuda_set_device(host_network_of(nets, i)->gpu_index);
        cuda_push_array(array_gpu(&host_network_of(nets, i)->layers[j]), sum, m);
    }
}

static float *scales(const layer *l) {
    return l->scales;
}
static float *scales_gpu(const layer *l) {
    return l->scales_gpu;
}
static float *biases(const layer *l) {
    return l->biases;
}
static float *biases_gpu(const layer *l) {
    return l->biases_gpu;
}

void share_scales(host_networks nets, int n, int j) {
    const layer *l = &host_network_of(nets, 0)->layers[j];
    if (l->type == BATCHNORM) {
        share_array(nets, n, j, (size_t)l->c, scales, scales_gpu);
        share_array(nets, n, j, (size_t)l->c, biases, biases_gpu);
    } else if (l->type == CONNECTED && l->scales) {
        share_array(nets, n, j, (size_t)l->outputs, scales, scales_gpu);
    }
}

#endif
