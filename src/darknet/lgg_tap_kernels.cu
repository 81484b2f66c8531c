/* lgg_tap_kernels.cu: the steps of lgg_tap.c that work value by value, on the device. */
#include "lgg_tap_kernels.h"
#include "lgg_graph_gpu.h"

void clear_gradient_gpu(size_t n, float *gradient, struct CUstream_st *stream) {
    cudaMemsetAsync(gradient, 0, n * sizeof(float), stream);
}

static __global__ void drop_gradient_kernel(size_t n, const float *random, float probability, float scale,
                                            float *gradient) {
    const size_t i = lgg_element();
    if (i < n) gradient[i] *= random[i] < probability ? 0.f : scale;
}

void drop_gradient_gpu(size_t n, const float *random, float probability, float scale, float *gradient,
                       struct CUstream_st *stream) {
    drop_gradient_kernel<<<lgg_blocks(n), LGG_THREADS, 0, stream>>>(n, random, probability, scale, gradient);
}

/* A block takes a row. */
static __global__ void softmax_gradient_kernel(size_t stride, size_t size, float temperature, const float *p,
                                               float *gradient) {
    const size_t row = blockIdx.x * stride;
    double sum = 0;
    for (size_t i = threadIdx.x; i < size; i += LGG_THREADS)
        sum += (double)p[row + i] * (double)gradient[row + i];
    const float mean = (float)lgg_block_sum(sum);
    for (size_t i = threadIdx.x; i < size; i += LGG_THREADS)
        gradient[row + i] = p[row + i] * (gradient[row + i] - mean) / temperature;
}

void softmax_gradient_gpu(int batch, int stride, int size, float temperature, const float *p, float *gradient,
                          struct CUstream_st *stream) {
    softmax_gradient_kernel<<<(unsigned)batch, LGG_THREADS, 0, stream>>>((size_t)stride, (size_t)size, temperature, p,
                                                                         gradient);
}

static __global__ void logistic_gradient_kernel(size_t n, const float *p, float *gradient) {
    const size_t i = lgg_element();
    if (i < n) gradient[i] *= p[i] * (1 - p[i]);
}

void logistic_gradient_gpu(size_t n, const float *p, float *gradient, struct CUstream_st *stream) {
    logistic_gradient_kernel<<<lgg_blocks(n), LGG_THREADS, 0, stream>>>(n, p, gradient);
}
