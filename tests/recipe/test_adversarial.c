/* test_adversarial.c: [net] adversarial: the images that a network is trained with, on networks whose gradient is known; and that nothing
 * else of a network changes while they are made.
 *
 * usage: test_adversarial FOLDER */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "darknet.h"
#include "adversarial.h"
#include "network_plan.h"
#include "parser.h"
#include "recipe.h"

#include "../larger.h"

enum { BATCH = 4, SIDE = 4, VALUES = 3 * SIDE * SIDE };

static int failures;

static void check(const char *name, int good) {
    printf("%s %s%s\n", good ? "PASS" : "FAIL", name, good ? "" : ": not as defined");
    failures += !good;
}

static const char *folder;

static network *network_of_side(int side, const char *net_options, const char *layers) {
    char name[4096];
    snprintf(name, sizeof name, "%s/adversarial.cfg", folder);
    FILE *f = fopen(name, "w");
    fprintf(f, "[net]\nbatch=%d\nheight=%d\nwidth=%d\nchannels=3\nlearning_rate=.1\nmomentum=.9\nseed=5\n%s\n%s", BATCH,
            side, side, net_options, layers);
    fclose(f);
    return parse_network_cfg(name);
}

static network *network_of(const char *net_options, const char *layers) {
    return network_of_side(SIDE, net_options, layers);
}

/* Images with some pixels at the ends of their range, class i % 2. */
static void fill(network *net, float *x, float *truth) {
    for (int i = 0; i < BATCH * VALUES; ++i)
        x[i] = i % 11 == 0 ? 0 : i % 13 == 0 ? 1 : .1f + .8f * (float)((i * 37) % 101) / 101;
    memset(truth, 0, (size_t)(BATCH * net->truths) * sizeof *truth);
    for (int i = 0; i < BATCH; ++i)
        truth[i * net->truths + i % 2] = 1;
}

static const char linear[] = "[connected]\noutput=2\nactivation=linear\n[softmax]\n";

/* Two linear classes: the loss of class 0 grows along w_1 - w_0, that of class 1 the other way. All steps of a pixel go one way, so that
 * both kinds end at the same corner. */
static int is_exact_on_linear(const char *options, float epsilon) {
    network *net = network_of(options, linear);
    float x[BATCH * VALUES], moved[BATCH * VALUES], *truth = calloc((size_t)(BATCH * net->truths), sizeof *truth);
    double worst = 0;
    fill(net, x, truth);
    memcpy(moved, x, sizeof x);
    *net->seen = 4;
    lgg_begin_iteration(net, moved, truth);
    for (int i = 0; i < BATCH; ++i) {
        for (int j = 0; j < VALUES; ++j) {
            const float *w = net->layers[0].weights;
            double up = (i % 2 ? -1 : 1) * ((double)w[VALUES + j] - w[j]);
            double exact = fmin(fmax(x[i * VALUES + j] + (up > 0 ? epsilon : -epsilon), 0), 1);
            worst = larger(worst, fabs(moved[i * VALUES + j] - exact));
        }
    }
    free(truth);
    free_network(net);
    lgg_random_end();
    return worst < 1e-6;
}

static void test_linear(void) {
    check("fgsm_of_a_linear_network_is_exact", is_exact_on_linear("adversarial=fgsm\nepsilon=.06", .06f));
    check("pgd_of_a_linear_network_ends_at_the_corner",
          is_exact_on_linear("adversarial=pgd\nepsilon=10/255\nadversarial_steps=5", 10.f / 255));
    check("the_defaults_are_8_255_and_seven_steps",
          is_exact_on_linear("adversarial=pgd", 8.f / 255) && is_exact_on_linear("adversarial=fgsm", 8.f / 255));
    check("without_the_option_images_stay", is_exact_on_linear("", 0));
}

static const char deep[] = "[convolutional]\nfilters=5\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n"
                           "[convolutional]\nfilters=5\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n"
                           "[shortcut]\nfrom=-2\nactivation=linear\n"
                           "[batchnorm]\n[avgpool]\n[connected]\noutput=3\nactivation=linear\n[softmax]\n";
static const char sections[] =
    "[label_variation]\nlayers=2\nclasses=3\nsimilarity=exp\n[lgg_smooth]\nlayers=0,1\nsimilarity=exp\n";

static const char heavy[] = "[label_variation]\nlayers=2\nclasses=3\nsimilarity=exp\nlambda=10000\n";

static double training_loss(network *net, float *x, float *truth) {
    memcpy(net->input, x, (size_t)(BATCH * VALUES) * sizeof *x);
    memcpy(net->truth, truth, (size_t)(BATCH * net->truths) * sizeof *truth);
    net->train = 1;
    net->delta = NULL;
    forward_network(net);
    return *net->cost;
}

