/* reference.c: see reference.h. */
#include "reference.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *matrix(int rows, int columns) {
    return calloc((size_t)rows * (size_t)columns, sizeof(double));
}

static double inner(int d, const double *a, const double *b) {
    double sum = 0;
    for (int t = 0; t < d; t++)
        sum += a[t] * b[t];
    return sum;
}

static double distance(int d, const double *a, const double *b) {
    double sum = 0;
    for (int t = 0; t < d; t++)
        sum += (a[t] - b[t]) * (a[t] - b[t]);
    return sqrt(sum);
}

/* c (n, m) = a (n, k) b (k, m) */
static void product(int n, int m, int k, const double *a, const double *b, double *c) {
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int t = 0; t < k; t++)
                sum += a[i * k + t] * b[t * m + j];
            c[i * m + j] = sum;
        }
    }
}

/* Keeps the k nearest others of each vertex, by rank (n, n), smaller is nearer; then the union. */
static void neighbors(int n, int k, const double *rank, unsigned char *mask) {
    memset(mask, 0, (size_t)(n * n));
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            int nearer = 0;
            for (int l = 0; l < n; l++) {
                if (l == i || l == j) continue;
                nearer += rank[i * n + l] < rank[i * n + j] || (rank[i * n + l] == rank[i * n + j] && l < j);
            }
            if (j != i && (k == 0 || nearer < k)) mask[i * n + j] = mask[j * n + i] = 1;
        }
    }
}

/* The graph and its mask; a mask given is used instead of its own. */
static void graph(const lgg_graph_options *o, int n, int d, const double *x, const unsigned char *given, double *a,
                  unsigned char *mask) {
    double *y = matrix(n, d), *rank = matrix(n, n), *degree = matrix(n, 1);
    for (int i = 0; i < n; i++) {
        const double length = sqrt(inner(d, x + i * d, x + i * d));
        const int divide = o->unit || o->similarity == LGG_COSINE;
        for (int t = 0; t < d; t++)
            y[i * d + t] = divide ? (length > 0 ? x[i * d + t] / length : 0) : x[i * d + t];
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            const double r = distance(d, y + i * d, y + j * d), cosine = inner(d, y + i * d, y + j * d);
            rank[i * n + j] = o->similarity == LGG_COSINE ? -cosine : r;
            a[i * n + j] = o->similarity == LGG_COSINE ? cosine
                           : o->similarity == LGG_RBF  ? exp(-(double)o->alpha * r * r)
                                                       : exp(-(double)o->alpha * r);
        }
    }
    neighbors(n, o->k, rank, mask);
    if (given) memcpy(mask, given, (size_t)(n * n));
    for (int t = 0; t < n * n; t++)
        a[t] *= mask[t];
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            degree[i] += a[i * n + j];
    }
    for (int i = 0; o->normalize && i < n; i++) {
        for (int j = 0; j < n; j++) {
            a[i * n + j] *= degree[i] > 0 && degree[j] > 0 ? 1 / sqrt(degree[i] * degree[j]) : 0;
        }
    }
    free(y);
    free(rank);
    free(degree);
}

void reference_graph(const lgg_graph_options *options, int batch, int d, const double *x, double *a) {
    unsigned char *mask = malloc((size_t)(batch * batch));
    graph(options, batch, d, x, NULL, a, mask);
    free(mask);
}

/* a (n, n) to the p-th power, in place */
static void power_of(int n, int p, double *a) {
    double *result = matrix(n, n), *next = matrix(n, n);
    memcpy(result, a, sizeof(double) * (size_t)(n * n));
    for (int i = 1; i < p; i++) {
        product(n, n, n, result, a, next);
        memcpy(result, next, sizeof(double) * (size_t)(n * n));
    }
    memcpy(a, result, sizeof(double) * (size_t)(n * n));
    free(result);
    free(next);
}

double reference_variation(int n, int classes, int power, const double *a, const float *labels) {
    double *laplacian = matrix(n, n), sum = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            laplacian[i * n + j] -= a[i * n + j];
            laplacian[i * n + i] += a[i * n + j];
        }
    }
    power_of(n, power, laplacian);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            for (int t = 0; t < classes; t++) {
                sum += (double)labels[i * classes + t] * laplacian[i * n + j] * (double)labels[j * classes + t];
            }
        }
    }
    free(laplacian);
    return sum;
}

/* |v_i - v_j|^2 / 2 over ordered pairs */
static double inter_class_weight(const reference_case *c) {
    double sum = 0;
    for (int i = 0; i < c->batch; i++) {
        for (int j = 0; j < c->batch; j++) {
            for (int t = 0; t < c->classes; t++) {
                const double difference = (double)c->labels[i * c->classes + t] - (double)c->labels[j * c->classes + t];
                sum += difference * difference / 2;
            }
        }
    }
    return sum;
}

static double sigma(const reference_case *c, int layer) {
    double *a = matrix(c->batch, c->batch);
    reference_graph(&c->options.graph, c->batch, c->d[layer], c->student[layer], a);
    const double result = reference_variation(c->batch, c->classes, c->options.power, a, c->labels);
    free(a);
    return result;
}

