/* gpu_data_kernels.cu: see gpu_data_kernels.h. */
#include "gpu_data_kernels.h"
#include <cuda_runtime.h>

#define CROP_THREADS 256

static __global__ void crop_images_kernel(const unsigned char *images, const float *values, const gpu_crop *crops,
                                          size_t count, int channels, int height, int width, int size, float *to) {
    const size_t i = (size_t)blockIdx.x * CROP_THREADS + threadIdx.x;
    if (i >= count) return;
    const int x = (int)(i % (size_t)size), y = (int)(i / (size_t)size % (size_t)size);
    const size_t plane = i / (size_t)size / (size_t)size, image = plane / (size_t)channels;
    const gpu_crop crop = crops[image];
    const int row = y + crop.top, column = (crop.is_mirrored ? size - 1 - x : x) + crop.left;
    const int is_inside = row >= 0 && row < height && column >= 0 && column < width;
    const size_t source = (size_t)crop.index * (size_t)channels + plane % (size_t)channels;
    to[i] = is_inside ? values[images[(source * (size_t)height + (size_t)row) * (size_t)width + (size_t)column]] : 0;
}

void crop_images_gpu(const unsigned char *images, const float *values, const gpu_crop *crops, size_t batch,
                     int channels, int height, int width, int size, float *to, struct CUstream_st *stream) {
    const size_t count = batch * (size_t)channels * (size_t)size * (size_t)size;
    const unsigned blocks = (unsigned)((count + CROP_THREADS - 1) / CROP_THREADS);
    crop_images_kernel<<<blocks, CROP_THREADS, 0, stream>>>(images, values, crops, count, channels, height, width, size,
                                                            to);
}