/* FGSM's signs are those of the training-mode loss, batch normalization by the batch. */
static void test_signs(void) {
    network *net = network_of("adversarial=fgsm\nepsilon=.05", deep);
    float x[BATCH * VALUES], moved[BATCH * VALUES], *truth = calloc((size_t)(BATCH * net->truths), sizeof *truth);
    double slope[BATCH * VALUES], largest = 0;
    int wrong = 0, seen = 0;
    fill(net, x, truth);
    for (int i = 0; i < BATCH * VALUES; ++i) {
        const float kept = x[i], step = 4e-3f;
        x[i] = kept + step;
        slope[i] = training_loss(net, x, truth);
        x[i] = kept - step;
        slope[i] -= training_loss(net, x, truth);
        x[i] = kept;
        largest = larger(largest, fabs(slope[i]));
    }
    memcpy(moved, x, sizeof x);
    lgg_begin_iteration(net, moved, truth);
    for (int i = 0; i < BATCH * VALUES; ++i) {
        if (fabs(slope[i]) < .1 * largest || x[i] <= 0 || x[i] >= 1) continue;
        ++seen;
        wrong += (moved[i] > x[i]) != (slope[i] > 0);
    }
    check("fgsm_follows_the_loss_of_training_mode", largest > 0 && seen > 30 && wrong <= seen / 20);
    check("and_raises_it", training_loss(net, moved, truth) > training_loss(net, x, truth));
    free(truth);
    free_network(net);
    lgg_random_end();
}

/* All that a training goes on with, in one row. */
static size_t state_of(const network *net, float *state) {
    size_t n = 0;
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        const int biases = l->type == CONNECTED ? l->outputs : l->type == BATCHNORM ? l->c : l->n;
        const int weights = l->type == CONNECTED ? l->inputs * l->outputs : l->type == CONVOLUTIONAL ? l->nweights : 0;
        if (l->type != CONNECTED && l->type != BATCHNORM && l->type != CONVOLUTIONAL) continue;
        float *const per_bias[] = {l->biases,        l->bias_updates, l->scales,
                                   l->scale_updates, l->rolling_mean, l->rolling_variance};
        for (size_t a = 0; a < sizeof per_bias / sizeof *per_bias; ++a) {
            for (int j = 0; per_bias[a] && j < biases; ++j)
                state[n++] = per_bias[a][j];
        }
        for (int j = 0; j < weights; ++j) {
            state[n++] = l->weights[j];
            state[n++] = l->weight_updates[j];
        }
    }
    return n;
}

/* One iteration to have momentum, then an attack alone. */
static void test_nothing_else_changes(void) {
    char layers[2048];
    snprintf(layers, sizeof layers, "%s%s", deep, sections);
    network *net = network_of("adversarial=pgd\nadversarial_steps=3", layers);
    float x[BATCH * VALUES], moved[BATCH * VALUES], *truth = calloc((size_t)(BATCH * net->truths), sizeof *truth);
    static float before[20000], after[20000];
    double largest = 0;
    fill(net, x, truth);
    memcpy(net->input, x, sizeof x);
    memcpy(net->truth, truth, (size_t)(BATCH * net->truths) * sizeof *truth);
    train_network_datum(net);
    const layer section = net->layers[net->n - 1];
    const size_t n = state_of(net, before);
    memcpy(moved, x, sizeof x);
    lgg_begin_iteration(net, moved, truth);
    check("an_attack_leaves_weights_updates_and_statistics_to_the_bit",
          n > 300 && state_of(net, after) == n && memcmp(before, after, n * sizeof *before) == 0);
    check("and_our_sections_as_they_were",
          net->layers[net->n - 1].backward == section.backward && net->layers[net->n - 1].forward == section.forward);
    for (int i = 0; i < BATCH * VALUES; ++i) {
        largest = larger(largest, fabs((double)moved[i] - x[i]));
        if (moved[i] < 0 || moved[i] > 1) largest = 1;
    }
    check("no_pixel_moves_by_more_than_epsilon", largest > .02 && largest < 8. / 255 + 1e-6);
    float again[BATCH * VALUES];
    memcpy(again, x, sizeof x);
    lgg_begin_iteration(net, again, truth);
    check("the_same_images_are_made_again", memcmp(moved, again, sizeof again) == 0);
    *net->seen += BATCH;
    memcpy(again, x, sizeof x);
    lgg_begin_iteration(net, again, truth);
    check("another_position_starts_elsewhere", memcmp(moved, again, sizeof again) != 0);
    free(truth);
    free_network(net);
    lgg_random_end();
}

/* What a backward pass leaves of random images. */
typedef struct {
    float *delta; /* (BATCH, inputs) */
    size_t n;
    int learnt; /* 1 if the convolutions have gradients of their weights */
    int is_dnnl;
} image_gradient;

/* Of a network of `layers`; with `alone`, as an attack wants it. */
static image_gradient gradient_of_images(int side, const char *layers, int alone) {
    network *net = network_of_side(side, "", layers);
    const size_t n = (size_t)(BATCH * net->inputs);
    image_gradient g = {calloc(n, sizeof(float)), n, 0, net->layers[0].functions && net->layers[0].functions->dnnl};
    float *x = calloc(n, sizeof *x), *truth = calloc((size_t)(BATCH * net->truths), sizeof *truth);
    for (size_t i = 0; i < n; ++i)
        x[i] = (float)((i * 37) % 101) / 101;
    for (int i = 0; i < BATCH; ++i)
        truth[i * net->truths + i % 2] = 1;
    want_gradient_of_images(net, alone);
    host_train_to_images(net, x, truth, g.delta, NULL);
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        for (int j = 0; l->type == CONVOLUTIONAL && j < l->nweights; ++j)
            g.learnt |= l->weight_updates[j] != 0;
    }
    free(x);
    free(truth);
    free_network(net);
    lgg_random_end(); /* or the next network's weights would be drawn from here */
    return g;
}

