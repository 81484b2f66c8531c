/* every_layer.c: a small network for every type of layer that the host has: what it learns is what its weights file holds, what a check
 * for NaN sees and what decay_all decays; and a training of it that is stopped and resumed goes on to the same bits.
 *
 * usage: [LGG_LAYER=word: the cases alone whose names have it] every_layer FOLDER SECTION...
 * The sections are those that the host knows, such as [convolutional]. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#include "checkpoint.h"
#include "parameters.h"
#include "recipe.h"
#include "training.h"

LAYER_TYPE string_to_layer_type(char *type);

enum { PJREDDIE = 1, ALEXEYAB = 2, BOTH = 3, ITERATIONS = 6, STOP = 3 };
#ifdef HOST_ALEXEYAB_H
enum { THIS_HOST = ALEXEYAB };
#else
enum { THIS_HOST = PJREDDIE };
#endif

typedef struct {
    const char *name;
    int hosts;
    const char *net;      /* options of [net] beside those of every case */
    const char *sections; /* $ stands for CONVOLUTION, ! for CLASSES */
    int first;            /* iteration that the training begins at */
} network_case;

#define NET                                                                                                            \
    "[net]\nbatch=8\nsubdivisions=2\nwidth=8\nheight=8\nchannels=3\nlearning_rate=0.01\nmomentum=0.9\ndecay=0.01\n"    \
    "decay_all=1\nseed=3\npolicy=constant\n"
#define CONVOLUTION "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
#define CLASSES "[connected]\noutput=4\nactivation=linear\n[softmax]\n[cost]\n"
#define ANCHORS "anchors=1,1,2,2\nclasses=2\nnum=2\njitter=.1\n"

