/* lgg_layer.c: from a section of a .cfg file to a layer, and what holds for all LGG sections of a network. */
#include <stdlib.h>
#include <string.h>

#include "hkd_layer.h"
#include "label_variation_layer.h"
#include "layer_functions.h"
#include "lgg_gkd_layer.h"
#include "lgg_hooks.h"
#include "lgg_recipe.h"
#include "lgg_section.h"
#include "lgg_smooth_layer.h"
#include "rkd_layer.h"

static const struct {
    const char *type;
    layer (*make)(const lgg_cfg *cfg, network *net);
} sections[] = {
    {"label_variation", make_label_variation_layer},
    {"lgg_smooth", make_lgg_smooth_layer},
    {"lgg_gkd", make_lgg_gkd_layer},
    {"rkd", make_rkd_layer},
    {"hkd", make_hkd_layer},
};

/* The entry of a section's header, such as "[rkd]"; -1 if it is none of ours. */
static int find_section(const char *type) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; ++i) {
        size_t length = strlen(sections[i].type);
        if (type[0] == '[' && strncmp(type + 1, sections[i].type, length) == 0 && strcmp(type + 1 + length, "]") == 0) {
            return (int)i;
        }
    }
    return -1;
}

int is_lgg_section(const char *type) {
    return find_section(type) >= 0;
}

layer parse_lgg_layer(const char *type, list *options, network *net, int index, const char *filename) {
    int section = find_section(type);
    lgg_cfg cfg = {.place = {filename, sections[section].type, index, 1}, .options = options};
    if (index == 0) lgg_fail(&cfg.place, "there is no layer before it; put it after the layers that it looks at");
    return sections[section].make(&cfg, net);
}

void refuse_lgg_line(const char *filename, int number, const char *type, int index, const char *line) {
    int section = find_section(type);
    if (section < 0) {
        refuse_lgg_recipe_line(filename, number, type, line);
        return;
    }
    lgg_place place = {filename, sections[section].type, index, 0};
    lgg_fail(&place, "line %d: %s= has no value", number, line);
}

/* Sections that compare with class labels, or say how many there are, need a network whose truth they are. */
static void check_labels(const lgg_section *s, const network *net) {
    const int needs_labels = lgg_section_needs_labels(s);
    for (int i = 0; i < net->n && (needs_labels || s->classes); ++i) {
        if (!host_has_boxes(&net->layers[i])) continue;
        if (!needs_labels) {
            lgg_fail(&s->place,
                     "classes=%d: the truth of this network is that of a detector (layer %d), not class labels; leave "
                     "it out",
                     s->classes, i);
        }
        lgg_fail(&s->place, "needs class labels, but the truth of this network is that of a detector (layer %d)%s", i,
                 s->kind == LGG_GKD ? "; give edges=all" : "; use [lgg_gkd] with edges=all or [rkd]");
    }
}

/* The losses are enqueued on the one stream that the device's work began with: layers on another would be read before they are done,
 * and their gradients added to while they are written. */
static void check_streams(const lgg_section *s, const network *net) {
    const char *option;
    int value, i = host_can_train(net) ? host_streamed_layer(net, &option, &value) : -1;
    if (i < 0) return;
    lgg_fail(&s->place,
             "layer %d has %s=%d, but a network with this section trains on one stream; leave %s out of layer %d", i,
             option, value, option, i);
}

/* Layers that compare their input with the truth fix its width. */
static void check_truth_width(const lgg_section *s, const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (l->truth) return;
        int compares = (l->type == SOFTMAX && !l->noloss) || l->type == LOGXENT || l->type == COST;
        if (!compares || l->inputs == s->classes) continue;
        lgg_fail(&s->place,
                 "classes=%d: layer %d compares %d outputs with the same labels; give classes=%d, or leave it out",
                 s->classes, i, l->inputs, l->inputs);
    }
}

/* The number of classes that the sections of a network give; 0 if none does. Fails if two of them differ. */
static int agreed_classes(const network *net) {
    const lgg_section *first = NULL;
    for (int i = 0; i < net->n; ++i) {
        const lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        if (!s || !s->classes) continue;
        if (first && s->classes != first->classes) {
            lgg_fail(&s->place, "classes=%d: layer %d [%s] gives classes=%d; all sections of a network must agree",
                     s->classes, first->place.index, first->place.type, first->classes);
        }
        check_truth_width(s, net);
        if (!first) first = s;
    }
    return first ? first->classes : 0;
}

void finish_lgg_network(network *net) {
    set_layer_functions(net);
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type != LGG) continue;
        lgg_section *s = net->layers[i].lgg;
        if (!s->network->net) s->network->input = lgg_shape_of(net);
        s->network->net = net;
        check_labels(s, net);
        check_streams(s, net);
        for (int j = 0; j < s->n; ++j)
            check_lgg_tap(&s->place, &s->taps[j], net->layers, net->n);
    }
    int classes = agreed_classes(net);
    if (!classes) return;
    net->truths = classes;
    net->layers[net->n - 1].truths = classes; /* where the hosts look again, whatever layer it is */
}

/* The first section of net that looks at the truth, or gives its width; NULL if there is none. */
static const lgg_section *find_labelled_section(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        if (s && (s->classes || lgg_section_needs_labels(s))) return s;
    }
    return NULL;
}

void check_lgg_truth(network *net, int classes, const char *datacfg) {
    const lgg_section *s = find_labelled_section(net);
    if (net->truths == classes || net->hierarchy) return;
    if (!s && net->truths < classes) {
        fprintf(stderr, "%s: classes=%d, but the labels of this network are %d wide: its last layers need %d outputs\n",
                datacfg, classes, net->truths, classes);
        exit(EXIT_FAILURE);
    }
    if (!s) return;
    lgg_fail(&s->place,
             "the labels of this network are %d wide, but %s has classes=%d; give classes=%d in this section",
             net->truths, datacfg, classes, classes);
}

void check_lgg_outputs(network *net, int classes, const char *datacfg) {
    if (net->outputs >= classes) return;
    fprintf(stderr,
            "%s: classes=%d, but this network has %d outputs for an image: they are no class scores. Give the .cfg "
            "file of a "
            "classifier; an embedding is judged by ./darknet lgg eval\n",
            datacfg, classes, net->outputs);
    exit(EXIT_FAILURE);
}
