/* lgg_weights.c: whether a weights file is one of the network that is to load it, told by its length. */
#include "lgg_weights.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lgg_parameters.h"

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
    is_training = argc > 2 && strncmp(argv[2], "train", strlen("train")) == 0;
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
    if (last < 0 && inside < 0) {
        weights_fail(path, "is %zu bytes too long: the network's weights take %zu bytes, the file has %zu",
                     length - bytes, bytes, length);
    }
    if (last < 0) {
        weights_fail(path, "ends inside layer %d [%s]: the layer would end at byte %zu, the file has %zu", inside,
                     get_layer_string(net->layers[inside].type), bytes, length);
    }
    const char *type = get_layer_string(net->layers[last].type);
    if (!is_training) {
        weights_fail(path, "ends after layer %d [%s]: only a training can start from weights of some of the layers",
                     last, type);
    }
    fprintf(stderr, "%s ends after layer %d [%s]: the layers after it start from new weights\n", path, last, type);
}

/* The section whose teacher this thread is loading; NULL: a network of the user's own. */
static _Thread_local const lgg_place *taught_section;

void load_teacher_weights(const lgg_place *place, network *net, const char *path) {
    taught_section = place;
    host_load_weights(net, path);
    taught_section = NULL;
}

static _Noreturn void refuse_array(const network *net, const char *path, int i, const char *array) {
    const char *type = get_layer_string(net->layers[i].type);
    if (taught_section) {
        lgg_fail(taught_section,
                 "teacher_weights=%s: the %s of the teacher's layer %d [%s] are not all finite numbers; give the "
                 "weights of a training that went well",
                 path, array, i, type);
    }
    fprintf(stderr, "\n");
    weights_fail(path,
                 "the %s of layer %d [%s] are not all finite numbers; give weights from before the training went wrong",
                 array, i, type);
}

static void check_layer(const network *net, const char *path, int i) {
    layer *leaves[LGG_MAX_LEAVES];
    lgg_array arrays[LGG_MAX_ARRAYS];
    const int n = lgg_leaf_layers(&net->layers[i], leaves);
    for (int j = 0; j < n; ++j) {
        const int count = lgg_leaf_parameters(leaves[j], arrays);
        for (int a = 0; a < count; ++a) {
            if (arrays[a].cpu && !lgg_all_finite(arrays[a].cpu, arrays[a].n))
                refuse_array(net, path, i, arrays[a].name);
        }
    }
}

void check_loaded_weights(const network *net, const char *path, int start, int cutoff) {
    for (int i = start; i < net->n && i < cutoff; ++i)
        check_layer(net, path, i);
}