static const network_case cases[] = {
    {"[convolutional]", BOTH, "", "$!", 0},
    {"[route] of a [dropout] of a [crop]", BOTH, "",
     "[crop]\ncrop_width=8\ncrop_height=8\n[dropout]\nprobability=.2\n[convolutional]\nfilters=3\nsize=3\nstride="
     "1\npad=1\n"
     "activation=leaky\n[route]\nlayers=-1,1\n!",
     0},
    {"[convolutional] without batch_normalize", BOTH, "", "[conv]\nfilters=4\nsize=3\nactivation=relu\n!", 0},
    {"[convolutional] in groups", BOTH, "", "$[convolutional]\ngroups=2\nfilters=4\nsize=3\nactivation=relu\n!", 0},
    {"[convolutional] with share_index", ALEXEYAB, "",
     "$$[convolutional]\nshare_index=1\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n!", 0},
    {"[convolutional] with ema_alpha", ALEXEYAB, "max_batches=4000\nema_alpha=0.9\n", "$!", 2100},
    {"[deconvolutional]", PJREDDIE, "",
     "$[deconvolutional]\nfilters=4\nsize=2\nstride=2\nbatch_normalize=1\nactivation=leaky\n!", 0},
    {"[connected] with batch_normalize", BOTH, "", "[connected]\nbatch_normalize=1\noutput=8\nactivation=relu\n!", 0},
    {"[local]", BOTH, "", "[local]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n!", 0},
    {"[activation]", BOTH, "", "$[activation]\nactivation=tanh\n!", 0},
    {"[logistic]", PJREDDIE, "", "$[connected]\noutput=4\nactivation=linear\n[logistic]\n", 0},
    {"[l2norm]", PJREDDIE, "", "$[l2norm]\n!", 0},
    {"[batchnorm]", BOTH, "", "$[batchnorm]\n!", 0},
    {"[normalization]", BOTH, "", "$[normalization]\nsize=3\n!", 0},
    {"[maxpool]", BOTH, "", "$[maxpool]\nsize=2\nstride=2\n!", 0},
    {"[avgpool]", BOTH, "", "$[avgpool]\n!", 0},
    {"[local_avgpool]", ALEXEYAB, "", "$[local_avgpool]\nsize=2\nstride=2\n!", 0},
    {"[reorg]", BOTH, "", "$[reorg]\nstride=2\n!", 0},
    {"[reorg3d]", ALEXEYAB, "", "$[reorg3d]\nstride=2\n!", 0},
    {"[upsample]", BOTH, "", "$[upsample]\nstride=2\n!", 0},
    {"[route]", BOTH, "", "$$[route]\nlayers=-1,-2\n!", 0},
    {"[shortcut]", BOTH, "", "$$[shortcut]\nfrom=-2\nactivation=linear\n!", 0},
    {"[shortcut] with a weight a feature", ALEXEYAB, "",
     "$$[shortcut]\nfrom=-2\nactivation=linear\nweights_type=per_feature\nweights_normalization=softmax\n!", 0},
    {"[shortcut] with a weight a channel", ALEXEYAB, "",
     "$$[shortcut]\nfrom=-2\nactivation=linear\nweights_type=per_channel\nweights_normalization=relu\n!", 0},
    {"[scale_channels]", ALEXEYAB, "",
     "$[avgpool]\n[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n[scale_channels]\nfrom=0\n!", 0},
    {"[sam]", ALEXEYAB, "", "$[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n[sam]\nfrom=0\n!", 0},
    {"[implicit]", ALEXEYAB, "", "$[implicit]\nfilters=8\natoms=1\n[scale_channels]\nfrom=0\n!", 0},
    {"[silence]", ALEXEYAB, "", "$[silence]\n!", 0},
    {"[dropout]", BOTH, "", "$[dropout]\nprobability=.3\n!", 0},
    {"[crop]", BOTH, "width=10\nheight=10\n",
     "[crop]\ncrop_height=8\ncrop_width=8\nflip=1\nangle=0\nsaturation=1\nexposure=1\n$!", 0},
    {"[crop] that a [route] and a [shortcut] read", BOTH, "width=10\nheight=10\n",
     "[crop]\ncrop_height=8\ncrop_width=8\nflip=1\nangle=0\nsaturation=1\nexposure=1\n"
     "[conv]\nfilters=3\nsize=3\npad=1\nactivation=leaky\n[shortcut]\nfrom=0\nactivation=linear\n"
     "[route]\nlayers=-1,0\n$!",
     0},
    {"[softmax] and [cost]", BOTH, "", "$[avgpool]\n[softmax]\n[cost]\ntype=sse\n", 0},
    {"[rnn]", BOTH, "time_steps=3\n", "[rnn]\noutput=8\nhidden=8\nactivation=tanh\n!", 0},
    {"[gru]", BOTH, "time_steps=3\n", "[gru]\noutput=8\n!", 0},
    {"[gru] with batch_normalize", BOTH, "time_steps=3\n", "[gru]\nbatch_normalize=1\noutput=8\n!", 0},
    {"[lstm]", BOTH, "time_steps=3\n", "[lstm]\noutput=8\n!", 0},
    {"[lstm] with batch_normalize", BOTH, "time_steps=3\n", "[lstm]\nbatch_normalize=1\noutput=8\n!", 0},
    {"[crnn]", PJREDDIE, "time_steps=3\n",
     "$[crnn]\nbatch_normalize=1\noutput_filters=8\nhidden_filters=4\nactivation=leaky\n!", 0},
    {"[crnn]", ALEXEYAB, "time_steps=3\n",
     "$[crnn]\nbatch_normalize=1\nsize=3\npad=1\noutput=8\nhidden=4\nactivation=leaky\n!", 0},
    {"[conv_lstm]", ALEXEYAB, "time_steps=3\n", "$[conv_lstm]\nbatch_normalize=1\nsize=3\npad=1\noutput=4\n!", 0},
    {"[conv_lstm] of more than it takes in", ALEXEYAB, "time_steps=3\n",
     "$[conv_lstm]\nsize=3\npad=1\noutput=12\npeephole=1\n!", 0},
    {"[conv_lstm] with peephole", ALEXEYAB, "time_steps=3\n", "$[conv_lstm]\nsize=3\npad=1\noutput=4\npeephole=1\n!",
     0},
    {"[history]", ALEXEYAB, "time_steps=2\n", "$[history]\nhistory_size=2\n!", 0},
    {"[contrastive]", ALEXEYAB, "contrastive=1\n",
     "$[avgpool]\n[convolutional]\nfilters=4\nsize=1\nactivation=linear\n[contrastive]\nclasses=4\ntemperature=1.0\n",
     0},
    {"[yolo]", BOTH, "", "$[convolutional]\nfilters=14\nsize=1\nactivation=linear\n[yolo]\nmask=0,1\n" ANCHORS, 0},
    {"[Gaussian_yolo]", ALEXEYAB, "",
     "$[convolutional]\nfilters=22\nsize=1\nactivation=linear\n[Gaussian_yolo]\nmask=0,1\n" ANCHORS, 0},
    {"[region]", BOTH, "", "$[convolutional]\nfilters=14\nsize=1\nactivation=linear\n[region]\nsoftmax=1\n" ANCHORS, 0},
    {"[detection]", BOTH, "",
     "$[connected]\noutput=48\nactivation=linear\n[detection]\nclasses=2\ncoords=4\nside=2\nnum=2\nsqrt=1\n", 0},
    {"[iseg]", PJREDDIE, "", "$[convolutional]\nfilters=6\nsize=1\nactivation=linear\n[iseg]\nclasses=2\nids=4\n", 0},
};

