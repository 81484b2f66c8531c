/* cudnn.cpp (test only): what cudnn.h promises, by straightforward loops. The host looks at no status: what cuDNN would refuse ends the
 * program. */
#include "cudnn.h"
#include "emulation.h"
#include <algorithm>
#include <random>
#include <stdlib.h>
#include <vector>

struct emulation_tensor {
    int n, c, h, w;
};
struct emulation_filter {
    int k, c, h, w;
};
struct emulation_convolution {
    int pad, stride_y, stride_x, dilation, groups;
};
struct emulation_pooling {
    int h, w;
};

namespace {

typedef emulation_tensor tensor;
typedef emulation_filter filter;
typedef emulation_convolution convolution;

size_t count(const tensor &t) {
    return (size_t)t.n * (size_t)t.c * (size_t)t.h * (size_t)t.w;
}

size_t count(const filter &f) {
    return (size_t)f.k * (size_t)f.c * (size_t)f.h * (size_t)f.w;
}

void check_values(const char *who, const void *values, size_t n) {
    emulation_check_range(who, values, n * sizeof(float));
}

float number(const void *value) {
    return *(const float *)value;
}

/* result = alpha * value + beta * result, which is not read where beta is 0 */
void blend(float *result, const void *alpha, double value, const void *beta) {
    const float kept = number(beta) == 0 ? 0.f : number(beta) * *result;
    *result = number(alpha) * (float)value + kept;
}

size_t workspace_of(emulation_algorithm algorithm, const tensor &x) {
    if (algorithm == EMULATION_GREEDY) return (size_t)1 << 50;
    if (algorithm == EMULATION_ROOMY) return 64 * count(x) * sizeof(float);
    return algorithm == EMULATION_MODEST ? count(x) * sizeof(float) : 0;
}

cudnnStatus_t rank(const tensor &x, int requested, int *returned, emulation_performance *performance) {
    for (int i = 0; i < requested && i < EMULATION_ALGORITHMS; ++i) {
        const emulation_algorithm algorithm = (emulation_algorithm)i;
        const cudnnStatus_t status =
            algorithm == EMULATION_UNSUPPORTED ? CUDNN_STATUS_NOT_SUPPORTED : CUDNN_STATUS_SUCCESS;
        performance[i] = {algorithm, status, (float)i, workspace_of(algorithm, x),
                          algorithm == EMULATION_MODEST ? CUDNN_NON_DETERMINISTIC : CUDNN_DETERMINISTIC};
        *returned = i + 1;
    }
    return CUDNN_STATUS_SUCCESS;
}

int convolved(int size, int filter_size, int stride, const convolution &c) {
    return (size + 2 * c.pad - (filter_size - 1) * c.dilation - 1) / stride + 1;
}

/* Whether the shapes fit together, and the algorithm has the memory that it asked for. */
void check_convolution(const char *who, const tensor &x, const filter &w, const tensor &y, const convolution &c,
                       emulation_algorithm algorithm, const void *workspace, size_t bytes) {
    if (x.n != y.n || x.c != w.c * c.groups || y.c != w.k || w.k % c.groups != 0 ||
        y.h != convolved(x.h, w.h, c.stride_y, c) || y.w != convolved(x.w, w.w, c.stride_x, c)) {
        emulation_fail("%s: %dx%dx%dx%d does not become %dx%dx%dx%d", who, x.n, x.c, x.h, x.w, y.n, y.c, y.h, y.w);
    }
    if (algorithm == EMULATION_UNSUPPORTED) emulation_fail("%s: an algorithm that does not work", who);
    if (workspace_of(algorithm, x) > bytes) emulation_fail("%s: %zu bytes of workspace are too few", who, bytes);
    emulation_check_range(who, workspace, bytes);
}

/* Calls visit(index of x, index of w, index of y) for every product of a convolution. */
template <typename Visit>
void for_each_product(const tensor &x, const filter &w, const tensor &y, const convolution &c, Visit visit) {
    const int filters = w.k / c.groups;
    for (int n = 0; n < y.n; ++n)
        for (int k = 0; k < w.k; ++k)
            for (int i = 0; i < y.h; ++i)
                for (int j = 0; j < y.w; ++j)
                    for (int channel = 0; channel < w.c; ++channel)
                        for (int u = 0; u < w.h; ++u)
                            for (int v = 0; v < w.w; ++v) {
                                const int row = i * c.stride_y + u * c.dilation - c.pad;
                                const int column = j * c.stride_x + v * c.dilation - c.pad;
                                if (row < 0 || row >= x.h || column < 0 || column >= x.w) continue;
                                const int from = k / filters * w.c + channel;
                                visit((size_t)(((n * x.c + from) * x.h + row) * x.w + column),
                                      (size_t)(((k * w.c + channel) * w.h + u) * w.w + v),
                                      (size_t)(((n * y.c + k) * y.h + i) * y.w + j));
                            }
}

/* What another order would make of a sum: it is off by a rounding or none, as LGG_EMULATION_SEED has it, or always. */
void disturb(std::vector<double> &sums, emulation_algorithm algorithm) {
    static std::mt19937 generator([] {
        const char *seed = getenv("LGG_EMULATION_SEED");
        return seed ? (unsigned)atoi(seed) : 1u;
    }());
    for (double &sum : sums)
        sum *= algorithm == EMULATION_ROOMY || (algorithm == EMULATION_MODEST && generator() % 2) ? 1 + 1.5e-7 : 1;
}

void blend_all(float *result, const void *alpha, const std::vector<double> &values, const void *beta) {
    for (size_t i = 0; i < values.size(); ++i)
        blend(&result[i], alpha, values[i], beta);
}

/* Calls visit(index) for every value of a channel. */
template <typename Visit> void for_each_of_channel(const tensor &x, int channel, Visit visit) {
    const size_t spatial = (size_t)x.h * (size_t)x.w;
    for (int n = 0; n < x.n; ++n)
        for (size_t s = 0; s < spatial; ++s)
            visit((size_t)(n * x.c + channel) * spatial + s);
}

void check_normalization(const char *who, const tensor &x, const tensor &y, const tensor &parameters, double epsilon) {
    if (count(x) != count(y) || x.c != y.c || x.c != parameters.c || count(parameters) != (size_t)x.c) {
        emulation_fail("%s: shapes do not fit together", who);
    }
    if (epsilon < 0) emulation_fail("%s: epsilon %g", who, epsilon);
}

} // namespace

