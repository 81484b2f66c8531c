/* tool_nearest.c: k-nearest neighbours by blocks of inner products. */
#include <stdlib.h>
#include <string.h>

#include "tool_classifier.h"
#include "tool_search.h"

enum { TEST_BLOCK = 256, TRAIN_BLOCK = 2048 };

/* 1/2 |x|^2 of each row: then x.y - 1/2|y|^2 ranks like the negative distance. */
static float *half_squares(const float *x, int n, int d) {
    float *half = lgg_allocate((size_t)n, sizeof *half, "squared lengths");
    for (int i = 0; i < n; ++i) {
        const float *row = x + (size_t)i * (size_t)d;
        double sum = 0;
        for (int j = 0; j < d; ++j)
            sum += (double)row[j] * row[j];
        half[i] = (float)(sum / 2);
    }
    return half;
}

/* Most votes; among equals the class met first, walking from the nearest. */
static int vote(const tool_matches *list, const int *label, int *votes, int classes) {
    int most = 0;
    memset(votes, 0, (size_t)classes * sizeof *votes);
    for (int i = 0; i < list->count; ++i) {
        const int c = label[list->match[i].row];
        if (++votes[c] > most) most = votes[c];
    }
    int i = 0;
    while (votes[label[list->match[i].row]] < most)
        ++i;
    return label[list->match[i].row];
}

struct tool_nearest {
    float *train; /* (n, d) */
    int *label;   /* (n) */
    /* not for cosine: NULL */
    float *half; /* (n) */
    float *mean; /* (d), of the training images: far from the origin differences of squares cancel */
    int n, d, classes, k;
};

static float *mean_of_rows(const float *x, int n, int d) {
    float *mean = lgg_allocate((size_t)d, sizeof *mean, "means");
    for (int j = 0; j < d; ++j) {
        double sum = 0;
        for (int i = 0; i < n; ++i)
            sum += (double)x[(size_t)i * (size_t)d + (size_t)j];
        mean[j] = (float)(sum / n);
    }
    return mean;
}

static void subtract_mean(const float *mean, float *x, int n, int d) {
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < d; ++j)
            x[(size_t)i * (size_t)d + (size_t)j] -= mean[j];
    }
}

tool_nearest *tool_nearest_create(float *train, const int *label, int n, int d, int classes, int k, int cosine) {
    if (k > n) tool_fail("-knn %d: there are only %d training images", k, n);
    tool_nearest *nearest = lgg_allocate(1, sizeof *nearest, "neighbours");
    *nearest = (tool_nearest){.train = train, .n = n, .d = d, .classes = classes, .k = k};
    nearest->label = lgg_allocate((size_t)n, sizeof *label, "labels");
    memcpy(nearest->label, label, (size_t)n * sizeof *label);
    if (cosine) {
        tool_unit_rows(train, n, d);
    } else {
        nearest->mean = mean_of_rows(train, n, d);
        subtract_mean(nearest->mean, train, n, d);
        nearest->half = half_squares(train, n, d);
    }
    return nearest;
}

void tool_nearest_free(tool_nearest *nearest) {
    if (!nearest) return;
    free(nearest->train);
    free(nearest->label);
    free(nearest->half);
    free(nearest->mean);
    free(nearest);
}

/* Offers the training images start .. start + columns to the lists of `rows` test images, by their products (rows, columns). */
static void offer_block(const tool_nearest *nearest, tool_matches *list, int rows, const float *products, int start,
                        int columns) {
#pragma omp parallel for
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
            float score = products[(size_t)i * (size_t)columns + (size_t)j];
            if (nearest->half) score -= nearest->half[start + j];
            tool_match_offer(&list[i], score, start + j);
        }
    }
}

void tool_nearest_predict(const tool_nearest *nearest, float *test, int tests, int *predicted, const char *what) {
    int d = nearest->d, k = nearest->k;
    if (nearest->mean) {
        subtract_mean(nearest->mean, test, tests, d);
    } else {
        tool_unit_rows(test, tests, d);
    }
    float *products = lgg_allocate((size_t)TEST_BLOCK * TRAIN_BLOCK, sizeof *products, "inner products");
    tool_match *match = lgg_allocate((size_t)TEST_BLOCK * (size_t)k, sizeof *match, "neighbours");
    int *votes = lgg_allocate((size_t)nearest->classes, sizeof *votes, "votes");
    tool_matches list[TEST_BLOCK];
    tool_progress progress = tool_progress_begin(what, tests);
    for (int first = 0; first < tests; first += TEST_BLOCK) {
        int rows = tests - first < TEST_BLOCK ? tests - first : TEST_BLOCK;
        for (int i = 0; i < rows; ++i)
            list[i] = (tool_matches){.match = match + (size_t)i * (size_t)k, .k = k};
        for (int start = 0; start < nearest->n; start += TRAIN_BLOCK) {
            int columns = nearest->n - start < TRAIN_BLOCK ? nearest->n - start : TRAIN_BLOCK;
            tool_gemm(0, 1, rows, columns, d, test + (size_t)first * (size_t)d,
                      nearest->train + (size_t)start * (size_t)d, products);
            offer_block(nearest, list, rows, products, start, columns);
        }
        for (int i = 0; i < rows; ++i)
            predicted[first + i] = vote(&list[i], nearest->label, votes, nearest->classes);
        tool_progress_step(&progress, first + rows);
    }
    tool_progress_end(&progress);
    free(products);
    free(match);
    free(votes);
}
