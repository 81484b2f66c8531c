/* test_tool.c: what the commands of `./darknet lgg` compute, on networks and graphs whose answers are known.
 *
 * usage: test_tool FOLDER   (for the cfg and weights files that it writes; the shell tests go on with them) */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#include "layer_functions.h"
#include "parseval.h"
#include "commands.h"
#include "tool.h"
#include "tool_attack.h"
#include "tool_classifier.h"
#include "tool_corruptions.h"
#include "tool_drawing.h"
#include "tool_npy.h"

#include "../larger.h"

static int failed;

static void check(int right, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void check(int right, const char *name, const char *format, ...) {
    va_list arguments;
    if (right) {
        printf("PASS %s\n", name);
        return;
    }
    printf("FAIL %s: ", name);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    failed = 1;
}

static tool_random draws;

static float draw(double low, double high) {
    return (float)(low + (high - low) * tool_random_uniform(&draws));
}

/* ---- eigenmaps ---- */

/* The eigenvectors of a cycle are cosine and sine: its vertices lie on a circle. Two cycles without an edge between them fall
 * on two spots. */
static void test_eigenmap(void) {
    enum { N = 12 };
    float cycle[N * N] = {0}, two[N * N] = {0};
    double x[N], y[N], worst = 0;
    for (int i = 0; i < N; ++i) {
        int next = (i + 1) % N, partner = i / 6 * 6 + (i + 1) % 6;
        cycle[i * N + next] = cycle[next * N + i] = 1;
        two[i * N + partner] = two[partner * N + i] = 1;
    }
    tool_eigenmap(cycle, N, x, y);
    double step = 0;
    for (int i = 0; i < N; ++i) {
        int next = (i + 1) % N;
        double length = hypot(x[i] - x[next], y[i] - y[next]);
        if (i == 0) step = length;
        worst = larger(worst, fabs(length / step - 1));
    }
    check(worst < .2, "a cycle is drawn as a ring", "neighbours' distances differ by %.2f", worst);
    tool_eigenmap(two, N, x, y);
    double within = 0;
    for (int i = 0; i < N; ++i)
        within = larger(within, fabs(x[i] - x[i / 6 * 6]));
    check(within < 1e-6 && fabs(x[0] - x[6]) > .9, "parts without an edge between them are drawn apart",
          "%g within, %g between", within, fabs(x[0] - x[6]));
    tool_spread(x, y, N, .05, 0);
    double nearest = 1;
    for (int i = 0; i < N; ++i) {
        for (int j = 0; j < i; ++j)
            nearest = fmin(nearest, hypot(x[i] - x[j], y[i] - y[j]));
    }
    check(nearest > .045, "vertices on one spot are moved apart", "two are still %.3f apart", nearest);
}

/* The random walk on a path of n vertices has the eigenvectors cos(pi k j / (n - 1)): x is the first, y the second, from 0 to 1. */
static void test_known_eigenvectors(void) {
    enum { N = 9 };
    float path[N * N] = {0};
    double x[N], y[N], worst = 0;
    for (int i = 0; i + 1 < N; ++i)
        path[i * N + i + 1] = path[(i + 1) * N + i] = .7f;
    tool_eigenmap(path, N, x, y);
    int turn = x[0] < x[N - 1];
    for (int i = 0; i < N; ++i) {
        int j = turn ? N - 1 - i : i;
        double first = (1 + cos(3.141592653589793 * j / (N - 1))) / 2;
        double second = (1 + cos(2 * 3.141592653589793 * j / (N - 1))) / 2;
        worst = larger(worst, fabs(x[i] - first));
        worst = larger(worst, fmin(fabs(y[i] - second), fabs(1 - y[i] - second)));
    }
    check(worst < 1e-6, "a path is drawn by its known eigenvectors", "off by %g", worst);
}

/* Two triangles joined by one edge, and a vertex whose weights nearly cancel: it must not drive the triangles onto one spot. */
static void test_negative_edges(void) {
    enum { N = 7 };
    float a[N * N] = {0};
    static const int edges[7][2] = {{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {3, 5}, {2, 3}};
    double x[N], y[N];
    for (int e = 0; e < 7; ++e)
        a[edges[e][0] * N + edges[e][1]] = a[edges[e][1] * N + edges[e][0]] = 1;
    a[6 * N] = a[6] = 1;
    a[6 * N + 5] = a[5 * N + 6] = -.999999f;
    tool_eigenmap(a, N, x, y);
    double apart = fabs(x[1] - x[4]);
    check(apart > .5, "edges of negative weight place nothing", "the triangles are %.3f apart", apart);
}

static void test_thumbnails(void) {
    enum { N = 40 };
    double x[N], y[N], most = 0, worst = 1;
    for (int i = 0; i < N; ++i)
        x[i] = .5 + .1 * draw(-1, 1), y[i] = .5 + .1 * draw(-1, 1);
    tool_spread(x, y, N, .1, 1);
    for (int i = 0; i < N; ++i) {
        most = larger(most, larger(fabs(x[i] - .5), fabs(y[i] - .5)));
        for (int j = 0; j < i; ++j)
            worst = fmin(worst, fmax(fabs(x[i] - x[j]), fabs(y[i] - y[j])));
    }
    check(worst > .095 && most <= .5, "thumbnails do not cover one another", "two are %.3f apart, side .1", worst);
}

static void test_colours(void) {
    int same = 0;
    for (int i = 0; i < 10; ++i) {
        for (int j = 0; j < i; ++j)
            same += strcmp(tool_colour(i), tool_colour(j)) == 0;
    }
    check(same == 0, "ten classes have ten colours", "%d pairs share one", same);
}

/* ---- classifiers ---- */

static void test_classifiers(void) {
    enum { TRAINS = 300, TESTS = 60, D = 3 };
    float *train = malloc(TRAINS * D * sizeof *train), test[TESTS * D], test2[TESTS * D], train2[TRAINS * D];
    int label[TRAINS], expected[TESTS], predicted[TESTS], wrong = 0;
    for (int i = 0; i < TRAINS + TESTS; ++i) {
        float *x = i < TRAINS ? train + i * D : test + (i - TRAINS) * D;
        int c = i % 3;
        for (int j = 0; j < D; ++j)
            x[j] = (j == c ? 2.f : 0.f) + draw(-.3, .3);
        if (i < TRAINS) label[i] = c;
        if (i >= TRAINS) expected[i - TRAINS] = c;
    }
    memcpy(test2, test, sizeof test);
    memcpy(train2, train, sizeof train2);
    tool_nearest *nearest = tool_nearest_create(train, label, TRAINS, D, 3, 5, 0);
    tool_nearest_predict(nearest, test, TESTS, predicted, NULL);
    for (int i = 0; i < TESTS; ++i)
        wrong += predicted[i] != expected[i];
    check(wrong == 0, "nearest neighbours tell three clusters apart", "%d wrong", wrong);
    tool_nearest_free(nearest);
    tool_logistic *logistic = tool_logistic_fit(train2, label, TRAINS, D, 3, 1e-4, 100);
    tool_logistic_predict(logistic, test2, TESTS, predicted);
    wrong = 0;
    for (int i = 0; i < TESTS; ++i)
        wrong += predicted[i] != expected[i];
    check(wrong == 0, "logistic regression tells three clusters apart", "%d wrong", wrong);
    tool_logistic_free(logistic);

    /* one vote each: the nearer neighbour's class wins; then the majority */
    float *line = malloc(3 * sizeof *line), at = 0;
    const int classes[3] = {1, 0, 0};
    line[0] = 1, line[1] = -2, line[2] = 3;
    nearest = tool_nearest_create(line, classes, 3, 1, 2, 2, 0);
    tool_nearest_predict(nearest, &at, 1, predicted, NULL);
    int tie = predicted[0];
    tool_nearest_free(nearest);
    line = malloc(3 * sizeof *line);
    line[0] = 1, line[1] = -2, line[2] = 3;
    nearest = tool_nearest_create(line, classes, 3, 1, 2, 3, 0);
    tool_nearest_predict(nearest, &at, 1, predicted, NULL);
    check(tie == 1 && predicted[0] == 0, "neighbours vote, a tie goes to the nearest", "%d and %d", tie, predicted[0]);
    tool_nearest_free(nearest);
}

/* ---- input gradients ---- */

static const char every_layer[] =
    "[net]\nbatch=2\nwidth=8\nheight=8\nchannels=3\n"
    "[batchnorm]\n"
    "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=linear\n"
    "[shortcut]\nfrom=-2\nactivation=linear\n"
    "[batchnorm]\n"
    "[activation]\nactivation=leaky\n"
    "[dropout]\nprobability=.5\n"
    "[label_variation]\nclasses=4\n"
    "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=1\nstride=2\npad=0\nactivation=tanh\n"
    "[route]\nlayers=5\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[route]\nlayers=-1,8\n"
    "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\ngroups=14\nactivation=linear\n"
    "[avgpool]\n"
    "[connected]\nbatch_normalize=1\noutput=5\nactivation=logistic\n"
    "[connected]\noutput=4\nactivation=linear\n"
    "[softmax]\n";

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

/* Random weights and statistics, saved for the commands to load. */
/* A Parseval network divides its weights by as much. */
static double weights_width(const layer *l) {
    return l->functions && l->functions->parseval ? sqrt(2. * l->size * l->size + 1) : 1;
}

static void write_network(const char *cfg, const char *weights, const char *text) {
    write_text(cfg, text);
    network *net = host_parse_network((char *)cfg, 2);
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        int channels = l->type == CONNECTED ? l->outputs : l->out_c;
        for (int c = 0; l->rolling_variance && c < channels; ++c) {
            l->rolling_mean[c] = draw(-.3, .3);
            l->rolling_variance[c] = draw(.3, 2);
            l->scales[c] = draw(.5, 1.5);
        }
        for (int c = 0; l->biases && c < channels; ++c)
            l->biases[c] = draw(-.3, .3);
        double width = weights_width(l);
        for (int j = 0; l->type == CONVOLUTIONAL && j < l->nweights; ++j)
            l->weights[j] = draw(-width, width);
    }
    save_weights(net, (char *)weights);
    free_network(net);
}

static void test_gradient(const char *cfg, const char *weights, const char *name) {
    enum { INPUTS = 3 * 8 * 8, BATCH = 2 };
    float x[BATCH * INPUTS], gradient[BATCH * INPUTS], unused[BATCH * INPUTS];
    const int label[BATCH] = {1, 3};
    double largest = 0, middle;
    tool_model *model = tool_model_load(cfg, weights, BATCH);
    tool_model_prepare_gradient(model);
    for (int i = 0; i < BATCH * INPUTS; ++i)
        x[i] = draw(0, 1);
    middle = tool_model_input_gradient(model, x, label, BATCH, gradient);
    for (int i = 0; i < BATCH * INPUTS; ++i)
        largest = larger(largest, fabs(gradient[i]));
    int kinks = 0, wrong = 0;
    for (int i = 0; i < BATCH * INPUTS; ++i) {
        const float step = 2e-3f, kept = x[i];
        x[i] = kept + step;
        double up = tool_model_input_gradient(model, x, label, BATCH, unused);
        x[i] = kept - step;
        double down = tool_model_input_gradient(model, x, label, BATCH, unused);
        x[i] = kept;
        double error = fabs((up - down) / (2 * (double)step) - gradient[i]) / largest;
        double bend = fabs(up - 2 * middle + down) / (double)step / largest;
        /* a maximum or a leaky ReLU may change sides within the step: the slopes before and after then differ by twice the error */
        if (error > 1e-2 + .75 * bend) ++wrong;
        if (error > 1e-2) ++kinks;
    }
    check(largest > 1e-2 && wrong <= 1 && kinks <= BATCH * INPUTS / 20, name,
          "%d of %d coordinates off by more than 1 %%, %d of them not for a kink, largest gradient %g", kinks,
          BATCH * INPUTS, wrong, largest);
    tool_model_free(model);
}

/* A linear network: the gradient is sum_c p_c w_c - w_y, so FGSM's signs are known. */
static void test_linear(const char *cfg, const char *weights) {
    enum { INPUTS = 4 * 4 * 3 };
    float x[INPUTS], gradient[INPUTS];
    const int label = 1;
    double worst = 0;
    tool_model *model = tool_model_load(cfg, weights, 1);
    tool_model_prepare_gradient(model);
    for (int i = 0; i < INPUTS; ++i)
        x[i] = draw(0, 1);
    double loss = tool_model_input_gradient(model, x, &label, 1, gradient);
    const float *p = tool_model_output(model, tool_model_output_layer(model));
    network *net = host_parse_network((char *)cfg, 1);
    load_weights(net, (char *)weights);
    const float *w = net->layers[0].weights;
    for (int i = 0; i < INPUTS; ++i) {
        double exact = p[0] * w[i] + (p[1] - 1) * (double)w[INPUTS + i];
        worst = larger(worst, fabs(exact - gradient[i]));
    }
    check(worst < 1e-5, "input gradient of a linear network is exact", "off by %g", worst);
    check(fabs(loss + log(p[1])) < 1e-5, "the attacked loss is the true label's cross-entropy", "%g", loss);
    free_network(net);
    tool_model_free(model);
}

/* ---- attacks ---- */

enum { PIXELS = 4 * 4, VALUES = 3 * PIXELS, IMAGES = 6 };

/* Images of class a and b in turn, as files and a list. bytes (IMAGES, PIXELS, 3). */
static void write_images(const char *folder, unsigned char *bytes) {
    char path[512], data[512];
    snprintf(path, sizeof path, "%s/attack.list", folder);
    FILE *list = fopen(path, "w");
    for (int i = 0; i < IMAGES; ++i) {
        snprintf(path, sizeof path, "%s/%d_class_%c.ppm", folder, i, i % 2 ? 'b' : 'a');
        fprintf(list, "%s\n", path);
        FILE *file = fopen(path, "wb");
        fprintf(file, "P6\n4 4\n255\n");
        for (int j = 0; j < VALUES; ++j)
            bytes[i * VALUES + j] = (unsigned char)(256 * draw(0, 1));
        fwrite(bytes + i * VALUES, 1, VALUES, file);
        fclose(file);
    }
    fclose(list);
    snprintf(path, sizeof path, "%s/attack.labels", folder);
    write_text(path, "class_a\nclass_b\n");
    snprintf(path, sizeof path, "%s/attack.data", folder);
    snprintf(data, sizeof data, "labels=%s/attack.labels\nvalid=%s/attack.list\n", folder, folder);
    write_text(path, data);
}

/* Runs a command as a user does, on the words of text, which it takes apart; its lines are not seen. */
static void run_command(int (*command)(int, char **), char *text) {
    char *argument[32] = {0};
    int count = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argument[count++] = word;
    fflush(stdout);
    int terminal = dup(1);
    if (!freopen("/dev/null", "w", stdout)) exit(2);
    command(count, argument);
    fflush(stdout);
    dup2(terminal, 1);
    close(terminal);
}

/* `lgg attack`; the attacked images come back as (IMAGES, 3, PIXELS). */
static void run_attack(const char *folder, const char *options, float *attacked) {
    char text[2048], path[512];
    snprintf(text, sizeof text,
             "%s/attack.data %s/linear.cfg %s/linear.weights -batch 4 -save %s/attacked -csv %s/attack.csv %s", folder,
             folder, folder, folder, folder, options);
    snprintf(path, sizeof path, "%s/attacked/images.list", folder);
    remove(path);
    for (int i = 0; i < IMAGES; ++i) {
        snprintf(path, sizeof path, "%s/attacked/%05d_class_%c.png", folder, i, i % 2 ? 'b' : 'a');
        remove(path);
    }
    run_command(command_attack, text);
    for (int i = 0; i < IMAGES; ++i) {
        snprintf(path, sizeof path, "%s/attacked/%05d_class_%c.png", folder, i, i % 2 ? 'b' : 'a');
        tool_images one = {.count = 1, .w = 4, .h = 4, .c = 3, .path = (char *[]){path}};
        tool_images_read(&one, 0, 1, attacked + i * VALUES);
    }
}

static double mean_epsilon(const char *folder) {
    char path[512], line[512] = "";
    double epsilon = 0;
    snprintf(path, sizeof path, "%s/attack.csv", folder);
    FILE *file = fopen(path, "r");
    for (int row = 0; row < 3; ++row)
        if (!fgets(line, sizeof line, file)) return 0;
    fclose(file);
    sscanf(line, "%*[^,],%*[^,],%*d,%*d,%*f,%*f,%lf", &epsilon);
    return epsilon;
}

/* Of a linear network with two classes, the gradient for class a points along w_b - w_a, for class b the other way: every pixel of the
 * attacked image is known. */
static void test_attack(const char *folder) {
    unsigned char bytes[IMAGES * VALUES];
    float attacked[IMAGES * VALUES];
    char cfg[512], weights[512];
    write_images(folder, bytes);
    snprintf(cfg, sizeof cfg, "%s/linear.cfg", folder);
    snprintf(weights, sizeof weights, "%s/linear.weights", folder);
    network *net = host_parse_network(cfg, 1);
    load_weights(net, weights);
    const float *w = net->layers[0].weights;

    run_attack(folder, "-snr 20", attacked);
    double worst = 0, sum = 0;
    for (int i = 0; i < IMAGES; ++i) {
        double square = 0;
        for (int j = 0; j < VALUES; ++j)
            square += bytes[i * VALUES + j] / 255. * (bytes[i * VALUES + j] / 255.);
        double epsilon = sqrt(square) / (sqrt(VALUES) * 10);
        sum += epsilon;
        for (int j = 0; j < VALUES; ++j) {
            int plane = j % 3 * PIXELS + j / 3;
            double up = w[VALUES + plane] - (double)w[plane], sign = (i % 2 ? -1 : 1) * (up > 0 ? 1 : -1);
            double exact = fmin(fmax(bytes[i * VALUES + j] / 255. + epsilon * sign, 0), 1);
            worst = larger(worst, fabs(attacked[i * VALUES + plane] - exact));
        }
    }
    check(worst <= .5 / 255 + 1e-5, "FGSM of a linear network is exact in every pixel", "off by %.2f grey levels",
          worst * 255);
    check(fabs(mean_epsilon(folder) * IMAGES / sum - 1) < 1e-5, "mean epsilon is |x| / (sqrt(n) 10^(dB/20))",
          "%g, %g expected", mean_epsilon(folder), sum / IMAGES);

    static const char *const norms[2] = {"inf", "2"};
    for (int n = 0; n < 2; ++n) {
        char options[128];
        double over = 0, least = 1e9;
        snprintf(options, sizeof options, "-method pgd -steps 7 -norm %s -epsilon %s", norms[n], n ? "1.5" : ".1");
        run_attack(folder, options, attacked);
        for (int i = 0; i < IMAGES; ++i) {
            double square = 0, greatest = 0;
            for (int j = 0; j < VALUES; ++j) {
                double noise = attacked[i * VALUES + j % 3 * PIXELS + j / 3] - bytes[i * VALUES + j] / 255.;
                square += noise * noise;
                greatest = larger(greatest, fabs(noise));
            }
            double size = n ? sqrt(square) / 1.5 : greatest / .1;
            over = larger(over, size);
            least = fmin(least, size);
        }
        check(over < 1.03 && least > .6, n ? "PGD fills its ball, 2-norm" : "PGD fills its ball, infinity norm",
              "noise of %.3f to %.3f epsilons", least, over);
    }
    free_network(net);
}

/* ---- attacks whose end is known: a linear network's nearest boundary is |z_y - z_k| / |w_y - w_k| away, in the dual norm ---- */

enum { CLASSES = 3, DRAWN = 12 };

/* A linear network that cannot tell grey. */
static void write_linear(const char *cfg, const char *weights, int classes) {
    char text[512];
    snprintf(text, sizeof text,
             "[net]\nbatch=2\nwidth=4\nheight=4\nchannels=3\n[connected]\noutput=%d\nactivation=linear\n[softmax]\n",
             classes);
    write_network(cfg, weights, text);
    network *net = host_parse_network(cfg, 1);
    load_weights(net, (char *)weights);
    for (int c = 0; c < classes; ++c) {
        net->layers[0].biases[c] = 0;
        for (int i = 0; i < VALUES; ++i)
            net->layers[0].biases[c] -= .5f * net->layers[0].weights[c * VALUES + i];
    }
    save_weights(net, (char *)weights);
    free_network(net);
}

/* Images far from black and white, so that no pixel is clamped, labelled as the network decides. */
static tool_images *write_grey_images(tool_model *model, uint8_t *bytes, int *label) {
    float x[VALUES];
    for (int i = 0; i < DRAWN * VALUES; ++i)
        bytes[i] = (uint8_t)(100 + 56 * draw(0, 1));
    tool_images *images = tool_images_from_bytes(bytes, label, DRAWN, 4, 4, 3);
    for (int i = 0; i < DRAWN; ++i) {
        tool_images_read(images, i, 1, x);
        tool_model_forward(model, x, 1);
        label[i] = tool_argmax(tool_model_output(model, 1), tool_model_size(model, 1));
        images->label[i] = label[i];
    }
    return images;
}

/* w (classes, VALUES) and b (classes) are the network's. */
static double exact_distance(const float *w, const float *b, int classes, const float *x, int y, int infinite) {
    double least = 1e30;
    for (int k = 0; k < classes; ++k) {
        double margin = (double)b[y] - b[k], norm = 0;
        if (k == y) continue;
        for (int i = 0; i < VALUES; ++i) {
            double difference = (double)w[y * VALUES + i] - w[k * VALUES + i];
            margin += difference * x[i];
            norm += infinite ? fabs(difference) : difference * difference;
        }
        least = fmin(least, margin / (infinite ? norm : sqrt(norm)));
    }
    return least;
}

/* How many of the images the attack fools, each within `share` of its exact distance. */
static int fooled_at(attack_set set, const attack_method *method, const double *exact, double share) {
    int fooled = 0;
    for (int i = 0; i < DRAWN; ++i) {
        char only[DRAWN] = {0};
        only[i] = 1;
        set.epsilon = share * exact[i];
        attack_result result = attack_run(&set, method, only);
        fooled += result.fooled[i];
        attack_result_free(&result);
    }
    return fooled;
}

static void test_known_distances(const char *folder, const char *name, int classes, const attack_method *apgd) {
    char cfg[512], weights[512], line[512];
    uint8_t bytes[DRAWN * VALUES];
    int label[DRAWN] = {0};
    snprintf(cfg, sizeof cfg, "%s/%s.cfg", folder, name);
    snprintf(weights, sizeof weights, "%s/%s.weights", folder, name);
    write_linear(cfg, weights, classes);
    tool_model *model = tool_model_load(cfg, weights, 5);
    tool_model_prepare_gradient(model);
    tool_images *images = write_grey_images(model, bytes, label);
    network *net = host_parse_network(cfg, 1);
    load_weights(net, weights);
    for (int infinite = 0; infinite < 2; ++infinite) {
        attack_settings settings = {
            .ball = {VALUES, infinite}, .restarts = 5, .random_start = 1, .draws = 20, .overshoot = .02, .seed = 3};
        attack_set set = {.settings = &settings, .model = model, .images = images, .epsilon = 1};
        double exact[DRAWN], worst = 0;
        const char *norm = infinite ? "infinity norm" : "2-norm";
        attack_result deepfool = attack_run(&set, &attack_deepfool, NULL);
        for (int i = 0; i < DRAWN; ++i) {
            float x[VALUES];
            tool_images_read(images, i, 1, x);
            exact[i] = exact_distance(net->layers[0].weights, net->layers[0].biases, classes, x, label[i], infinite);
            worst = larger(worst, fabs(deepfool.distance[i] / (1.02 * exact[i]) - 1));
            worst = deepfool.moved[i] ? worst : 1;
        }
        attack_result_free(&deepfool);
        snprintf(line, sizeof line, "DeepFool finds the nearest boundary of %d linear classes, %s", classes, norm);
        check(worst < 2e-3, line, "off by %g of the distance", worst);
        int outside = fooled_at(set, apgd, exact, 1.03), inside = fooled_at(set, apgd, exact, .99);
        int random = fooled_at(set, &attack_random, exact, .99), fgsm = fooled_at(set, &attack_fgsm, exact, 1.03);
        snprintf(line, sizeof line, "%s fools all images past that boundary and none before it, %s", apgd->name, norm);
        check(outside == DRAWN && inside == 0 && random == 0, line, "%d and %d of %d, random directions %d", outside,
              inside, DRAWN, random);
        snprintf(line, sizeof line, "%s fools no fewer than FGSM, %s", apgd->name, norm);
        check(fgsm <= outside && (fgsm == DRAWN || classes > 2), line, "%d, FGSM %d", outside, fgsm);
    }
    free_network(net);
    tool_images_free(images);
    tool_model_free(model);
}

/* A random direction has its length, also where pixels are at the ends of their range. */
static void test_random_directions(void) {
    enum { N = 48 };
    float x[N], point[N];
    double worst = 0;
    for (int i = 0; i < N; ++i)
        x[i] = (float)(i % 2);
    for (int infinite = 0; infinite < 2; ++infinite) {
        const attack_ball ball = {N, infinite};
        tool_random random = tool_random_seed(3, 1);
        for (int k = 0; k < 20; ++k) {
            attack_random_direction(&ball, x, point, .5, &random);
            worst = larger(worst, fabs(attack_distance(&ball, x, point) / .5 - 1));
        }
    }
    check(worst < 1e-5, "random directions have the length of the radius", "off by %g of it", worst);
}

/* The ratio and its gradient, whichever place the label has. */
static void test_losses(void) {
    const float logits[5] = {1.5f, -.3f, 2.25f, .5f, 2};
    float gradient[5], unused[5], moved[5];
    double worst = 0, worst_dlr = 0;
    for (int label = 0; label < 5; ++label) {
        double rival = label == 2 ? 2 : 2.25;
        worst_dlr =
            larger(worst_dlr, fabs(attack_dlr(logits, label, 5, gradient) + (logits[label] - rival) / (2.25 - 1.5)));
        for (int i = 0; i < 5; ++i) {
            memcpy(moved, logits, sizeof moved);
            moved[i] = logits[i] + .0078125f;
            double up = attack_dlr(moved, label, 5, unused);
            moved[i] = logits[i] - .0078125f;
            double down = attack_dlr(moved, label, 5, unused);
            worst = larger(worst, fabs((up - down) / .015625 - gradient[i]));
        }
    }
    check(worst_dlr < 1e-6, "the difference of logits ratio is Croce and Hein's", "off by %g", worst_dlr);
    check(worst < 1e-3, "its gradient is that of finite differences", "off by %g", worst);
    const float sure[3] = {60, 0, 1};
    double loss = tool_cross_entropy(sure, 0, 3, gradient);
    check(loss >= 0 && loss < 1e-20 && gradient[0] < 0 && fabs(gradient[0] / (exp(-60) + exp(-59)) + 1) < 1e-5,
          "cross-entropy keeps its gradient where float32 says that the label is certain", "loss %g, gradient %g", loss,
          (double)gradient[0]);
}

/* ---- APGD against Algorithm 1 as the paper prints it, all iterates kept ---- */

enum { SPACE = 6, ITERATIONS = 60 };

/* A hill with ripples, whose top lies within the ball. */
static double hill(const float *x, float *gradient) {
    double f = 0;
    for (int i = 0; i < SPACE; ++i) {
        double d = x[i] - .5 - .03 * (i - 2), scale = 1 + 20. * (i % 3);
        f += -scale * d * d + .01 * cos(40 * d);
        gradient[i] = (float)(-2 * scale * d - .4 * sin(40 * d));
    }
    return f;
}

static void project_into(const attack_ball *ball, float *x, double epsilon) {
    double norm = 0;
    for (int i = 0; i < SPACE; ++i)
        norm += (x[i] - .5) * (x[i] - .5);
    norm = sqrt(norm);
    for (int i = 0; i < SPACE; ++i) {
        double d = x[i] - .5;
        d = ball->infinite ? fmin(fmax(d, -epsilon), epsilon) : norm > epsilon ? d * epsilon / norm : d;
        x[i] = (float)fmin(fmax(.5 + d, 0), 1);
    }
}

static void add_direction(const attack_ball *ball, float *x, const float *g, double step) {
    double norm = 0;
    for (int i = 0; i < SPACE; ++i)
        norm += (double)g[i] * g[i];
    for (int i = 0; i < SPACE; ++i)
        x[i] = (float)(x[i] + step * (ball->infinite ? (g[i] > 0) - (g[i] < 0) : g[i] / sqrt(norm)));
}

/* Returns f_max; the last step size in *eta, each loss (ITERATIONS + 1) as it was evaluated in `seen`. */
static double algorithm_1(const attack_ball *ball, double epsilon, double *eta, double *seen) {
    static float x[ITERATIONS + 1][SPACE], best[SPACE], g[SPACE];
    static double f[ITERATIONS + 1];
    double etas[ITERATIONS + 1], f_max, f_max_at[ITERATIONS + 1], p[40] = {0, .22};
    int w[40] = {0}, checkpoints = 1;
    for (int j = 1; p[j] <= 1; ++j) {
        w[j] = (int)ceil(p[j] * ITERATIONS - 1e-9);
        p[j + 1] = p[j] + fmax(p[j] - p[j - 1] - .03, .06);
        ++checkpoints;
    }
    for (int i = 0; i < SPACE; ++i)
        x[0][i] = x[1][i] = .5f;
    *eta = etas[0] = 2 * epsilon;
    f[0] = hill(x[0], g);
    add_direction(ball, x[1], g, *eta);
    project_into(ball, x[1], epsilon);
    f[1] = hill(x[1], g);
    seen[0] = f[0];
    seen[1] = f[1];
    memcpy(best, f[1] > f[0] ? x[1] : x[0], sizeof best);
    f_max_at[0] = f[0];
    f_max = fmax(f[0], f[1]);
    for (int k = 1; k < ITERATIONS; ++k) {
        float z[SPACE];
        etas[k] = *eta;
        hill(x[k], g);
        memcpy(z, x[k], sizeof z);
        add_direction(ball, z, g, *eta);
        project_into(ball, z, epsilon);
        for (int i = 0; i < SPACE; ++i)
            x[k + 1][i] = (float)(x[k][i] + .75 * ((double)z[i] - x[k][i]) + .25 * ((double)x[k][i] - x[k - 1][i]));
        project_into(ball, x[k + 1], epsilon);
        f[k + 1] = seen[k + 1] = hill(x[k + 1], g);
        if (f[k + 1] > f_max) memcpy(best, x[k + 1], sizeof best);
        f_max = fmax(f_max, f[k + 1]);
        f_max_at[k] = f_max;
        for (int j = 1; j < checkpoints; ++j) {
            int grown = 0;
            if (w[j] != k) continue;
            for (int i = w[j - 1]; i < w[j]; ++i)
                grown += f[i + 1] > f[i];
            int unchanged = etas[w[j - 1]] >= etas[k] && f_max_at[w[j - 1]] >= f_max;
            if (grown >= .75 * (w[j] - w[j - 1]) && !unchanged) continue;
            *eta /= 2;
            memcpy(x[k + 1], best, sizeof best);
            f[k + 1] = f_max;
        }
    }
    return f_max;
}

static void test_algorithm_1(int infinite) {
    const attack_settings settings = {.ball = {SPACE, infinite}, .steps = ITERATIONS, .restarts = 1};
    float x[SPACE], point[SPACE], gradient[SPACE], kept[ATTACK_KEPT][SPACE];
    double eta, epsilon = .12, seen[ITERATIONS + 1], expected_seen[ITERATIONS + 1], worst = 0;
    attack_slot slot = {.epsilon = epsilon, .x = x, .point = point, .gradient = {gradient}};
    for (int i = 0; i < SPACE; ++i)
        x[i] = .5f;
    for (int j = 0; j < ATTACK_KEPT; ++j)
        slot.kept[j] = kept[j];
    attack_apgd_ce.begin(&settings, &slot);
    int evaluations = 0;
    do {
        slot.loss = hill(point, gradient);
        if (evaluations <= ITERATIONS) seen[evaluations] = slot.loss;
        ++evaluations;
    } while (!attack_apgd_ce.step(&settings, &slot));
    double expected = algorithm_1(&settings.ball, epsilon, &eta, expected_seen);
    for (int k = 0; k <= ITERATIONS; ++k)
        worst = larger(worst, fabs(seen[k] - expected_seen[k]));
    check(evaluations == ITERATIONS + 1 && worst < 1e-5 && fabs(slot.apgd.best_loss - expected) < 1e-5 &&
              fabs(slot.apgd.step / eta - 1) < 1e-6,
          infinite ? "APGD is Algorithm 1 of its paper, infinity norm" : "APGD is Algorithm 1 of its paper, 2-norm",
          "%d evaluations, off by up to %g, best %g, %g expected, step %g, %g expected", evaluations, worst,
          slot.apgd.best_loss, expected, slot.apgd.step, eta);
}

/* A network whose softmax is one class, whatever the image: no gradient is left of its cross-entropy. */
static void write_saturated(const char *folder) {
    char cfg[512], weights[512];
    snprintf(cfg, sizeof cfg, "%s/known3.cfg", folder);
    snprintf(weights, sizeof weights, "%s/known3.weights", folder);
    network *net = host_parse_network(cfg, 1);
    load_weights(net, weights);
    for (int i = 0; i < CLASSES * VALUES; ++i)
        net->layers[0].weights[i] *= 1e6f;
    for (int c = 0; c < CLASSES; ++c)
        net->layers[0].biases[c] *= 1e6f;
    snprintf(weights, sizeof weights, "%s/saturated.weights", folder);
    save_weights(net, weights);
    free_network(net);
}

/* ---- stress of the linear network, whose error is known ---- */

/* What `lgg stress` says: the mean of a row, or `all` of it. */
static double stressed(const char *folder, const char *options, const char *row, int all) {
    char text[2048], path[512], line[512];
    double mean = NAN, deviation, kept = NAN;
    snprintf(text, sizeof text,
             "%s/attack.data %s/linear.cfg %s/linear.weights -batch 4 -csv %s/stress.csv -o %s/stress.svg %s", folder,
             folder, folder, folder, folder, options);
    run_command(command_stress, text);
    snprintf(path, sizeof path, "%s/stress.csv", folder);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, row, strlen(row)) != 0) continue;
        sscanf(line, "%*[^,],%*f,%*d,%*d,%lf,%lf,%lf", &mean, &deviation, &kept);
    }
    if (file) fclose(file);
    return all ? kept : mean;
}

