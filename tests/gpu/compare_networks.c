/* compare_networks.c: one training pass of a network on the CPU and on the GPU, from the same weights and images: every layer's weight
 * updates must agree, LGG sections included. A teacher that they name is made first, untrained.
 *
 * usage: compare_networks CFG [TEACHER_CFG TEACHER_WEIGHTS] */
#include "lgg_report.h"

#include "cuda.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Both sides add up thousands of float32 products, in different orders. */
static const double bound = 1e-3;

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

/* The same images and labels for both networks. */
static void invent_batch(network *net) {
    srand(2);
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = (float)rand() / (float)RAND_MAX;
    for (int i = 0; i < net->truths * net->batch; ++i)
        net->truth[i] = i % net->truths == i / net->truths % net->truths;
}

static void pass(network *net) {
    cuda_set_device(net->gpu_index);
    invent_batch(net);
    net->train = 1;
    forward_network(net);
    backward_network(net);
}

/* ||a - b|| / (||a|| + tiny) */
static double relative_error(int n, const float *a, const float *b) {
    double difference = 0, size = 0;
    for (int i = 0; i < n; ++i) {
        difference += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)a[i], 2);
    }
    return sqrt(difference) / (sqrt(size) + 1e-6);
}

/* The error of a layer's updates (n), which the GPU has in gpu; 0 where there are none. */
static double compare_array(int n, const float *cpu, float *gpu) {
    if (!cpu || !gpu) return 0;
    float *pulled = malloc((size_t)n * sizeof *pulled);
    if (!pulled) return NAN;
    cuda_pull_array(gpu, pulled, (size_t)n);
    double error = relative_error(n, cpu, pulled);
    free(pulled);
    return error;
}

/* The worst relative error of the updates of any layer's weights, scales and biases. */
static double compare_updates(const network *cpu, const network *gpu) {
    double worst = 0;
    for (int i = 0; i < cpu->n; ++i) {
        const layer *expected = &cpu->layers[i], *l = &gpu->layers[i];
        const int weights = l->type == CONNECTED ? l->inputs * l->outputs : l->nweights;
        const int filters = l->type == CONNECTED ? l->outputs : l->type == BATCHNORM ? l->c : l->n;
        const double errors[] = {compare_array(weights, expected->weight_updates, l->weight_updates_gpu),
                                 compare_array(filters, expected->scale_updates, l->scale_updates_gpu),
                                 compare_array(filters, expected->bias_updates, l->bias_updates_gpu)};
        for (int j = 0; j < 3; ++j)
            if (!(errors[j] <= worst)) worst = errors[j];
    }
    return worst;
}

/* The worst relative error of the value of any section. */
static double compare_terms(const network *cpu, const network *gpu) {
    double worst = 0;
    for (int i = 0; i < count_lgg_terms(cpu); ++i) {
        double expected = get_lgg_term(cpu, i).value, error = fabs(get_lgg_term(gpu, i).value - expected);
        error /= fabs(expected) + 1e-6;
        if (!(error <= worst)) worst = error;
    }
    return worst;
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: compare_networks CFG [TEACHER_CFG TEACHER_WEIGHTS]\n");
        return 2;
    }
    if (argc == 4) make_teacher(argv[2], argv[3]);
    network *cpu = parse_on(argv[1], -1), *gpu = parse_on(argv[1], 0);
    pass(cpu);
    pass(gpu);
    double updates = compare_updates(cpu, gpu), terms = compare_terms(cpu, gpu);
    int held = updates <= bound && terms <= bound;
    printf("%s compare-networks %s: relative error of the updates %.1e, of the losses %.1e\n", held ? "PASS" : "FAIL",
           argv[1], updates, terms);
    return held ? 0 : 1;
}
