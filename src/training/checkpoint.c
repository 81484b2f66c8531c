/* checkpoint.c: see checkpoint.h.
 *
 * A state file is a header, then every array of lgg_leaf_updates and lgg_layer_memory in the order of the layers, each preceded by its
 * length, then a checksum over all before it. Numbers are the machine's own, as in Darknet's weights files. */
#include "checkpoint.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arithmetic.h"
#include "file.h"
#include "parameters.h"
#include "recipe.h"
#include "parser.h"

static const char magic[8] = "LGGSTAT3";
/* What was written before: the header lacks its last member, or its last two. */
static const char magic_without_memory[8] = "LGGSTAT2", magic_without_arithmetic[8] = "LGGSTAT1";

typedef struct {
    char magic[8];
    uint64_t weights; /* checksum of the weights file */
    uint64_t seen;    /* images */
    uint64_t seed;
    int32_t updates; /* *net->t */
    float average_loss;
    char arithmetic[LGG_ARITHMETIC];  /* what the sums were computed with */
    float memory[LGG_NETWORK_MEMORY]; /* host_network_memory */
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

/* Room for an array on the CPU, which is its own but where it lives on the GPU alone; NULL without memory. */
static float *room_for(const lgg_array *array) {
    return array->cpu ? array->cpu : malloc(array->n * sizeof(float));
}

static void free_room(const lgg_array *array, float *room) {
    if (!array->cpu) free(room);
}

static void pull(const lgg_array *array, float *to) {
#ifdef GPU
    if (array->gpu) cuda_pull_array(array->gpu, to, array->n);
#else
    (void)array;
    (void)to;
#endif
}

static void push(const lgg_array *array, float *from) {
#ifdef GPU
    if (!array->gpu) return;
    cuda_push_array(array->gpu, from, array->n);
    host_await_copy();
#else
    (void)array;
    (void)from;
#endif
}

/* Calls visit for each of net's arrays of updates and memory, in order; stops where it returns 0. */
static void for_each_update(network *net, int (*visit)(const lgg_array *, void *), void *context) {
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[HOST_MAX_LEAVES];
        lgg_array arrays[LGG_MAX_ARRAYS];
        const int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j <= n; ++j) {
            const int m = j < n ? lgg_leaf_updates(leaves[j], arrays) : lgg_layer_memory(net, &net->layers[i], arrays);
            for (int k = 0; k < m; ++k)
                if (!visit(arrays + k, context)) return;
        }
    }
}

static int put_array(const lgg_array *array, void *context) {
    summed *s = context;
    const uint64_t n = array->n;
    float *values = room_for(array);
    if (!values) return s->good = 0;
    pull(array, values);
    put(s, &n, sizeof n);
    put(s, values, n * sizeof(float));
    free_room(array, values);
    return s->good;
}

static int skip_array(const lgg_array *array, void *context) {
    summed *s = context;
    uint64_t n = 0;
    get(s, &n, sizeof n);
    s->good = s->good && n == array->n;
    float values[1024];
    while (s->good && n > 0) {
        const size_t some = n < 1024 ? n : 1024;
        get(s, values, some * sizeof(float));
        n -= some;
    }
    return s->good;
}

static int get_array(const lgg_array *array, void *context) {
    summed *s = context;
    uint64_t n;
    float *values = room_for(array);
    if (!values) return s->good = 0;
    get(s, &n, sizeof n);
    get(s, values, array->n * sizeof(float));
    push(array, values);
    free_room(array, values);
    return s->good;
}

/* ---- writing ---- */

static int cannot_save(const char *path) {
    const char *why = strerror(errno);
    const int exists = access(path, F_OK) == 0;
    fprintf(stderr, "Cannot save %s: %s%s\n", path, why, exists ? "; the file there is the one before, whole" : "");
    return -1;
}

/* The weights of layers 0..cutoff-1, whole in a file to replace path; NULL after saying why not. */
static lgg_file *write_weights(network *net, const char *path, int cutoff) {
    lgg_file *file = lgg_file_begin(path);
    if (file) host_write_weights(net, file->stream, cutoff);
    if (file && lgg_file_sync(file) == 0) return file;
    cannot_save(path);
    return NULL;
}

