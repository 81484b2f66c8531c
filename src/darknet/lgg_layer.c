/* lgg_layer.c: from a section of a .cfg file to a layer of a network, and back. */
#include "lgg_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "lgg_section.h"
#include "lgg_section_table.h"
#include "lgg_positions.h"
#include "command.h"

static const char what[] = "a section"; /* that memory is for */

/* The layers that the section taps: what `layers` names, or the default of its kind. */
static void read_taps(const lgg_cfg *cfg, lgg_section *s, const network *net) {
    const layer *layers = net->layers;
    const int needs_gradient = host_can_train(net);
    const lgg_place *place = &cfg->place;
    s->tapped = lgg_cfg_list(cfg, "layers", &s->n);
    for (int i = 0; i < s->n; ++i) {
        s->tapped[i] = find_lgg_tap(place, "layers", layers, place->index, s->tapped[i], needs_gradient);
    }
    if (!s->tapped) {
        s->n = 1;
        s->tapped = lgg_allocate(1, sizeof *s->tapped, what);
        s->tapped[0] = s->kind == LGG_HKD ? find_logits_lgg_tap(place, "layers", layers, place->index, needs_gradient)
                                          : find_default_lgg_tap(place, "layers", layers, place->index, needs_gradient);
    }
    s->taps = lgg_allocate((size_t)s->n, sizeof *s->taps, what);
    s->student = lgg_allocate((size_t)s->n, sizeof *s->student, what);
    s->sigma = lgg_allocate((size_t)s->n, sizeof *s->sigma, what);
    s->record.sigma = lgg_allocate((size_t)s->n, sizeof *s->record.sigma, what);
    host_keep_delta(&net->layers[cfg->place.index - 1]);
    for (int i = 0; i < s->n; ++i) {
        s->taps[i].layer = s->tapped[i];
        host_keep_delta(&net->layers[s->tapped[i]]);
    }
}

/* What the sections before this one share, or something new if it is the first. */
static lgg_network *share_network(const lgg_cfg *cfg, const layer *layers) {
    lgg_network *shared = NULL;
    for (int i = 0; i < cfg->place.index && !shared; ++i) {
        if (layers[i].type == LGG) shared = layers[i].lgg->network;
    }
    if (!shared) {
        shared = lgg_allocate(1, sizeof *shared, what);
        shared->cfg = lgg_copy_string(cfg->place.file);
    }
    ++shared->sections;
    return shared;
}

/* The layer before it in all that others read: sizes and buffers, and what the detector's training looks for in a network's
 * last layer. */
static void share_layer(layer *l, const layer *previous) {
    host_share_buffers(l, previous);
    l->inputs = l->outputs = previous->outputs;
    l->w = l->out_w = previous->out_w;
    l->h = l->out_h = previous->out_h;
    l->c = l->out_c = previous->out_c;
    l->truths = previous->truths;
    l->classes = previous->classes;
    l->coords = previous->coords;
    l->max_boxes = previous->max_boxes;
    l->jitter = previous->jitter;
    l->random = previous->random;
}

static void forward_lgg_layer(layer l, host_pass pass) {
    (void)pass;
    ++l.lgg->network->passes;
}

/* teacher_cfg, teacher_weights and teacher_layers; the teacher itself is loaded by meet_lgg_teacher. */
static void read_teacher(const lgg_cfg *cfg, lgg_section *s, const network *net) {
    int n;
    const char *file = lgg_cfg_string(cfg, "teacher_cfg"), *weights = lgg_cfg_string(cfg, "teacher_weights");
    if (!file) lgg_fail(&cfg->place, "teacher_cfg= is missing; give the .cfg file of a trained network");
    if (!weights) lgg_fail(&cfg->place, "teacher_weights= is missing; give the weights of %s", file);
    s->teacher_layers = lgg_cfg_list(cfg, "teacher_layers", &n);
    int given = s->teacher_layers ? n : 1;
    if (given != s->n) {
        lgg_fail(&cfg->place, "teacher_layers names %d layer%s and layers %d; name as many in both", given,
                 given == 1 ? "" : "s", s->n);
    }
    const int by_default = !lgg_cfg_string(cfg, "layers"), of_scores = net->layers[s->tapped[0]].type == SOFTMAX;
    if (by_default && of_scores && s->kind != LGG_HKD && darknet_is_training())
        lgg_warn(&cfg->place,
                 "layers= is not given, and the layer before it is [softmax]: graphs of class scores hold a "
                 "student back; layers of features, as those at the ends of its stages, would be usual");
    s->teacher_cfg = lgg_copy_string(file);
    s->teacher_weights = lgg_copy_string(weights);
    s->taught = lgg_allocate((size_t)s->n, sizeof *s->taught, what);
}

