/* lgg_weights.c: how long a weights file must be to fill a network. */
#include "lgg_weights.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static size_t connected_floats(const layer *l) {
    size_t outputs = (size_t)l->outputs, normalization = l->batch_normalize && !l->dontloadscales ? 3 * outputs : 0;
    return outputs + outputs * (size_t)l->inputs + normalization;
}

static size_t convolutional_floats(const layer *l) {
    size_t filters = (size_t)(l->numload ? l->numload : l->n);
    size_t weights = (size_t)(l->c / (l->groups ? l->groups : 1)) * filters * (size_t)l->size * (size_t)l->size;
    return filters + weights + (l->batch_normalize && !l->dontloadscales ? 3 * filters : 0);
}

static size_t local_floats(const layer *l) {
    size_t weights = (size_t)l->size * (size_t)l->size * (size_t)l->c * (size_t)l->n;
    return (size_t)l->outputs + weights * (size_t)l->out_w * (size_t)l->out_h;
}

static size_t lstm_floats(const layer *l) {
    return connected_floats(l->wi) + connected_floats(l->wf) + connected_floats(l->wo) + connected_floats(l->wg) +
           connected_floats(l->ui) + connected_floats(l->uf) + connected_floats(l->uo) + connected_floats(l->ug);
}

static size_t gru_floats(const layer *l) {
    return connected_floats(l->wz) + connected_floats(l->wr) + connected_floats(l->wh) + connected_floats(l->uz) +
           connected_floats(l->ur) + connected_floats(l->uh);
}

/* Floats of one layer in a weights file; `normalization` is the number of arrays that a [batchnorm] has there. */
static size_t layer_floats(const layer *l, size_t normalization) {
    if (l->dontload) return 0;
    switch (l->type) {
    case CONVOLUTIONAL:
    case DECONVOLUTIONAL:
        return convolutional_floats(l);
    case CONNECTED:
        return connected_floats(l);
    case BATCHNORM:
        return normalization * (size_t)l->c;
    case LOCAL:
        return local_floats(l);
    case LSTM:
        return lstm_floats(l);
    case GRU:
        return gru_floats(l);
    case RNN:
        return connected_floats(l->input_layer) + connected_floats(l->self_layer) + connected_floats(l->output_layer);
    case CRNN:
        return convolutional_floats(l->input_layer) + convolutional_floats(l->self_layer) +
               convolutional_floats(l->output_layer);
    default:
        return 0;
    }
}

static size_t network_bytes(const network *net, size_t header, size_t normalization) {
    size_t floats = 0;
    for (int i = 0; i < net->n; ++i)
        floats += layer_floats(&net->layers[i], normalization);
    return header + floats * sizeof(float);
}

/* Bytes before the weights: three numbers of the version, and the images seen, an int before version 0.2. 0 if the file ends
 * there. */
static size_t header_bytes(FILE *file) {
    int version[3];
    if (fread(version, sizeof *version, 3, file) != 3) return 0;
    int has_long_count = version[0] * 10 + version[1] >= 2 && version[0] < 1000 && version[1] < 1000;
    return sizeof version + (has_long_count ? sizeof(size_t) : sizeof(int));
}

void check_weights_file(const lgg_place *place, const char *option, const char *path, const network *net) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0) lgg_fail(place, "%s=%s: cannot be opened", option, path);
    size_t header = header_bytes(file), length = (size_t)status.st_size;
    fclose(file);
    if (!header) header = 3 * sizeof(int) + sizeof(size_t);
    size_t expected = network_bytes(net, header, 4), stock = network_bytes(net, header, 3);
    if (length == expected || length == stock) return;
    lgg_fail(place, "%s=%s: is %zu bytes long, its network needs %zu: %s", option, path, length, expected,
             length < stock ? "too short" : "too long");
}
