/* test_activations.c: what the host computes of values far from zero, as it was built, against double precision.
 *
 * usage: test_activations FOLDER */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "darknet.h"
#include "activations.h"
#include "blas.h"

#define N 80001
#define FURTHEST 4000.

static int failures;

static void check(const char *name, const char *what, int good) {
    printf("%s %s%s%s\n", good ? "PASS" : "FAIL", what, name, good ? "" : ": not as defined");
    failures += !good;
}

/* Without the library's isfinite, which a compiler may take for 1. */
static int is_finite(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & UINT32_C(0x7f800000)) != UINT32_C(0x7f800000);
}

static int is_close(float x, double expected) {
    return is_finite(x) && fabs(x - expected) <= 5e-6 * fmax(1, fabs(expected));
}

#ifdef SECOND_HOST
/* A derivative that is computed of x and 1 - x. */
static int is_close_beside(float delta, double expected, double x) {
    return is_finite(delta) && fabs(delta - expected) <= 5e-6 + 2e-7 * fabs(x);
}
#endif

/* From -FURTHEST to FURTHEST, every tenth. */
static void fill(float *x) {
    for (int i = 0; i < N; ++i)
        x[i] = (float)(FURTHEST * (2. * i / (N - 1) - 1));
}

static double logistic(double x) {
    return 1 / (1 + exp(-x));
}
static double loggy(double x) {
    return 2 * logistic(x) - 1;
}
static double relu(double x) {
    return fmax(x, 0);
}
static double elu(double x) {
    return x >= 0 ? x : expm1(x);
}
static double selu(double x) {
    return 1.0507 * (x >= 0 ? x : 1.6732 * expm1(x));
}
static double relie(double x) {
    return x > 0 ? x : .01 * x;
}
static double ramp(double x) {
    return fmax(x, 0) + .1 * x;
}
static double leaky(double x) {
    return x > 0 ? x : .1 * x;
}
static double plse(double x) {
    return x < -4 ? .01 * (x + 4) : x > 4 ? .01 * (x - 4) + 1 : .125 * x + .5;
}
static double hardtan(double x) {
    return fmin(fmax(x, -1), 1);
}
static double lhtan(double x) {
    return x < 0 ? .001 * x : x > 1 ? .001 * (x - 1) + 1 : x;
}

static void compare(const char *name, double (*expected)(double)) {
    static float x[N], y[N];
    fill(x);
    memcpy(y, x, sizeof x);
    char text[32];
    snprintf(text, sizeof text, "%s", name);
    const ACTIVATION activation = get_activation(text);
    activate_array(y, N, activation);
    int good = 1, one_by_one = 1, finite = 1;
    for (int i = 0; i < N; ++i) {
        good &= is_close(y[i], expected(x[i]));
        one_by_one &= is_close(activate(x[i], activation), expected(x[i]));
    }
    check(name, "an_array_of_any_values_through_", good);
    check(name, "any_value_alone_through_", one_by_one);
    float *delta = y;
    for (int i = 0; i < N; ++i) {
        x[i] = (float)expected(x[i]);
        delta[i] = 1;
    }
    gradient_array(x, N, activation, delta);
    for (int i = 0; i < N; ++i)
        finite &= is_finite(delta[i]);
    check(name, "finite_gradients_of_", finite);
}

#ifdef SECOND_HOST
static double relu6(double x) {
    return fmin(fmax(x, 0), 6);
}
static double gelu(double x) {
    return .5 * x * (1 + tanh(.797885 * x + .035677 * x * x * x));
}
static double softplus(double x) {
    return x > 20 ? x : log1p(exp(x));
}

static void compare_own(void) {
    static float x[N], y[N], kept[N], delta[N];
    compare("relu6", relu6);
    compare("gelu", gelu);
    fill(x);
    activate_array_swish(x, N, kept, y);
    int good = 1;
    for (int i = 0; i < N; ++i) {
        good &= is_close(y[i], x[i] * logistic(x[i])) && is_close(kept[i], logistic(x[i]));
        delta[i] = 1;
    }
    gradient_array_swish(y, N, kept, delta);
    for (int i = 0; i < N; ++i) {
        const double s = logistic(x[i]);
        good &= is_close_beside(delta[i], s + x[i] * s * (1 - s), x[i]);
    }
    check("swish", "an_array_of_any_values_through_", good);
    activate_array_mish(x, N, kept, y);
    good = 1;
    for (int i = 0; i < N; ++i) {
        good &= is_close(y[i], x[i] * tanh(softplus(x[i])));
        delta[i] = 1;
    }
    gradient_array_mish(N, kept, delta);
    for (int i = 0; i < N; ++i) {
        const double t = tanh(softplus(x[i]));
        good &= is_close_beside(delta[i], t + x[i] * (1 - t * t) * logistic(x[i]), x[i]);
    }
    check("mish", "an_array_of_any_values_through_", good);
}

