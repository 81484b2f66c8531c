/* fuzz_cfg.c: the sections and [net] options of ours, read by Darknet's parser behind a small network, and one iteration of training
 * with whatever was accepted.
 *
 * The input is a piece of a .cfg file. Lines before its first section are [net] options and go to the recipe alone; sections that are
 * not ours are left out, for their sizes are the host's to allocate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "darknet.h"
#include "fuzz_host.h"
#include "host_calls.h"
#include "recipe.h"
#include "training.h"
#include "option_list.h"

static const char network_text[] = "[net]\nbatch=4\nheight=4\nwidth=4\nchannels=2\nseed=1\nlearning_rate=.01\n"
                                   "[convolutional]\nfilters=3\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n"
                                   "[maxpool]\nsize=2\nstride=2\n"
                                   "[connected]\noutput=4\nactivation=linear\n"
                                   "[softmax]\n";

typedef struct {
    char *text; /* the input, NUL-terminated */
    const char *path;
} cfg_input;

static void read_recipe(void *context) {
    list *options = make_list();
    char *line = ((cfg_input *)context)->text;
    while (line && *line && *line != '[') {
        char *next = strchr(line, '\n');
        const size_t length = next ? (size_t)(next - line) : strlen(line);
        char *copy = calloc(length + 1, 1);
        memcpy(copy, line, length);
        strip(copy);
        read_option(copy, options);
        line = next ? next + 1 : NULL;
    }
    free_lgg_recipe(parse_lgg_recipe(options));
}

static void train_once(void *context) {
    network *net = parse_network_cfg((char *)((cfg_input *)context)->path);
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = (float)((i * 7) % 11) / 11;
    for (int i = 0; i < net->truths * net->batch; ++i)
        net->truth[i] = i % 4 == (i / 4) % 3;
    train_network_datum(net);
    free_network(net);
}

/* The network, then the input's sections as far as they are ours. */
static size_t write_cfg(char *cfg, size_t room, const char *text) {
    size_t length = strlen(network_text);
    memcpy(cfg, network_text, length);
    int ours = 0;
    while (text && *text) {
        const char *next = strchr(text, '\n');
        const size_t n = next ? (size_t)(next - text) + 1 : strlen(text);
        char line[256];
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
        strip(line);
        if (line[0] == '[') ours = is_lgg_section(line);
        if (ours && length + n < room) {
            memcpy(cfg + length, text, n);
            length += n;
        }
        text = next ? next + 1 : NULL;
    }
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char text[4097], cfg[8192];
    if (size >= sizeof text || memchr(data, 0, size)) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    cfg_input input = {text, NULL};
    gpu_index = -1;
    fuzz_run(read_recipe, &input);
    const size_t length = write_cfg(cfg, sizeof cfg, text);
    input.path = fuzz_file("cfg", (const uint8_t *)cfg, length);
    fuzz_run(train_once, &input);
    return 0;
}