static void test_stress(const char *folder) {
    char cfg[512], weights[512], path[512];
    snprintf(cfg, sizeof cfg, "%s/linear.cfg", folder);
    snprintf(weights, sizeof weights, "%s/linear.weights", folder);
    network *net = host_parse_network(cfg, 1);
    load_weights(net, weights);
    const float *w = net->layers[0].weights, *b = net->layers[0].biases;
    double noise = 0, dropout = 0, rounded = 0, nearest = 1e9, norm = 0, largest = 0;
    for (int j = 0; j < VALUES; ++j)
        norm += ((double)w[j] - w[VALUES + j]) * ((double)w[j] - w[VALUES + j]);
    for (int j = 0; j < 2 * VALUES; ++j)
        largest = larger(largest, fabs((double)w[j]));
    for (int i = 0; i < IMAGES; ++i) {
        float x[VALUES];
        double z[2] = {b[0], b[1]}, few[2] = {b[0], b[1]}, square = 0;
        snprintf(path, sizeof path, "%s/%d_class_%c.ppm", folder, i, i % 2 ? 'b' : 'a');
        tool_images one = {.count = 1, .w = 4, .h = 4, .c = 3, .path = (char *[]){path}};
        tool_images_read(&one, 0, 1, x);
        for (int j = 0; j < VALUES; ++j) {
            square += (double)x[j] * x[j];
            for (int c = 0; c < 2; ++c) {
                z[c] += (double)w[c * VALUES + j] * x[j];
                few[c] += largest / 3 * nearbyint(w[c * VALUES + j] / (largest / 3)) * x[j];
            }
        }
        double sign = i % 2 ? -1 : 1, margin = sign * (z[0] - z[1]);
        /* Gaussian noise of deviation s moves the margin by s |w_0 - w_1| times a normal number */
        noise += .5 * erfc(margin / (sqrt(square / VALUES / 10) * sqrt(norm)) / sqrt(2)) / IMAGES;
        for (int kept = 0; kept < 4; ++kept) {
            double left[2] = {kept & 1 ? z[0] / .75 : 0, kept & 2 ? z[1] / .75 : 0};
            double likely = (kept & 1 ? .75 : .25) * (kept & 2 ? .75 : .25);
            dropout += likely * ((left[1] > left[0]) != i % 2) / IMAGES;
        }
        rounded += ((few[1] > few[0]) != i % 2) / (double)IMAGES;
        nearest = fmin(nearest, fabs(margin) / sqrt(norm));
    }
    char options[128];
    double found = stressed(folder, "-snr 10 -draws 2000", "snr,10,", 0);
    check(fabs(found / 100 - noise) < .012, "noise of 10 dB: the linear network's error", "%g, %g expected", found,
          100 * noise);
    found = stressed(folder, "-dropout .25 -layers 0 -draws 2000", "dropout,0.25,", 0);
    check(fabs(found / 100 - dropout) < .015, "dropout of its two logits: the same", "%g, %g expected", found,
          100 * dropout);
    found = stressed(folder, "-bits 3", "bits,3,", 0);
    check(fabs(found / 100 - rounded) < 1e-4, "its weights rounded to 3 bits: the same", "%g, %g expected", found,
          100 * rounded);
    snprintf(options, sizeof options, "-radii %g -draws 300", .99 * nearest);
    double within = stressed(folder, options, "radius,", 1),
           far = stressed(folder, "-radii 50 -draws 300", "radius,50,", 1);
    check(within > 99.99 && far < 99.99, "labels are kept nearer than the nearest boundary, and not everywhere",
          "%g and %g", within, far);
    free_network(net);
}

