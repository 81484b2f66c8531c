/* tool_eigenmap.c: Laplacian eigenmaps by LAPACK.
 *
 * L y = lambda D y has the eigenvectors y = D^-1/2 u of the symmetric I - D^-1/2 A D^-1/2. Its constant eigenvector
 * u0 = D^1/2 1 says nothing of places; it is shifted to the far end of the spectrum, so that the first two that LAPACK gives are
 * the ones to use, also where the graph falls into several parts and zero is a multiple eigenvalue. */
#include <math.h>
#include <stdlib.h>

#include "tool.h"
#include "tool_drawing.h"

#ifdef LGG_LAPACK
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info);

static void eigenvectors(double *matrix, int n) {
    int info, size = 64 * n;
    double *values = lgg_allocate((size_t)n, sizeof *values, "eigenvalues");
    double *work = lgg_allocate((size_t)size, sizeof *work, "eigenvalues");
    dsyev_("V", "U", &n, matrix, &n, values, work, &size, &info);
    if (info != 0) tool_fail("LAPACK's dsyev says %d", info);
    free(values);
    free(work);
}
#else
_Noreturn static void eigenvectors(double *matrix, int n) {
    (void)matrix, (void)n;
    tool_fail("this build has no LAPACK (Debian: libopenblas-openmp-dev); build with BLAS=1");
}
#endif

/* To [0, 1], the entry of largest magnitude on the right, so that one graph gives one picture. */
static void scale_to_unit(double *x, int n) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < n; ++i) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    double range = high - low, sign = fabs(low) > fabs(high) + 1e-9 ? -1 : 1;
    for (int i = 0; i < n; ++i) {
        double place = range > 1e-12 ? (x[i] - low) / range : .5;
        x[i] = sign < 0 ? 1 - place : place;
    }
}

/* Negative edges hold nothing together; with them degrees could vanish, and one vertex drive all others into a corner. */
static double weight_of(float edge) {
    return edge > 0 ? edge : 0;
}

void tool_eigenmap(const float *adjacency, int n, double *x, double *y) {
    double *matrix = lgg_allocate((size_t)(n * n), sizeof *matrix, "a Laplacian");
    double *root = lgg_allocate((size_t)n, sizeof *root, "degrees");
    double volume = 0;
    for (int i = 0; i < n; ++i) {
        double degree = 0;
        for (int j = 0; j < n; ++j)
            degree += weight_of(adjacency[i * n + j]);
        /* an isolated vertex stays a part of its own */
        root[i] = degree > 1e-12 ? sqrt(degree) : 1;
        volume += root[i] * root[i];
    }
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) {
            double constant = root[i] * root[j] / volume;
            matrix[i * n + j] = (i == j) - weight_of(adjacency[i * n + j]) / (root[i] * root[j]) + 3 * constant;
        }
    }
    eigenvectors(matrix, n);
    for (int i = 0; i < n; ++i) {
        x[i] = matrix[i] / root[i];
        y[i] = n > 1 ? matrix[n + i] / root[i] : 0;
    }
    scale_to_unit(x, n);
    scale_to_unit(y, n);
    free(matrix);
    free(root);
}

static double clamp(double v) {
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* How far apart marks are, round or square ones. */
static double gap(double dx, double dy, int square) {
    return square ? fmax(fabs(dx), fabs(dy)) : hypot(dx, dy);
}

void tool_spread(double *x, double *y, int n, double distance, int square) {
    for (int pass = 0; pass < 600; ++pass) {
        int moved = 0;
        for (int i = 0; i < n; ++i) {
            for (int j = 0; j < i; ++j) {
                double dx = x[i] - x[j], dy = y[i] - y[j], d = gap(dx, dy, square), missing = distance - d;
                if (d >= distance * .999) continue;
                /* points on one spot part in directions of their own, a golden angle apart */
                if (d < 1e-6) dx = cos(2.4 * i + j), dy = sin(2.4 * i + j), d = gap(dx, dy, square);
                /* squares leave each other by the shorter way, along one axis */
                if (square && fabs(dx) < fabs(dy)) dx = 0;
                if (square && dx != 0) dy = 0;
                double push = missing / 2 / d;
                x[i] = clamp(x[i] + push * dx);
                y[i] = clamp(y[i] + push * dy);
                x[j] = clamp(x[j] - push * dx);
                y[j] = clamp(y[j] - push * dy);
                moved = 1;
            }
        }
        if (!moved) return;
    }
}