/* A layer named twice in a row changes nothing between the two. */
static void refuse_twice(const lgg_cfg *cfg, const lgg_section *s) {
    for (int i = 1; i < s->n; ++i) {
        for (int j = 0; j < i; ++j) {
            if (s->tapped[i] == s->tapped[j])
                lgg_fail(&cfg->place, "layers= names layer %d twice; give each once", s->tapped[i]);
        }
    }
}

static void check_taps(const lgg_cfg *cfg, const lgg_section_type *type, const lgg_section *s) {
    if (s->n < type->fewest || s->n > type->most) {
        lgg_fail(&cfg->place, "layers= names %d layer%s; %s", s->n, s->n == 1 ? "" : "s", type->right);
    }
    if (s->kind != LGG_SMOOTH) return;
    refuse_twice(cfg, s);
    for (int i = 1; i < s->n && darknet_is_training(); ++i) {
        if (s->tapped[i] > s->tapped[i - 1]) continue;
        lgg_warn(&cfg->place,
                 "layers= names layer %d after layer %d, against the order of the network; the loss compares "
                 "each with the one named before it",
                 s->tapped[i], s->tapped[i - 1]);
    }
}

static lgg_section *read_section(const lgg_cfg *cfg, const lgg_section_type *type, const network *net) {
    lgg_section *s = lgg_allocate(1, sizeof *s, what);
    default_lgg_section(type, s);
    read_lgg_options(cfg, type, s);
    s->network = share_network(cfg, net->layers);
    s->place = cfg->place;
    s->place.file = s->network->cfg;
    s->place.unfinished = 0;
    read_taps(cfg, s, net);
    check_taps(cfg, type, s);
    if (lgg_section_has_teacher(type)) read_teacher(cfg, s, net);
    if (s->vertices == LGG_VERTICES_IMAGES && lgg_cfg_string(cfg, "samples"))
        lgg_fail(&cfg->place, "samples=%d: is of vertices=pixels or boxes; give one of these, or leave it out",
                 s->samples);
    return s;
}

static void print_section(const lgg_section *s) {
    fprintf(stderr, "%-16s lambda %-8g layers", s->place.type, (double)s->lambda);
    for (int i = 0; i < s->n; ++i)
        fprintf(stderr, " %d", s->tapped[i]);
    fprintf(stderr, "\n");
}

layer parse_lgg_layer(const char *name, list *options, network *net, int index, const char *filename) {
    const lgg_section_type *type = find_lgg_section_type(name);
    const lgg_cfg cfg = {.place = {filename, type->type, index, 1}, .options = options};
    if (index == 0) lgg_fail(&cfg.place, "there is no layer before it; put it after the layers that it looks at");
    if (host_is_blurred(&net->layers[index - 1])) {
        lgg_fail(&cfg.place,
                 "the layer before it, %d, is antialiased, and its output smaller than its size; put this "
                 "section after another layer",
                 index - 1);
    }
    layer l = {0};
    l.type = LGG;
    l.batch = net->batch;
    l.lgg = read_section(&cfg, type, net);
    share_layer(&l, &net->layers[index - 1]);
    l.forward = forward_lgg_layer;
    l.backward = backward_lgg_layer;
#ifdef GPU
    l.forward_gpu = forward_lgg_layer;
    l.backward_gpu = backward_lgg_layer_gpu;
#endif
    print_section(l.lgg);
    return l;
}

void resize_lgg_layer(layer *l, network *net, int index) {
    const int truths = l->truths; /* `classes` may have given it, and it does not depend on the images' size */
    share_layer(l, &net->layers[index - 1]);
    l->truths = truths;
}

void free_lgg_layer(layer l) {
    lgg_section *s = l.lgg;
    for (int i = 0; i < s->n; ++i)
        free_lgg_tap(&s->taps[i]);
    free(s->tapped);
    free(s->taps);
    free(s->student);
    free(s->teacher_cfg);
    free(s->teacher_weights);
    free(s->teacher_layers);
    free(s->taught);
    free(s->sigma);
    free(s->record.sigma);
    free_lgg_vertices(s);
    lgg_loss_free(s->loss);
#ifdef GPU
    free_lgg_section_gpu(s);
#endif
    if (--s->network->sections == 0) {
        free_lgg_teachers(s->network->teachers);
        free(s->network->cfg);
        free(s->network);
    }
    free(s);
}
