/* test_retrieval.c: the judgement of embeddings and the search for similar ones, against numbers worked out by hand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"
#include "tool_opencv.h"
#include "tool_retrieval.h"
#include "tool_search.h"

static int failed;

static void check(int right, const char *name, double is, double expected) {
    printf(right ? "PASS %s\n" : "FAIL %s: %g, %g expected\n", name, is, expected);
    failed |= !right;
}

static void check_equal(const char *name, double is, double expected) {
    check(fabs(is - expected) < 1e-6, name, is, expected);
}

/* Directions of the plane, in degrees, and of other lengths: similar is who is near. With R others of the class, the R nearest of each:
 *
 *     a at 0   a10 b24 a40   right, wrong, right   precision@1 1, R-precision 2/3, MAP@R (1/1 + 2/3) / 3 = 5/9
 *     a at 10  a0  b24 a40   right, wrong, right                1              2/3                          5/9
 *     a at 40  b44 b24 a10   wrong, wrong, right                0              1/3         (1/3) / 3      = 1/9
 *     a at 85  b44 a40 b24   wrong, right, wrong                0              1/3         (1/2) / 3      = 1/6
 *     b at 24  a10           wrong                              0              0                            0
 *     b at 44  a40           wrong                              0              0                            0
 *     c at 200 has no other of its class, and is not asked
 *
 * Means over six: 2/6, (2/3 + 2/3 + 1/3 + 1/3) / 6 = 1/3, (5/9 + 5/9 + 1/9 + 1/6) / 6 = 25/108. */
static void test_ranks(void) {
    enum { N = 7 };
    static const double degrees[N] = {0, 10, 40, 85, 24, 44, 200};
    static const int label[N] = {0, 0, 0, 0, 1, 1, 2}, expected[N] = {1, 0, 5, 5, 1, 2, 3};
    float x[2 * N];
    int nearest[N], wrong = 0;
    for (int i = 0; i < N; ++i) {
        const double angle = degrees[i] * 3.14159265358979 / 180, length = 1 + i;
        x[2 * i] = (float)(length * cos(angle));
        x[2 * i + 1] = (float)(length * sin(angle));
    }
    const tool_retrieval r = tool_retrieval_of(x, label, N, 2, 3, nearest, NULL);
    for (int i = 0; i < N; ++i)
        wrong += nearest[i] != expected[i];
    check(r.queries == 6, "images without another of their class are not asked", r.queries, 6);
    check_equal("precision@1 worked out by hand", r.precision_at_1, 1. / 3);
    check_equal("R-precision worked out by hand", r.r_precision, 1. / 3);
    check_equal("MAP@R worked out by hand", r.map_at_r, 25. / 108);
    check(wrong == 0, "the most similar other of each image", wrong, 0);
}

/* Six things in parts of three (u) and of two (v): cells of 2, 1, 0 and 0, 1, 2. I = 2 (2/6) log(6 2 / (3 2)) + 2 (1/6) log(6 1 / (3 2)) = (2/3) log 2;
 * H(u) = log 2, H(v) = log 3. By chance a cell has one thing with probability 2 C(4,2) / C(6,3) = .6, which is worth 0, and two with
 * C(4,1) / C(6,3) = .2, worth (2/6) log 2: all six cells together .4 log 2. */
static void test_information(void) {
    static const int u[6] = {0, 0, 0, 1, 1, 1}, v[6] = {0, 0, 1, 1, 2, 2}, other[6] = {2, 2, 2, 0, 0, 0}, one[6] = {0};
    const double i = 2. / 3 * log(2), e = .4 * log(2), h = (log(2) + log(3)) / 2;
    check_equal("NMI worked out by hand", tool_nmi(u, 2, v, 3, 6), i / h);
    check_equal("AMI worked out by hand", tool_ami(u, 2, v, 3, 6), (i - e) / (h - e));
    check_equal("AMI does not mind which is which", tool_ami(v, 3, u, 2, 6), (i - e) / (h - e));
    check_equal("the same parts under other numbers have an AMI of 1", tool_ami(u, 2, other, 3, 6), 1);
    check_equal("one part says nothing of two: AMI 0", tool_ami(u, 2, one, 1, 6), 0);
    check_equal("one part says nothing of two: NMI 0", tool_nmi(u, 2, one, 1, 6), 0);
}