static int failures;

/* Writes the case's network, with its shorthands written out. */
static void write_cfg(const network_case *c, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fprintf(file, NET "%s", c->net);
    for (const char *s = c->sections; *s; ++s) {
        if (*s == '$')
            fputs(CONVOLUTION, file);
        else if (*s == '!')
            fputs(CLASSES, file);
        else
            fputc(*s, file);
    }
    fclose(file);
}

static float draw(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 24);
}

/* The truth of image i: one object in the middle of it, or a class, whatever the network's last layer looks for. */
static void draw_truth(const layer *last, float *truth, int truths, int i) {
    const int label = i % 2;
    const float box[] = {.5f, .4f, .3f, .3f, (float)label};
    if (!host_has_boxes(last)) {
        truth[i % truths] = 1;
    } else if (last->type == DETECTION) {
        truth[0] = truth[1 + label] = 1;
        memcpy(truth + 3, box, 4 * sizeof(float));
#ifndef HOST_ALEXEYAB_H
    } else if (last->type == ISEG) {
        truth[0] = (float)label;
        truth[1] = truth[2] = 1;
        truth[last->w * last->h + 1] = -1;
#endif
    } else {
        memcpy(truth, box, sizeof box);
    }
}

/* The images and labels of one iteration; the same for the same iteration. */
static data make_data(const network *net, int iteration) {
    const int rows = net->batch * net->subdivisions;
    data d = {.X = make_matrix(rows, net->inputs), .y = make_matrix(rows, net->truths)};
    unsigned state = (unsigned)iteration * 977u + 1;
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < net->inputs; ++j)
            d.X.vals[i][j] = draw(&state);
        draw_truth(&net->layers[net->n - 1], d.y.vals[i], net->truths, i);
    }
    return d;
}

static void train(network *net, int from, int to) {
    for (int i = from; i < to; ++i) {
        data d = make_data(net, i);
#ifdef HOST_ALEXEYAB_H
        train_network(*net, d);
#else
        train_network(net, d);
#endif
        free_data(d);
    }
}

static network *begin(const network_case *c) {
    network *net = parse_network_cfg((char[]){"case.cfg"});
    net->train = 1;
#ifdef HOST_ALEXEYAB_H
    *net->cur_iteration = c->first;
#endif
    *net->seen = (size_t)c->first * (size_t)(net->batch * net->subdivisions);
    return net;
}

/* The phases of a training, each in a process of its own; 0 if all went well. */
static int train_whole(const network_case *c) {
    network *net = begin(c);
    train(net, 0, ITERATIONS);
    return lgg_checkpoint_save(net, (char[]){"whole"}, 0);
}

static int train_half(const network_case *c) {
    network *net = begin(c);
    train(net, 0, STOP);
    return lgg_checkpoint_save(net, (char[]){"half"}, 0);
}

static int train_rest(const network_case *c) {
    float average;
    network *net = begin(c);
    load_weights(net, (char[]){"half"});
    if (!lgg_checkpoint_load(&net, 1, (char[]){"half"}, &average)) return 1;
    train(net, STOP, ITERATIONS);
    return lgg_checkpoint_save(net, (char[]){"resumed"}, 0);
}

