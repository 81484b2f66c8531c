/* gemm_blas.c: the host's matrix products by OpenBLAS: the same call, ALPHA and BETA included, goes to cblas_sgemm. */
#include "gemm.h"

#include <cblas.h>

/* C (M,N) = ALPHA op(A) op(B) + BETA C, op(A) (M,K), op(B) (K,N), row by row; TA, TB: 1 where op is the transpose. */
void gemm_cpu(int TA, int TB, int M, int N, int K, float ALPHA, float *A, int lda, float *B, int ldb, float BETA,
              float *C, int ldc) {
    cblas_sgemm(CblasRowMajor, TA ? CblasTrans : CblasNoTrans, TB ? CblasTrans : CblasNoTrans, M, N, K, ALPHA, A, lda,
                B, ldb, BETA, C, ldc);
}

void gemm(int TA, int TB, int M, int N, int K, float ALPHA, float *A, int lda, float *B, int ldb, float BETA, float *C,
          int ldc) {
    gemm_cpu(TA, TB, M, N, K, ALPHA, A, lda, B, ldb, BETA, C, ldc);
}
