/* share_weights.c: two networks on two GPUs, with weights, biases and scales of their own, are made one, as -gpus does every few
 * iterations: each must then have the mean of both.
 *
 * usage: share_weights CFG */
#include "host.h"

#ifdef HOST_ALEXEYAB_H
#include "dark_cuda.h"
#else
#include "cuda.h"
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../larger.h"

/* The arrays of a layer that learn, on the device, and their lengths. */
typedef struct {
    float *values[3];
    int n[3];
} learnt;

static learnt learnt_of(const layer *l) {
    int weights = l->type == CONNECTED ? l->inputs * l->outputs : l->nweights;
    int filters = l->type == CONNECTED ? l->outputs : l->type == BATCHNORM ? l->c : l->n;
    return (learnt){{l->weights_gpu, l->scales_gpu, l->biases_gpu}, {weights, filters, filters}};
}

static float *pull(float *values, int n, int device) {
    float *pulled = calloc((size_t)n + 1, sizeof *pulled);
    if (!pulled) exit(1);
    cuda_set_device(device);
    cuda_pull_array(values, pulled, (size_t)n);
    return pulled;
}

#ifdef HOST_ALEXEYAB_H
/* This host's networks stand one after the other. */
static network *parse(char *cfg, int device) {
    static network nets[2];
    nets[device] = parse_network_cfg(cfg);
    return &nets[device];
}
#else
static network *parse(char *cfg, int device) {
    (void)device;
    return parse_network_cfg(cfg);
}
#endif

static network *parse_on(char *cfg, int device) {
    cuda_set_device(device);
    network *net = parse(cfg, device);
    for (int i = 0; i < net->n; ++i) {
        learnt a = learnt_of(&net->layers[i]);
        for (int j = 0; j < 3; ++j) {
            if (!a.values[j]) continue;
            float *values = pull(a.values[j], a.n[j], device);
            for (int k = 0; k < a.n[j]; ++k)
                values[k] = (float)rand() / (float)RAND_MAX;
            cuda_push_array(a.values[j], values, (size_t)a.n[j]);
            free(values);
        }
    }
    return net;
}

/* All that the network has learnt, one array after another; *n values. */
static double *gather(const network *net, size_t *n) {
    double *all = NULL;
    *n = 0;
    for (int i = 0; i < net->n; ++i) {
        learnt a = learnt_of(&net->layers[i]);
        for (int j = 0; j < 3; ++j) {
            if (!a.values[j]) continue;
            float *values = pull(a.values[j], a.n[j], net->gpu_index);
            all = realloc(all, (*n + (size_t)a.n[j]) * sizeof *all);
            if (!all) exit(1);
            for (int k = 0; k < a.n[j]; ++k)
                all[(*n)++] = (double)values[k];
            free(values);
        }
    }
    return all;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: share_weights CFG\n");
        return 2;
    }
    network *nets[] = {parse_on(argv[1], 0), parse_on(argv[1], 1)};
    double *before[2], *after[2], worst = 0;
    size_t n = 0;
    for (int i = 0; i < 2; ++i)
        before[i] = gather(nets[i], &n);
    host_synchronize(nets, 2);
    for (int i = 0; i < 2; ++i)
        after[i] = gather(nets[i], &n);
    for (size_t i = 0; i < 2 * n; ++i)
        worst = larger(worst, fabs(after[i / n][i % n] - (before[0][i % n] + before[1][i % n]) / 2));
    printf("%s share-weights %s: %zu values on two GPUs, off their mean by %.1e\n", worst < 1e-6 ? "PASS" : "FAIL",
           argv[1], n, worst);
    return worst < 1e-6 ? 0 : 1;
}
