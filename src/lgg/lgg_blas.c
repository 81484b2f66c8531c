/* lgg_blas.c: the matrix products, by CBLAS where LGG_BLAS is defined, by plain loops otherwise. */
#include "lgg_internal.h"

void lgg_mirror(size_t n, float *matrix) {
#pragma omp parallel for schedule(static, 1) if (n >= LGG_PARALLEL_ROWS)
    for (size_t start = 0; start < n; start += LGG_SQUARE) {
        const size_t end = lgg_least(n, start + LGG_SQUARE);
        for (size_t j = start + 1; j < n; j++) {
            for (size_t i = start; i < end && i < j; i++)
                matrix[i * n + j] = matrix[j * n + i];
        }
    }
}

#ifdef LGG_BLAS

#include <cblas.h>

/* Where our own kernels are faster than the library: rows of this width at least, and fewer than so many of them, or no more values
 * than the caches hold. */
#define LGG_KERNEL_WIDTH 256
#define LGG_KERNEL_VALUES (1 << 21)
enum { LGG_GRAM_ROWS = 256, LGG_PRODUCT_ROWS = 1024 };

/* The kernel to use, NULL: the library is faster. */
static const lgg_kernel *lgg_blas_kernel(int n, int d, int rows) {
    const lgg_kernel *kernel = lgg_kernel_best();
    const int fits = n < rows || (size_t)n * (size_t)d <= LGG_KERNEL_VALUES;
    return d >= LGG_KERNEL_WIDTH && fits && kernel != lgg_kernel_of(LGG_PLAIN) ? kernel : NULL;
}

/* From here on OpenBLAS spreads ssyrk over the cores; below, two general products over three quarters of the square are faster. */
#define LGG_SYRK_ROWS 256

void lgg_blas_gram(const lgg_room *room, int n, int d, const float *x, float *gram) {
    const lgg_kernel *kernel = lgg_blas_kernel(n, d, LGG_GRAM_ROWS);
    if (kernel) {
        lgg_gram_kernel(kernel, room, n, d, x, gram);
    } else if (n >= LGG_SYRK_ROWS) {
        cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, d, 1.f, x, d, 0.f, gram, n);
    } else {
        const int half = n / 2, rest = n - half;
        const float *x_rest = x + (size_t)half * (size_t)d;
        float *gram_rest = gram + (size_t)half * (size_t)n;
        if (half) cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, half, half, d, 1.f, x, d, x, d, 0.f, gram, n);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rest, n, d, 1.f, x_rest, d, x, d, 0.f, gram_rest, n);
    }
    lgg_mirror((size_t)n, gram);
}

void lgg_blas_add_product(const lgg_room *room, int n, int d, const float *w, const float *x, float *gradient) {
    const lgg_kernel *kernel = lgg_blas_kernel(n, d, LGG_PRODUCT_ROWS);
    if (kernel) {
        lgg_block_product(kernel, room, n, d, w, x, gradient);
    } else {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, n, 1.f, w, n, x, d, 1.f, gradient, d);
    }
}

void lgg_blas_multiply(int rows, int columns, int inner, float alpha, const float *a, const float *b, float beta,
                       float *c) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, inner, alpha, a, inner, b, columns, beta, c,
                columns);
}

void lgg_blas_multiply_transposed(int n, int inner, float alpha, const float *a, const float *b, float beta, float *c) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, inner, alpha, a, inner, b, inner, beta, c, n);
}

#else

void lgg_blas_gram(const lgg_room *room, int n, int d, const float *x, float *gram) {
    lgg_gram_kernel(lgg_kernel_of(LGG_PLAIN), room, n, d, x, gram);
    lgg_mirror((size_t)n, gram);
}

void lgg_blas_add_product(const lgg_room *room, int n, int d, const float *w, const float *x, float *gradient) {
    lgg_block_product(lgg_kernel_of(LGG_PLAIN), room, n, d, w, x, gradient);
}

static void lgg_scale(size_t count, float beta, float *c) {
    for (size_t t = 0; t < count; t++)
        c[t] = beta == 0 ? 0 : beta * c[t];
}

void lgg_blas_multiply(int rows, int columns, int inner, float alpha, const float *a, const float *b, float beta,
                       float *c) {
    const size_t m = (size_t)rows, n = (size_t)columns, depth = (size_t)inner;
    lgg_scale(m * n, beta, c);
#pragma omp parallel for
    for (size_t i = 0; i < m; i++) {
        for (size_t t = 0; t < depth; t++) {
            const float a_it = alpha * a[i * depth + t];
#pragma omp simd
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += a_it * b[t * n + j];
        }
    }
}

void lgg_blas_multiply_transposed(int n, int inner, float alpha, const float *a, const float *b, float beta, float *c) {
    const size_t rows = (size_t)n, depth = (size_t)inner;
    lgg_scale(rows * rows, beta, c);
#pragma omp parallel for
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < rows; j++)
            c[i * rows + j] += alpha * lgg_dot(depth, a + i * depth, b + j * depth);
    }
}

#endif
