/* lgg_checkpoint.c: see lgg_checkpoint.h.
 *
 * A state file is a header, then every array of lgg_leaf_updates in the order of the layers, each preceded by its length, then a
 * checksum over all before it. Numbers are the machine's own, as in Darknet's weights files. */
#include "lgg_checkpoint.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lgg_file.h"
#include "lgg_parameters.h"
#include "lgg_recipe.h"
#include "lgg_training.h"
#include "parser.h"

static const char magic[8] = "LGGSTAT1";

typedef struct {
    char magic[8];
    uint64_t weights; /* checksum of the weights file */
    uint64_t seen;    /* images */
    uint64_t seed;
    int32_t updates; /* *net->t */
    float average_loss;
} state_header;

/* A stream that remembers whether all went well, and what went through it. */
typedef struct {
    FILE *file;
    uint64_t sum;
    int good;
} summed;

static uint64_t add_to_sum(uint64_t sum, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; ++i)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static void put(summed *s, const void *data, size_t size) {
    s->good = s->good && fwrite(data, 1, size, s->file) == size;
    s->sum = add_to_sum(s->sum, data, size);
}

static void get(summed *s, void *data, size_t size) {
    s->good = s->good && fread(data, 1, size, s->file) == size;
    if (s->good) s->sum = add_to_sum(s->sum, data, size);
}

/* Brings an array to the CPU. buffer has room for it, where it lives on the GPU alone. */
static float *pulled(const lgg_array *array, float *buffer) {
    float *to = array->cpu ? array->cpu : buffer;
#ifdef GPU
    if (array->gpu) cuda_pull_array(array->gpu, to, array->n);
#endif
    return to;
}

static void pushed(const lgg_array *array, float *from) {
    if (array->cpu && array->cpu != from) memcpy(array->cpu, from, array->n * sizeof(float));
#ifdef GPU
    if (array->gpu) cuda_push_array(array->gpu, from, array->n);
#endif
}

/* Calls visit for each of net's update arrays, in order; stops where it returns 0. */
static void for_each_update(network *net, int (*visit)(const lgg_array *, void *), void *context) {
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[LGG_MAX_LEAVES];
        const int n = lgg_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            lgg_array arrays[LGG_MAX_ARRAYS];
            const int m = lgg_leaf_updates(leaves[j], arrays);
            for (int k = 0; k < m; ++k)
                if (!visit(arrays + k, context)) return;
        }
    }
}

static int put_array(const lgg_array *array, void *context) {
    summed *s = context;
    const uint64_t n = array->n;
    float *buffer = malloc(n * sizeof(float));
    put(s, &n, sizeof n);
    put(s, pulled(array, buffer), n * sizeof(float));
    free(buffer);
    return s->good;
}

static int skip_array(const lgg_array *array, void *context) {
    summed *s = context;
    uint64_t n = 0;
    get(s, &n, sizeof n);
    s->good = s->good && n == array->n;
    if (!s->good) return 0;
    float *buffer = malloc(n * sizeof(float));
    get(s, buffer, n * sizeof(float));
    free(buffer);
    return s->good;
}

static int get_array(const lgg_array *array, void *context) {
    summed *s = context;
    uint64_t n;
    float *buffer = malloc(array->n * sizeof(float));
    get(s, &n, sizeof n);
    get(s, buffer, array->n * sizeof(float));
    pushed(array, buffer);
    free(buffer);
    return s->good;
}

/* Writes net's state to path.tmp; sum is that of its weights file. 0, or -1 with errno set. */
static int write_state(network *net, const char *path, uint64_t sum_of_weights, float average_loss) {
    summed s = {lgg_file_begin(path), 0, 1};
    if (!s.file) return -1;
    state_header header = {
        .weights = sum_of_weights, .seen = *net->seen, .updates = *host_updates(net), .average_loss = average_loss};
    memcpy(header.magic, magic, sizeof magic);
    if (host_recipe(net)) header.seed = host_recipe(net)->seed;
    put(&s, &header, sizeof header);
    for_each_update(net, put_array, &s);
    const uint64_t sum = s.sum;
    put(&s, &sum, sizeof sum);
    return lgg_file_sync(s.file, path);
}

/* The layer that holds NaN or infinity, *array telling in what; -1 if none does. */
static int first_rubbish(network *net, const char **array) {
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[LGG_MAX_LEAVES];
        const int n = lgg_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            lgg_array arrays[LGG_MAX_ARRAYS];
            const int m = lgg_leaf_parameters(leaves[j], arrays);
            for (int k = 0; k < m; ++k) {
                *array = arrays[k].name;
                if (arrays[k].cpu && !lgg_all_finite(arrays[k].cpu, arrays[k].n)) return i;
            }
        }
    }
    return -1;
}

