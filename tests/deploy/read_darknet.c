/* read_darknet.c: what a Darknet gives for images: the network's output; of a detector, what each of its layers of boxes takes in. Built
 * against stock Darknet and against ours, of either host.
 *
 * usage: read_darknet CFG WEIGHTS IMAGES OUT [LAYER] */
#include <string.h>

#include "darknet.h"
#ifdef SECOND_HOST
#include "network.h"
#include "parser.h"
#endif

#include "tensors.h"

static int gives_boxes(const layer *l) {
#ifdef SECOND_HOST
    if (l->type == GAUSSIAN_YOLO) return 1;
#endif
    return l->type == YOLO || l->type == REGION || l->type == DETECTION;
}

/* The layers whose outputs are wanted; returns their number. */
static int wanted_layers(const network *net, int *wanted) {
    int n = 0, last = net->n - 1;
    for (int i = 1; i < net->n; ++i)
        if (gives_boxes(&net->layers[i])) wanted[n++] = i - 1;
    while (last > 0 && net->layers[last].type == COST)
        --last;
    if (n == 0) wanted[n++] = last;
    return n;
}

int main(int argc, char **argv) {
    if (argc != 5 && argc != 6) return 2;
#ifdef SECOND_HOST
    network loaded = parse_network_cfg_custom(argv[1], 1, 1), *net = &loaded;
#else
    network *net = parse_network_cfg(argv[1]);
    set_batch_network(net, 1);
#endif
    load_weights(net, argv[2]);
    int *wanted = calloc((size_t)net->n + 1, sizeof *wanted), size = 0;
    int n = wanted_layers(net, wanted);
    if (argc == 6) n = 1, wanted[0] = atoi(argv[5]);
    for (int i = 0; i < n; ++i)
        size += net->layers[wanted[i]].outputs;
    const tensors images = tensors_read(argv[3]);
    const tensors out = tensors_new(images.count, size);
    float *to = out.x;
    if (images.size != net->inputs) return 2;
    for (int i = 0; i < images.count; ++i) {
        float *x = images.x + (size_t)i * (size_t)images.size;
#ifdef SECOND_HOST
        network_predict(*net, x);
#else
        network_predict(net, x);
#endif
        for (int j = 0; j < n; ++j) {
            const layer *l = &net->layers[wanted[j]];
            memcpy(to, l->output, (size_t)l->outputs * sizeof *to);
            to += l->outputs;
        }
    }
    tensors_write(argv[4], out);
    return 0;
}
