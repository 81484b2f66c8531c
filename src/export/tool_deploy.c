/* tool_deploy.c: see tool_deploy.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* open_memstream */
#endif
#include "tool_deploy.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lgg_inference.h"
#include "lgg_section_help.h"
#include "parseval.h"
#include "recipe.h"
#include "tool_network.h"

/* Where the weights of a new layer come from. */
typedef struct {
    const layer *layer;   /* as the host writes it; NULL: it has none, or those that follow */
    float *bias, *factor; /* (filters) of a convolution that scales each channel */
    int filters;
} source;

typedef struct {
    int sections, costs, strided, batchnorms, halved, folded, unfolded, padded, relu6, overflowing, logistic, cut;
    int scaled_sums, alien_activations, of_pjreddie, of_alexeyab;
} change_count;

struct tool_deployment {
    network *net;
    tool_cfg *cfg;  /* the new one */
    source *source; /* (cfg->count - 1), one a layer */
    int *place;     /* (last + 1), the new number of each old layer */
    change_count changes;
};

static tool_cfg_section *add_section(tool_deployment *d, tool_cfg_section *s, source from) {
    const int layers = d->cfg->count - 1;
    d->source = lgg_grow(d->source, (size_t)layers, sizeof *d->source, "the layers");
    d->source[layers - 1] = from;
    return s;
}

/* ---- numbers of layers in options ---- */

/* The options that hold numbers of layers, by the section that they stand in. */
static const struct {
    const char *type, *key;
} references[] = {{"route", "layers"},
                  {"shortcut", "from"},
                  {"scale_channels", "from"},
                  {"sam", "from"},
                  {"yolo", "embedding_layer"},
                  {"contrastive", "yolo_layer"},
                  {"convolutional", "share_index"},
                  {"conv", "share_index"}};

/* "-1,8" of old layer `own`, which is `now` in the new network, in the numbers of the new one. */
static void renumber_list(const tool_deployment *d, tool_cfg_section *s, const char *key, int own, int now) {
    const char *text = tool_cfg_get(s, key);
    if (!text) return;
    char **part, *list = lgg_allocate(strlen(text) * 2 + 16, 12, "the numbers of layers"), *end = list;
    const int parts = tool_split(text, ',', &part);
    for (int i = 0; i < parts; ++i) {
        const int number = atoi(part[i]), old = number < 0 ? own + number : number;
        const int known = old >= 0 && old < own;
        const int moved = known ? d->place[old] : number;
        end += sprintf(end, "%s%d", i ? "," : "", known && number < 0 ? moved - now : moved);
        free(part[i]);
    }
    free(part);
    tool_cfg_set(s, key, list);
    free(list);
}

static void renumber(const tool_deployment *d, tool_cfg_section *s, int own, int now) {
    for (size_t i = 0; i < sizeof references / sizeof *references; ++i) {
        if (strcmp(s->type, references[i].type) == 0) renumber_list(d, s, references[i].key, own, now);
    }
}

/* ---- single layers ---- */

/* A convolution of size 1 with a filter for each channel: factor x + bias, then the activation. */
static void add_scaling(tool_deployment *d, tool_cfg_section *s, int channels, const char *activation, float *factor,
                        float *bias) {
    tool_cfg_set_int(s, "filters", channels);
    tool_cfg_set_int(s, "groups", channels);
    tool_cfg_set(s, "size", "1");
    tool_cfg_set(s, "stride", "1");
    tool_cfg_set(s, "activation", activation);
    add_section(d, s, (source){.bias = bias, .factor = factor, .filters = channels});
}

static void deploy_batchnorm(tool_deployment *d, const layer *l) {
    const size_t channels = (size_t)l->out_c;
    float *factor = lgg_allocate(channels, sizeof *factor, "a batch norm"),
          *bias = lgg_allocate(channels, sizeof *bias, "a batch norm");
    for (size_t f = 0; f < channels; ++f) {
        factor[f] = l->scales[f] / sqrtf(l->rolling_variance[f] + HOST_BATCH_NORM_EPSILON);
        bias[f] = l->biases[f] - l->rolling_mean[f] * factor[f];
    }
    tool_cfg_section *s = tool_cfg_append(d->cfg, "convolutional");
    tool_cfg_comment(s, "was [batchnorm]");
    add_scaling(d, s, l->out_c, "linear", factor, bias);
    ++d->changes.batchnorms;
}

/* Half of a residual sum, and its activation. */
static void halve_sum(tool_deployment *d, const layer *l, const char *activation) {
    const size_t channels = (size_t)l->out_c;
    float *factor = lgg_allocate(channels, sizeof *factor, "half a sum"),
          *bias = lgg_allocate(channels, sizeof *bias, "half a sum");
    for (size_t f = 0; f < channels; ++f)
        factor[f] = .5f;
    tool_cfg_section *s = tool_cfg_append(d->cfg, "convolutional");
    tool_cfg_comment(s, "half of the sum, from [net] parseval");
    add_scaling(d, s, l->out_c, activation, factor, bias);
    ++d->changes.halved;
}