/* Where the gradients of the weights are left out, that of the images is the same to the bit. */
static int is_same_alone(int side, const char *layers) {
    image_gradient whole = gradient_of_images(side, layers, 0), alone = gradient_of_images(side, layers, 1);
    int any = 0;
    for (size_t i = 0; i < whole.n; ++i)
        any |= whole.delta[i] != 0;
    const int same = memcmp(whole.delta, alone.delta, whole.n * sizeof(float)) == 0;
    free(whole.delta);
    free(alone.delta);
    return any && same && whole.learnt && alone.learnt == !alone.is_dnnl;
}

static void test_images_alone(void) {
    check("the_gradient_of_images_needs_none_of_the_weights", is_same_alone(SIDE, deep));
    check("nor_where_few_channels_have_kernels_of_their_own", is_same_alone(16, deep));
}

/* The task's loss alone is attacked: the sections of a network change nothing about its images. */
static void test_sections_are_silent(void) {
    float moved[2][BATCH * VALUES];
    for (int i = 0; i < 2; ++i) {
        char layers[2048];
        snprintf(layers, sizeof layers, "%s%s", deep, i ? heavy : "");
        network *net = network_of("adversarial=fgsm", layers);
        float *truth = calloc((size_t)(BATCH * net->truths), sizeof *truth);
        fill(net, moved[i], truth);
        lgg_begin_iteration(net, moved[i], truth);
        lgg_random_end(); /* or the next network's weights would be drawn from here */
        free(truth);
        free_network(net);
    }
    check("sections_of_ours_are_silent_meanwhile", memcmp(moved[0], moved[1], sizeof moved[0]) == 0);
}

/* Adversarial training is training on these images: the same weights as of a network without the option that is given them. */
static void test_training(void) {
    network *attacked = network_of("adversarial=fgsm\nepsilon=.1", linear), *plain = network_of("", linear);
    float *truth = calloc((size_t)(BATCH * attacked->truths), sizeof *truth);
    float x[BATCH * VALUES], moved[BATCH * VALUES];
    int same = 1, different = 0;
    fill(attacked, x, truth);
    for (int i = 0; i < 3; ++i) {
        memcpy(moved, x, sizeof x);
        lgg_begin_iteration(attacked, moved, truth);
        memcpy(attacked->input, x, sizeof x);
        memcpy(plain->input, moved, sizeof x);
        memcpy(attacked->truth, truth, (size_t)(BATCH * attacked->truths) * sizeof *truth);
        memcpy(plain->truth, truth, (size_t)(BATCH * attacked->truths) * sizeof *truth);
        train_network_datum(attacked);
        train_network_datum(plain);
        same &= memcmp(attacked->layers[0].weights, plain->layers[0].weights, 2 * VALUES * sizeof(float)) == 0;
        different |= memcmp(moved, x, sizeof x) != 0;
    }
    check("the_network_learns_from_the_attacked_images", same && different);
    free(truth);
    free_network(attacked);
    free_network(plain);
    lgg_random_end();
}

/* [net] random=1 resizes the network while it trains. */
static void test_larger_images(void) {
    static const char layers[] =
        "[convolutional]\nfilters=3\nsize=3\npad=1\nactivation=leaky\n[avgpool]\n[cost]\ntype=sse\n";
    network *net = network_of("adversarial=fgsm\nepsilon=.05", layers);
    const int sides[] = {SIDE, 12 * SIDE, SIDE};
    int good = 1;
    for (int k = 0; k < 3; ++k) {
        resize_network(net, sides[k], sides[k]);
        const size_t n = (size_t)net->inputs * BATCH;
        float *x = malloc(n * sizeof *x), *truth = calloc((size_t)(BATCH * net->truths), sizeof *truth);
        size_t moved = 0;
        for (size_t i = 0; i < n; ++i)
            x[i] = .5f + .001f * (float)(i % 97);
        for (int i = 0; i < BATCH; ++i)
            truth[i * net->truths + i % 2] = 1;
        lgg_begin_iteration(net, x, truth);
        for (size_t i = 0; i < n; ++i)
            moved += fabs(fabs((double)x[i] - (.5f + .001f * (float)(i % 97))) - .05) < 1e-6;
        good = good && net->inputs == 3 * sides[k] * sides[k] && moved > n / 2;
        free(x);
        free(truth);
    }
    check("images_may_grow_and_shrink", good);
    free_network(net);
    lgg_random_end();
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    folder = argv[1];
    test_linear();
    test_larger_images();
    test_signs();
    test_images_alone();
    test_nothing_else_changes();
    test_sections_are_silent();
    test_training();
    return failures != 0;
}
