/* cuda_without_gpu.c: see cuda_without_gpu.h. Where there is no GPU to use, no memory is made, freed or read there. */
#include "darknet.h"

#ifdef GPU

#include "cuda.h"

void device_cuda_set_device(int n);
float *device_cuda_make_array(float *x, size_t n);
int *device_cuda_make_int_array(int *x, size_t n);
void device_cuda_free(float *x_gpu);
void device_cuda_pull_array(float *x_gpu, float *x, size_t n);

void cuda_set_device(int n) {
    if (n < 0)
        gpu_index = n;
    else
        device_cuda_set_device(n);
}

float *cuda_make_array(float *x, size_t n) {
    return gpu_index < 0 ? NULL : device_cuda_make_array(x, n);
}

int *cuda_make_int_array(int *x, size_t n) {
    return gpu_index < 0 ? NULL : device_cuda_make_int_array(x, n);
}

void cuda_free(float *x_gpu) {
    if (x_gpu) device_cuda_free(x_gpu);
}

void cuda_pull_array(float *x_gpu, float *x, size_t n) {
    if (gpu_index >= 0) device_cuda_pull_array(x_gpu, x, n);
}

#endif