/* A [maxpool] that picks the pixels which a convolution of size 1 with this stride sees. */
static void add_subsampling(tool_deployment *d, const layer *l) {
    tool_cfg_section *s = tool_cfg_append(d->cfg, "maxpool");
    tool_cfg_comment(s, "the stride of the convolution of size 1 that follows");
    tool_cfg_set(s, "size", "1");
    if (host_stride_x(l) == host_stride_y(l)) {
        tool_cfg_set_int(s, "stride", host_stride_x(l));
    } else {
        tool_cfg_set_int(s, "stride_x", host_stride_x(l));
        tool_cfg_set_int(s, "stride_y", host_stride_y(l));
    }
    add_section(d, s, (source){0});
    ++d->changes.strided;
}

static int is_strided_1x1(const layer *l) {
    return l->type == CONVOLUTIONAL && l->size == 1 && (host_stride_x(l) > 1 || host_stride_y(l) > 1);
}

static void deploy_convolution(tool_deployment *d, tool_cfg_section *s, layer *l) {
    if (is_strided_1x1(l) && l->pad == 0) {
        tool_cfg_remove(s, "stride_x");
        tool_cfg_remove(s, "stride_y");
        tool_cfg_set(s, "stride", "1");
    } else if (l->size == 1 && l->pad != 0) {
        ++d->changes.padded;
    }
    tool_cfg_remove(s, "flipped"); /* they are no longer */
}

/* Types of layers and activations that one Darknet alone knows. */
static const char *const of_pjreddie[] = {"deconv", "deconvolutional", "iseg", "l2norm", "logistic"};
static const char *const of_alexeyab[] = {"Gaussian_yolo", "contrastive", "conv_lstm",      "empty",
                                          "history",       "implicit",    "local_avg",      "local_avgpool",
                                          "reorg3d",       "sam",         "scale_channels", "silence"};
static const char *const activations_of_alexeyab[] = {"gelu",
                                                      "hard_mish",
                                                      "mish",
                                                      "normalize_channels",
                                                      "normalize_channels_softmax",
                                                      "normalize_channels_softmax_maxval",
                                                      "relu6",
                                                      "revleaky",
                                                      "swish"};

/* What stock Darknet, or the other one, does not read or compute as this one does. */
static void count_differences(change_count *c, const layer *l, const tool_cfg_section *s) {
    static const char *const overflowing[] = {"tanh", "elu", "selu"};
    const char *activation = tool_cfg_get(s, "activation");
    if (!activation && (l->type == CONVOLUTIONAL || l->type == CONNECTED))
        activation = "logistic"; /* the hosts' default */
    if (activation) {
        c->logistic += strcmp(activation, "logistic") == 0;
        c->relu6 += strcmp(activation, "relu6") == 0;
        c->overflowing += TOOL_IS_ONE_OF(activation, overflowing);
        c->alien_activations += TOOL_IS_ONE_OF(activation, activations_of_alexeyab);
    }
    c->of_pjreddie += TOOL_IS_ONE_OF(s->type, of_pjreddie);
    c->of_alexeyab += TOOL_IS_ONE_OF(s->type, of_alexeyab);
    c->scaled_sums += strcmp(s->type, "shortcut") == 0 && (tool_cfg_get(s, "alpha") || tool_cfg_get(s, "beta"));
}

static void deploy_layer(tool_deployment *d, const tool_cfg_section *old, int i, int had_batch_norm) {
    layer *l = &d->net->layers[i];
    if (l->type == DECONVOLUTIONAL)
        tool_fail("layer %d [deconvolutional]: stock Darknet crashes when it reads weights with one", i);
    if (l->type == BATCHNORM) {
        deploy_batchnorm(d, l);
        return;
    }
    if (is_strided_1x1(l) && l->pad == 0) add_subsampling(d, l);
    tool_cfg_section *s = add_section(d, tool_cfg_append_copy(d->cfg, old), (source){.layer = l});
    renumber(d, s, i, d->cfg->count - 2);
    if (l->type == CONVOLUTIONAL) deploy_convolution(d, s, l);
    const char *activation = tool_cfg_get(s, "activation");
    count_differences(&d->changes, l, s);
    if (had_batch_norm && !l->batch_normalize) {
        tool_cfg_remove(s, "batch_normalize");
        tool_cfg_remove(s, "cbn");
        ++d->changes.folded;
    } else if (l->batch_normalize && (l->type == CONVOLUTIONAL || l->type == CONNECTED)) {
        ++d->changes.unfolded;
    }
    if (l->type != SHORTCUT || !has_lgg_parseval(d->net)) return;
    char *of_half = lgg_copy_string(activation ? activation : "linear");
    tool_cfg_set(s, "activation", "linear");
    halve_sum(d, l, of_half);
    free(of_half);
}

/* ---- the network ---- */

static void deploy_net_section(tool_deployment *d, const tool_cfg_section *old) {
    tool_cfg_section *s = tool_cfg_append_copy(d->cfg, old);
    for (int i = 0; i < s->lines;) {
        const char *key = s->line[i].key;
        if (key && is_lgg_net_option(key) && !host_reads_net_option(key)) {
            tool_cfg_remove(s, key);
            i = 0;
        } else {
            ++i;
        }
    }
}

