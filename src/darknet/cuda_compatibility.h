/* cuda_compatibility.h: the host's calls of CUDA and cuDNN as today's versions want them. The host's cuda.h includes it at its end: the calls
 * themselves stay as they are, and mean what stands here.
 *
 * - cudaThreadSynchronize, deprecated since CUDA 4, is gone from CUDA 13; cudaDeviceSynchronize means the same and exists everywhere.
 * - cudnnGetConvolution*Algorithm, which took a workspace limit, is gone from cuDNN 8. The _v7 queries that replace it rank every
 *   algorithm by its expected speed: the first that works within the limit is taken; how much it needs is asked of what knows it exactly.
 * - On Ampere and later, cuDNN 8 rounds float32 to TF32 unless told otherwise: it is, but for TF32=1.
 * - A convolution or batch normalization that failed left its output as it was, zeros: each status is looked at.
 * - With a seed what is computed repeats: cuda_repeats.h. */
#ifndef CUDA_COMPATIBILITY_H
#define CUDA_COMPATIBILITY_H

#include "darknet.h"
#include "cuda_repeats.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef GPU
#define cudaThreadSynchronize cudaDeviceSynchronize
#endif

#ifdef CUDNN

/* Ends the program with cuDNN's own words where something failed on a GPU. Where none is used (-nogpu) nothing is asked of cuDNN that
 * matters. */
void check_cudnn(cudnnStatus_t status);

/* After a change of batch, for which cuDNN has chosen algorithms anew: makes net's workspace as large as they need it. */
void renew_workspace(network *net);

#if CUDNN_MAJOR >= 8
/* By the arguments of cuDNN 7: the fastest algorithm that works within `limit` bytes of workspace; the program ends if there is none. */
void choose_forward_algorithm(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                              cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, int preference,
                              size_t limit, cudnnConvolutionFwdAlgo_t *algorithm);
void choose_backward_data_algorithm(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
                                    int preference, size_t limit, cudnnConvolutionBwdDataAlgo_t *algorithm);
void choose_backward_filter_algorithm(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
                                      cudnnConvolutionDescriptor_t convolution, cudnnFilterDescriptor_t dw,
                                      int preference, size_t limit, cudnnConvolutionBwdFilterAlgo_t *algorithm);
#endif

#ifndef CUDA_COMPATIBILITY_C
#if CUDNN_MAJOR >= 8
#define CUDNN_CONVOLUTION_FWD_SPECIFY_WORKSPACE_LIMIT 2
#define CUDNN_CONVOLUTION_BWD_DATA_SPECIFY_WORKSPACE_LIMIT 2
#define CUDNN_CONVOLUTION_BWD_FILTER_SPECIFY_WORKSPACE_LIMIT 2
#define cudnnGetConvolutionForwardAlgorithm choose_forward_algorithm
#define cudnnGetConvolutionBackwardDataAlgorithm choose_backward_data_algorithm
#define cudnnGetConvolutionBackwardFilterAlgorithm choose_backward_filter_algorithm
#else
#define cudnnGetConvolutionForwardAlgorithm(...) check_cudnn(cudnnGetConvolutionForwardAlgorithm(__VA_ARGS__))
#define cudnnGetConvolutionBackwardDataAlgorithm(...) check_cudnn(cudnnGetConvolutionBackwardDataAlgorithm(__VA_ARGS__))
#define cudnnGetConvolutionBackwardFilterAlgorithm(...)                                                                \
    check_cudnn(cudnnGetConvolutionBackwardFilterAlgorithm(__VA_ARGS__))
#endif

#define cudnnCreate(...) check_cudnn(cudnnCreate(__VA_ARGS__))
#define cudnnCreateTensorDescriptor(...) check_cudnn(cudnnCreateTensorDescriptor(__VA_ARGS__))
#define cudnnCreateFilterDescriptor(...) check_cudnn(cudnnCreateFilterDescriptor(__VA_ARGS__))
#define cudnnCreateConvolutionDescriptor(...) check_cudnn(cudnnCreateConvolutionDescriptor(__VA_ARGS__))
/* A recurrent layer sets that of a batch normalization which may not be there. */
#define cudnnSetTensor4dDescriptor(shape, ...)                                                                         \
    ((shape) ? check_cudnn(cudnnSetTensor4dDescriptor(shape, __VA_ARGS__)) : (void)0)
#define cudnnSetFilter4dDescriptor(...) check_cudnn(cudnnSetFilter4dDescriptor(__VA_ARGS__))
#define cudnnSetConvolution2dDescriptor(...) check_cudnn(cudnnSetConvolution2dDescriptor(__VA_ARGS__))
#define cudnnSetConvolutionGroupCount(...) check_cudnn(cudnnSetConvolutionGroupCount(__VA_ARGS__))
#define cudnnGetConvolutionForwardWorkspaceSize(...) check_cudnn(cudnnGetConvolutionForwardWorkspaceSize(__VA_ARGS__))
#define cudnnGetConvolutionBackwardDataWorkspaceSize(...)                                                              \
    check_cudnn(cudnnGetConvolutionBackwardDataWorkspaceSize(__VA_ARGS__))
#define cudnnGetConvolutionBackwardFilterWorkspaceSize(...)                                                            \
    check_cudnn(cudnnGetConvolutionBackwardFilterWorkspaceSize(__VA_ARGS__))
#define cudnnConvolutionForward(...) check_cudnn(cudnnConvolutionForward(__VA_ARGS__))
#define cudnnConvolutionBackwardData(...) check_cudnn(cudnnConvolutionBackwardData(__VA_ARGS__))
#define cudnnConvolutionBackwardFilter(...) check_cudnn(cudnnConvolutionBackwardFilter(__VA_ARGS__))
#define cudnnBatchNormalizationForwardTraining(...) check_cudnn(cudnnBatchNormalizationForwardTraining(__VA_ARGS__))
#define cudnnBatchNormalizationBackward(...) check_cudnn(cudnnBatchNormalizationBackward(__VA_ARGS__))
#endif

#endif

#ifdef __cplusplus
}
#endif

#endif
