/* training_step.c: trains a network on invented images and writes down what came out.
 *
 * Linked twice: with the host's own CPU functions and with ours. The network predicts with a batch of 1, then trains one step with
 * the batch of its .cfg file, with images of another size where SIZE is given. Every layer's outputs, and what the step has changed, go to
 * FILE, array by array: a line "LAYER NAME COUNT", then COUNT floats.
 *
 * usage: training_step CFG FILE [SIZE] */
#include "network.h"
#include "network_plan.h"
#include "parser.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *out;

/* Without x, which a training need not keep, no floats. */
static void write_output(int layer, const float *x, int n) {
    fprintf(out, "%d output %d\n", layer, x ? n : 0);
    if (x) fwrite(x, sizeof(float), (size_t)n, out);
}

static void write_array(int layer, const char *name, const float *x, int n) {
    if (!x || n <= 0) return;
    fprintf(out, "%d %s %d\n", layer, name, n);
    fwrite(x, sizeof(float), (size_t)n, out);
}

static int weights_of(layer l) {
    return l.nweights ? l.nweights : l.inputs * l.outputs;
}

/* As one array: a bias before a batch normalization has no gradient but rounding. */
static void write_updates(int layer, struct layer l) {
    int weights = l.weight_updates ? weights_of(l) : 0, biases = l.bias_updates ? l.out_c : 0,
        scales = l.scale_updates ? l.out_c : 0;
    if (weights + biases + scales == 0) return;
    fprintf(out, "%d updates %d\n", layer, weights + biases + scales);
    fwrite(l.weight_updates, sizeof(float), (size_t)weights, out);
    fwrite(l.bias_updates, sizeof(float), (size_t)biases, out);
    fwrite(l.scale_updates, sizeof(float), (size_t)scales, out);
}

static void write_network(network *net, int trained) {
    float_buffer copy = {0};
    for (int i = 0; i < net->n; ++i) {
        layer l = net->layers[i];
        write_output(i, planned_output(net, i, &copy), l.outputs * l.batch);
        if (!trained) continue;
        write_updates(i, l);
        write_array(i, "rolling_variance", l.rolling_variance, l.rolling_variance ? l.out_c : 0);
    }
    free(copy.memory);
}

static void invent_batch(network *net) {
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = (float)rand() / (float)RAND_MAX;
    for (int i = 0; i < net->truths * net->batch; ++i)
        net->truth[i] = i % net->truths == i / net->truths % net->truths;
}

static void train(network *net) {
    invent_batch(net);
    train_network_datum(net);
    write_network(net, 1);
}

static void predict(network *net, int batch) {
    set_batch_network(net, batch);
    invent_batch(net);
    network_predict(net, net->input);
    write_network(net, 0);
}

/* An untrained network's rolling variances are 0: its predictions overflow. */
static void invent_statistics(network *net) {
    for (int i = 0; i < net->n; ++i)
        for (int c = 0; net->layers[i].rolling_variance && c < net->layers[i].out_c; ++c)
            net->layers[i].rolling_variance[c] = 1 + (float)(c % 3);
}

int main(int argc, char **argv) {
    if (argc < 3 || !(out = fopen(argv[2], "wb"))) return 2;
    int size = argc > 3 ? atoi(argv[3]) : 0;
    srand(1);
    note_darknet_command(3, (char *[]){"darknet", "classifier", "train"});
    network *net = parse_network_cfg(argv[1]);
    int batch = net->batch;
    invent_statistics(net);
    srand(2);
    predict(net, 1);
    set_batch_network(net, batch);
    if (size) {
        predict(net, batch);
        resize_network(net, size, size);
    }
    train(net);
    free_network(net);
    return fclose(out) != 0;
}
