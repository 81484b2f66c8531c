/* weights.c: whether a weights file is one of the network that is to load it, told by its length. What the file holds of a layer
 * is what the host's own writer writes of it: its bytes are counted, not worked out again here. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* fopencookie */
#endif
#include "weights.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "parameters.h"

/* The number of arrays that a [batchnorm] has in a file. Stock Darknet leaves out its biases, which come first. */
enum { ALL_ARRAYS = 4, STOCK_ARRAYS = 3 };

/* The host has no name for the layers of our sections, which hold no weights. */
static const char *type_of(const layer *l) {
    return l->type == LGG ? "lgg" : get_layer_string(l->type);
}

static ssize_t count_bytes(void *count, const char *data, size_t size) {
    (void)data;
    *(size_t *)count += size;
    return (ssize_t)size;
}

/* What the host writes while it holds no device: nothing is pulled from there, over what the CPU has, to be counted. */
static void write_without_device(const network *net, const layer *l, FILE *file) {
#ifdef GPU
    const int device = gpu_index;
    gpu_index = -1;
#endif
    host_write_layer(net, l, file);
#ifdef GPU
    gpu_index = device;
#endif
}

/* The bytes of layer l of net, or, where l is NULL, of a file without layers. */
static size_t written_bytes(const network *net, const layer *l) {
    size_t bytes = 0;
    FILE *counter = fopencookie(&bytes, "w", (cookie_io_functions_t){.write = count_bytes});
    if (!counter) {
        fprintf(stderr, "No memory to count the bytes of a weights file\n");
        exit(EXIT_FAILURE);
    }
    write_without_device(net, l, counter);
    fclose(counter);
    return bytes;
}

/* Bytes of one layer in a weights file that is loaded. */
static size_t layer_bytes(const network *net, const layer *l, int arrays) {
    if (l->dontload) return 0;
    const size_t left_out = l->type == BATCHNORM ? (size_t)(ALL_ARRAYS - arrays) * (size_t)l->c * sizeof(float) : 0;
    return written_bytes(net, l) - written_bytes(net, NULL) - left_out;
}

static size_t network_bytes(const network *net, size_t header, int arrays) {
    size_t bytes = header;
    for (int i = 0; i < net->n; ++i)
        bytes += layer_bytes(net, &net->layers[i], arrays);
    return bytes;
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
    if (!HOST_WRITES_LAYERS) return;
    if (!header) header = 3 * sizeof(int) + sizeof(size_t);
    size_t expected = network_bytes(net, header, ALL_ARRAYS), stock = network_bytes(net, header, STOCK_ARRAYS);
    if (length == expected || length == stock) return;
    lgg_fail(place, "%s=%s: is %zu bytes long, its network needs %zu: %s", option, path, length, expected,
             length < stock ? "too short" : "too long");
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

/* How far a file goes. */
typedef struct {
    int last; /* the last layer that it holds, if it ends exactly after it; the number of layers: it holds all; -1: neither */
    int inside;   /* the layer in which it ends, or -1 */
    size_t bytes; /* the end of that layer, or else of the last one */
    int arrays;   /* of its [batchnorm] layers */
} extent;

/* The extent of a file of `length` bytes whose layers start..end-1 begin after its header. */
static extent extent_of(const network *net, int start, int end, int arrays, size_t header, size_t length) {
    extent e = {.last = -1, .inside = -1, .bytes = header, .arrays = arrays};
    for (int i = start; i < end; ++i) {
        const size_t bytes = layer_bytes(net, &net->layers[i], arrays);
        if (!bytes) continue;
        if (e.bytes == length && e.last >= 0) return e;
        e.bytes += bytes;
        e.last = i;
        if (e.bytes > length) {
            e.inside = i;
            e.last = -1;
            return e;
        }
    }
    e.last = e.bytes == length ? net->n : -1;
    return e;
}

/* The file read as one of ours, or, where only that fits or fits better, of stock Darknet's. */
static extent best_extent(const network *net, int start, int end, size_t header, size_t length) {
    const extent ours = extent_of(net, start, end, ALL_ARRAYS, header, length);
    const extent stock = extent_of(net, start, end, STOCK_ARRAYS, header, length);
    return stock.last > ours.last ? stock : ours;
}

static int some_are_not_loaded(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].dontload) return 1;
    }
    return 0;
}

int has_batchnorm_biases(const network *net, const char *path, int start) {
    size_t header;
    const size_t length = open_weights(path, &header);
    const extent e = best_extent(net, start, net->n, header, length);
    return e.last < 0 || e.arrays == ALL_ARRAYS;
}

/* The host would read more filters than there is room for. */
static void refuse_too_large_numload(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (l->numload <= l->n || (l->type != CONVOLUTIONAL && l->type != DECONVOLUTIONAL)) continue;
        fprintf(stderr, "layer %d [%s]: numload=%d: the layer has only %d filters\n", i, type_of(l), l->numload, l->n);
        exit(EXIT_FAILURE);
    }
}

