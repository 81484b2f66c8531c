/* libraries.cpp (test only): what cublas_v2.h and curand.h promise. */
#include "cublas_v2.h"
#include "curand.h"
#include "emulation.h"
#include <cblas.h>
#include <map>
#include <random>
#include <stdlib.h>

cublasStatus_t cublasCreate(cublasHandle_t *handle) {
    *handle = emulation_new_handle();
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t) {
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
    emulation_set_stream(handle, stream);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *, size_t) {
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) {
    return CUBLAS_STATUS_SUCCESS;
}

/* A column-major matrix of so many rows and columns is all the current device's. */
static void check_matrix(const float *matrix, int rows, int columns, int ld) {
    if (ld < rows) emulation_fail("cublasSgemm: a leading dimension of %d for %d rows", ld, rows);
    const size_t count = (size_t)ld * (size_t)(columns - 1) + (size_t)rows;
    emulation_check_range("cublasSgemm", matrix, count * sizeof *matrix);
}

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k,
                           const float *alpha, const float *a, int lda, const float *b, int ldb, const float *beta,
                           float *c, int ldc) {
    emulation_ask_by(handle);
    const emulation_access access;
    const bool turn_a = op_a == CUBLAS_OP_T, turn_b = op_b == CUBLAS_OP_T;
    check_matrix(a, turn_a ? k : m, turn_a ? m : k, lda);
    check_matrix(b, turn_b ? n : k, turn_b ? k : n, ldb);
    check_matrix(c, m, n, ldc);
    if (!emulation_counted()) return CUBLAS_STATUS_SUCCESS;
    cblas_sgemm(CblasColMajor, turn_a ? CblasTrans : CblasNoTrans, turn_b ? CblasTrans : CblasNoTrans, m, n, k, *alpha,
                a, lda, b, ldb, *beta, c, ldc);
    return CUBLAS_STATUS_SUCCESS;
}

static std::mt19937_64 philox;
static std::map<curandGenerator_t, int> types;

curandStatus_t curandCreateGenerator(curandGenerator_t *generator, int type) {
    *generator = emulation_new_handle();
    types[*generator] = type;
    return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandSetStream(curandGenerator_t generator, cudaStream_t stream) {
    emulation_set_stream(generator, stream);
    return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t, unsigned long long seed) {
    philox.seed(seed);
    return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) {
    return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandGenerateUniform(curandGenerator_t generator, float *values, size_t n) {
    emulation_ask_by(generator);
    const emulation_access access;
    emulation_check_range("curandGenerateUniform", values, n * sizeof *values);
    if (!emulation_counted()) return CURAND_STATUS_SUCCESS;
    for (size_t i = 0; i < n; ++i) {
        const bool by_seed = types[generator] == CURAND_RNG_PSEUDO_PHILOX4_32_10;
        values[i] = by_seed ? (float)(philox() >> 40) / (float)(1 << 24) : (float)rand() / (float)RAND_MAX;
    }
    return CURAND_STATUS_SUCCESS;
}
