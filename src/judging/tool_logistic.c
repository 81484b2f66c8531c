/* tool_logistic.c: multinomial logistic regression on embeddings, fitted by L-BFGS (liblbfgs).
 *
 *   minimize  1/N sum_i [ log sum_c exp(z_ic) - z_i,y(i) ] + l2/2 |W|^2,   z = X W' + b
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool_classifier.h"

#ifdef LGG_LBFGS
#include <lbfgs.h>

typedef struct {
    const float *x;   /* (n, d) */
    const int *label; /* (n) */
    int n, d, classes;
    double l2;
    float *weights;  /* (classes, d) in single precision, for the products */
    float *z;        /* (n, classes): logits, then their gradient */
    float *gradient; /* (classes, d) */
    tool_progress progress;
} problem;

/* Rows of z (n, classes) plus b become the gradient of each sample's cross-entropy; returns the summed cross-entropy. */
static double cross_entropy(float *z, const double *b, const int *label, int n, int classes) {
    double loss = 0;
    for (int i = 0; i < n; ++i) {
        float *row = z + (size_t)i * (size_t)classes;
        double top = -HUGE_VAL, sum = 0;
        for (int c = 0; c < classes; ++c)
            top = fmax(top, row[c] + b[c]);
        for (int c = 0; c < classes; ++c)
            sum += exp(row[c] + b[c] - top);
        loss += top + log(sum) - (row[label[i]] + b[label[i]]);
        for (int c = 0; c < classes; ++c)
            row[c] = (float)(exp(row[c] + b[c] - top) / sum) - (c == label[i] ? 1.f : 0.f);
    }
    return loss;
}

/* parameters (classes, d) then biases (classes) */
static lbfgsfloatval_t evaluate(void *instance, const lbfgsfloatval_t *parameters, lbfgsfloatval_t *gradient, int size,
                                lbfgsfloatval_t step) {
    problem *p = instance;
    int weights = p->classes * p->d;
    (void)size;
    (void)step;
    double square = 0;
    for (int i = 0; i < weights; ++i) {
        p->weights[i] = (float)parameters[i];
        square += parameters[i] * parameters[i];
    }
    tool_gemm(0, 1, p->n, p->classes, p->d, p->x, p->weights, p->z);
    double loss = cross_entropy(p->z, parameters + weights, p->label, p->n, p->classes);
    tool_gemm(1, 0, p->classes, p->d, p->n, p->z, p->x, p->gradient);
    for (int i = 0; i < weights; ++i)
        gradient[i] = (double)p->gradient[i] / p->n + p->l2 * parameters[i];
    for (int c = 0; c < p->classes; ++c)
        gradient[weights + c] = 0;
    for (int i = 0; i < p->n; ++i) {
        for (int c = 0; c < p->classes; ++c)
            gradient[weights + c] += p->z[(size_t)i * (size_t)p->classes + (size_t)c];
    }
    for (int c = 0; c < p->classes; ++c)
        gradient[weights + c] /= p->n;
    return loss / p->n + p->l2 / 2 * square;
}

static int report(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, lbfgsfloatval_t fx,
                  lbfgsfloatval_t xnorm, lbfgsfloatval_t gnorm, lbfgsfloatval_t step, int n, int k, int ls) {
    problem *p = instance;
    (void)x, (void)g, (void)fx, (void)xnorm, (void)gnorm, (void)step, (void)n, (void)ls;
    tool_progress_step(&p->progress, k);
    return 0;
}

struct tool_logistic {
    int d, classes;
    double *mean, *scale; /* (d): x is replaced by (x - mean) * scale */
    float *weights;       /* (classes, d) */
    double *bias;         /* (classes) */
};

/* Mean 0 and deviation 1 by the training set's statistics; a constant value becomes 0. */
static void measure(tool_logistic *m, const float *train, int n) {
    for (int j = 0; j < m->d; ++j) {
        double sum = 0, square = 0;
        for (int i = 0; i < n; ++i)
            sum += train[(size_t)i * (size_t)m->d + (size_t)j];
        m->mean[j] = sum / n;
        for (int i = 0; i < n; ++i) {
            double centred = train[(size_t)i * (size_t)m->d + (size_t)j] - m->mean[j];
            square += centred * centred;
        }
        double deviation = sqrt(square / n);
        m->scale[j] = deviation > 1e-6 * fabs(m->mean[j]) && deviation > 1e-20 ? 1 / deviation : 0;
    }
}