/* ---- weights of another number of classes ---- */

/* The layer with weights that the loss of layer i looks at; -1 if layer i has no loss. */
static int head_of_loss(const network *net, int i) {
    const layer *l = &net->layers[i];
    if (!host_has_boxes(l) && l->type != SOFTMAX && l->type != LOGXENT && l->type != COST) return -1;
    while (i >= 0 && !layer_bytes(net, &net->layers[i], ALL_ARRAYS))
        --i;
    return i;
}

/* The outputs of a layer that has as many as there are classes (convolutional: its filters); 0 for other layers. */
static int head_outputs(const layer *l) {
    return l->type == CONNECTED ? l->outputs : l->type == CONVOLUTIONAL ? l->n : 0;
}

/* The first layer whose outputs the number of classes fixes, and in *bytes what one more output of each such layer adds to a weights
 * file. -1 if there is none, or where they have different outputs. */
static int first_head(const network *net, size_t *bytes) {
    int first = -1, last = -1;
    *bytes = 0;
    for (int i = 0; i < net->n; ++i) {
        const int head = head_of_loss(net, i), outputs = head < 0 ? 0 : head_outputs(&net->layers[head]);
        if (head < 0 || head == last) continue;
        if (!outputs || (first >= 0 && outputs != head_outputs(&net->layers[first]))) return -1;
        *bytes += layer_bytes(net, &net->layers[head], ALL_ARRAYS) / (size_t)outputs;
        if (first < 0) first = head;
        last = head;
    }
    return first;
}

/* The outputs that the first head has in a file of that length, if nothing but the number of classes is another; else 0. */
static int outputs_in_file(const network *net, int head, size_t bytes, size_t header, size_t length) {
    const long step = (long)bytes;
    for (int arrays = ALL_ARRAYS; arrays >= STOCK_ARRAYS; --arrays) {
        const long more = (long)length - (long)network_bytes(net, header, arrays);
        const long outputs = head_outputs(&net->layers[head]) + more / step;
        if (more % step == 0 && outputs > 0) return (int)outputs;
    }
    return 0;
}

/* What to do with a file that fits but for its number of classes; empty where that is not it, or nothing is trained. */
static void find_remedy(const network *net, const char *path, size_t header, size_t length, char remedy[1024]) {
    size_t bytes;
    const int head = darknet_is_training() ? first_head(net, &bytes) : -1;
    const int outputs = head < 0 ? 0 : outputs_in_file(net, head, bytes, header, length);
    remedy[0] = '\0';
    if (!outputs) return;
    snprintf(remedy, 1024,
             "; it fits a network with %d outputs in layer %d, where this one has %d. To train from the layers before: "
             "./darknet partial ITS.cfg %s PART.weights %d, ITS.cfg being the .cfg file that it was trained with, and "
             "then from PART.weights",
             outputs, head, head_outputs(&net->layers[head]), path, head);
}

void check_weights_to_load(const network *net, const char *path, int start, int cutoff) {
    size_t header;
    refuse_too_large_numload(net);
    const size_t length = open_weights(path, &header);
    const extent e = best_extent(net, start, cutoff < net->n ? cutoff : net->n, header, length);
    if (e.last == net->n) return;
    if (e.last < 0 && e.inside < 0 && (cutoff < net->n || some_are_not_loaded(net))) return;
    char remedy[1024];
    if (e.last < 0) find_remedy(net, path, header, length, remedy);
    if (e.last < 0 && e.inside < 0) {
        weights_fail(path, "is %zu bytes too long: the network's weights take %zu bytes, the file has %zu%s",
                     length - e.bytes, e.bytes, length, remedy);
    }
    if (e.last < 0) {
        weights_fail(path, "ends inside layer %d [%s]: the layer would end at byte %zu, the file has %zu%s", e.inside,
                     type_of(&net->layers[e.inside]), e.bytes, length, remedy);
    }
    const char *type = type_of(&net->layers[e.last]);
    if (!darknet_is_training()) {
        weights_fail(path, "ends after layer %d [%s]: only a training can start from weights of some of the layers",
                     e.last, type);
    }
    fprintf(stderr, "%s ends after layer %d [%s]: the layers after it start from new weights\n", path, e.last, type);
}

/* The section whose teacher this thread is loading; NULL: a network of the user's own. */
static _Thread_local const lgg_place *taught_section;

void load_teacher_weights(const lgg_place *place, network *net, const char *path) {
    taught_section = place;
    host_load_weights(net, path);
    taught_section = NULL;
}

static _Noreturn void refuse_array(const network *net, const char *path, int i, const char *array) {
    const char *type = type_of(&net->layers[i]);
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

void check_loaded_weights(const network *net, const char *path, int cutoff) {
    const char *array;
    const int i = lgg_first_rubbish(net, cutoff, &array);
    if (i >= 0) refuse_array(net, path, i, array);
}
