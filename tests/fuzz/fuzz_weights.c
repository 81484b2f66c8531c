/* fuzz_weights.c: the readers of what a training leaves behind: weights files, the state beside a backup, and the log. The first byte of
 * the input says which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "darknet.h"
#include "fuzz_host.h"
#include "checkpoint.h"
#include "file.h"
#include "training_log.h"
#include "command.h"

static const char network_text[] = "[net]\nbatch=1\nheight=2\nwidth=2\nchannels=1\n"
                                   "[convolutional]\nfilters=2\nsize=1\nbatch_normalize=1\nactivation=linear\n"
                                   "[batchnorm]\n[connected]\noutput=2\nactivation=linear\n[softmax]\n";

static network *net;
static char weights_path[256], path[256];

static void load(void *context) {
    (void)context;
    load_weights(net, path);
}

static void load_state(void *context) {
    (void)context;
    float average;
    lgg_checkpoint_load(&net, 1, weights_path, &average);
}

static void read_log(void *context) {
    lgg_log_close(lgg_log_open(path, net, *(const size_t *)context));
}

/* A network, and good weights for it with the number of images that the states of the corpus belong to. */
static void set_up(void) {
    static char *train[] = {"darknet", "classifier", "train"};
    note_darknet_command(3, train);
    gpu_index = -1;
    snprintf(path, sizeof path, "%s", fuzz_file("cfg", (const uint8_t *)network_text, sizeof network_text - 1));
    srand(1);
    net = parse_network_cfg(path);
    *net->seen = 640;
    snprintf(weights_path, sizeof weights_path, "%s", fuzz_file("weights", (const uint8_t *)"", 0));
    lgg_checkpoint_save(net, weights_path, 1);
}

/* The input as the state of the weights; with `belongs` its header says so rightly, or nothing after it would ever be read. */
static void write_state(const uint8_t *data, size_t size, int belongs) {
    static uint8_t state[4096];
    const uint64_t sum = lgg_file_checksum(weights_path), seen = 640;
    if (size > sizeof state) return;
    memcpy(state, data, size);
    if (belongs && size >= 24) {
        static const char *const kinds[] = {"LGGSTAT2", "LGGSTAT1", "LGGSTAT3"};
        memcpy(state, kinds[data[7] % 3], 8);
        memcpy(state + 8, &sum, 8);
        memcpy(state + 16, &seen, 8);
    }
    fuzz_file("weights.state", state, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!net) set_up();
    if (size < 1) return 0;
    size_t iteration = data[0] >> 3;
    switch (data[0] & 3) {
    case 0:
    case 1:
        snprintf(path, sizeof path, "%s", fuzz_file("load", data + 1, size - 1));
        fuzz_run(load, NULL);
        *net->seen = 640;
        break;
    case 2:
        write_state(data + 1, size - 1, data[0] & 4);
        fuzz_run(load_state, NULL);
        break;
    default:
        snprintf(path, sizeof path, "%s", fuzz_file("log", data + 1, size - 1));
        fuzz_run(read_log, &iteration);
    }
    return 0;
}