/* Three channels of one pixel each, v, 0 and -v. */
static void compare_channels(int by_maximum) {
    int good = 1;
    for (double v = 0; v <= 400; v += 1) {
        float x[] = {(float)v, 0, (float)-v}, y[3];
        activate_array_normalize_channels_softmax(x, 3, 1, 3, 1, y, by_maximum);
        const double shift = v, eps = 1e-4 * (by_maximum ? 1 : exp(-shift));
        const double sum = eps + 1 + exp(-shift) + exp(-2 * shift);
        good &= is_close(y[0], 1 / sum) && is_close(y[1], exp(-shift) / sum) && is_close(y[2], exp(-2 * shift) / sum);
    }
    check(by_maximum ? "by_their_maximum" : "as_they_are", "a_softmax_over_channels_", good);
}
#endif

static void compare_softmax(void) {
    static const float x[] = {-4000, 0, 3999, 4000, 88, -88};
    float y[6];
    double sum = 0;
    int good = 1;
    softmax_cpu((float *)x, 6, 1, 6, 1, 6, 1, 1, y);
    for (int i = 0; i < 6; ++i)
        sum += exp(x[i] - 4000.);
    for (int i = 0; i < 6; ++i)
        good &= is_close(y[i], exp(x[i] - 4000.) / sum);
    check("", "softmax_of_values_far_apart", good);
}

/* A [yolo] whose logits are as far from zero as `size`; w and h are sizes of boxes, not logits. */
static void train_on_sure_boxes(const char *folder, float size) {
    char name[4096], what[64];
    snprintf(name, sizeof name, "%s/yolo.cfg", folder);
    FILE *f = fopen(name, "w");
    fprintf(f,
            "[net]\nbatch=1\nheight=32\nwidth=32\nchannels=3\n[convolutional]\nfilters=14\nsize=1\nstride="
            "8\nactivation=linear\n"
            "[yolo]\nmask=0,1\nanchors=10,10,20,20\nclasses=2\nnum=2\njitter=.1\nignore_thresh=.7\ntruth_thresh=1\n");
    fclose(f);
    network *net = parse_network_cfg(name);
    layer *l = &net->layers[0];
    for (int i = 0; i < l->nweights; ++i) {
        const int entry = (i / 3) % 7;
        l->weights[i] = entry == 2 || entry == 3 ? 0 : (i / 3) % 2 ? size / 3 : -size / 3;
    }
    for (int i = 0; i < net->inputs; ++i)
        net->input[i] = 1;
    memset(net->truth, 0, (size_t)net->truths * sizeof(float));
    const float box[] = {.5f, .5f, .3f, .3f, 1};
    memcpy(net->truth, box, sizeof box);
    net->train = 1;
    forward_network(net);
    const layer *yolo = &net->layers[1];
    int good = is_finite(yolo->cost[0]);
    for (int i = 0; i < yolo->outputs; ++i)
        good &= is_finite(yolo->output[i]) && is_finite(yolo->delta[i]);
    snprintf(what, sizeof what, "finite_losses_of_a_[yolo]_that_is_sure_by_%g", (double)size);
    check("", what, good);
    free_network(net);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    compare("logistic", logistic);
    compare("loggy", loggy);
    compare("relu", relu);
    compare("elu", elu);
    compare("selu", selu);
    compare("relie", relie);
    compare("ramp", ramp);
    compare("leaky", leaky);
    compare("tanh", tanh);
    compare("plse", plse);
    compare("hardtan", hardtan);
    compare("lhtan", lhtan);
#ifdef SECOND_HOST
    compare_own();
    compare_channels(0);
    compare_channels(1);
#endif
    compare_softmax();
    train_on_sure_boxes(argv[1], 50);
    train_on_sure_boxes(argv[1], 200);
    return failures != 0;
}