/* Runs a phase apart, its words to a file; its exit status, or 128 + the signal that ended it. */
static int run_apart(int (*phase)(const network_case *), const network_case *c) {
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("said.txt", "w", stderr) || !freopen("/dev/null", "w", stdout)) _exit(99);
        exit(phase(c));
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int same_files(const char *a, const char *b) {
    FILE *first = fopen(a, "rb"), *second = fopen(b, "rb");
    int byte, same = first && second;
    while (same && (byte = fgetc(first)) != EOF)
        same = byte == fgetc(second);
    same = same && fgetc(second) == EOF;
    if (first) fclose(first);
    if (second) fclose(second);
    return same;
}

static size_t written_bytes(const network *net, const layer *l) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    host_write_layer(net, l, file);
    fclose(file);
    free(text);
    return bytes;
}

/* Whether the arrays of a layer's leaves are all that the host writes of it. */
static int leaves_are_what_is_written(const network_case *c) {
    network *net = begin(c);
    const size_t header = written_bytes(net, NULL);
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[HOST_MAX_LEAVES];
        size_t floats = 0;
        const int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            lgg_array arrays[LGG_MAX_ARRAYS];
            const int m = lgg_leaf_parameters(leaves[j], arrays);
            for (int k = 0; k < m; ++k)
                floats += arrays[k].n;
        }
        if (floats * sizeof(float) != written_bytes(net, &net->layers[i]) - header) return 1;
    }
    return 0;
}

/* Whether every array that a layer updates carries something after a few iterations, but for those that nothing changes. */
static int updates_are_not_empty(const network_case *c) {
    network *net = begin(c);
    train(net, 0, STOP);
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[HOST_MAX_LEAVES];
        const int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            lgg_array arrays[LGG_MAX_ARRAYS];
            const int m = lgg_leaf_updates(leaves[j], arrays);
            int moved = 0;
            for (int k = 0; k < m; ++k)
                for (size_t v = 0; v < arrays[k].n; ++v)
                    moved = moved || arrays[k].cpu[v] < 0 || arrays[k].cpu[v] > 0;
            if (!moved) return 1;
        }
    }
    return 0;
}

/* Whether the weights of every leaf are others after a few iterations. */
static int weights_move(const network_case *c) {
    enum { MOST = 64, LOOKED_AT = 4 };
    float before[MOST][HOST_MAX_LEAVES][LOOKED_AT];
    network *net = begin(c);
    for (int pass = 0; pass < 2; ++pass) {
        for (int i = 0; i < net->n && i < MOST; ++i) {
            layer *leaves[HOST_MAX_LEAVES];
            const int n = host_leaf_layers(&net->layers[i], leaves);
            for (int j = 0; j < n; ++j) {
                const layer *l = leaves[j];
                if (!l->weights || !l->weight_updates || l->type == SHORTCUT) continue;
                if (pass == 0) memcpy(before[i][j], l->weights, sizeof before[i][j]);
                if (pass == 1 && memcmp(before[i][j], l->weights, sizeof before[i][j]) == 0) return 1;
            }
        }
        if (pass == 0) train(net, 0, STOP);
    }
    return 0;
}

/* Whether decay_all reaches the biases and scales of every leaf. */
static int all_are_decayed(const network_case *c) {
    network *net = begin(c);
    for (int pass = 0; pass < 2; ++pass) {
        for (int i = 0; i < net->n; ++i) {
            layer *leaves[HOST_MAX_LEAVES];
            const int n = host_leaf_layers(&net->layers[i], leaves);
            for (int j = 0; j < n; ++j) {
                const layer *l = leaves[j];
                if (pass == 0 && l->biases && l->bias_updates) l->biases[0] = 1, l->bias_updates[0] = 0;
                if (pass == 0 && l->scales && l->scale_updates) l->scales[0] = 1, l->scale_updates[0] = 0;
                if (pass == 1 && l->biases && l->bias_updates && !(l->bias_updates[0] < -.5f)) return 1;
                if (pass == 1 && l->scales && l->scale_updates && !(l->scale_updates[0] < -.5f)) return 1;
            }
        }
        if (pass == 0) lgg_decay_all(net, 1, 1);
    }
    return 0;
}

/* The layer and array that save_with_nan spoils. */
static struct { int layer, leaf, array; } spoilt;