int lgg_checkpoint_save_weights(network *net, const char *path, int cutoff) {
    host_select_device(net);
    lgg_file *weights = write_weights(net, path, cutoff);
    if (!weights) return -1;
    return lgg_file_replace(weights) ? cannot_save(path) : 0;
}

static void fill_header(network *net, uint64_t sum_of_weights, float average_loss, state_header *header) {
    memset(header, 0, sizeof *header);
    memcpy(header->magic, magic, sizeof magic);
    header->weights = sum_of_weights;
    header->seen = *net->seen;
    header->seed = host_recipe(net) ? host_recipe(net)->seed : 0;
    header->updates = *host_updates(net);
    header->average_loss = average_loss;
    lgg_describe_arithmetic(header->arithmetic);
    float *memory[LGG_NETWORK_MEMORY];
    for (int i = host_network_memory(net, memory) - 1; i >= 0; --i)
        header->memory[i] = *memory[i];
}

/* net's state, whole in a file to replace path; NULL after saying why not. sum is that of its weights file. */
static lgg_file *write_state(network *net, const char *path, uint64_t sum_of_weights, float average_loss) {
    lgg_file *file = lgg_file_begin(path);
    if (file) {
        summed s = {file->stream, 0, 1};
        state_header header;
        fill_header(net, sum_of_weights, average_loss, &header);
        put(&s, &header, sizeof header);
        for_each_update(net, put_array, &s);
        const uint64_t sum = s.sum;
        put(&s, &sum, sizeof sum);
        if (!s.good && !ferror(s.file)) {
            lgg_file_abandon(file);
            errno = ENOMEM;
        } else if (lgg_file_sync(file) == 0) {
            return file;
        }
    }
    cannot_save(path);
    return NULL;
}

/* Whether path is the state of the weights with this checksum, by its header. */
static int is_state_of(const char *path, uint64_t sum_of_weights) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    state_header header;
    const size_t short_header = offsetof(state_header, arithmetic);
    const int read = fread(&header, 1, short_header, file) == short_header;
    fclose(file);
    return read && header.weights == sum_of_weights;
}

/* A new state is about to take the name `state`, before its weights take theirs: that of the weights still there is kept as `old`. It is
 * there already where a process died between the two, and then what is called `state` belongs to no weights. */
static void keep_state_of(const char *weights, const char *state, const char *old) {
    if (access(old, F_OK) == 0 && !is_state_of(state, lgg_file_checksum(weights))) return;
    rename(state, old);
}

/* Weights and state are both whole before either is put in place, and at every moment the weights that are called path have their
 * state beside them, under one of two names. */
static int save_both(network *net, const char *path, const char *state_path, const char *old_path, float average_loss) {
    lgg_file *weights = write_weights(net, path, net->n);
    if (!weights) return -1;
    const uint64_t sum = weights->temporary ? lgg_file_checksum(weights->temporary) : 0;
    lgg_file *state = write_state(net, state_path, sum, average_loss);
    if (!state) {
        lgg_file_abandon(weights);
        return -1;
    }
    keep_state_of(path, state_path, old_path);
    if (lgg_file_replace(state)) {
        cannot_save(state_path);
        lgg_file_abandon(weights);
        return -1;
    }
    if (lgg_file_replace(weights)) return cannot_save(path);
    unlink(old_path);
    return 0;
}

int lgg_checkpoint_save(network *net, const char *path, float average_loss) {
    host_select_device(net);
    char *state_path = lgg_path_with(path, ".state");
    char *old_path = lgg_path_with(path, ".state.old");
    const int failed =
        state_path && old_path ? save_both(net, path, state_path, old_path, average_loss) : cannot_save(path);
    free(state_path);
    free(old_path);
    return failed;
}

/* ---- reading ---- */

typedef enum {
    STATE_FITS,
    STATE_MISSING,
    STATE_OF_OTHER_WEIGHTS,
    STATE_OF_OTHER_NETWORK,
    STATE_DAMAGED,
    STATE_TOO_LARGE
} state_verdict;

