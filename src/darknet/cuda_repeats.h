/* cuda_repeats.h: with a seed ([net] seed, random.h) what a GPU computes is the same to the bit every time.
 *
 * cuDNN's fastest algorithms may add up in any order, and dropout draws from a generator that the clock has seeded. With a seed only
 * algorithms count whose results are always the same and that the free memory does not choose, and what is drawn follows the iteration, as it
 * does on the CPU.
 *
 * pjreddie/darknet includes it by cuda_compatibility.h, AlexeyAB/darknet by cuda_alexeyab.h. */
#ifndef CUDA_REPEATS_H
#define CUDA_REPEATS_H

#ifdef GPU
#include "darknet.h"
#include "random.h"

#ifdef __cplusplus
extern "C" {
#endif

/* curandGenerateUniform, on the stream that the host's layers run on; with a seed from where the iteration's own numbers are, so that a training which goes on draws what the whole one
 * does. */
curandStatus_t draw_uniform(curandGenerator_t generator, float *values_gpu, size_t n);

#ifndef CUDA_REPEATS_C
#define curandGenerateUniform draw_uniform
/* Of the generators, one that takes a new seed at no cost. */
#define CURAND_RNG_PSEUDO_DEFAULT (lgg_repeats() ? CURAND_RNG_PSEUDO_PHILOX4_32_10 : CURAND_RNG_PSEUDO_DEFAULT)
#endif

#if defined(CUDNN) && CUDNN_MAJOR >= 8
/* As cuDNN's own functions of these names. With a seed an algorithm whose results may differ from time to time, or that wants more than 2 GB of
 * workspace, has the status of one that is not supported. */
cudnnStatus_t rank_forward_algorithms(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                                      cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                                      int requested, int *returned, cudnnConvolutionFwdAlgoPerf_t *ranked);
cudnnStatus_t rank_backward_data_algorithms(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
                                            int requested, int *returned, cudnnConvolutionBwdDataAlgoPerf_t *ranked);
cudnnStatus_t rank_backward_filter_algorithms(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                              cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
                                              cudnnFilterDescriptor_t dw, int requested, int *returned,
                                              cudnnConvolutionBwdFilterAlgoPerf_t *ranked);

#ifndef CUDA_REPEATS_C
#define cudnnGetConvolutionForwardAlgorithm_v7 rank_forward_algorithms
#define cudnnGetConvolutionBackwardDataAlgorithm_v7 rank_backward_data_algorithms
#define cudnnGetConvolutionBackwardFilterAlgorithm_v7 rank_backward_filter_algorithms
#endif
#endif

#ifdef __cplusplus
}
#endif

#endif

#endif
