/* convolution_assigns.h: given by the build (-include) to pjreddie/darknet's convolutional_kernels.cu. It fills a convolution's output with zeros
 * for cuDNN to add to; cuDNN can as well assign, and the fill is none. */
#ifndef CONVOLUTION_ASSIGNS_H
#define CONVOLUTION_ASSIGNS_H

#ifdef CUDNN

#include "darknet.h"

extern "C" {
#include "blas.h"
#include "cuda.h"
#include "cuda_compatibility.h"
}

#define fill_gpu(n, value, values, step) ((void)0)

static const float convolution_keeps = 0;
#undef cudnnConvolutionForward
#define cudnnConvolutionForward(handle, alpha, x_shape, x, w_shape, w, convolution, algorithm, space, size, beta,      \
                                y_shape, y)                                                                            \
    check_cudnn(cudnnConvolutionForward(handle, alpha, x_shape, x, w_shape, w, convolution, algorithm, space, size,    \
                                        &convolution_keeps, y_shape, y))

#endif

#endif