static int is_left_out(const layer *l) {
    return l->type == LGG || l->type == COST;
}

tool_deployment *tool_deploy(network *net, const char *cfg, int last, int fold) {
    tool_deployment *d = lgg_allocate(1, sizeof *d, "a network");
    tool_cfg *old = tool_cfg_read(cfg);
    int *had_batch_norm = lgg_allocate((size_t)net->n, sizeof *had_batch_norm, "the layers");
    d->net = net;
    d->cfg = lgg_allocate(1, sizeof *d->cfg, "a network");
    d->place = lgg_allocate((size_t)last + 1, sizeof *d->place, "the layers");
    if (old->count != net->n + 1) tool_fail("%s: has changed since it was read", cfg);
    for (int i = 0; i < net->n; ++i)
        had_batch_norm[i] = net->layers[i].batch_normalize;
    if (fold) fold_batch_norms(net);
    tool_network_scale_parseval(net);
    deploy_net_section(d, &old->section[0]);
    for (int i = 0; i <= last; ++i) {
        const layer *l = &net->layers[i];
        if (is_left_out(l)) {
            ++*(l->type == COST ? &d->changes.costs : &d->changes.sections);
        } else {
            deploy_layer(d, &old->section[i + 1], i, had_batch_norm[i]);
        }
        d->place[i] = d->cfg->count - 2;
        if (d->place[i] < 0) tool_fail("layer %d: nothing is left before it", i);
    }
    for (int i = last + 1; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        ++*(l->type == LGG ? &d->changes.sections : l->type == COST ? &d->changes.costs : &d->changes.cut);
    }
    free(had_batch_norm);
    tool_cfg_free(old);
    return d;
}

void tool_deployment_free(tool_deployment *d) {
    for (int i = 0; i < d->cfg->count - 1; ++i) {
        free(d->source[i].bias);
        free(d->source[i].factor);
    }
    tool_cfg_free(d->cfg);
    free(d->source);
    free(d->place);
    free(d);
}

int tool_deployment_layer(const tool_deployment *d, int layer) {
    return d->place[layer];
}

static void print_count(int count, const char *one) {
    if (count) printf("%6d %s\n", count, one);
}

void tool_deployment_print(const tool_deployment *d) {
    const change_count *c = &d->changes;
    printf("%d layers of %d:\n", d->cfg->count - 1, d->net->n);
    print_count(c->sections, "sections of ours left out");
    print_count(c->costs, "[cost] left out");
    print_count(c->cut, "layers after the chosen one cut off");
    print_count(c->strided, "strided convolutions of size 1 given a [maxpool] that picks their pixels");
    print_count(c->batchnorms, "[batchnorm] turned into a [convolutional] with a filter for each channel");
    print_count(c->halved, "sums halved by a [convolutional], as [net] parseval has them");
    print_count(c->folded, "batch norms folded into weights");
    print_count(c->unfolded, "batch norms left in their layers (-fold folds what can be)");
    print_count(c->padded, "padded convolutions of size 1, which stock Darknet computes wrongly on the CPU");
    print_count(c->overflowing, "activations tanh, elu or selu, which stock Darknet computes wrongly far from zero");
    print_count(c->logistic, "activations logistic, which stock AlexeyAB/darknet computes wrongly far from zero");
    print_count(c->relu6, "activations relu6, which stock AlexeyAB/darknet takes for zero on the CPU");
    print_count(c->alien_activations, "activations that stock pjreddie/darknet does not know, and takes for relu");
    print_count(c->scaled_sums, "[shortcut] with alpha or beta, which stock AlexeyAB/darknet does not read");
    print_count(c->of_pjreddie, "layers that stock AlexeyAB/darknet does not know");
    print_count(c->of_alexeyab, "layers that stock pjreddie/darknet does not know");
}

void tool_deployment_write_cfg(const tool_deployment *d, FILE *file) {
    tool_cfg_write(d->cfg, file);
}

/* What the host's own writer writes of a layer follows what it writes of none. */
static void write_layer(const network *net, const layer *l, FILE *file) {
    char *bytes = NULL;
    size_t size = 0, header = 0;
    for (int pass = 0; pass < 2; ++pass) {
        FILE *memory = open_memstream(&bytes, &size);
        if (!memory) lgg_out_of_memory("a layer's weights", 0);
        host_write_layer(net, pass ? l : NULL, memory);
        if (fclose(memory)) lgg_out_of_memory("a layer's weights", (double)size);
        if (pass) fwrite(bytes + header, 1, size - header, file);
        if (!pass) header = size;
        free(bytes);
        bytes = NULL;
    }
}

void tool_deployment_write_weights(const tool_deployment *d, FILE *file) {
    host_write_weights(d->net, file, 0);
    for (int i = 0; i < d->cfg->count - 1; ++i) {
        const source *from = &d->source[i];
        if (from->layer) {
            write_layer(d->net, from->layer, file);
        } else if (from->factor) {
            fwrite(from->bias, sizeof(float), (size_t)from->filters, file);
            fwrite(from->factor, sizeof(float), (size_t)from->filters, file);
        }
    }
}
