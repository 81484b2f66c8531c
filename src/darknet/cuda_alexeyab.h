/* cuda_alexeyab.h: given by the build (-include) to AlexeyAB/darknet's convolutional_layer.c and dark_cuda.c: what they ask of CUDA and cuDNN
 * repeats with a seed (cuda_repeats.h). And no convolution works without any workspace: where none of a network needs one the host takes
 * memory of its own for it, and ends when it gives that back to the device, as soon as the images change their size. */
#ifndef CUDA_ALEXEYAB_H
#define CUDA_ALEXEYAB_H

#include "cuda_repeats.h"

#if defined(GPU) && defined(CUDNN)

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
