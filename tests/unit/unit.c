/* unit.c: see unit.h; main runs every group. */
#include "unit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double unit_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 40) / 8388608. - 1;
}

static double *unit_matrix(int rows, int columns, int rectified, uint64_t *state) {
    double *m = malloc(sizeof(double) * (size_t)rows * (size_t)columns);
    for (int t = 0; t < rows * columns; t++) {
        const double value = unit_random(state) + (rectified ? 0.3 : 0);
        m[t] = rectified && value < 0 ? 0 : (double)(float)value;
    }
    return m;
}

reference_case *unit_case(lgg_kind kind, int layers, int batch, int d, int classes, int rectified, uint64_t seed) {
    reference_case *c = calloc(1, sizeof *c);
    uint64_t state = seed * 977 + 1;
    c->kind = kind;
    c->batch = batch;
    c->classes = classes;
    c->layers = layers;
    lgg_options_default(kind, &c->options);
    c->labels = calloc((size_t)batch * (size_t)classes, sizeof(float));
    for (int i = 0; i < batch; i++) {
        const int random = (int)((unit_random(&state) + 1) / 2 * classes);
        c->labels[i * classes + (i < classes ? i : random)] = 1;
    }
    for (int l = 0; l < layers; l++) {
        c->d[l] = d + l;
        c->d_teacher[l] = kind == LGG_HKD ? d + l : d + l + 3;
        c->student[l] = unit_matrix(batch, c->d[l], rectified, &state);
        c->teacher[l] = unit_matrix(batch, c->d_teacher[l], rectified, &state);
    }
    return c;
}

void unit_case_free(reference_case *c) {
    for (int l = 0; l < REFERENCE_LAYERS; l++) {
        free(c->student[l]);
        free(c->teacher[l]);
    }
    free(c->labels);
    free(c);
}

void unit_soften_labels(reference_case *c, uint64_t seed) {
    uint64_t state = seed;
    for (int i = 0; i < c->batch; i++) {
        float sum = 0, *v = c->labels + i * c->classes;
        for (int t = 0; t < c->classes; t++)
            sum += v[t] += (float)(0.2 * (unit_random(&state) + 1));
        for (int t = 0; t < c->classes; t++)
            v[t] /= sum;
    }
}

void unit_round(reference_case *c) {
    for (int l = 0; l < c->layers; l++) {
        for (int t = 0; t < c->batch * c->d[l]; t++)
            c->student[l][t] = (double)(float)c->student[l][t];
        for (int t = 0; t < c->batch * c->d_teacher[l]; t++)
            c->teacher[l][t] = (double)(float)c->teacher[l][t];
    }
}

static float *unit_to_float(int count, const double *values) {
    float *m = malloc(sizeof(float) * (size_t)count);
    for (int t = 0; t < count; t++)
        m[t] = (float)values[t];
    return m;
}

double unit_evaluate(const reference_case *c, float *gradient[REFERENCE_LAYERS]) {
    lgg_representation student[REFERENCE_LAYERS], teacher[REFERENCE_LAYERS];
    float *x[REFERENCE_LAYERS], *t[REFERENCE_LAYERS];
    lgg_loss *loss;
    double value;
    for (int l = 0; l < c->layers; l++) {
        x[l] = unit_to_float(c->batch * c->d[l], c->student[l]);
        t[l] = unit_to_float(c->batch * c->d_teacher[l], c->teacher[l]);
        gradient[l] = calloc((size_t)c->batch * (size_t)c->d[l], sizeof(float));
        student[l] = (lgg_representation){x[l], gradient[l], c->d[l]};
        teacher[l] = (lgg_representation){t[l], NULL, c->d_teacher[l]};
    }
    assert_int_equal(lgg_loss_create(&loss, c->kind, &c->options, c->layers, c->batch, c->classes), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(loss, c->batch, c->labels, student, teacher, 1, &value, NULL), LGG_OK);
    lgg_loss_free(loss);
    assert_true(isfinite(value));
    for (int l = 0; l < c->layers; l++) {
        for (int i = 0; i < c->batch * c->d[l]; i++)
            assert_true(isfinite(gradient[l][i]));
        free(x[l]);
        free(t[l]);
    }
    return value;
}

void unit_free_gradients(const reference_case *c, float *gradient[REFERENCE_LAYERS]) {
    for (int l = 0; l < c->layers; l++)
        free(gradient[l]);
}

static double unit_norm(int count, const double *a) {
    double sum = 0;
    for (int t = 0; t < count; t++)
        sum += a[t] * a[t];
    return sqrt(sum);
}

void unit_assert_agrees(reference_case *c, const char *what) {
    float *gradient[REFERENCE_LAYERS];
    const double loss = unit_evaluate(c, gradient), expected = reference_loss(c);
    if (!(fabs(loss - expected) <= 1e-4 * fabs(expected) + 1e-6)) {
        fail_msg("%s: loss %.9g, the reference says %.9g", what, loss, expected);
    }
    for (int l = 0; l < c->layers; l++) {
        const int count = c->batch * c->d[l];
        double *reference = malloc(sizeof(double) * (size_t)count), *error = malloc(sizeof(double) * (size_t)count);
        reference_gradient(c, l, reference);
        for (int t = 0; t < count; t++)
            error[t] = (double)gradient[l][t] - reference[t];
        const double norm = unit_norm(count, reference), difference = unit_norm(count, error);
        if (!(difference <= 1e-4 * norm + 1e-6)) {
            fail_msg("%s: gradient %d is off by %.3g of %.3g", what, l, difference, norm);
        }
        free(reference);
        free(error);
    }
    unit_free_gradients(c, gradient);
}

void unit_assert_inert(const reference_case *c, double loss) {
    float *gradient[REFERENCE_LAYERS];
    unit_assert_near(unit_evaluate(c, gradient), loss, 1e-6);
    for (int l = 0; l < c->layers; l++) {
        for (int t = 0; t < c->batch * c->d[l]; t++)
            assert_true(gradient[l][t] == 0);
    }
    unit_free_gradients(c, gradient);
}

void unit_assert_near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.9g, expected %.9g", a, b);
}

/* usage: unit [PATTERN] (of the tests to run) */
int main(int argc, char **argv) {
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return run_analytic_tests() + run_gradient_tests() + run_degenerate_tests() + run_interface_tests() +
                   run_product_tests() + run_memory_tests()
               ? 1
               : 0;
}