/* Reads the header, of any kind, and returns how long it is; 0 if it is none. */
static size_t get_header(summed *s, state_header *header) {
    memset(header, 0, sizeof *header);
    const size_t short_header = offsetof(state_header, arithmetic);
    get(s, header, short_header);
    if (!s->good) return 0;
    if (memcmp(header->magic, magic_without_arithmetic, sizeof magic) == 0) return short_header;
    const int has_memory = memcmp(header->magic, magic, sizeof magic) == 0;
    if (!has_memory && memcmp(header->magic, magic_without_memory, sizeof magic) != 0) return 0;
    get(s, header->arithmetic, sizeof header->arithmetic);
    header->arithmetic[sizeof header->arithmetic - 1] = '\0';
    if (has_memory) get(s, header->memory, sizeof header->memory);
    if (!s->good) return 0;
    return has_memory ? sizeof *header : offsetof(state_header, memory);
}

/* What a state without it does not know stays as the network begins. */
static void restore_memory(network *net, const state_header *header) {
    float *memory[LGG_NETWORK_MEMORY];
    if (memcmp(header->magic, magic, sizeof magic) != 0) return;
    for (int i = host_network_memory(net, memory) - 1; i >= 0; --i)
        *memory[i] = header->memory[i];
}

/* Reads the header and, once the whole file is known to be good, the arrays into each of the networks. */
static state_verdict read_state(network **nets, int n, const char *path, uint64_t sum_of_weights,
                                state_header *header) {
    summed s = {fopen(path, "rb"), 0, 1};
    if (!s.file) return STATE_MISSING;
    state_verdict verdict = STATE_FITS;
    uint64_t sum = 0;
    const size_t length = get_header(&s, header);
    if (!length) {
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
        fseek(s.file, (long)length, SEEK_SET);
        host_select_device(nets[i]);
        for_each_update(nets[i], get_array, &s);
        if (!s.good) verdict = STATE_TOO_LARGE;
        *host_updates(nets[i]) = header->updates;
        restore_memory(nets[i], header);
        if (host_recipe(nets[i]) && !host_recipe(nets[i])->seeded) host_recipe(nets[i])->seed = header->seed;
    }
    fclose(s.file);
    return verdict;
}

/* One line where the sums are computed with something else than those that led to the state. */
static void compare_arithmetic(const char *path, const char *before) {
    char now[LGG_ARITHMETIC];
    lgg_describe_arithmetic(now);
    if (!before[0] || strcmp(before, now) == 0) return;
    fprintf(stderr, "%s was trained with ", path);
    for (; *before; ++before)
        fputc(*before >= ' ' && *before <= '~' ? *before : '?', stderr);
    fprintf(stderr, ", this is %s: the training goes on, but not to the same bits\n", now);
}

/* Weights under another name never had a state. */
static int is_backup(const char *path) {
    static const char end[] = ".backup";
    const size_t length = strlen(path), n = sizeof end - 1;
    return length > n && strcmp(path + length - n, end) == 0;
}

int lgg_checkpoint_load(network **nets, int n, const char *path, float *average_loss) {
    static const char *const why[] = {
        [STATE_MISSING] = "is not there",
        [STATE_OF_OTHER_WEIGHTS] = "belongs to other weights",
        [STATE_OF_OTHER_NETWORK] = "belongs to another network",
        [STATE_DAMAGED] = "is damaged",
        [STATE_TOO_LARGE] = "does not fit the memory",
    };
    static const char *const suffixes[] = {".state", ".state.old"};
    const uint64_t sum = lgg_file_checksum(path);
    const char *suffix = suffixes[0]; /* of the file that the verdict is about */
    state_verdict verdict = STATE_MISSING;
    state_header header;
    for (int i = 0; i < 2 && verdict != STATE_FITS; ++i) {
        char *state = lgg_path_with(path, suffixes[i]);
        const state_verdict found = state ? read_state(nets, n, state, sum, &header) : STATE_TOO_LARGE;
        if (found != STATE_MISSING) {
            verdict = found;
            suffix = suffixes[i];
        }
        free(state);
    }
    if (verdict != STATE_FITS) {
        if (verdict != STATE_MISSING || is_backup(path))
            fprintf(stderr, "%s%s %s: going on without its momentum\n", path, suffix, why[verdict]);
        return 0;
    }
    *average_loss = header.average_loss;
    host_select_device(nets[0]); /* whose state is saved */
    compare_arithmetic(path, header.arithmetic);
    return 1;
}
