/* bench_host.c: a prediction and a training step of a network without our sections. Built against stock Darknet and against ours, of
 * either host, with what both have.
 *
 * usage: bench_host NAME CFG     CFG: with the batch of a training step
 * Lines "NAME_prediction MS ms", of one image, and "NAME_step MS ms": medians of BENCH_HOST_RUNS, of random images. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "darknet.h"
#ifdef SECOND_HOST
#include "network.h"
#include "parser.h"
#endif

enum { BENCH_HOST_RUNS = 3 };

/* What the two hosts call otherwise: a network is handed on as it is, or by its address. */
#ifdef SECOND_HOST
typedef network handle;
static network *members(handle *net) {
    return net;
}
static void predict(handle net, float *x) {
    network_predict(net, x);
}
static void train(handle net, float *x, float *truth) {
    train_network_datum(net, x, truth);
    update_network(net);
}
#else
typedef network *handle;
static network *members(handle *net) {
    return *net;
}
static void predict(handle net, float *x) {
    network_predict(net, x);
}
static void train(handle net, float *x, float *truth) {
    memcpy(net->input, x, (size_t)net->inputs * (size_t)net->batch * sizeof *x);
    memcpy(net->truth, truth, (size_t)net->truths * (size_t)net->batch * sizeof *truth);
    train_network_datum(net);
}
#endif

static float *make_images(int n) {
    float *x = malloc((size_t)n * sizeof *x);
    for (int i = 0; x && i < n; ++i)
        x[i] = (float)rand() / (float)RAND_MAX;
    return x;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: bench_host NAME CFG\n");
        return 2;
    }
    double step[BENCH_HOST_RUNS], prediction[BENCH_HOST_RUNS];
    srand(1);
    handle net = parse_network_cfg(argv[2]);
    const int batch = members(&net)->batch;
    float *x = make_images(members(&net)->inputs * batch);
    float *truth = calloc((size_t)members(&net)->truths * (size_t)batch, sizeof *truth);
    if (!x || !truth) return 1;
    for (int run = -1; run < BENCH_HOST_RUNS; ++run) {
        const double start = bench_now();
        train(net, x, truth);
        if (run >= 0) step[run] = bench_now() - start;
    }
    set_batch_network(members(&net), 1);
    for (int run = -1; run < BENCH_HOST_RUNS; ++run) {
        const double start = bench_now();
        predict(net, x);
        if (run >= 0) prediction[run] = bench_now() - start;
    }
    printf("%s_prediction %.4g ms\n", argv[1], bench_median(prediction, BENCH_HOST_RUNS));
    printf("%s_step %.4g ms\n", argv[1], bench_median(step, BENCH_HOST_RUNS));
    free(x);
    free(truth);
    return 0;
}
