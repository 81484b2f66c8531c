/* lgg_product.c: the matrix products of graphs and losses, by the tiles that the processor has. No library's: the order of its sums may
 * depend on the number of threads.
 */
#include "lgg_products.h"
#include <string.h>

/* Where a matrix is gone through along its rows and its columns at the same time: rows and columns of a part that stays in cache. */
enum { LGG_SQUARE = 32 };

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

void lgg_product_gram(const lgg_workspace *workspace, int n, int d, const float *x, float *gram) {
    lgg_triangle_gram(lgg_tiles_best(), workspace, n, d, x, gram);
    lgg_mirror((size_t)n, gram);
}

void lgg_product_transposed(int n, int inner, const float *a, const float *b, int adding, float *c) {
    lgg_triangle_product(lgg_tiles_best(), n, inner, a, b, adding, c);
}

void lgg_product_add(const lgg_workspace *workspace, int n, int d, const float *w, const float *x, float *gradient) {
    lgg_block_product(lgg_tiles_best(), workspace, n, d, w, x, gradient);
}

void lgg_product(const lgg_workspace *workspace, int n, int d, const float *w, const float *x, float *product) {
    memset(product, 0, (size_t)n * (size_t)d * sizeof(float));
    lgg_block_product(lgg_tiles_best(), workspace, n, d, w, x, product);
}
