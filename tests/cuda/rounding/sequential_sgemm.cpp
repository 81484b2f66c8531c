/* sequential_sgemm.cpp (test only): the product that cuBLAS's stand-in calls in this flavour: one fused multiply-add after the other,
 * from the first to the last, where OpenBLAS and the library's own kernels keep many partial sums. */
#include <cblas.h>
#include <math.h>
#include <stddef.h>

/* c (m, n) = alpha op(a) op(b) + beta c, column-major as cuBLAS's are; `sequential_sgemm` by its name at the callers', too. */
void cblas_sgemm(CBLAS_LAYOUT, CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, blasint m, blasint n, blasint k, float alpha,
                 const float *a, blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc) {
    for (ptrdiff_t j = 0; j < n; j++) {
        for (ptrdiff_t i = 0; i < m; i++) {
            float sum = 0;
            for (ptrdiff_t t = 0; t < k; t++) {
                const float a_it = op_a == CblasTrans ? a[i * lda + t] : a[t * lda + i];
                const float b_tj = op_b == CblasTrans ? b[t * ldb + j] : b[j * ldb + t];
                sum = fmaf(a_it, b_tj, sum);
            }
            float *c_ij = &c[j * ldc + i];
            *c_ij = alpha * sum + (beta == 0 ? 0 : beta * *c_ij);
        }
    }
}