static int cannot_save(const char *path) {
    const char *why = strerror(errno);
    const int exists = access(path, F_OK) == 0;
    fprintf(stderr, "Cannot save %s: %s%s\n", path, why, exists ? "; the file there is the one before, whole" : "");
    return -1;
}

/* Writes net's weights to path.tmp; 0, or -1 after saying why not. */
static int write_weights(network *net, char *path, int cutoff) {
    FILE *file = lgg_file_begin(path);
    if (!file) return cannot_save(path);
    host_write_weights(net, file, cutoff);
    const char *array;
    const int rubbish = first_rubbish(net, &array);
    if (rubbish >= 0) {
        fclose(file);
        lgg_file_abandon(path);
        lgg_training_is_rubbish(net, rubbish, array);
    }
    return lgg_file_sync(file, path) ? cannot_save(path) : 0;
}

void lgg_save_weights(network *net, char *path, int cutoff) {
    int failed = write_weights(net, path, cutoff);
    if (!failed && lgg_file_replace(path)) failed = cannot_save(path);
    if (failed && !lgg_training_goes_on()) exit(EXIT_FAILURE);
    if (!failed) lgg_training_saved(net, path);
}

int lgg_checkpoint_save(network *net, char *path, float average_loss) {
    char *weights = lgg_path_with(path, ".tmp");
    char *state = lgg_path_with(path, ".state");
    char *old_state = lgg_path_with(path, ".state.old");
    int failed = write_weights(net, path, net->n);
    if (!failed && write_state(net, state, lgg_file_checksum(weights), average_loss)) {
        failed = cannot_save(state);
        lgg_file_abandon(path);
    }
    if (!failed) {
        /* At every moment path has its state beside it, under one of two names. */
        rename(state, old_state);
        failed = lgg_file_replace(state) || lgg_file_replace(path);
        if (failed)
            cannot_save(path);
        else
            unlink(old_state);
    }
    if (!failed) lgg_training_saved(net, path);
    free(weights);
    free(state);
    free(old_state);
    return failed ? -1 : 0;
}

typedef enum { STATE_FITS, STATE_MISSING, STATE_OF_OTHER_WEIGHTS, STATE_OF_OTHER_NETWORK, STATE_DAMAGED } state_verdict;

/* Reads the header and, once the whole file is known to be good, the arrays into each of the networks. */
static state_verdict read_state(network **nets, int n, const char *path, uint64_t sum_of_weights,
                                state_header *header) {
    summed s = {fopen(path, "rb"), 0, 1};
    if (!s.file) return STATE_MISSING;
    state_verdict verdict = STATE_FITS;
    uint64_t sum = 0;
    get(&s, header, sizeof *header);
    if (!s.good || memcmp(header->magic, magic, sizeof magic)) {
        verdict = STATE_DAMAGED;
    } else if (header->weights != sum_of_weights || header->seen != *nets[0]->seen) {
        verdict = STATE_OF_OTHER_WEIGHTS;
    } else {
        for_each_update(nets[0], skip_array, &s);
        sum = s.sum;
        if (!s.good) verdict = feof(s.file) ? STATE_DAMAGED : STATE_OF_OTHER_NETWORK;
    }
    uint64_t stored = 0;
    if (verdict == STATE_FITS &&
        (fread(&stored, sizeof stored, 1, s.file) != 1 || stored != sum || fgetc(s.file) != EOF))
        verdict = STATE_DAMAGED;
    for (int i = 0; verdict == STATE_FITS && i < n; ++i) {
        fseek(s.file, sizeof *header, SEEK_SET);
        for_each_update(nets[i], get_array, &s);
        *host_updates(nets[i]) = header->updates;
        if (host_recipe(nets[i]) && !host_recipe(nets[i])->seeded) host_recipe(nets[i])->seed = header->seed;
    }
    fclose(s.file);
    return verdict;
}

int lgg_checkpoint_load(network **nets, int n, char *path, float *average_loss) {
    static const char *const why[] = {
        [STATE_OF_OTHER_WEIGHTS] = "belongs to other weights",
        [STATE_OF_OTHER_NETWORK] = "belongs to another network",
        [STATE_DAMAGED] = "is damaged",
    };
    static const char *const suffixes[] = {".state", ".state.old"};
    const uint64_t sum = lgg_file_checksum(path);
    state_verdict verdict = STATE_MISSING;
    for (int i = 0; i < 2 && verdict != STATE_FITS; ++i) {
        char *state = lgg_path_with(path, suffixes[i]);
        state_header header;
        const state_verdict found = read_state(nets, n, state, sum, &header);
        if (found == STATE_FITS) *average_loss = header.average_loss;
        if (found != STATE_MISSING) verdict = found;
        free(state);
    }
    if (verdict != STATE_FITS && verdict != STATE_MISSING)
        fprintf(stderr, "%s.state %s: going on without its momentum\n", path, why[verdict]);
    return verdict == STATE_FITS;
}
