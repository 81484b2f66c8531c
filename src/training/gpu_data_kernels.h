/* gpu_data_kernels.h: crops of images, on the device. */
#ifndef GPU_DATA_KERNELS_H
#define GPU_DATA_KERNELS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct CUstream_st;

typedef struct {
    int index, left, top, is_mirrored;
} gpu_crop;

/* to (batch, channels, size, size) = crops of images (any number, channels, height, width), whose bytes stand for the numbers of values
 * (256); zero outside of them. All on the device. */
void crop_images_gpu(const unsigned char *images, const float *values, const gpu_crop *crops, size_t batch,
                     int channels, int height, int width, int size, float *to, struct CUstream_st *stream);

#ifdef __cplusplus
}
#endif

#endif
