/* tool_logistic.c: multinomial logistic regression on embeddings, fitted by L-BFGS (liblbfgs).
 *
 *   minimize  1/N sum_i [ log sum_c exp(z_ic) - z_i,y(i) ] + l2/2 |W|^2,   z = X W' + b
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

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

/* Mean 0 and deviation 1 by the training set's statistics; a constant value becomes 0. */
static void standardize(float *train, int trains, float *test, int tests, int d) {
    for (int j = 0; j < d; ++j) {
        double sum = 0, square = 0;
        for (int i = 0; i < trains; ++i)
            sum += train[(size_t)i * (size_t)d + (size_t)j];
        double mean = sum / trains;
        for (int i = 0; i < trains; ++i) {
            double centred = train[(size_t)i * (size_t)d + (size_t)j] - mean;
            square += centred * centred;
        }
        double deviation = sqrt(square / trains);
        double scale = deviation > 1e-12 * fabs(mean) && deviation > 0 ? 1 / deviation : 0;
        for (int i = 0; i < trains; ++i) {
            float *v = &train[(size_t)i * (size_t)d + (size_t)j];
            *v = (float)((*v - mean) * scale);
        }
        for (int i = 0; i < tests; ++i) {
            float *v = &test[(size_t)i * (size_t)d + (size_t)j];
            *v = (float)((*v - mean) * scale);
        }
    }
}

static void classify(const problem *p, const double *b, const float *test, int tests, int *predicted) {
    float *z = tool_alloc((size_t)tests * (size_t)p->classes, sizeof *z, "logits");
    tool_gemm(0, 1, tests, p->classes, p->d, test, p->weights, z);
    for (int i = 0; i < tests; ++i) {
        const float *row = z + (size_t)i * (size_t)p->classes;
        int best = 0;
        for (int c = 1; c < p->classes; ++c) {
            if (row[c] + b[c] > row[best] + b[best]) best = c;
        }
        predicted[i] = best;
    }
    free(z);
}

void tool_logistic(float *train, const int *train_label, int trains, float *test, int tests, int d, int classes,
                   double l2, int iterations, int *predicted) {
    standardize(train, trains, test, tests, d);
    problem p = {.x = train, .label = train_label, .n = trains, .d = d, .classes = classes, .l2 = l2};
    int weights = classes * d;
    p.weights = tool_alloc((size_t)weights, sizeof(float), "weights");
    p.gradient = tool_alloc((size_t)weights, sizeof(float), "gradients");
    p.z = tool_alloc((size_t)trains * (size_t)classes, sizeof(float), "logits");
    lbfgsfloatval_t *parameters = lbfgs_malloc(weights + classes);
    if (!parameters) tool_fail("out of memory for the weights of the logistic regression");
    memset(parameters, 0, (size_t)(weights + classes) * sizeof *parameters);

    lbfgs_parameter_t settings;
    lbfgs_parameter_init(&settings);
    settings.max_iterations = iterations;
    settings.epsilon = 1e-4;
    settings.past = 5;
    settings.delta = 1e-5;
    p.progress = tool_progress_begin("logistic regression", iterations);
    /* Statuses other than success say why it stopped: out of iterations, or at the limit of single precision. The parameters
     * are the best found in either case. */
    lbfgs(weights + classes, parameters, NULL, evaluate, report, &p, &settings);
    tool_progress_end(&p.progress);

    for (int i = 0; i < weights; ++i)
        p.weights[i] = (float)parameters[i];
    classify(&p, parameters + weights, test, tests, predicted);
    lbfgs_free(parameters);
    free(p.weights);
    free(p.gradient);
    free(p.z);
}

#else

void tool_logistic(float *train, const int *train_label, int trains, float *test, int tests, int d, int classes,
                   double l2, int iterations, int *predicted) {
    (void)train, (void)train_label, (void)trains, (void)test, (void)tests, (void)d, (void)classes;
    (void)l2, (void)iterations, (void)predicted;
    tool_fail("-by logistic: this build has no liblbfgs (Debian: liblbfgs-dev); install it and build again");
}

#endif
