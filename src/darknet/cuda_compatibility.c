/* cuda_compatibility.c: see cuda_compatibility.h. */
#define CUDA_COMPATIBILITY_C /* here cuDNN's names are cuDNN's */
#include "cuda_compatibility.h"

#ifdef GPU

#include <stdio.h>

#include "host.h"

#ifdef CUDNN

void check_cudnn(cudnnStatus_t status) {
    char message[256];
    if (status == CUDNN_STATUS_SUCCESS || gpu_index < 0) return;
    snprintf(message, sizeof message, "cuDNN Error: %s", cudnnGetErrorString(status));
    error(message);
}

void renew_workspace(network *net) {
    size_t size = 0;
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].workspace_size > size) size = net->layers[i].workspace_size;
    if (net->gpu_index < 0 || size == 0) return;
    cuda_set_device(net->gpu_index);
    cuda_free(net->workspace);
    net->workspace = cuda_make_array(NULL, (size - 1) / sizeof(float) + 1);
}

#if CUDNN_MAJOR >= 8

static void use_float32(cudnnConvolutionDescriptor_t convolution) {
#ifdef TF32
    (void)convolution;
#else
    check_cudnn(cudnnSetConvolutionMathType(convolution, CUDNN_FMA_MATH));
#endif
}

static void no_algorithm(const char *pass, size_t limit) {
    char message[256];
    snprintf(message, sizeof message, "cuDNN has no %s algorithm for a convolution within %zu bytes of workspace%s",
             pass, limit, lgg_repeats() ? " that repeats to the bit, which [net] seed asks for" : "");
    error(message);
}

void choose_forward_algorithm(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                              cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, int preference,
                              size_t limit, cudnnConvolutionFwdAlgo_t *algorithm) {
    cudnnConvolutionFwdAlgoPerf_t ranked[CUDNN_CONVOLUTION_FWD_ALGO_COUNT];
    int n = 0;
    (void)preference;
    use_float32(convolution);
    check_cudnn(cudnnGetConvolutionForwardAlgorithm_v7(handle, x, w, convolution, y, CUDNN_CONVOLUTION_FWD_ALGO_COUNT,
                                                       &n, ranked));
    for (int i = 0; i < n; ++i) {
        size_t size;
        *algorithm = ranked[i].algo;
        if (ranked[i].status == CUDNN_STATUS_SUCCESS &&
            cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y, *algorithm, &size) ==
                CUDNN_STATUS_SUCCESS &&
            size <= limit)
            return;
    }
    no_algorithm("forward", limit);
}

void choose_backward_data_algorithm(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
                                    int preference, size_t limit, cudnnConvolutionBwdDataAlgo_t *algorithm) {
    cudnnConvolutionBwdDataAlgoPerf_t ranked[CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT];
    int n = 0;
    (void)preference;
    use_float32(convolution);
    check_cudnn(cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, w, dy, convolution, dx,
                                                            CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, &n, ranked));
    for (int i = 0; i < n; ++i) {
        size_t size;
        *algorithm = ranked[i].algo;
        if (ranked[i].status == CUDNN_STATUS_SUCCESS &&
            cudnnGetConvolutionBackwardDataWorkspaceSize(handle, w, dy, convolution, dx, *algorithm, &size) ==
                CUDNN_STATUS_SUCCESS &&
            size <= limit)
            return;
    }
    no_algorithm("backward data", limit);
}

void choose_backward_filter_algorithm(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
                                      cudnnConvolutionDescriptor_t convolution, cudnnFilterDescriptor_t dw,
                                      int preference, size_t limit, cudnnConvolutionBwdFilterAlgo_t *algorithm) {
    cudnnConvolutionBwdFilterAlgoPerf_t ranked[CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT];
    int n = 0;
    (void)preference;
    use_float32(convolution);
    check_cudnn(cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, x, dy, convolution, dw,
                                                              CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, &n, ranked));
    for (int i = 0; i < n; ++i) {
        size_t size;
        *algorithm = ranked[i].algo;
        if (ranked[i].status == CUDNN_STATUS_SUCCESS &&
            cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, x, dy, convolution, dw, *algorithm, &size) ==
                CUDNN_STATUS_SUCCESS &&
            size <= limit)
            return;
    }
    no_algorithm("backward filter", limit);
}

#endif

#endif

#endif