static void standardize(const tool_logistic *m, float *x, int n) {
    for (int i = 0; i < n; ++i) {
        float *row = x + (size_t)i * (size_t)m->d;
        for (int j = 0; j < m->d; ++j)
            row[j] = (float)((row[j] - m->mean[j]) * m->scale[j]);
    }
}

tool_logistic *tool_logistic_fit(float *train, const int *label, int n, int d, int classes, double l2, int iterations) {
    tool_logistic *m = lgg_allocate(1, sizeof *m, "a logistic regression");
    int weights = classes * d;
    *m = (tool_logistic){.d = d, .classes = classes};
    m->mean = lgg_allocate((size_t)d, sizeof(double), "means");
    m->scale = lgg_allocate((size_t)d, sizeof(double), "deviations");
    m->weights = lgg_allocate((size_t)weights, sizeof(float), "weights");
    m->bias = lgg_allocate((size_t)classes, sizeof(double), "biases");
    measure(m, train, n);
    standardize(m, train, n);

    problem p = {.x = train, .label = label, .n = n, .d = d, .classes = classes, .l2 = l2, .weights = m->weights};
    p.gradient = lgg_allocate((size_t)weights, sizeof(float), "gradients");
    p.z = lgg_allocate((size_t)n * (size_t)classes, sizeof(float), "logits");
    lbfgsfloatval_t *parameters = lbfgs_malloc(weights + classes);
    if (!parameters) {
        lgg_out_of_memory("the weights of the logistic regression", (weights + classes) * (double)sizeof *parameters);
    }
    memset(parameters, 0, (size_t)(weights + classes) * sizeof *parameters);
    lbfgs_parameter_t settings;
    lbfgs_parameter_init(&settings);
    settings.max_iterations = iterations;
    settings.epsilon = 1e-4;
    settings.past = 5;
    settings.delta = 1e-5;
    p.progress = tool_progress_begin("iterations of the logistic regression", iterations);
    /* Statuses other than success say why it stopped: out of iterations, or at the limit of single precision. The parameters
     * are the best found in either case. */
    int status = lbfgs(weights + classes, parameters, NULL, evaluate, report, &p, &settings);
    tool_progress_end(&p.progress);
    if (status == LBFGSERR_MAXIMUMITERATION) {
        tool_note("logistic regression: still improving after %d iterations; -iterations allows more", iterations);
    }

    for (int i = 0; i < weights; ++i)
        m->weights[i] = (float)parameters[i];
    memcpy(m->bias, parameters + weights, (size_t)classes * sizeof(double));
    lbfgs_free(parameters);
    free(p.gradient);
    free(p.z);
    return m;
}

void tool_logistic_free(tool_logistic *m) {
    if (!m) return;
    free(m->mean);
    free(m->scale);
    free(m->weights);
    free(m->bias);
    free(m);
}

void tool_logistic_predict(const tool_logistic *m, float *test, int tests, int *predicted) {
    standardize(m, test, tests);
    float *z = lgg_allocate((size_t)tests * (size_t)m->classes, sizeof *z, "logits");
    tool_gemm(0, 1, tests, m->classes, m->d, test, m->weights, z);
    for (int i = 0; i < tests; ++i) {
        float *row = z + (size_t)i * (size_t)m->classes;
        for (int c = 0; c < m->classes; ++c)
            row[c] = (float)(row[c] + m->bias[c]);
        predicted[i] = tool_argmax(row, m->classes);
    }
    free(z);
}

#else

tool_logistic *tool_logistic_fit(float *train, const int *label, int n, int d, int classes, double l2, int iterations) {
    (void)train, (void)label, (void)n, (void)d, (void)classes, (void)l2, (void)iterations;
    tool_fail("-by logistic: this build has no liblbfgs (Debian: liblbfgs-dev); install it and build again");
}

void tool_logistic_free(tool_logistic *logistic) {
    (void)logistic;
}

void tool_logistic_predict(const tool_logistic *logistic, float *test, int tests, int *predicted) {
    (void)logistic, (void)test, (void)tests, (void)predicted;
}

#endif
