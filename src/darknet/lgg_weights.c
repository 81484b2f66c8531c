/* lgg_weights.c: whether a weights file is one of the network that is to load it, told by its length. */
#include "lgg_weights.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
        return host_layer_floats(l);
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

static int is_training;

void note_darknet_command(int argc, char **argv) {
    /* `partial train.cfg …` trains nothing */
    is_training = argc > 2 && strncmp(argv[2], "train", strlen("train")) == 0 && !strchr(argv[2], '.');
}

int darknet_is_training(void) {
    return is_training;
}

static _Noreturn void weights_fail(const char *path, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", path);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(EXIT_FAILURE);
}

/* The length of the file, and in *header the bytes before its weights. */
static size_t open_weights(const char *path, size_t *header) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0) weights_fail(path, "cannot be opened: %s", strerror(errno));
    if (!S_ISREG(status.st_mode)) weights_fail(path, "is no file of weights");
    *header = header_bytes(file);
    fclose(file);
    if (!*header || (size_t)status.st_size < *header)
        weights_fail(path, "is no file of weights: it ends within its first line");
    return (size_t)status.st_size;
}

/* The last of the layers start..cutoff-1 that has weights, all before it being in the file, if the file ends exactly after it; -1
 * if it ends elsewhere. *inside is the layer in which it ends, or -1, and *bytes where that layer ends or, failing that, the last. */
static int last_layer_in_file(const network *net, int start, int cutoff, size_t normalization, size_t length,
                              size_t *bytes, int *inside) {
    int last = -1;
    *inside = -1;
    for (int i = start; i < net->n && i < cutoff; ++i) {
        size_t floats = layer_floats(&net->layers[i], normalization);
        if (!floats) continue;
        if (*bytes == length && last >= 0) return last;
        *bytes += floats * sizeof(float);
        last = i;
        if (*bytes > length) {
            *inside = i;
            return -1;
        }
    }
    return *bytes == length ? net->n : -1;
}

static int some_are_not_loaded(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].dontload) return 1;
    }
    return 0;
}

/* ---- weights of another number of classes ---- */

/* The layer with weights that the loss of layer i looks at; -1 if layer i has no loss. */
static int head_of_loss(const network *net, int i) {
    const layer *l = &net->layers[i];
    if (!host_has_boxes(l) && l->type != SOFTMAX && l->type != LOGXENT && l->type != COST) return -1;
    while (i >= 0 && !layer_floats(&net->layers[i], 4))
        --i;
    return i;
}

/* The outputs of a layer that has as many as there are classes (convolutional: its filters); 0 for other layers. */
static int head_outputs(const layer *l) {
    return l->type == CONNECTED ? l->outputs : l->type == CONVOLUTIONAL ? l->n : 0;
}

/* The first layer whose outputs the number of classes fixes, and in *floats what one more output of each such layer adds to a weights
 * file. -1 if there is none, or where they have different outputs. */
static int first_head(const network *net, size_t *floats) {
    int first = -1, last = -1;
    *floats = 0;
    for (int i = 0; i < net->n; ++i) {
        const int head = head_of_loss(net, i), outputs = head < 0 ? 0 : head_outputs(&net->layers[head]);
        if (head < 0 || head == last) continue;
        if (!outputs || (first >= 0 && outputs != head_outputs(&net->layers[first]))) return -1;
        *floats += layer_floats(&net->layers[head], 4) / (size_t)outputs;
        if (first < 0) first = head;
        last = head;
    }
    return first;
}

/* The outputs that the first head has in a file of that length, if nothing but the number of classes is another; else 0. */
static int outputs_in_file(const network *net, int head, size_t floats, size_t header, size_t length) {
    const long step = (long)(floats * sizeof(float));
    for (size_t normalization = 4; normalization >= 3; --normalization) {
        const long more = (long)length - (long)network_bytes(net, header, normalization);
        const long outputs = head_outputs(&net->layers[head]) + more / step;
        if (more % step == 0 && outputs > 0) return (int)outputs;
    }
    return 0;
}

/* What to do with a file that fits but for its number of classes; empty where that is not it, or nothing is trained. */
static void find_remedy(const network *net, const char *path, size_t header, size_t length, char remedy[1024]) {
    size_t floats;
    const int head = is_training ? first_head(net, &floats) : -1;
    const int outputs = head < 0 ? 0 : outputs_in_file(net, head, floats, header, length);
    remedy[0] = '\0';
    if (!outputs) return;
    snprintf(remedy, 1024,
             "; it fits a network with %d outputs in layer %d, where this one has %d. To train from the layers before: "
             "./darknet partial ITS.cfg %s PART.weights %d, ITS.cfg being the .cfg file that it was trained with, and "
             "then from PART.weights",
             outputs, head, head_outputs(&net->layers[head]), path, head);
}

void check_weights_to_load(const network *net, const char *path, int start, int cutoff) {
    size_t header, length = open_weights(path, &header);
    size_t bytes = header, stock_bytes = header;
    int inside, stock_inside;
    int last = last_layer_in_file(net, start, cutoff, 4, length, &bytes, &inside);
    /* Stock Darknet leaves the biases of [batchnorm] out. */
    int stock_last = last_layer_in_file(net, start, cutoff, 3, length, &stock_bytes, &stock_inside);
    if (last < 0) last = stock_last;
    if (last == net->n) return;
    if (last < 0 && inside < 0 && (cutoff < net->n || some_are_not_loaded(net))) return;
    char remedy[1024];
    if (last < 0) find_remedy(net, path, header, length, remedy);
    if (last < 0 && inside < 0) {
        weights_fail(path, "is %zu bytes too long: the network's weights take %zu bytes, the file has %zu%s",
                     length - bytes, bytes, length, remedy);
    }
    if (last < 0) {
        weights_fail(path, "ends inside layer %d [%s]: the layer would end at byte %zu, the file has %zu%s", inside,
                     get_layer_string(net->layers[inside].type), bytes, length, remedy);
    }
    const char *type = get_layer_string(net->layers[last].type);
    if (!is_training) {
        weights_fail(path, "ends after layer %d [%s]: only a training can start from weights of some of the layers",
                     last, type);
    }
    fprintf(stderr, "%s ends after layer %d [%s]: the layers after it start from new weights\n", path, last, type);
}