/* ---- parseval ---- */

static double orthonormality(const float *w, int rows, int columns) {
    double worst = 0;
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < rows; ++j) {
            double product = 0;
            for (int k = 0; k < columns; ++k)
                product += (double)w[i * columns + k] * w[j * columns + k];
            worst = larger(worst, fabs(product - (i == j)));
        }
    }
    return worst;
}

static double train_loss(network *net, const float *x, const float *truth) {
    memcpy(net->input, x, (size_t)(net->inputs * net->batch) * sizeof *x);
    memcpy(net->truth, truth, (size_t)(net->truths * net->batch) * sizeof *truth);
    net->train = 1;
    forward_network(net);
    return *net->cost;
}

static void test_parseval(const char *folder) {
    static const char body[] =
        "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=tanh\n"
        "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=linear\n"
        "[shortcut]\nfrom=-2\nactivation=tanh\n[avgpool]\n[connected]\noutput=3\nactivation=linear\n[softmax]\n";
    char cfg[512], text[1024];
    snprintf(cfg, sizeof cfg, "%s/parseval.cfg", folder);
    snprintf(text, sizeof text,
             "[net]\nbatch=3\nwidth=6\nheight=6\nchannels=3\nlearning_rate=.01\nmomentum=.9\ndecay=0\nparseval=.05\n%s",
             body);
    write_text(cfg, text);
    network *net = parse_network_cfg(cfg);
    float x[3 * 108], truth[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (int i = 0; i < 3 * 108; ++i)
        x[i] = draw(-1, 1);

    layer *l = &net->layers[0];
    double sum = 0, out = l->biases[0];
    train_loss(net, x, truth);
    for (int c = 0; c < 3; ++c) {
        for (int k = 0; k < 9; ++k)
            out += (double)l->weights[c * 9 + k] * x[c * 36 + (1 + k / 3) * 6 + 1 + k % 3];
    }
    for (int c = 0; c < 3; ++c) {
        for (int k = 0; k < 9; ++k)
            sum += (double)l->weights[c * 9 + k] * x[c * 36 + (1 + k / 3) * 6 + 1 + k % 3];
    }
    out = tanh(sum / sqrt(19));
    check(fabs(out - l->output[2 * 6 + 2]) < 1e-5, "convolutions use their weights over sqrt(2 size^2 + 1)",
          "%g, %g expected", (double)l->output[2 * 6 + 2], out);
    double a = net->layers[1].output[5], b = net->layers[0].output[5];
    check(fabs(tanh(.5 * a + .5 * b) - net->layers[2].output[5]) < 1e-6, "residual sums are 0.5 a + 0.5 b", "%g",
          (double)net->layers[2].output[5]);

    backward_network(net);
    double worst = 0, largest = 0;
    for (int i = 0; i < 2; ++i) {
        layer *conv = &net->layers[i];
        for (int j = 0; j < conv->nweights; j += 3)
            largest = larger(largest, fabs(conv->weight_updates[j]));
    }
    for (int i = 0; i < 2; ++i) {
        layer *conv = &net->layers[i];
        for (int j = 0; j < conv->nweights; j += 3) {
            const float step = 5e-3f, kept = conv->weights[j];
            conv->weights[j] = kept + step;
            double up = train_loss(net, x, truth);
            conv->weights[j] = kept - step;
            double down = train_loss(net, x, truth);
            conv->weights[j] = kept;
            worst = larger(worst, fabs((up - down) / (2 * (double)step) + conv->weight_updates[j]) / largest);
        }
    }
    check(worst < 2e-2, "weight gradients with parseval", "off by %.4f of the largest", worst);

    for (int i = 0; i < 300; ++i) {
        train_loss(net, x, truth);
        backward_network(net);
        update_network(net);
    }
    double frame = larger(orthonormality(net->layers[0].weights, 6, 27), orthonormality(net->layers[1].weights, 6, 54));
    frame = larger(frame, orthonormality(net->layers[4].weights, 3, 6));
    check(frame < .25, "W' stays near an orthonormal frame", "W W' is %.3f from the identity", frame);
    free_network(net);

    snprintf(text, sizeof text, "[net]\nbatch=3\nwidth=6\nheight=6\nchannels=3\n%s", body);
    write_text(cfg, text);
    net = parse_network_cfg(cfg);
    train_loss(net, x, truth);
    a = net->layers[1].output[5], b = net->layers[0].output[5];
    check(!net->layers[0].functions->parseval && fabs(tanh(a + b) - net->layers[2].output[5]) < 1e-6,
          "without parseval there is nothing of it", "%g", (double)net->layers[2].output[5]);
    free_network(net);
}

/* ---- random numbers and corruptions ---- */

static void test_random(void) {
    tool_random random = tool_random_seed(3, 1);
    static const double means[] = {.5, 5, 200};
    double worst = 0;
    for (int m = 0; m < 3; ++m) {
        double sum = 0, square = 0;
        for (int i = 0; i < 40000; ++i) {
            double v = tool_random_poisson(&random, means[m]);
            sum += v;
            square += v * v;
        }
        double mean = sum / 40000, variance = square / 40000 - mean * mean;
        worst = larger(worst, larger(fabs(mean / means[m] - 1), fabs(variance / means[m] - 1)));
    }
    check(worst < .05, "Poisson draws have their mean and variance", "off by %.3f", worst);
    double sum = 0, square = 0;
    for (int i = 0; i < 40000; ++i) {
        double v = tool_random_normal(&random);
        sum += v;
        square += v * v;
    }
    check(fabs(sum / 40000) < .03 && fabs(square / 40000 - 1) < .04, "normal draws have mean 0 and variance 1", "%g %g",
          sum / 40000, square / 40000);
}

static void test_corruptions(void) {
    enum { N = 4, SIZE = 32 * 32 * 3 };
    static uint8_t clean[N * SIZE], once[N * SIZE], twice[N * SIZE];
    if (tool_corruptions_missing()) {
        printf("SKIPPED corruptions: this build lacks %s\n", tool_corruptions_missing());
        return;
    }
    for (int i = 0; i < N * SIZE; ++i)
        clean[i] = (uint8_t)(128 + 80 * sin(i % SIZE / 3 % 32 * .4 + i / SIZE) * cos(i % SIZE / 96 * .3) + i % 3 * 10);
    int unstable = 0, unchanged = 0;
    for (int c = 0; c < TOOL_CORRUPTIONS; ++c) {
        tool_corrupt(c, 5, 7, clean, once, N, 32, 32);
        tool_corrupt(c, 5, 7, clean, twice, N, 32, 32);
        unstable += memcmp(once, twice, sizeof once) != 0;
        unchanged += memcmp(once, clean, sizeof once) == 0;
        /* an image's draws do not depend on the others */
        tool_corrupt(c, 5, 7, clean, twice, 1, 32, 32);
        unstable += memcmp(once, twice, SIZE) != 0;
    }
    check(unstable == 0, "corruptions repeat with their seed, image by image", "%d do not", unstable);
    check(unchanged == 0, "every corruption changes the image", "%d do not", unchanged);

    tool_corrupt(11, 5, 1, clean, once, 1, 32, 32);
    double mean = 0, worst = 0;
    for (int i = 0; i < SIZE; i += 3)
        mean += clean[i];
    mean /= SIZE / 3;
    for (int i = 0; i < SIZE; i += 3)
        worst = larger(worst, fabs(once[i] + .5 - (mean + .15 * (clean[i] - mean)) - .5));
    check(worst <= 1.01, "contrast at severity 5 keeps .15 of each value's distance from the mean", "off by %.2f",
          worst);

    double deviation = 0;
    memset(clean, 128, sizeof clean);
    tool_corrupt(0, 3, 1, clean, once, N, 32, 32);
    for (int i = 0; i < N * SIZE; ++i)
        deviation += (once[i] + .5 - 128.) * (once[i] + .5 - 128.);
    deviation = sqrt(deviation / (N * SIZE)) / 255;
    check(fabs(deviation - .08) < .003, "gaussian noise at severity 3 has deviation .08", "%.4f", deviation);
    tool_corrupt(10, 2, 1, clean, once, 1, 32, 32);
    check(abs(once[0] - (128 + 25)) <= 1, "brightness at severity 2 adds .1", "%d", once[0]);

    /* a kernel whose weights sum to 1, and the nearest bytes */
    double before = 0, after = 0;
    for (int i = 0; i < SIZE; ++i)
        before += clean[i] = (uint8_t)(100 + i * 7919 % 56);
    for (int severity = 1; severity <= 5; ++severity) {
        tool_corrupt(5, severity, 1, clean, once, 1, 32, 32);
        for (int i = 0; i < SIZE; ++i)
            after += once[i] / 5.;
    }
    check(fabs(after - before) / SIZE < .2, "motion blur keeps the mean", "%.3f grey levels off",
          (after - before) / SIZE);
}

/* Of other programs: see corruptions/make.py. */
static void test_against_references(void) {
    static const int severities[2] = {2, 5}, which[] = {3, 6, 10, 11, 13, 14};
    enum { SIZE = 32 * 32 * 3 };
    const char *folder = "tests/tool/corruptions";
    static uint8_t ours[SIZE];
    char path[256], worst_name[64] = "";
    int worst = 0;
    if (tool_corruptions_missing()) {
        printf("SKIPPED corruptions of other programs: this build lacks %s\n", tool_corruptions_missing());
        return;
    }
    snprintf(path, sizeof path, "%s/clean.npy", folder);
    tool_npy clean = tool_npy_open(path);
    for (size_t c = 0; c < sizeof which / sizeof which[0]; ++c) {
        snprintf(path, sizeof path, "%s/%s.npy", folder, tool_corruption_names[which[c]]);
        tool_npy expected = tool_npy_open(path);
        for (int s = 0; s < 2; ++s) {
            tool_corrupt(which[c], severities[s], 1, clean.data, ours, 1, 32, 32);
            for (int i = 0; i < SIZE; ++i) {
                int off = abs(ours[i] - expected.data[s * SIZE + i]);
                if (off > worst) snprintf(worst_name, sizeof worst_name, "%s", tool_corruption_names[which[c]]);
                worst = off > worst ? off : worst;
            }
        }
        tool_npy_close(&expected);
    }
    tool_npy_close(&clean);
    check(worst <= 1, "corruptions without random draws are those of PIL and scipy", "%s is off by %d", worst_name,
          worst);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    char cfg[512], weights[512];
    setvbuf(stdout, NULL, _IOLBF, 0);
    tool_set_command("test", "");
    gpu_index = -1;
    draws = tool_random_seed(1, 0);
    test_eigenmap();
    test_known_eigenvectors();
    test_negative_edges();
    test_thumbnails();
    test_colours();
    test_classifiers();
    snprintf(cfg, sizeof cfg, "%s/every.cfg", argv[1]);
    snprintf(weights, sizeof weights, "%s/every.weights", argv[1]);
    write_network(cfg, weights, every_layer);
    test_gradient(cfg, weights, "input gradient in inference mode, through every layer of our cfgs");
    char text[2048];
    snprintf(text, sizeof text, "[net]\nparseval=.01\n%s", every_layer + strlen("[net]\n"));
    write_network(cfg, weights, text);
    test_gradient(cfg, weights, "the same of a Parseval network");
    write_network(cfg, weights, every_layer);
    snprintf(cfg, sizeof cfg, "%s/linear.cfg", argv[1]);
    snprintf(weights, sizeof weights, "%s/linear.weights", argv[1]);
    write_network(
        cfg, weights,
        "[net]\nbatch=2\nwidth=4\nheight=4\nchannels=3\n[connected]\noutput=2\nactivation=linear\n[softmax]\n");
    test_linear(cfg, weights);
    test_attack(argv[1]);
    test_losses();
    test_random_directions();
    test_algorithm_1(0);
    test_algorithm_1(1);
    test_known_distances(argv[1], "known2", 2, &attack_apgd_ce);
    test_known_distances(argv[1], "known3", CLASSES, &attack_apgd_dlr);
    write_saturated(argv[1]);
    test_stress(argv[1]);
    test_parseval(argv[1]);
    test_random();
    test_corruptions();
    test_against_references();
    return failed;
}
