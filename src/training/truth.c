/* truth.c: see truth.h. */
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>

#include "lgg_lists.h"
#include "lgg_section_table.h"
#include "loading.h"

/* The first section of net that looks at the truth, or gives its width; NULL if there is none. */
static const lgg_section *find_labelled_section(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        if (s && (s->classes || lgg_section_needs_labels(s))) return s;
    }
    return NULL;
}

/* The hosts' loader of classes makes images of 3 channels, and one of them squares alone; whatever the network takes, it gets that. */
static void check_loaded_shape(const network *net, const char *datacfg) {
    if (net->c == 3 && (net->w == net->h || !HOST_LOADS_SQUARES)) return;
    fprintf(stderr,
            "%s: this network takes images of %dx%dx%d, but classifiers are trained on %s of 3 channels: change width, "
            "height or channels in [net]\n",
            datacfg, net->w, net->h, net->c, HOST_LOADS_SQUARES ? "squares" : "images");
    exit(EXIT_FAILURE);
}

/* A loss of the host's, or of a section that looks at the truth. A tree names its classes otherwise. */
static int learns_of_labels(const network *net) {
    const int has_loss = find_labelled_section(net) || host_has_task_loss(net);
    return has_loss && !net->hierarchy && host_takes_labels(net);
}

/* With a hierarchy an image has a class on each level: no label variation is defined. */
static void refuse_hierarchy(const network *net) {
    for (int i = 0; i < net->n && net->hierarchy; ++i) {
        const lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        if (!s || !lgg_section_needs_labels(s)) continue;
        lgg_fail(&s->place, "needs one class for each image, but with tree= an image has one on each level; leave out "
                            "tree= in the data file and in [softmax], or this section");
    }
}

void check_lgg_truth(network *net, int classes, const char *datacfg) {
    const lgg_section *s = find_labelled_section(net);
    check_loaded_shape(net, datacfg);
    check_lgg_lists(datacfg, classes, 1, learns_of_labels(net));
    refuse_hierarchy(net);
    lgg_balance_labels(net, classes, datacfg);
    if (net->truths == classes || net->hierarchy) return;
    /* the hosts lay the labels of a batch side by side, classes wide, and their losses read them as wide as the network is */
    if (!s && (net->truths < classes || learns_of_labels(net))) {
        fprintf(stderr, "%s: classes=%d, but the labels of this network are %d wide: its last layers need %d outputs\n",
                datacfg, classes, net->truths, classes);
        exit(EXIT_FAILURE);
    }
    if (!s) return;
    lgg_fail(&s->place,
             "the labels of this network are %d wide, but %s has classes=%d; if that is right, give classes=%d in this "
             "section, else mend the data file",
             net->truths, datacfg, classes, classes);
}

void check_lgg_outputs(network *net, int classes, const char *datacfg) {
    check_lgg_lists(datacfg, classes, 0, 0);
    if (net->outputs >= classes) return;
    fprintf(stderr,
            "%s: classes=%d, but this network has %d outputs for an image: they are no class scores. Give the .cfg "
            "file of a "
            "classifier; an embedding is judged by ./darknet lgg eval\n",
            datacfg, classes, net->outputs);
    exit(EXIT_FAILURE);
}
