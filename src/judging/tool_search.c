/* tool_search.c: see tool_search.h. */
#include "tool_search.h"

#include <math.h>
#include <stdlib.h>

enum { SEARCH_BLOCK = 4096 };

void tool_match_offer(tool_matches *matches, float score, long row) {
    if (isnan(score)) score = -INFINITY; /* nothing passes a NaN, and it would pass nothing on */
    if (matches->count == matches->k && score <= matches->match[matches->k - 1].score) return;
    int i = matches->count < matches->k ? matches->count++ : matches->k - 1;
    for (; i > 0 && matches->match[i - 1].score < score; --i)
        matches->match[i] = matches->match[i - 1];
    matches->match[i] = (tool_match){score, row};
}

static double square_of_row(const float *row, int d) {
    double sum = 0;
    for (int j = 0; j < d; ++j)
        sum += (double)row[j] * (double)row[j];
    return sum;
}

void tool_unit_rows(float *x, long n, int d) {
    for (long i = 0; i < n; ++i) {
        float *row = x + (size_t)i * (size_t)d;
        const double sum = square_of_row(row, d);
        const float scale = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
        for (int j = 0; j < d; ++j)
            row[j] *= scale;
    }
}

/* square (n) = |x|^2 of each row. */
static void squares_of_rows(const float *x, long n, int d, double *square) {
#pragma omp parallel for
    for (long i = 0; i < n; ++i)
        square[i] = square_of_row(x + (size_t)i * (size_t)d, d);
}

/* Squared distances below this share of |x|^2 + |y|^2 have lost too many digits as a difference of products. */
#define SEARCH_CLOSE (1. / 32)

static float distance_of(const float *x, const float *y, int d, double product, double square, double other) {
    double distance2 = square + other - 2 * product;
    if (distance2 < SEARCH_CLOSE * (square + other)) {
        distance2 = 0;
        for (int j = 0; j < d; ++j)
            distance2 += ((double)x[j] - (double)y[j]) * ((double)x[j] - (double)y[j]);
    }
    return (float)sqrt(distance2);
}

static float cosine_of(double product, double square, double other) {
    return square > 0 && other > 0 ? (float)(product / sqrt(square * other)) : 0;
}

void tool_search(const float *q, int queries, const float *x, long start, long n, int d, int euclidean,
                 tool_matches *matches, tool_progress *progress) {
    float *products = lgg_allocate((size_t)queries * SEARCH_BLOCK, sizeof *products, "inner products");
    double *square = lgg_allocate((size_t)queries + SEARCH_BLOCK, sizeof *square, "squared lengths");
    double *square_of_block = square + queries;
    squares_of_rows(q, queries, d, square);
    for (long first = 0; first < n; first += SEARCH_BLOCK) {
        const int rows = n - first < SEARCH_BLOCK ? (int)(n - first) : SEARCH_BLOCK;
        const float *block = x + (size_t)first * (size_t)d;
        squares_of_rows(block, rows, d, square_of_block);
        tool_gemm(0, 1, queries, rows, d, q, block, products);
#pragma omp parallel for
        for (int i = 0; i < queries; ++i) {
            for (int j = 0; j < rows; ++j) {
                const double product = (double)products[(size_t)i * (size_t)rows + (size_t)j];
                const float score = euclidean ? -distance_of(q + (size_t)i * (size_t)d, block + (size_t)j * (size_t)d,
                                                             d, product, square[i], square_of_block[j])
                                              : cosine_of(product, square[i], square_of_block[j]);
                tool_match_offer(&matches[i], score, start + first + j);
            }
        }
        if (progress) tool_progress_step(progress, start + first + rows);
    }
    free(products);
    free(square);
}
