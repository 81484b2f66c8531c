/* tool_retrieval.c: see tool_retrieval.h. */
#include "tool_retrieval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "tool_opencv.h"
#include "tool_search.h"

enum { QUERY_BLOCK = 64, KMEANS_ATTEMPTS = 5, KMEANS_SEED = 1 };

/* ---- retrieval ---- */

typedef struct {
    float score;
    int row;
} scored;

/* The more similar first, of equal ones the first. */
static int compare_scored(const void *a, const void *b) {
    const scored *x = a, *y = b;
    if (x->score < y->score || x->score > y->score) return x->score < y->score ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* How many of right (count, in order) come before that one. */
static int right_ones_before(const scored *right, int count, scored other) {
    int low = 0, high = count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (compare_scored(&right[middle], &other) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

typedef struct {
    double precision_at_1, r_precision, map_at_r;
    int right; /* R */
    int nearest;
} judged;

/* Image i from its cosines (n) with all; right (n) and wrong_before (n) are workspace. Wrong ones matter by how many right ones come before
 * them: those in front of the p-th right one make its rank. */
static judged judge_one(const float *cosine, const int *label, int n, int i, scored *right, int *wrong_before) {
    judged j = {.nearest = -1};
    for (int t = 0; t < n; ++t) {
        if (t == i) continue;
        if (j.nearest < 0 || cosine[t] > cosine[j.nearest]) j.nearest = t;
        if (label[t] == label[i]) right[j.right++] = (scored){cosine[t], t};
    }
    if (j.right == 0) return j;
    qsort(right, (size_t)j.right, sizeof *right, compare_scored);
    memset(wrong_before, 0, (size_t)j.right * sizeof *wrong_before);
    for (int t = 0; t < n; ++t) {
        if (t == i || label[t] == label[i]) continue;
        const int before = right_ones_before(right, j.right, (scored){cosine[t], t});
        if (before < j.right) ++wrong_before[before];
    }
    j.precision_at_1 = wrong_before[0] == 0;
    for (int p = 0, rank = 0; p < j.right; ++p) {
        rank += wrong_before[p] + 1;
        if (rank > j.right) break;
        j.r_precision += 1. / j.right;
        j.map_at_r += (p + 1.) / rank / j.right;
    }
    return j;
}

static void judge_retrieval(tool_retrieval *result, const float *x, const int *label, int n, int d, int *nearest,
                            const char *what) {
    float *cosine = lgg_allocate(QUERY_BLOCK * (size_t)n, sizeof *cosine, "cosines");
    scored *right = lgg_allocate(QUERY_BLOCK * (size_t)n, sizeof *right, "cosines");
    int *wrong_before = lgg_allocate(QUERY_BLOCK * (size_t)n, sizeof *wrong_before, "ranks");
    judged block[QUERY_BLOCK];
    tool_progress progress = tool_progress_begin(what, n);
    for (int first = 0; first < n; first += QUERY_BLOCK) {
        const int rows = n - first < QUERY_BLOCK ? n - first : QUERY_BLOCK;
        tool_gemm(0, 1, rows, n, d, x + (size_t)first * (size_t)d, x, cosine);
#pragma omp parallel for schedule(dynamic, 4)
        for (int i = 0; i < rows; ++i) {
            const size_t at = (size_t)i * (size_t)n;
            block[i] = judge_one(cosine + at, label, n, first + i, right + at, wrong_before + at);
        }
        for (int i = 0; i < rows; ++i) {
            nearest[first + i] = block[i].nearest;
            result->queries += block[i].right > 0;
            result->precision_at_1 += block[i].precision_at_1;
            result->r_precision += block[i].r_precision;
            result->map_at_r += block[i].map_at_r;
        }
        tool_progress_step(&progress, first + rows);
    }
    tool_progress_end(&progress);
    free(cosine);
    free(right);
    free(wrong_before);
    const double queries = result->queries ? result->queries : 1;
    result->precision_at_1 /= queries;
    result->r_precision /= queries;
    result->map_at_r /= queries;
}

/* ---- clusters ---- */

/* How many of the n things are in each part of u, of v and of both. */
typedef struct {
    int n, parts_u, parts_v;
    int *in_u, *in_v; /* (parts_u), (parts_v) */
    int *in_both;     /* (parts_u, parts_v) */
} contingency;

static contingency count_parts(const int *u, int parts_u, const int *v, int parts_v, int n) {
    contingency c = {n, parts_u, parts_v, NULL, NULL, NULL};
    c.in_u = lgg_allocate((size_t)parts_u, sizeof(int), "a table of parts");
    c.in_v = lgg_allocate((size_t)parts_v, sizeof(int), "a table of parts");
    c.in_both = lgg_allocate((size_t)parts_u * (size_t)parts_v, sizeof(int), "a table of parts");
    for (int i = 0; i < n; ++i) {
        ++c.in_u[u[i]];
        ++c.in_v[v[i]];
        ++c.in_both[(size_t)u[i] * (size_t)parts_v + (size_t)v[i]];
    }
    return c;
}

static void free_parts(contingency *c) {
    free(c->in_u);
    free(c->in_v);
    free(c->in_both);
}

static double entropy(const int *in, int parts, int n) {
    double sum = 0;
    for (int i = 0; i < parts; ++i) {
        if (in[i]) sum -= (double)in[i] / n * log((double)in[i] / n);
    }
    return sum;
}

static double mutual_information(const contingency *c) {
    double sum = 0;
    for (int i = 0; i < c->parts_u; ++i) {
        for (int j = 0; j < c->parts_v; ++j) {
            const double both = c->in_both[(size_t)i * (size_t)c->parts_v + (size_t)j];
            if (both > 0) sum += both / c->n * log(c->n * both / ((double)c->in_u[i] * c->in_v[j]));
        }
    }
    return sum;
}

/* The share of a cell with a in its row and b in its column: sum over m, the things in it, of m/n log(n m / (a b)) times the probability of m,
 * which is hypergeometric. */
static double expected_share(int n, int a, int b) {
    double sum = 0;
    const double whole = lgamma(a + 1.) + lgamma(b + 1.) + lgamma(n - a + 1.) + lgamma(n - b + 1.) - lgamma(n + 1.);
    for (int m = a + b - n > 1 ? a + b - n : 1; m <= a && m <= b; ++m) {
        const double part = lgamma(m + 1.) + lgamma(a - m + 1.) + lgamma(b - m + 1.) + lgamma(n - a - b + m + 1.);
        sum += (double)m / n * log((double)n * m / ((double)a * b)) * exp(whole - part);
    }
    return sum;
}

static double expected_information(const contingency *c) {
    double sum = 0;
    for (int i = 0; i < c->parts_u; ++i) {
        for (int j = 0; j < c->parts_v; ++j)
            sum += expected_share(c->n, c->in_u[i], c->in_v[j]);
    }
    return sum;
}

/* (I - by_chance) / (mean entropy - by_chance); two divisions into one part each, or into single things, are the same. */
static double adjusted(const contingency *c, double by_chance) {
    const double most = (entropy(c->in_u, c->parts_u, c->n) + entropy(c->in_v, c->parts_v, c->n)) / 2;
    if (most - by_chance <= 1e-12) return 1;
    return (mutual_information(c) - by_chance) / (most - by_chance);
}

double tool_nmi(const int *u, int parts_u, const int *v, int parts_v, int n) {
    contingency c = count_parts(u, parts_u, v, parts_v, n);
    const double nmi = adjusted(&c, 0);
    free_parts(&c);
    return nmi;
}

double tool_ami(const int *u, int parts_u, const int *v, int parts_v, int n) {
    contingency c = count_parts(u, parts_u, v, parts_v, n);
    const double ami = adjusted(&c, expected_information(&c));
    free_parts(&c);
    return ami;
}

static int classes_with_images(const int *label, int n, int classes) {
    int count = 0;
    char *seen = lgg_allocate((size_t)classes, 1, "classes");
    for (int i = 0; i < n; ++i) {
        count += !seen[label[i]];
        seen[label[i]] = 1;
    }
    free(seen);
    return count;
}

tool_retrieval tool_retrieval_of(float *x, const int *label, int n, int d, int classes, int *nearest,
                                 const char *what) {
    tool_retrieval result = {0};
    tool_unit_rows(x, n, d);
    judge_retrieval(&result, x, label, n, d, nearest, what);
    if (!tool_has_opencv()) return result;
    const int clusters = classes_with_images(label, n, classes);
    int *cluster = lgg_allocate((size_t)n, sizeof *cluster, "clusters");
    const int failed = tool_kmeans(x, n, d, clusters, KMEANS_ATTEMPTS, KMEANS_SEED, cluster);
    if (failed == -1) lgg_out_of_memory("k-means", (double)n * d * sizeof *x);
    if (failed) tool_fail("-retrieval: k-means cannot take this layer's values: some are no numbers, or too large");
    result.clustered = 1;
    result.nmi = tool_nmi(label, classes, cluster, clusters, n);
    result.ami = tool_ami(label, classes, cluster, clusters, n);
    free(cluster);
    return result;
}
