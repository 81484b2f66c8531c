/* vector_loops.c: the host's loops over vectors on every core. The n values of x are incx apart, those of y incy. */
#include "blas.h"

/* Loops shorter than this are not worth a second thread. */
#define PARALLEL_N 32768

/* y *= x */
void mul_cpu(int n, float *x, int incx, float *y, int incy) {
#pragma omp parallel for if (n > PARALLEL_N)
    for (int i = 0; i < n; ++i)
        y[i * incy] *= x[i * incx];
}

/* y += alpha x */
void axpy_cpu(int n, float alpha, float *x, int incx, float *y, int incy) {
#pragma omp parallel for if (n > PARALLEL_N)
    for (int i = 0; i < n; ++i)
        y[i * incy] += alpha * x[i * incx];
}

/* x *= alpha */
void scal_cpu(int n, float alpha, float *x, int incx) {
#pragma omp parallel for if (n > PARALLEL_N)
    for (int i = 0; i < n; ++i)
        x[i * incx] *= alpha;
}

/* x = alpha */
void fill_cpu(int n, float alpha, float *x, int incx) {
#pragma omp parallel for if (n > PARALLEL_N)
    for (int i = 0; i < n; ++i)
        x[i * incx] = alpha;
}

/* y = x */
void copy_cpu(int n, float *x, int incx, float *y, int incy) {
#pragma omp parallel for if (n > PARALLEL_N)
    for (int i = 0; i < n; ++i)
        y[i * incy] = x[i * incx];
}
