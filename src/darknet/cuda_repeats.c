/* cuda_repeats.c: see cuda_repeats.h. */
#define CUDA_REPEATS_C /* here CUDA's and cuDNN's names are theirs */
#include "cuda_repeats.h"

#ifdef GPU
#include "host.h"

curandStatus_t draw_uniform(curandGenerator_t generator, float *values_gpu, size_t n) {
    curandSetStream(generator, host_stream());
    if (lgg_repeats()) {
        const unsigned long long high = (unsigned)lgg_rand(), low = (unsigned)lgg_rand();
        curandSetPseudoRandomGeneratorSeed(generator, high << 31 | low);
        curandSetGeneratorOffset(generator, 0);
    }
    return curandGenerateUniform(generator, values_gpu, n);
}

#if defined(CUDNN) && CUDNN_MAJOR >= 8

/* Bytes of workspace, as pjreddie/darknet limits them; AlexeyAB/darknet would take all there is. */
#define MOST_WORKSPACE 2000000000

/* The status of those of the n that do not count. The types of the three kinds of algorithms have the same members. */
#define LEAVE_OUT(ranked, n)                                                                                           \
    for (int i = 0; i < (n) && lgg_repeats(); ++i)                                                                     \
        if ((ranked)[i].determinism != CUDNN_DETERMINISTIC || (ranked)[i].memory > MOST_WORKSPACE)                     \
    (ranked)[i].status = CUDNN_STATUS_NOT_SUPPORTED

cudnnStatus_t rank_forward_algorithms(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                                      cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y,
                                      int requested, int *returned, cudnnConvolutionFwdAlgoPerf_t *ranked) {
    const cudnnStatus_t status =
        cudnnGetConvolutionForwardAlgorithm_v7(handle, x, w, convolution, y, requested, returned, ranked);
    LEAVE_OUT(ranked, *returned);
    return status;
}

cudnnStatus_t rank_backward_data_algorithms(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
                                            int requested, int *returned, cudnnConvolutionBwdDataAlgoPerf_t *ranked) {
    const cudnnStatus_t status =
        cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, w, dy, convolution, dx, requested, returned, ranked);
    LEAVE_OUT(ranked, *returned);
    return status;
}

cudnnStatus_t rank_backward_filter_algorithms(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                              cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t convolution,
                                              cudnnFilterDescriptor_t dw, int requested, int *returned,
                                              cudnnConvolutionBwdFilterAlgoPerf_t *ranked) {
    const cudnnStatus_t status =
        cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, x, dy, convolution, dw, requested, returned, ranked);
    LEAVE_OUT(ranked, *returned);
    return status;
}

#endif

#endif