static int save_with_nan(const network_case *c) {
    network *net = begin(c);
    layer *leaves[HOST_MAX_LEAVES];
    lgg_array arrays[LGG_MAX_ARRAYS];
    if (spoilt.layer >= net->n) return 90;
    if (spoilt.leaf >= host_leaf_layers(&net->layers[spoilt.layer], leaves)) return 91;
    if (spoilt.array >= lgg_leaf_parameters(leaves[spoilt.leaf], arrays)) return 92;
    const unsigned nan = 0x7fc00000u;
    memcpy(arrays[spoilt.array].cpu + arrays[spoilt.array].n - 1, &nan, sizeof nan);
    lgg_save_weights(net, (char[]){"spoilt"}, net->n);
    return 0;
}

/* Whether NaN in any array of any layer is found before it is saved. */
static int nan_is_found(const network_case *c) {
    memset(&spoilt, 0, sizeof spoilt);
    for (;;) {
        switch (run_apart(save_with_nan, c)) {
        case 90:
            return 1;
        case 91:
            ++spoilt.layer;
            spoilt.leaf = spoilt.array = 0;
            break;
        case 92:
            ++spoilt.leaf;
            spoilt.array = 0;
            break;
        case 1:
            ++spoilt.array;
            break;
        default:
            return 0;
        }
    }
}

static void last_words(char *said, size_t size) {
    FILE *file = fopen("said.txt", "r");
    said[0] = '\0';
    for (char line[512]; file && fgets(line, sizeof line, file);)
        if (line[0] != '\n') snprintf(said, size, "%s", line);
    if (file) fclose(file);
    said[strcspn(said, "\n")] = '\0';
}

static void check_case(const network_case *c) {
    static const struct {
        int (*phase)(const network_case *);
        const char *wrong;
    } phases[] = {
        {leaves_are_what_is_written, "its leaves are not what its weights file holds"},
        {train_whole, "it does not train"},
        {train_half, "it cannot be stopped"},
        {train_rest, "it cannot be resumed"},
        {updates_are_not_empty, "a layer carries no momentum"},
        {weights_move, "a layer does not learn"},
        {all_are_decayed, "decay_all passes a layer over"},
    };
    const char *wrong = NULL;
    int status = 0;
    write_cfg(c, "case.cfg");
    for (size_t i = 0; i < sizeof phases / sizeof *phases && !wrong; ++i) {
        status = run_apart(phases[i].phase, c);
        if (status) wrong = phases[i].wrong;
    }
    char said[512];
    last_words(said, sizeof said);
    if (!wrong && !same_files("whole", "resumed")) wrong = "the resumed training ends with other weights";
    if (!wrong && !same_files("whole.state", "resumed.state")) wrong = "the resumed training ends with another state";
    if (!wrong && !nan_is_found(c)) wrong = "NaN in its weights is saved";
    if (!wrong) {
        printf("PASS every layer, %s\n", c->name);
    } else if (status) {
        printf("FAIL every layer, %s: %s (status %d): %s\n", c->name, wrong, status, said);
    } else {
        printf("FAIL every layer, %s: %s\n", c->name, wrong);
    }
    failures += wrong != NULL;
    fflush(stdout);
}

/* Whether one of the cases has a layer of this type. */
static int is_covered(LAYER_TYPE type) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        if (!(cases[i].hosts & THIS_HOST)) continue;
        char text[2048];
        snprintf(text, sizeof text, "%s" CONVOLUTION CLASSES, cases[i].sections);
        for (char *line = strtok(text, "$!\n"); line; line = strtok(NULL, "$!\n"))
            if (line[0] == '[' && string_to_layer_type(line) == type) return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *only = getenv("LGG_LAYER");
    if (argc < 3 || chdir(argv[1])) return 2;
    for (int i = 2; i < argc; ++i) {
        const LAYER_TYPE type = string_to_layer_type(argv[i]);
        if (type == NETWORK || is_covered(type)) continue;
        printf("FAIL every layer, %s: no small network here has one\n", argv[i]);
        ++failures;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        if (cases[i].hosts & THIS_HOST && (!only || strstr(cases[i].name, only))) check_case(&cases[i]);
    return failures > 0;
}