static void test_clusters(void) {
    enum { N = 60 };
    float x[3 * N];
    int label[N], nearest[N];
    tool_random draws = tool_random_seed(1, 1);
    for (int i = 0; i < N; ++i) {
        label[i] = i % 3;
        for (int j = 0; j < 3; ++j)
            x[3 * i + j] = (float)((j == label[i]) + .1 * tool_random_uniform(&draws));
    }
    const tool_retrieval r = tool_retrieval_of(x, label, N, 3, 5, nearest, NULL);
    check_equal("three tight clusters: MAP@R 1", r.map_at_r, 1);
    if (!tool_has_opencv()) {
        printf("SKIPPED k-means: no OpenCV\n");
        return;
    }
    check_equal("three tight clusters: NMI 1", r.nmi, 1);
    check_equal("three tight clusters: AMI 1", r.ami, 1);
}

/* The cosine of two vectors of n numbers, 0 with a zero vector; or minus their distance. */
static double score_of(const float *a, const float *b, int n, int euclidean) {
    double dot = 0, square = 0, own = 0;
    for (int j = 0; j < n; ++j) {
        dot += (double)a[j] * (double)b[j];
        square += (double)b[j] * (double)b[j];
        own += (double)a[j] * (double)a[j];
    }
    if (euclidean) return -sqrt(fmax(square + own - 2 * dot, 0));
    return square > 0 ? dot / sqrt(square * own) : 0;
}

/* A zero vector is similar to nothing; equal scores come in the order of the rows, also where these come in pieces. */
static void test_search(void) {
    enum { N = 9000, D = 5, Q = 3, K = 7 };
    static float x[N * D], q[Q * D];
    tool_match match[2 * Q * K];
    tool_matches lists[2 * Q];
    tool_random draws = tool_random_seed(2, 1);
    for (int i = 0; i < N * D; ++i)
        x[i] = (float)tool_random_normal(&draws);
    for (int i = 0; i < Q * D; ++i)
        q[i] = x[i + 4000 * D];
    for (int j = 0; j < D; ++j)
        x[8000 * D + j] = 2 * x[4000 * D + j], x[100 * D + j] = 0;
    for (int i = 0; i < 2 * Q; ++i)
        lists[i] = (tool_matches){match + i * K, 0, K};
    tool_search(q, Q, x, 0, N, D, 0, lists, NULL);
    check(lists[0].match[0].row == 4000 && lists[0].match[1].row == 8000,
          "a multiple has a cosine of 1, and comes later", (double)lists[0].match[1].row, 8000);
    int wrong = 0;
    for (int euclidean = 0; euclidean < 2; ++euclidean) {
        for (int i = 0; i < 2 * Q; ++i)
            lists[i].count = 0;
        tool_search(q, Q, x, 0, N, D, euclidean, lists, NULL);
        tool_search(q, Q, x, 0, 5000, D, euclidean, lists + Q, NULL);
        tool_search(q, Q, x + 5000 * D, 5000, N - 5000, D, euclidean, lists + Q, NULL);
        for (int i = 0; i < Q; ++i) {
            double worst = 1e9, better = 0;
            for (int k = 0; k < K; ++k) {
                wrong += lists[i].match[k].row != lists[Q + i].match[k].row;
                worst = fmin(worst, (double)lists[i].match[k].score);
                const double score = score_of(q + i * D, x + lists[i].match[k].row * D, D, euclidean);
                wrong += !(fabs((double)lists[i].match[k].score - score) < 1e-3);
            }
            for (int t = 0; t < N; ++t) {
                better += score_of(q + i * D, x + t * D, D, euclidean) > worst + 1e-5;
            }
            wrong += better >= K;
        }
    }
    check(wrong == 0, "the search is exact, in one piece or two", wrong, 0);
}

/* What is no number is the last. */
static void test_no_number(void) {
    static const float scores[] = {.5f, NAN, .7f, .6f};
    tool_match match[2];
    tool_matches list = {match, 0, 2};
    for (int i = 0; i < 4; ++i)
        tool_match_offer(&list, scores[i], i);
    check(match[0].row == 2 && match[1].row == 3, "a score that is no number holds nothing up", (double)match[1].row,
          3);
}

int main(void) {
    test_ranks();
    test_information();
    test_clusters();
    test_search();
    test_no_number();
    return failed;
}
