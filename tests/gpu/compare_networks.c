/* compare_networks.c: trains a network for two iterations on the CPU and on the GPU, from the same weights and images, and then predicts:
 * LGG losses, every layer's updates, its weights after each iteration and the prediction must agree. A teacher that the sections name
 * is made first, untrained.
 *
 * usage: compare_networks CFG [TEACHER_CFG TEACHER_WEIGHTS]
 *
 * Prints a line that says PASS or FAIL and the largest errors, and one, "digest", with what the GPU has computed to the bit. */
#include "compare.h"
#include "lgg_report.h"
#include "recipe.h"
#include "tool_gradient.h"

#include "cuda.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both sides add up thousands of float32 products, in different orders. */
static const double bound = 1e-3;

/* The largest relative error so far, and where it is. */
typedef struct {
    double error;
    int layer;
    const char *what;
} worst;

static void note(worst *w, double error, int layer, const char *what) {
    if (!isnan(w->error) && !(error <= w->error)) *w = (worst){error, layer, what};
}

static network *parse_on(char *cfg, int device) {
    cuda_set_device(device);
    srand(1);
    return parse_network_cfg(cfg);
}

static void make_teacher(char *cfg, char *weights) {
    network *teacher = parse_on(cfg, -1);
    save_weights(teacher, weights);
    free_network(teacher);
}

static int has_boxes(const network *net) {
    for (int i = 0; i < net->n; ++i)
        if (host_has_boxes(&net->layers[i])) return 1;
    return 0;
}

/* Two boxes in each image: x, y, width, height, class. */
static void invent_boxes(network *net) {
    static const float boxes[] = {.3f, .4f, .3f, .2f, 0, .7f, .6f, .2f, .5f, 1};
    memset(net->truth, 0, (size_t)(net->truths * net->batch) * sizeof *net->truth);
    for (int b = 0; b < net->batch; ++b)
        memcpy(net->truth + b * net->truths, boxes, sizeof boxes);
}

/* The same images and labels for both networks. */
static void invent_batch(network *net, unsigned seed) {
    srand(seed);
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = (float)rand() / (float)RAND_MAX;
    if (has_boxes(net)) {
        invent_boxes(net);
        return;
    }
    for (int i = 0; i < net->truths * net->batch; ++i)
        net->truth[i] = i % net->truths == i / net->truths % net->truths;
}

/* The passes of one iteration, all but the update. */
static void pass(network *net, int iteration) {
    cuda_set_device(net->gpu_index);
    net->train = 1;
    for (int i = 0; i < net->subdivisions; ++i) {
        invent_batch(net, (unsigned)(iteration * net->subdivisions + i));
        *net->seen += (size_t)net->batch;
        if (host_recipe(net) && host_recipe(net)->adversarial.steps) lgg_begin_iteration(net, net->input, net->truth);
        forward_network(net);
        backward_network(net);
    }
}

static void update(network *net) {
    cuda_set_device(net->gpu_index);
    update_network(net);
}

/* As the training of a detector does with random=1: between two iterations. */
static void change_size(network *net) {
    cuda_set_device(net->gpu_index);
    if (net->layers[net->n - 1].random) resize_network(net, net->w + 16, net->h + 8);
}

static void predict(network *net) {
    cuda_set_device(net->gpu_index);
    invent_batch(net, 99);
    network_predict(net, net->input);
}

/* An array that both sides have. */
typedef struct {
    const char *what;
    int n;
    const float *cpu;
    float *gpu;
} pair;

/* The error of an array; 0 where there is none. */
static double compare_array(const pair *p, double floor) {
    if (!p->cpu || !p->gpu) return 0;
    float *pulled = malloc((size_t)p->n * sizeof *pulled);
    if (!pulled) return NAN;
    cuda_pull_array(p->gpu, pulled, (size_t)p->n);
    double error = relative_error(p->n, p->cpu, pulled, floor);
    digest_bytes(pulled, (size_t)p->n * sizeof *pulled);
    free(pulled);
    return error;
}

static int weights_of(const layer *l) {
    return l->type == CONNECTED ? l->inputs * l->outputs : l->nweights;
}

static int filters_of(const layer *l) {
    return l->type == CONNECTED ? l->outputs : l->type == BATCHNORM ? l->c : l->n;
}

static void compare_pairs(worst *w, int layer, const pair *pairs, size_t count, double floor) {
    for (size_t i = 0; i < count; ++i)
        note(w, compare_array(&pairs[i], floor), layer, pairs[i].what);
}

/* The root mean square of a layer's updates. */
static double size_of_updates(const layer *l) {
    const struct {
        int n;
        const float *values;
    } updates[] = {
        {weights_of(l), l->weight_updates}, {filters_of(l), l->scale_updates}, {filters_of(l), l->bias_updates}};
    double squares = 0;
    int count = 0;
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; updates[i].values && j < updates[i].n; ++j, ++count)
            squares += pow((double)updates[i].values[j], 2);
    }
    return count ? sqrt(squares / count) : 0;
}

static void compare_updates(worst *w, const network *cpu, const network *gpu) {
    for (int i = 0; i < cpu->n; ++i) {
        const layer *c = &cpu->layers[i], *g = &gpu->layers[i];
        const pair pairs[] = {{"weight updates", weights_of(c), c->weight_updates, g->weight_updates_gpu},
                              {"scale updates", filters_of(c), c->scale_updates, g->scale_updates_gpu},
                              {"bias updates", filters_of(c), c->bias_updates, g->bias_updates_gpu}};
        compare_pairs(w, i, pairs, sizeof pairs / sizeof *pairs, size_of_updates(c));
    }
}

