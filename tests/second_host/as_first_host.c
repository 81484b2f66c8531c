/* as_first_host.c: see as_first_host.h. */
#include <stdlib.h>

#include "host.h"

#include "data.h"
#include "recipe.h"

network *parse_as_first_host(char *path);
void free_as_first_host(network *net);
void forward_as_first_host(network *net);
void backward_as_first_host(network *net);
float train_as_first_host(network *net);
void update_as_first_host(network *net);
float *predict_as_first_host(network *net, float *input);
pthread_t load_as_first_host(load_args args);
void load_blocking_as_first_host(load_args args);
void resize_as_first_host(network *net, int w, int h);

static void make_batch(network *net) {
    net->input = realloc(net->input, (size_t)(net->inputs * net->batch) * sizeof(float));
    net->truth = realloc(net->truth, (size_t)(net->truths * net->batch) * sizeof(float));
}

network *parse_as_first_host(char *path) {
    network *net = malloc(sizeof *net);
    *net = parse_network_cfg(path);
    net->input = net->truth = net->delta = NULL;
    net->train = 1;
    make_batch(net);
    return net;
}

void free_as_first_host(network *net) {
    free(net->input);
    free(net->truth);
    free_network(*net);
    free(net);
}

static network_state state_of(const network *net) {
    network_state state = {
        .net = *net, .input = net->input, .truth = net->truth, .delta = net->delta, .train = net->train};
    return state;
}

void forward_as_first_host(network *net) {
    forward_network(*net, state_of(net));
    *net->cost = get_network_cost(*net);
}

void backward_as_first_host(network *net) {
    backward_network(*net, state_of(net));
}

void update_as_first_host(network *net) {
    update_network(*net);
}

float train_as_first_host(network *net) {
    net->train = 1;
    *net->cost = train_network_datum(*net, net->input, net->truth);
    update_as_first_host(net);
    ++*net->cur_iteration;
    return *net->cost;
}

float *predict_as_first_host(network *net, float *input) {
    float *output = network_predict(*net, input);
    *net->cost = 0;
    return output;
}

/* This host's loader keeps the threads that it began with, and waits forever for any above their number. It flips where its
 * trainer, which reads `flip` too, says so. */
pthread_t load_as_first_host(load_args args) {
    static int begun;
    load_args before = {.threads = begun};
    if (begun && begun != args.threads) free_load_threads(&before);
    begun = args.threads;
#ifndef LGG_WITHOUT_TRAINING
    args.flip = !args.recipe || args.recipe->flip;
#endif
    return load_data(args);
}

void load_blocking_as_first_host(load_args args) {
    pthread_join(load_data_in_thread(args), 0);
}

void resize_as_first_host(network *net, int w, int h) {
    resize_network(net, w, h);
    net->inputs = net->layers[0].inputs;
    net->outputs = get_network_output_size(*net);
    make_batch(net);
}