size_t cudnnGetVersion(void) {
    return CUDNN_MAJOR * 10000;
}

const char *cudnnGetErrorString(cudnnStatus_t status) {
    return status == CUDNN_STATUS_SUCCESS ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_NOT_SUPPORTED";
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle) {
    *handle = emulation_new_handle();
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    emulation_set_stream(handle, stream);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t *p) {
    *p = new emulation_pooling();
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t p, cudnnPoolingMode_t, cudnnNanPropagation_t, int h,
                                          int w, int, int, int, int) {
    *p = {h, w};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t p) {
    delete p;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t t) {
    delete t;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t f) {
    delete f;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t c) {
    delete c;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *t) {
    *t = new tensor();
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t t, cudnnTensorFormat_t, cudnnDataType_t, int n, int c,
                                         int h, int w) {
    if (!t) emulation_fail("cudnnSetTensor4dDescriptor: no descriptor");
    *t = {n, c, h, w};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t *f) {
    *f = new filter();
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t f, cudnnDataType_t, cudnnTensorFormat_t, int k, int c,
                                         int h, int w) {
    if (!f) emulation_fail("cudnnSetFilter4dDescriptor: no descriptor");
    *f = {k, c, h, w};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t *c) {
    *c = new convolution();
    return CUDNN_STATUS_SUCCESS;
}

