/* test_products.c: the kernels behind the Gram matrix, each instruction set that this machine has. */
#include "lgg_internal.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static const lgg_instructions every_set[] = {LGG_AVX512, LGG_AVX2};
enum { SETS = sizeof every_set / sizeof every_set[0] };

static float *random_rows(int n, int d) {
    uint64_t state = 7;
    float *x = malloc((size_t)n * (size_t)d * sizeof *x);
    assert_non_null(x);
    for (size_t t = 0; t < (size_t)n * (size_t)d; t++)
        x[t] = (float)unit_random(&state);
    return x;
}

/* x_i.x_j in float64. */
static double product(int d, const float *x, int i, int j) {
    double sum = 0;
    for (int t = 0; t < d; t++)
        sum += (double)x[i * d + t] * (double)x[j * d + t];
    return sum;
}

/* Fails unless the lower triangle of gram is x x' and nothing behind it was written. */
static void assert_gram(int n, int d, const float *x, const float *gram, float sentinel) {
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++)
            unit_assert_near((double)gram[i * n + j], product(d, x, i, j), 1e-6 * d + 1e-6);
    }
    assert_true(gram[n * n] == sentinel);
}

/* Rows and columns that fill no tile, no panel and no vector; more columns than are taken at a time. */
static void gram_kernels_of_every_shape(void **state) {
    static const int rows[] = {1, 2, 3, 4, 5, 7, 12, 47, 49, 100, 101},
                     widths[] = {1, 7, 8, 15, 16, 17, 33, 4096, 8201};
    const float sentinel = -1234;
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            const int n = rows[r], d = widths[w];
            float *x = random_rows(n, d), *gram = malloc(((size_t)n * (size_t)n + 1) * sizeof *gram);
            assert_non_null(gram);
            for (int s = 0; s < SETS; s++) {
                for (int t = 0; t <= n * n; t++)
                    gram[t] = sentinel;
                if (lgg_gram_kernel(every_set[s], n, d, x, gram)) assert_gram(n, d, x, gram, sentinel);
            }
            free(x);
            free(gram);
        }
    }
}

static void gram_is_symmetric_to_the_bit(void **state) {
    enum { N = 61, D = 300 };
    static float gram[N * N + 1];
    float *x = random_rows(N, D);
    (void)state;
    lgg_blas_gram(N, D, x, gram);
    assert_gram(N, D, x, gram, 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++)
            assert_true(gram[i * N + j] == gram[j * N + i]);
    }
    free(x);
}

/* Each element is one thread's sum, in the same order whoever does it. */
static void gram_is_the_same_for_any_number_of_threads(void **state) {
    enum { N = 100, D = 9000 };
    (void)state;
#ifdef _OPENMP
    static float one[N * N], many[N * N];
    float *x = random_rows(N, D);
    const int threads = omp_get_max_threads();
    for (int s = 0; s < SETS; s++) {
        omp_set_num_threads(1);
        if (!lgg_gram_kernel(every_set[s], N, D, x, one)) continue;
        for (int count = 2; count <= 7; count++) {
            omp_set_num_threads(count);
            lgg_gram_kernel(every_set[s], N, D, x, many);
            assert_memory_equal(one, many, sizeof one);
        }
    }
    omp_set_num_threads(threads);
    free(x);
#endif
}

int run_product_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gram_kernels_of_every_shape),
        cmocka_unit_test(gram_is_symmetric_to_the_bit),
        cmocka_unit_test(gram_is_the_same_for_any_number_of_threads),
    };
    return cmocka_run_group_tests_name("products", tests, NULL, NULL);
}
