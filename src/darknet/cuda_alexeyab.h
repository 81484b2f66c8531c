/* cuda_alexeyab.h: given by the build (-include) to AlexeyAB/darknet's convolutional_layer.c and dark_cuda.c: what they ask of CUDA and cuDNN
 * repeats with a seed (cuda_repeats.h), also where the host lets the free memory choose an algorithm. And no convolution works without any
 * workspace: where none of a network needs one the host takes memory of its own for it, and ends when it gives that back to the device, as
 * soon as the images change their size. */
#ifndef CUDA_ALEXEYAB_H
#define CUDA_ALEXEYAB_H

#include "cuda_repeats.h"

#if defined(GPU) && defined(CUDNN)

/* With a seed all of the device's memory counts as free: the workspace that there is no room for ends the program when it is made. */
static inline cudaError_t count_free_memory(size_t *free_bytes, size_t *bytes) {
    const cudaError_t status = cudaMemGetInfo(free_bytes, bytes);
    if (lgg_repeats()) *free_bytes = *bytes;
    return status;
}
#define cudaMemGetInfo count_free_memory

static inline cudnnStatus_t need_some_workspace(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
                                                cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algorithm,
                                                size_t *bytes) {
    const cudnnStatus_t status =
        cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y, algorithm, bytes);
    if (*bytes == 0) *bytes = sizeof(float);
    return status;
}
#define cudnnGetConvolutionForwardWorkspaceSize need_some_workspace

#endif

#endif