/* What was said of groups before stays. */
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t c, int pad_h, int, int stride_h,
                                              int stride_w, int dilation_h, int, cudnnConvolutionMode_t,
                                              cudnnDataType_t) {
    *c = {pad_h, stride_h, stride_w, dilation_h, std::max(c->groups, 1)};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t c, int groups) {
    c->groups = groups;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t, cudnnMathType_t) {
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithmMaxCount(cudnnHandle_t, int *count) {
    *count = EMULATION_ALGORITHMS;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithmMaxCount(cudnnHandle_t, int *count) {
    *count = EMULATION_ALGORITHMS;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(cudnnHandle_t, int *count) {
    *count = EMULATION_ALGORITHMS;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t,
                                                     cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t,
                                                     int requested, int *returned,
                                                     cudnnConvolutionFwdAlgoPerf_t *performance) {
    return rank(*x, requested, returned, performance);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t, cudnnFilterDescriptor_t,
                                                          cudnnTensorDescriptor_t, cudnnConvolutionDescriptor_t,
                                                          cudnnTensorDescriptor_t dx, int requested, int *returned,
                                                          cudnnConvolutionBwdDataAlgoPerf_t *performance) {
    return rank(*dx, requested, returned, performance);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                            cudnnTensorDescriptor_t, cudnnConvolutionDescriptor_t,
                                                            cudnnFilterDescriptor_t, int requested, int *returned,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t *performance) {
    return rank(*x, requested, returned, performance);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t,
                                                      cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t,
                                                      cudnnConvolutionFwdAlgo_t algorithm, size_t *bytes) {
    *bytes = workspace_of(algorithm, *x);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, cudnnFilterDescriptor_t,
                                                           cudnnTensorDescriptor_t, cudnnConvolutionDescriptor_t,
                                                           cudnnTensorDescriptor_t dx,
                                                           cudnnConvolutionBwdDataAlgo_t algorithm, size_t *bytes) {
    *bytes = workspace_of(algorithm, *dx);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t, cudnnConvolutionDescriptor_t,
                                                             cudnnFilterDescriptor_t,
                                                             cudnnConvolutionBwdFilterAlgo_t algorithm, size_t *bytes) {
    *bytes = workspace_of(algorithm, *x);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void *alpha, cudnnTensorDescriptor_t x_shape,
                                      const void *x, cudnnFilterDescriptor_t w_shape, const void *w,
                                      cudnnConvolutionDescriptor_t c, cudnnConvolutionFwdAlgo_t algorithm,
                                      void *workspace, size_t bytes, const void *beta, cudnnTensorDescriptor_t y_shape,
                                      void *y) {
    static const char who[] = "cudnnConvolutionForward";
    emulation_ask_by(handle);
    const emulation_access access;
    check_convolution(who, *x_shape, *w_shape, *y_shape, *c, algorithm, workspace, bytes);
    check_values(who, x, count(*x_shape));
    check_values(who, w, count(*w_shape));
    check_values(who, y, count(*y_shape));
    if (!emulation_counted()) return CUDNN_STATUS_SUCCESS;
    std::vector<double> sums(count(*y_shape));
    for_each_product(*x_shape, *w_shape, *y_shape, *c, [&](size_t in, size_t weight, size_t out) {
        sums[out] += (double)((const float *)x)[in] * (double)((const float *)w)[weight];
    });
    blend_all((float *)y, alpha, sums, beta);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void *alpha, cudnnFilterDescriptor_t w_shape,
                                           const void *w, cudnnTensorDescriptor_t dy_shape, const void *dy,
                                           cudnnConvolutionDescriptor_t c, cudnnConvolutionBwdDataAlgo_t algorithm,
                                           void *workspace, size_t bytes, const void *beta,
                                           cudnnTensorDescriptor_t dx_shape, void *dx) {
    static const char who[] = "cudnnConvolutionBackwardData";
    emulation_ask_by(handle);
    const emulation_access access;
    check_convolution(who, *dx_shape, *w_shape, *dy_shape, *c, algorithm, workspace, bytes);
    check_values(who, w, count(*w_shape));
    check_values(who, dy, count(*dy_shape));
    check_values(who, dx, count(*dx_shape));
    if (!emulation_counted()) return CUDNN_STATUS_SUCCESS;
    std::vector<double> sums(count(*dx_shape));
    for_each_product(*dx_shape, *w_shape, *dy_shape, *c, [&](size_t in, size_t weight, size_t out) {
        sums[in] += (double)((const float *)dy)[out] * (double)((const float *)w)[weight];
    });
    disturb(sums, algorithm);
    blend_all((float *)dx, alpha, sums, beta);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void *alpha, cudnnTensorDescriptor_t x_shape,
                                             const void *x, cudnnTensorDescriptor_t dy_shape, const void *dy,
                                             cudnnConvolutionDescriptor_t c, cudnnConvolutionBwdFilterAlgo_t algorithm,
                                             void *workspace, size_t bytes, const void *beta,
                                             cudnnFilterDescriptor_t dw_shape, void *dw) {
    static const char who[] = "cudnnConvolutionBackwardFilter";
    emulation_ask_by(handle);
    const emulation_access access;
    check_convolution(who, *x_shape, *dw_shape, *dy_shape, *c, algorithm, workspace, bytes);
    check_values(who, x, count(*x_shape));
    check_values(who, dy, count(*dy_shape));
    check_values(who, dw, count(*dw_shape));
    if (!emulation_counted()) return CUDNN_STATUS_SUCCESS;
    std::vector<double> sums(count(*dw_shape));
    for_each_product(*x_shape, *dw_shape, *dy_shape, *c, [&](size_t in, size_t weight, size_t out) {
        sums[weight] += (double)((const float *)x)[in] * (double)((const float *)dy)[out];
    });
    disturb(sums, algorithm);
    blend_all((float *)dw, alpha, sums, beta);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBatchNormalizationForwardTraining(cudnnHandle_t handle, cudnnBatchNormMode_t, const void *alpha,
                                                     const void *beta, cudnnTensorDescriptor_t x_shape,
                                                     const void *x_values, cudnnTensorDescriptor_t y_shape,
                                                     void *y_values, cudnnTensorDescriptor_t parameters,
                                                     const void *scale, const void *bias, double factor,
                                                     void *running_mean, void *running_variance, double epsilon,
                                                     void *saved_mean, void *saved_deviation) {
    static const char who[] = "cudnnBatchNormalizationForwardTraining";
    emulation_ask_by(handle);
    const emulation_access access;
    check_normalization(who, *x_shape, *y_shape, *parameters, epsilon);
    check_values(who, x_values, count(*x_shape));
    check_values(who, y_values, count(*x_shape));
    for (const void *each : {scale, bias, (const void *)running_mean, (const void *)running_variance,
                             (const void *)saved_mean, (const void *)saved_deviation})
        check_values(who, each, (size_t)x_shape->c);
    if (!emulation_counted()) return CUDNN_STATUS_SUCCESS;

    const float *x = (const float *)x_values;
    const double n = (double)x_shape->n * x_shape->h * x_shape->w;
    for (int channel = 0; channel < x_shape->c; ++channel) {
        double sum = 0, squares = 0;
        for_each_of_channel(*x_shape, channel, [&](size_t i) { sum += (double)x[i]; });
        const double mean = sum / n;
        for_each_of_channel(*x_shape, channel,
                            [&](size_t i) { squares += ((double)x[i] - mean) * ((double)x[i] - mean); });
        const double inverse = 1 / sqrt(squares / n + epsilon);
        for_each_of_channel(*x_shape, channel, [&](size_t i) {
            const double normalized = ((double)x[i] - mean) * inverse;
            const double y =
                normalized * (double)((const float *)scale)[channel] + (double)((const float *)bias)[channel];
            blend((float *)y_values + i, alpha, y, beta);
        });
        float *const running[] = {(float *)running_mean + channel, (float *)running_variance + channel};
        const double seen[] = {mean, n > 1 ? squares / (n - 1) : 0};
        for (int i = 0; i < 2; ++i)
            *running[i] = (float)((1 - factor) * (double)*running[i] + factor * seen[i]);
        ((float *)saved_mean)[channel] = (float)mean;
        ((float *)saved_deviation)[channel] = (float)inverse;
    }
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBatchNormalizationBackward(cudnnHandle_t handle, cudnnBatchNormMode_t, const void *alpha,
                                              const void *beta, const void *alpha_parameters,
                                              const void *beta_parameters, cudnnTensorDescriptor_t x_shape,
                                              const void *x_values, cudnnTensorDescriptor_t dy_shape,
                                              const void *dy_values, cudnnTensorDescriptor_t dx_shape, void *dx_values,
                                              cudnnTensorDescriptor_t parameters, const void *scale, void *dscale,
                                              void *dbias, double epsilon, const void *saved_mean,
                                              const void *saved_deviation) {
    static const char who[] = "cudnnBatchNormalizationBackward";
    emulation_ask_by(handle);
    const emulation_access access;
    check_normalization(who, *x_shape, *dy_shape, *parameters, epsilon);
    check_normalization(who, *x_shape, *dx_shape, *parameters, epsilon);
    for (const void *each : {x_values, dy_values, (const void *)dx_values})
        check_values(who, each, count(*x_shape));
    for (const void *each : {scale, (const void *)dscale, (const void *)dbias, saved_mean, saved_deviation})
        check_values(who, each, (size_t)x_shape->c);
    if (!emulation_counted()) return CUDNN_STATUS_SUCCESS;

    const float *x = (const float *)x_values, *dy = (const float *)dy_values;
    const double n = (double)x_shape->n * x_shape->h * x_shape->w;
    for (int channel = 0; channel < x_shape->c; ++channel) {
        const double mean = (double)((const float *)saved_mean)[channel];
        const double inverse = (double)((const float *)saved_deviation)[channel];
        double sum = 0, product = 0;
        for_each_of_channel(*x_shape, channel, [&](size_t i) {
            sum += (double)dy[i];
            product += (double)dy[i] * ((double)x[i] - mean) * inverse;
        });
        for_each_of_channel(*x_shape, channel, [&](size_t i) {
            const double normalized = ((double)x[i] - mean) * inverse;
            const double gradient = (double)dy[i] - sum / n - normalized * product / n;
            blend((float *)dx_values + i, alpha, (double)((const float *)scale)[channel] * inverse * gradient, beta);
        });
        blend((float *)dscale + channel, alpha_parameters, product, beta_parameters);
        blend((float *)dbias + channel, alpha_parameters, sum, beta_parameters);
    }
    return CUDNN_STATUS_SUCCESS;
}
