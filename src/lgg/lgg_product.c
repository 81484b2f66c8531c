/* lgg_product.c: the matrix products of graphs and losses, by the tiles that the processor has. No library's: the order of its sums may
 * depend on the number of threads.
 */
#include "lgg_products.h"
#include <string.h>

/* Where a matrix is gone through along its rows and its columns at the same time: rows and columns of a part that stays in cache. */
enum { LGG_SQUARE = 32 };

void lgg_mirror_shared(size_t n, float *matrix) {
#pragma omp for schedule(static, 1)
    for (size_t start = 0; start < n; start += LGG_SQUARE) {
        const size_t end = lgg_least(n, start + LGG_SQUARE);
        for (size_t j = start + 1; j < n; j++) {
            for (size_t i = start; i < end && i < j; i++)
                matrix[i * n + j] = matrix[j * n + i];
        }
    }
}

void lgg_mirror(size_t n, float *matrix) {
#pragma omp parallel if (n >= LGG_PARALLEL_ROWS)
    lgg_mirror_shared(n, matrix);
}

void lgg_product_gram_shared(const lgg_workspace *workspace, int n, int d, const float *x, float *gram) {
    lgg_triangle_gram_shared(lgg_tiles_best(), workspace, n, d, x, gram);
    lgg_wait();
    lgg_mirror_shared((size_t)n, gram);
}

void lgg_product_add_shared(const lgg_workspace *workspace, int n, int d, const float *w, const float *x,
                            float *gradient) {
    lgg_wait();
    lgg_block_product_shared(lgg_tiles_best(), workspace, n, d, w, x, gradient);
}

void lgg_product_shared(const lgg_workspace *workspace, int n, int d, const float *w, const float *x, float *product) {
    const size_t rows = (size_t)n, width = (size_t)d;
#pragma omp for schedule(static)
    for (size_t i = 0; i < rows; i++)
        memset(product + i * width, 0, width * sizeof(float));
    lgg_block_product_shared(lgg_tiles_best(), workspace, n, d, w, x, product);
}