static void compare_weights(worst *w, network *cpu, const network *gpu) {
    double rate = (double)cpu->learning_rate / (cpu->batch * cpu->subdivisions);
    for (int i = 0; i < cpu->n; ++i) {
        const layer *c = &cpu->layers[i], *g = &gpu->layers[i];
        const pair pairs[] = {{"weights", weights_of(c), c->weights, g->weights_gpu},
                              {"scales", filters_of(c), c->scales, g->scales_gpu},
                              {"biases", filters_of(c), c->biases, g->biases_gpu},
                              {"rolling mean", filters_of(c), c->rolling_mean, g->rolling_mean_gpu},
                              {"rolling variance", filters_of(c), c->rolling_variance, g->rolling_variance_gpu}};
        compare_pairs(w, i, pairs, sizeof pairs / sizeof *pairs, rate * size_of_updates(c));
    }
}

static void compare_outputs(worst *w, const network *cpu, const network *gpu) {
    for (int i = 0; i < cpu->n; ++i) {
        const layer *c = &cpu->layers[i], *g = &gpu->layers[i];
        const pair output = {"output", c->batch * c->outputs, c->output, g->output_gpu};
        compare_pairs(w, i, &output, 1, 0);
    }
}

static void compare_terms(worst *w, const network *cpu, const network *gpu) {
    for (int i = 0; i < count_lgg_terms(cpu); ++i) {
        double expected = get_lgg_term(cpu, i).value, value = get_lgg_term(gpu, i).value;
        note(w, fabs(value - expected) / (fabs(expected) + 1e-6), get_lgg_term(cpu, i).layer, "loss");
        digest_bytes(&value, sizeof value);
    }
    note(w, fabs((double)*gpu->cost - (double)*cpu->cost) / (fabs((double)*cpu->cost) + 1e-6), -1, "cost");
}

/* The gradient of a prediction with respect to the images, as `darknet lgg attack` computes it, from the weights in a file. */
static float *image_gradient(char *cfg, const char *weights, int device) {
    cuda_set_device(device);
    network *net = host_load_network(cfg, weights, 3, 0);
    int last = net->n - 1;
    while (last > 0 && (net->layers[last].type == LGG || net->layers[last].type == COST))
        --last;
    size_t size = (size_t)net->inputs * (size_t)net->batch, outputs = (size_t)net->layers[last].outputs * 3;
    float *gradient = NULL, *delta = malloc(outputs * sizeof *delta);
    if (delta && !tool_fix_gradients(net, last) && (gradient = malloc(size * sizeof *gradient))) {
        for (size_t i = 0; i < outputs; ++i)
            delta[i] = (float)(i % 7) - 3;
        invent_batch(net, 98);
        host_forward_for_gradient(net, net->input);
        host_backward(net, net->input, last, delta, gradient);
    }
    free(delta);
    free_network(net);
    return gradient;
}

/* Returns 0 where a network has layers that Darknet has no gradient for; it has them on both sides. */
static int compare_image_gradients(worst *w, char *cfg, network *trained) {
    char weights[4096];
    snprintf(weights, sizeof weights, "%s.weights", cfg);
    cuda_set_device(trained->gpu_index);
    save_weights(trained, weights);
    float *cpu = image_gradient(cfg, weights, -1), *gpu = image_gradient(cfg, weights, 0);
    int compared = cpu && gpu;
    if (!cpu != !gpu)
        note(w, INFINITY, -1, cpu ? "image gradients, missing on the GPU:" : "image gradients, missing on the CPU:");
    if (compared) {
        int size = trained->inputs * 3;
        note(w, relative_error(size, cpu, gpu, 0), 0, "image gradient");
        digest_bytes(gpu, (size_t)size * sizeof *gpu);
    }
    free(cpu);
    free(gpu);
    return compared || w->error > 0;
}

static int report(const char *cfg, const worst *worsts, size_t count) {
    int held = 1;
    for (size_t i = 0; i < count; ++i)
        held = held && worsts[i].error <= bound;
    printf("%s compare-networks %s: largest relative errors:", held ? "PASS" : "FAIL", cfg);
    for (size_t i = 0; i < count; ++i) {
        printf(" %s", worsts[i].what);
        if (worsts[i].layer >= 0) printf(" of layer %d", worsts[i].layer);
        printf(" %.1e%s", worsts[i].error, i + 1 < count ? "," : "\n");
    }
    printf("digest %016" PRIx64 "\n", digest);
    return held;
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: compare_networks CFG [TEACHER_CFG TEACHER_WEIGHTS]\n");
        return 2;
    }
    if (argc == 4) make_teacher(argv[2], argv[3]);
    network *cpu = parse_on(argv[1], -1), *gpu = parse_on(argv[1], 0);
    worst terms = {0, -1, "losses"}, updates = {0, -1, "updates"}, weights = {0, -1, "weights"},
          outputs = {0, -1, "outputs"}, gradients = {0, -1, "image gradients"};
    for (int iteration = 0; iteration < 2; ++iteration) {
        pass(cpu, iteration);
        pass(gpu, iteration);
        compare_outputs(&outputs, cpu, gpu);
        compare_terms(&terms, cpu, gpu);
        compare_updates(&updates, cpu, gpu);
        update(cpu);
        update(gpu);
        compare_weights(&weights, cpu, gpu);
        change_size(cpu);
        change_size(gpu);
    }
    predict(cpu);
    predict(gpu);
    compare_outputs(&outputs, cpu, gpu);
    size_t count = compare_image_gradients(&gradients, argv[1], cpu) ? 5 : 4;
    const worst worsts[] = {terms, updates, weights, outputs, gradients};
    return report(argv[1], worsts, count) ? 0 : 1;
}
