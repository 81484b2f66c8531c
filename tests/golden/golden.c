/* golden.c: runs golden cases, one line a case:
 *
 *     PASS gkd-k5-own-squared: relative error of the loss 1.2e-08, of the gradient 3.4e-07
 *
 * The errors are |loss - L| / (|L| + 0.01) and, the worst of the layers, ||g - G|| / (||G|| + 0.01 max(1, max ||G||)), both
 * bounded by 1e-4. Exit status 1 if a case is over its bound, cannot be read or cannot be evaluated.
 *
 * usage: golden FILE...
 */
#include "golden.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_BOUND 1e-4

/* ||a - b||, or ||a|| where b is NULL */
static double golden_norm(size_t count, const float *a, const float *b) {
    double sum = 0;
    for (size_t t = 0; t < count; t++) {
        const double difference = (double)a[t] - (b ? (double)b[t] : 0);
        sum += difference * difference;
    }
    return sqrt(sum);
}

static size_t golden_count(const golden_matrix *m) {
    return (size_t)m->rows * (size_t)m->columns;
}

/* The worst layer's relative error; NaN if there is one anywhere. */
static double golden_gradient_error(const golden_case *c, float **gradient) {
    double largest = 1, worst = 0;
    for (int i = 0; i < c->layers; i++) {
        largest = fmax(largest, golden_norm(golden_count(&c->gradient[i]), c->gradient[i].value, NULL));
    }
    for (int i = 0; i < c->layers; i++) {
        const size_t count = golden_count(&c->gradient[i]);
        const double error = golden_norm(count, gradient[i], c->gradient[i].value) /
                             (golden_norm(count, c->gradient[i].value, NULL) + 0.01 * largest);
        if (!(error <= worst)) worst = error;
        if (isnan(worst)) break;
    }
    return worst;
}

/* Evaluates a case and prints its line; 1 if it holds. */
static int golden_check(const golden_backend *backend, const char *name, const golden_case *c) {
    float **gradient = calloc((size_t)c->layers, sizeof *gradient);
    lgg_status status = gradient ? LGG_OK : LGG_ERROR_MEMORY;
    double loss = 0;
    int held = 0;
    for (int i = 0; status == LGG_OK && i < c->layers; i++) {
        gradient[i] = calloc(golden_count(&c->student[i]), sizeof(float));
        if (!gradient[i]) status = LGG_ERROR_MEMORY;
    }
    if (status == LGG_OK) status = backend->evaluate(c, &loss, gradient);
    if (status != LGG_OK) {
        printf("FAIL %s%s: %s on the %s\n", name, backend->way, lgg_status_string(status), backend->name);
    } else {
        const double loss_error = fabs(loss - c->loss) / (fabs(c->loss) + 0.01);
        const double gradient_error = golden_gradient_error(c, gradient);
        held = loss_error <= GOLDEN_BOUND && gradient_error <= GOLDEN_BOUND;
        printf("%s %s%s: relative error of the loss %.1e, of the gradient %.1e%s\n", held ? "PASS" : "FAIL", name,
               backend->way, loss_error, gradient_error, held ? "" : " (bound 1e-4)");
    }
    for (int i = 0; gradient && i < c->layers; i++)
        free(gradient[i]);
    free(gradient);
    return held;
}

/* gkd for some/where/gkd.txt */
static void golden_name(const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = 0;
}

int main(int argc, char **argv) {
    int taken[GOLDEN_MOST_BACKENDS] = {0}, held[GOLDEN_MOST_BACKENDS] = {0}, failed = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        golden_case c;
        char message[512], name[256];
        golden_name(argv[i], name, sizeof name);
        if (golden_case_read(&c, argv[i], message, sizeof message)) {
            printf("FAIL %s: %s\n", name, message);
            taken[0]++;
            continue;
        }
        for (int b = 0; b < GOLDEN_MOST_BACKENDS && golden_backends[b]; b++) {
            if (golden_backends[b]->takes && !golden_backends[b]->takes(&c)) continue;
            taken[b]++;
            held[b] += golden_check(golden_backends[b], name, &c);
        }
        golden_case_free(&c);
    }
    for (int b = 0; b < GOLDEN_MOST_BACKENDS && golden_backends[b]; b++) {
        failed += taken[b] - held[b];
        if (b > 0 && taken[b] == 0) continue;
        printf("%d of %d golden cases hold on the %s%s\n", held[b], taken[b], golden_backends[b]->name,
               golden_backends[b]->way);
    }
    return failed ? 1 : 0;
}