static int label_class(const reference_case *c, int i) {
    int best = 0;
    for (int t = 1; t < c->classes; t++) {
        if (c->labels[i * c->classes + t] > c->labels[i * c->classes + best]) best = t;
    }
    return best;
}

static double gkd(const reference_case *c, int layer) {
    const int n = c->batch;
    double *a_s = matrix(n, n), *a_t = matrix(n, n), sum = 0;
    unsigned char *mask_s = malloc((size_t)(n * n)), *mask_t = malloc((size_t)(n * n));
    graph(&c->options.graph, n, c->d_teacher[layer], c->teacher[layer], NULL, a_t, mask_t);
    graph(&c->options.graph, n, c->d[layer], c->student[layer],
          c->options.neighbors == LGG_NEIGHBORS_TEACHER ? mask_t : NULL, a_s, mask_s);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            const int same = label_class(c, i) == label_class(c, j);
            if (c->options.edges != LGG_EDGES_ALL && same != (c->options.edges == LGG_EDGES_INTRA)) {
                a_s[i * n + j] = a_t[i * n + j] = 0;
            }
        }
    }
    power_of(n, c->options.power, a_s);
    power_of(n, c->options.power, a_t);
    for (int t = 0; t < n * n; t++)
        sum += (a_s[t] - a_t[t]) * (a_s[t] - a_t[t]);
    free(a_s);
    free(a_t);
    free(mask_s);
    free(mask_t);
    return c->options.distance == LGG_FROBENIUS ? sqrt(sum) : sum;
}

static double huber(double u) {
    return fabs(u) < 1 ? u * u / 2 : fabs(u) - 0.5;
}

static double mean_distance(int n, int d, const double *x) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++)
            sum += distance(d, x + i * d, x + j * d);
    }
    return n > 1 ? sum / (n * (n - 1) / 2) : 0;
}

static double rkd_distance(const reference_case *c, int layer) {
    const int n = c->batch, d = c->d[layer], dt = c->d_teacher[layer];
    const double *x = c->student[layer], *t = c->teacher[layer];
    const double mean = mean_distance(n, d, x), mean_t = mean_distance(n, dt, t);
    double sum = 0;
    if (mean == 0 || mean_t == 0) return 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            sum += huber(distance(d, x + i * d, x + j * d) / mean - distance(dt, t + i * dt, t + j * dt) / mean_t);
        }
    }
    return sum / (n * (n - 1) / 2);
}

static double cosine_at(int d, const double *x, int i, int j, int l) {
    const double r_j = distance(d, x + i * d, x + j * d), r_l = distance(d, x + i * d, x + l * d);
    double sum = 0;
    for (int t = 0; t < d; t++)
        sum += (x[j * d + t] - x[i * d + t]) * (x[l * d + t] - x[i * d + t]);
    return r_j > 0 && r_l > 0 ? sum / (r_j * r_l) : 0;
}

static double rkd_angle(const reference_case *c, int layer) {
    const int n = c->batch;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            for (int l = 0; l < n; l++) {
                sum += huber(cosine_at(c->d[layer], c->student[layer], i, j, l) -
                             cosine_at(c->d_teacher[layer], c->teacher[layer], i, j, l));
            }
        }
    }
    return sum / n / n / n;
}

static double log_softmax(int d, const double *logits, double temperature, int t) {
    double sum = 0;
    for (int u = 0; u < d; u++)
        sum += exp((logits[u] - logits[t]) / temperature);
    return -log(sum);
}

static double hkd(const reference_case *c) {
    const int d = c->d[0];
    double sum = 0;
    for (int i = 0; i < c->batch; i++) {
        for (int t = 0; t < d; t++) {
            const double q = log_softmax(d, c->student[0] + i * d, (double)c->options.temperature, t);
            const double p = log_softmax(d, c->teacher[0] + i * d, (double)c->options.temperature, t);
            sum += exp(p) * (p - q);
        }
    }
    return sum / c->batch;
}

double reference_loss(const reference_case *c) {
    const int mean = c->options.reduction == LGG_MEAN;
    double sum = 0;
    if (c->kind == LGG_HKD) return hkd(c);
    if (c->kind == LGG_LABEL_VARIATION) {
        const double weight = inter_class_weight(c);
        return mean ? (weight > 0 ? sigma(c, 0) / weight : 0) : sigma(c, 0);
    }
    if (c->kind == LGG_SMOOTH) {
        for (int l = 0; l + 1 < c->layers; l++)
            sum += fabs(sigma(c, l + 1) - sigma(c, l));
        return mean ? sum / (c->layers - 1) : sum;
    }
    for (int l = 0; l < c->layers; l++) {
        sum += c->kind == LGG_GKD ? gkd(c, l) : c->kind == LGG_RKD_DISTANCE ? rkd_distance(c, l) : rkd_angle(c, l);
    }
    return mean ? sum / c->layers : sum;
}

void reference_gradient(reference_case *c, int layer, double *gradient) {
    const double step = 1e-5;
    for (int t = 0; t < c->batch * c->d[layer]; t++) {
        double *x = &c->student[layer][t];
        const double kept = *x;
        *x = kept + step;
        const double above = reference_loss(c);
        *x = kept - step;
        gradient[t] = (above - reference_loss(c)) / (2 * step);
        *x = kept;
    }
}
