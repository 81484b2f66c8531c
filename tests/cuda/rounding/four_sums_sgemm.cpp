/* four_sums_sgemm.cpp (test only): the product that cuBLAS's stand-in calls in this flavour: four sums of fused multiply-adds that are
 * added at the end, as GPUs share out a long inner dimension, whatever OpenBLAS and the library's own kernels do. Which values make a
 * sum depends on the element, as it does on its place in a tile: equal rows do not give equal elements. */
#include <cblas.h>
#include <math.h>
#include <stddef.h>

/* c (m, n) = alpha op(a) op(b) + beta c, column-major as cuBLAS's are. rounding.mk renames it, here and where the
 * emulation calls it. */
void cblas_sgemm(CBLAS_LAYOUT, CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, blasint m, blasint n, blasint k, float alpha,
                 const float *a, blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc) {
    for (ptrdiff_t j = 0; j < n; j++) {
        for (ptrdiff_t i = 0; i < m; i++) {
            float sum[4] = {};
            for (ptrdiff_t t = 0; t < k; t++) {
                const float a_it = op_a == CblasTrans ? a[i * lda + t] : a[t * lda + i];
                const float b_tj = op_b == CblasTrans ? b[t * ldb + j] : b[j * ldb + t];
                float *part = &sum[(t + i + 2 * j) % 4];
                *part = fmaf(a_it, b_tj, *part);
            }
            float *c_ij = &c[j * ldc + i];
            *c_ij = alpha * ((sum[0] + sum[1]) + (sum[2] + sum[3])) + (beta == 0 ? 0 : beta * *c_ij);
        }
    }
}
