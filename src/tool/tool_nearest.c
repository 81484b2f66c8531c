/* tool_nearest.c: k-nearest neighbours by blocks of inner products. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool_classifier.h"

enum { TEST_BLOCK = 256, TRAIN_BLOCK = 2048 };

/* Rows of x (n, d) to unit length; a zero row stays zero. */
static void normalize_rows(float *x, int n, int d) {
    for (int i = 0; i < n; ++i) {
        float *row = x + (size_t)i * (size_t)d;
        double sum = 0;
        for (int j = 0; j < d; ++j)
            sum += (double)row[j] * row[j];
        float scale = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
        for (int j = 0; j < d; ++j)
            row[j] *= scale;
    }
}

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

typedef struct {
    float *score; /* (k), falling */
    int *label;   /* (k) */
    int count, k;
} neighbours;

/* Equal scores keep the earlier image first. */
static void insert_neighbour(neighbours *list, float score, int label) {
    if (list->count == list->k && score <= list->score[list->k - 1]) return;
    int i = list->count < list->k ? list->count++ : list->k - 1;
    for (; i > 0 && list->score[i - 1] < score; --i) {
        list->score[i] = list->score[i - 1];
        list->label[i] = list->label[i - 1];
    }
    list->score[i] = score;
    list->label[i] = label;
}

/* Most votes; among equals the class met first, walking from the nearest. */
static int vote(const neighbours *list, int *votes, int classes) {
    int most = 0;
    memset(votes, 0, (size_t)classes * sizeof *votes);
    for (int i = 0; i < list->count; ++i) {
        if (++votes[list->label[i]] > most) most = votes[list->label[i]];
    }
    int i = 0;
    while (votes[list->label[i]] < most)
        ++i;
    return list->label[i];
}

struct tool_nearest {
    float *train; /* (n, d) */
    int *label;   /* (n) */
    float *half;  /* (n), or NULL for cosine */
    int n, d, classes, k;
};

tool_nearest *tool_nearest_create(float *train, const int *label, int n, int d, int classes, int k, int cosine) {
    if (k > n) tool_fail("-knn %d: there are only %d training images", k, n);
    tool_nearest *nearest = lgg_allocate(1, sizeof *nearest, "neighbours");
    *nearest = (tool_nearest){.train = train, .n = n, .d = d, .classes = classes, .k = k};
    nearest->label = lgg_allocate((size_t)n, sizeof *label, "labels");
    memcpy(nearest->label, label, (size_t)n * sizeof *label);
    if (cosine) {
        normalize_rows(train, n, d);
    } else {
        nearest->half = half_squares(train, n, d);
    }
    return nearest;
}

void tool_nearest_free(tool_nearest *nearest) {
    if (!nearest) return;
    free(nearest->train);
    free(nearest->label);
    free(nearest->half);
    free(nearest);
}

/* Offers the training images start .. start + columns to the lists of `rows` test images, by their products (rows, columns). */
static void offer_block(const tool_nearest *nearest, neighbours *list, int rows, const float *products, int start,
                        int columns) {
#pragma omp parallel for
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
            float score = products[(size_t)i * (size_t)columns + (size_t)j];
            if (nearest->half) score -= nearest->half[start + j];
            insert_neighbour(&list[i], score, nearest->label[start + j]);
        }
    }
}

void tool_nearest_predict(const tool_nearest *nearest, float *test, int tests, int *predicted, const char *what) {
    int d = nearest->d, k = nearest->k;
    if (!nearest->half) normalize_rows(test, tests, d);
    float *products = lgg_allocate((size_t)TEST_BLOCK * TRAIN_BLOCK, sizeof *products, "inner products");
    float *score = lgg_allocate((size_t)TEST_BLOCK * (size_t)k, sizeof *score, "neighbours");
    int *label = lgg_allocate((size_t)TEST_BLOCK * (size_t)k, sizeof *label, "neighbours");
    int *votes = lgg_allocate((size_t)nearest->classes, sizeof *votes, "votes");
    neighbours list[TEST_BLOCK];
    tool_progress progress = tool_progress_begin(what, tests);
    for (int first = 0; first < tests; first += TEST_BLOCK) {
        int rows = tests - first < TEST_BLOCK ? tests - first : TEST_BLOCK;
        for (int i = 0; i < rows; ++i)
            list[i] =
                (neighbours){.score = score + (size_t)i * (size_t)k, .label = label + (size_t)i * (size_t)k, .k = k};
        for (int start = 0; start < nearest->n; start += TRAIN_BLOCK) {
            int columns = nearest->n - start < TRAIN_BLOCK ? nearest->n - start : TRAIN_BLOCK;
            tool_gemm(0, 1, rows, columns, d, test + (size_t)first * (size_t)d,
                      nearest->train + (size_t)start * (size_t)d, products);
            offer_block(nearest, list, rows, products, start, columns);
        }
        for (int i = 0; i < rows; ++i)
            predicted[first + i] = vote(&list[i], votes, nearest->classes);
        tool_progress_step(&progress, first + rows);
    }
    tool_progress_end(&progress);
    free(products);
    free(score);
    free(label);
    free(votes);
}
