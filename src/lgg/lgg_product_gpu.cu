/* lgg_product_gpu.cu: the device and its matrix products, by cuBLAS. Twin of lgg_product.c.
 *
 * cuBLAS is column-major: it sees each of our row-major matrices (rows, columns) as its transpose, with `columns` as leading
 * dimension. The handle's workspace is our own, since cuBLAS promises the same bits from run to run only then.
 */
#include "lgg_graph_gpu.h"
#include <stdlib.h>

/* What cuBLAS recommends for Hopper and later; older devices need less. */
#define LGG_CUBLAS_WORKSPACE ((size_t)32 << 20)

static lgg_status lgg_device_set_up(lgg_device *device, int tf32) {
    if (cublasCreate(&device->blas) != CUBLAS_STATUS_SUCCESS) return LGG_ERROR_DEVICE;
    if (cudaMalloc(&device->workspace, LGG_CUBLAS_WORKSPACE) != cudaSuccess) {
        cudaGetLastError(); /* forgets it: the status tells */
        return LGG_ERROR_MEMORY;
    }
    const cublasMath_t math = tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH;
    if (cublasSetStream(device->blas, device->stream) != CUBLAS_STATUS_SUCCESS ||
        cublasSetWorkspace(device->blas, device->workspace, LGG_CUBLAS_WORKSPACE) != CUBLAS_STATUS_SUCCESS ||
        cublasSetMathMode(device->blas, math) != CUBLAS_STATUS_SUCCESS) {
        return LGG_ERROR_DEVICE;
    }
    return LGG_OK;
}

lgg_status lgg_device_create(lgg_device **device, struct CUstream_st *stream, int tf32) {
    if (!device) return LGG_ERROR_ARGUMENT;
    *device = (lgg_device *)calloc(1, sizeof(lgg_device));
    if (!*device) return LGG_ERROR_MEMORY;
    (*device)->stream = stream;
    const lgg_status status = lgg_device_set_up(*device, tf32);
    if (status != LGG_OK) {
        lgg_device_free(*device);
        *device = nullptr;
    }
    return status;
}

void lgg_device_free(lgg_device *device) {
    if (!device) return;
    if (device->blas) cublasDestroy(device->blas);
    cudaFree(device->workspace);
    free(device);
}

/* Column-major c (m, n) = alpha op(a) op(b) + beta c. */
static void lgg_sgemm(lgg_device *device, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int inner,
                      float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c) {
    if (cublasSgemm(device->blas, op_a, op_b, m, n, inner, &alpha, a, lda, b, ldb, &beta, c, m) !=
        CUBLAS_STATUS_SUCCESS) {
        device->status = LGG_ERROR_DEVICE;
    }
}

void lgg_product_gram_gpu(lgg_device *device, int n, int d, const float *x, float *gram) {
    lgg_sgemm(device, CUBLAS_OP_T, CUBLAS_OP_N, n, n, d, 1.f, x, d, x, d, 0.f, gram);
}

void lgg_product_add_gpu(lgg_device *device, int n, int d, const float *w, const float *x, float *gradient) {
    lgg_sgemm(device, CUBLAS_OP_N, CUBLAS_OP_N, d, n, n, 1.f, x, d, w, n, 1.f, gradient);
}

void lgg_product_gpu(lgg_device *device, int rows, int columns, int inner, float alpha, const float *a, const float *b,
                     float beta, float *c) {
    lgg_sgemm(device, CUBLAS_OP_N, CUBLAS_OP_N, columns, rows, inner, alpha, b, columns, a, inner, beta, c);
}

void lgg_product_transposed_gpu(lgg_device *device, int n, int inner, float alpha, const float *a, const float *b,
                                float beta, float *c) {
    lgg_sgemm(device, CUBLAS_OP_T, CUBLAS_OP_N, n, n, inner, alpha, b, inner, a, inner, beta, c);
}
