/* cudnn.h (test only): as much of cuDNN 9 as Darknet uses. */
#ifndef EMULATION_CUDNN_H
#define EMULATION_CUDNN_H

#include "cuda_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CUDNN_MAJOR 9
#define CUDNN_MINOR 0
#define CUDNN_PATCHLEVEL 0

typedef int cudnnHandle_t;
typedef enum { CUDNN_STATUS_SUCCESS, CUDNN_STATUS_NOT_SUPPORTED } cudnnStatus_t;
typedef enum { CUDNN_TENSOR_NCHW } cudnnTensorFormat_t;
typedef enum { CUDNN_DATA_FLOAT, CUDNN_DATA_HALF } cudnnDataType_t;
typedef enum { CUDNN_CROSS_CORRELATION } cudnnConvolutionMode_t;
typedef enum { CUDNN_DEFAULT_MATH, CUDNN_TENSOR_OP_MATH, CUDNN_FMA_MATH } cudnnMathType_t;
typedef enum { CUDNN_BATCHNORM_SPATIAL } cudnnBatchNormMode_t;

typedef enum { CUDNN_POOLING_MAX, CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING } cudnnPoolingMode_t;
typedef enum { CUDNN_NOT_PROPAGATE_NAN } cudnnNanPropagation_t;

typedef struct emulation_tensor *cudnnTensorDescriptor_t;
typedef struct emulation_pooling *cudnnPoolingDescriptor_t; /* which Darknet makes, and does not use */
typedef struct emulation_filter *cudnnFilterDescriptor_t;
typedef struct emulation_convolution *cudnnConvolutionDescriptor_t;

typedef enum { CUDNN_NON_DETERMINISTIC, CUDNN_DETERMINISTIC } cudnnDeterminism_t;

/* Ways to do the same: one that does not work, one that wants more memory than anybody has, one that wants a little and adds up gradients in
 * whatever order, one that wants much and adds them up in an order of its own, and one that wants none, as cuDNN always has. */
typedef enum {
    EMULATION_UNSUPPORTED,
    EMULATION_GREEDY,
    EMULATION_MODEST,
    EMULATION_ROOMY,
    EMULATION_FRUGAL,
    EMULATION_ALGORITHMS
} emulation_algorithm;
typedef emulation_algorithm cudnnConvolutionFwdAlgo_t;
typedef emulation_algorithm cudnnConvolutionBwdDataAlgo_t;
typedef emulation_algorithm cudnnConvolutionBwdFilterAlgo_t;
#define CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED EMULATION_UNSUPPORTED
/* which Darknet takes by their names for half precision, which there is not */
#define CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM EMULATION_FRUGAL
#define CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 EMULATION_FRUGAL
#define CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1 EMULATION_FRUGAL
#define CUDNN_CONVOLUTION_FWD_ALGO_COUNT EMULATION_ALGORITHMS
#define CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT EMULATION_ALGORITHMS
#define CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT EMULATION_ALGORITHMS

typedef struct {
    emulation_algorithm algo;
    cudnnStatus_t status;
    float time;
    size_t memory;
    cudnnDeterminism_t determinism;
} emulation_performance;
typedef emulation_performance cudnnConvolutionFwdAlgoPerf_t;
typedef emulation_performance cudnnConvolutionBwdDataAlgoPerf_t;
typedef emulation_performance cudnnConvolutionBwdFilterAlgoPerf_t;

const char *cudnnGetErrorString(cudnnStatus_t status);
size_t cudnnGetVersion(void);
cudnnStatus_t cudnnCreate(cudnnHandle_t *handle);
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream);
cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t *pooling);
cudnnStatus_t cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t pooling, cudnnPoolingMode_t mode,
                                          cudnnNanPropagation_t nan, int h, int w, int pad_h, int pad_w, int stride_h,
                                          int stride_w);
cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t pooling);
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor);
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter);
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution);
cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *tensor);
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w);
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t *filter);
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w);
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t *convolution);
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t type);
cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution, int groups);
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math);

cudnnStatus_t cudnnGetConvolutionForwardAlgorithmMaxCount(cudnnHandle_t, int *count);
cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithmMaxCount(cudnnHandle_t, int *count);
cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(cudnnHandle_t, int *count);
cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                     cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t,
                                                     cudnnTensorDescriptor_t y, int requested, int *returned,
                                                     cudnnConvolutionFwdAlgoPerf_t *performance);
cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t, cudnnFilterDescriptor_t w,
                                                          cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                          cudnnTensorDescriptor_t dx, int requested, int *returned,
                                                          cudnnConvolutionBwdDataAlgoPerf_t *performance);
cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                            cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                            cudnnFilterDescriptor_t dw, int requested, int *returned,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t *performance);
cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                      cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t,
                                                      cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t,
                                                      size_t *bytes);
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, cudnnFilterDescriptor_t w,
                                                           cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                           cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t,
                                                           size_t *bytes);
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                             cudnnFilterDescriptor_t dw,
                                                             cudnnConvolutionBwdFilterAlgo_t, size_t *bytes);

/* Each: result = alpha * what its name says + beta * result. */
cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t, const void *alpha, cudnnTensorDescriptor_t, const void *x,
                                      cudnnFilterDescriptor_t, const void *w, cudnnConvolutionDescriptor_t,
                                      cudnnConvolutionFwdAlgo_t, void *workspace, size_t bytes, const void *beta,
                                      cudnnTensorDescriptor_t, void *y);
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t, const void *alpha, cudnnFilterDescriptor_t, const void *w,
                                           cudnnTensorDescriptor_t, const void *dy, cudnnConvolutionDescriptor_t,
                                           cudnnConvolutionBwdDataAlgo_t, void *workspace, size_t bytes,
                                           const void *beta, cudnnTensorDescriptor_t, void *dx);
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t, const void *alpha, cudnnTensorDescriptor_t, const void *x,
                                             cudnnTensorDescriptor_t, const void *dy, cudnnConvolutionDescriptor_t,
                                             cudnnConvolutionBwdFilterAlgo_t, void *workspace, size_t bytes,
                                             const void *beta, cudnnFilterDescriptor_t, void *dw);

/* y = normalized x * scale + bias with the batch's own variance (over n values: divided by n). The running variance gets that divided
 * by n - 1; inverse_deviation is 1 / sqrt(variance + epsilon). */
cudnnStatus_t cudnnBatchNormalizationForwardTraining(cudnnHandle_t, cudnnBatchNormMode_t, const void *alpha,
                                                     const void *beta, cudnnTensorDescriptor_t, const void *x,
                                                     cudnnTensorDescriptor_t, void *y, cudnnTensorDescriptor_t,
                                                     const void *scale, const void *bias, double factor,
                                                     void *running_mean, void *running_variance, double epsilon,
                                                     void *mean, void *inverse_deviation);
cudnnStatus_t cudnnBatchNormalizationBackward(cudnnHandle_t, cudnnBatchNormMode_t, const void *alpha, const void *beta,
                                              const void *alpha_parameters, const void *beta_parameters,
                                              cudnnTensorDescriptor_t, const void *x, cudnnTensorDescriptor_t,
                                              const void *dy, cudnnTensorDescriptor_t, void *dx,
                                              cudnnTensorDescriptor_t, const void *scale, void *dscale, void *dbias,
                                              double epsilon, const void *mean, const void *inverse_deviation);

#ifdef __cplusplus
}
#endif

#endif
