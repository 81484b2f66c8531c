/* rounded_gram.c: lgg_product_gram_shared as another library might round it. Linked with --wrap, it changes every element of the Gram matrix by up
 * to four units of its last place, each in its own way: equal rows of X do not give equal rows of the matrix. What the golden cases say
 * must not depend on it. */
#include "lgg_products.h"
#include <float.h>

void __real_lgg_product_gram_shared(const lgg_workspace *workspace, int n, int d, const float *x, float *gram);
void __wrap_lgg_product_gram_shared(const lgg_workspace *workspace, int n, int d, const float *x, float *gram);

/* An error in [-4, 4] units that is the same whenever the element is. */
static float lgg_rounding(size_t i, size_t j) {
    const uint32_t hash = ((uint32_t)i * 2654435761u ^ (uint32_t)j * 2246822519u) * 3266489917u >> 16;
    return 4 * FLT_EPSILON * ((float)hash / 32767.5f - 1);
}

void __wrap_lgg_product_gram_shared(const lgg_workspace *workspace, int n, int d, const float *x, float *gram) {
    __real_lgg_product_gram_shared(workspace, n, d, x, gram);
    for (size_t i = 0; lgg_thread() == 0 && i < (size_t)n; i++) {
        for (size_t j = 0; j <= i; j++) {
            float *lower = gram + i * (size_t)n + j;
            *lower += *lower * lgg_rounding(i, j);
            gram[j * (size_t)n + i] = *lower;
        }
    }
    lgg_wait();
}
