/* finish_network.c: what must hold between the LGG sections of a network, once all its layers are there. */
#include <math.h>
#include <stdlib.h>

#include "lgg_hooks.h"
#include "lgg_positions.h"
#include "lgg_section_table.h"
#include "network_plan.h"
#include "recipe.h"
#include "command.h"

/* Two vertices have one edge: after normalizing, or over the mean distance, it is 1 in every graph. */
#define LGG_FEWEST_VERTICES 3
#define LGG_ENOUGH_VERTICES 16

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

/* Whether the section could look at positions of maps instead of images. */
static int can_take_pixels(const lgg_section *s, const network *net) {
    int detects = 0;
    for (int i = 0; i < net->n; ++i)
        detects = detects || host_has_boxes(&net->layers[i]);
    return detects && s->kind != LGG_LABEL_VARIATION && s->kind != LGG_SMOOTH;
}

/* The graphs of a pass have a vertex for each of its images. */
static void check_graph_size(const lgg_section *s, const network *net) {
    const int vertices = net->batch, passes = net->subdivisions;
    char or_else[64];
    snprintf(or_else, sizeof or_else, "%s%s", passes > 1 ? " or lower subdivisions" : "",
             can_take_pixels(s, net) ? ", or give vertices=pixels" : "");
    if (vertices < LGG_FEWEST_VERTICES) {
        lgg_fail(
            &s->place,
            "batch / subdivisions makes graphs of %d %s, which say nothing; raise batch to %d or more (better %d)%s",
            vertices, vertices == 1 ? "vertex" : "vertices", LGG_FEWEST_VERTICES * passes, LGG_ENOUGH_VERTICES * passes,
            or_else);
    }
    lgg_warn(&s->place,
             "batch / subdivisions makes graphs of %d vertices, which say little; raise batch to %d or more%s",
             vertices, LGG_ENOUGH_VERTICES * passes, or_else);
}

/* They have one for each position that is drawn. */
static void check_sampled_graph_size(const lgg_section *s, int vertices) {
    if (vertices >= LGG_ENOUGH_VERTICES) return;
    const char *remedy = vertices < s->samples ? "tap larger maps, or raise batch" : "raise samples";
    if (vertices < LGG_FEWEST_VERTICES) lgg_fail(&s->place, "graphs of %d vertices say nothing; %s", vertices, remedy);
    lgg_warn(&s->place, "graphs of %d vertices say little; %s: %d or more are better", vertices, remedy,
             LGG_ENOUGH_VERTICES);
}

/* Entries of A are at most 1, so those of A^m at most B^(m - 1), and the gradient of two of them has A^(2m - 1); those of L^m at most (2B)^m. */
static void check_power(const lgg_section *s, int vertices) {
    const int graphs = s->kind == LGG_GKD, power = s->options.power;
    if (vertices < LGG_FEWEST_VERTICES) return; /* refused for that */
    const double digits = graphs ? log10(vertices) : log10(2. * vertices);
    const int most = (int)(graphs ? (38 / digits + 1) / 2 : 38 / digits);
    if (s->options.graph.normalize || s->kind > LGG_GKD || power <= 3 || power <= most) return;
    lgg_fail(&s->place, "power=%d: powers of graphs of %d vertices leave the range of numbers; power=%d at most%s",
             power, vertices, most < 3 ? 3 : most, graphs ? ", or normalize=1" : "");
}

/* All sections of a network whose vertices are images have graphs of one size: the first that has any speaks for them. */
static void check_graph_sizes(const network *net) {
    int said = net->batch >= LGG_ENOUGH_VERTICES;
    for (int i = 0; i < net->n; ++i) {
        const lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        if (!s || !lgg_section_has_graphs(s)) continue;
        check_power(s, s->vertices == LGG_VERTICES_IMAGES ? net->batch : s->samples);
        if (s->vertices != LGG_VERTICES_IMAGES) {
            check_sampled_graph_size(s, count_lgg_vertices(s, net->layers, net->batch));
        } else if (!said) {
            check_graph_size(s, net);
            said = 1;
        }
    }
}

/* All that could end a training in its first pass ends it now, before the host loads images. */
static void prepare_training(const network *net) {
    check_graph_sizes(net);
    check_lgg_memory(net);
    for (int i = 0; i < net->n; ++i) {
        lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        if (!s || !s->teacher_cfg) continue;
        meet_lgg_teacher(s, net->layers, net->batch);
        if (s->vertices == LGG_VERTICES_IMAGES) continue;
        const int taught = count_taught_lgg_vertices(s, net->batch);
        if (taught < count_lgg_vertices(s, net->layers, net->batch)) check_sampled_graph_size(s, taught);
    }
}

/* The last layer at which backward passes stop; -1 if there is none. */
static int last_stop(const network *net) {
    int i = net->n - 1;
    while (i >= 0 && !host_stops_passes(&net->layers[i]))
        --i;
    return i;
}

/* Where a backward pass stops, sections before it have none, and what they add to the deltas there stays there. */
static void check_stop(const lgg_section *s, const network *net) {
    const int stop = last_stop(net);
    if (!darknet_is_training() || !host_can_train(net)) return;
    if (s->place.index < stop) {
        lgg_fail(&s->place,
                 "layer %d has stopbackward=1, and what stands before that learns nothing; put this section "
                 "after it, or take stopbackward out",
                 stop);
    }
    for (int j = 0; j < s->n; ++j) {
        if (s->tapped[j] > stop) continue;
        lgg_fail(
            &s->place,
            "layers=%d: layer %d has stopbackward=1, and no gradient goes to it or to those before it; tap layer %d "
            "or later, or take stopbackward out",
            s->tapped[j], stop, stop + 1);
    }
}

/* Checks each section against the network; returns whether they see it for the first time. */
static int check_sections(network *net) {
    const lgg_recipe *recipe = host_recipe(net);
    int is_new = 0;
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type != LGG) continue;
        lgg_section *s = net->layers[i].lgg;
        if (!s->network->net) {
            s->network->input = lgg_shape_of(net);
            s->network->look = keep_planned_output;
            s->network->seed = recipe ? recipe->seed : 0;
            is_new = 1;
        }
        s->network->net = net;
        if (!is_reading_lgg_teacher()) check_stop(s, net);
        check_labels(s, net);
        check_lgg_vertices(s, net);
        check_streams(s, net);
        for (int j = 0; j < s->n; ++j)
            check_lgg_tap(&s->place, &s->taps[j], net->layers, net->n);
    }
    return is_new;
}

int has_own_delta(const layer *l) {
    return !host_works_in_place(l);
}

int starts_at_zero(const layer *l) {
    if (l->functions && l->functions->plan.is_assigned) return 0;
    return has_own_delta(l);
}

void finish_lgg_network(network *net) {
    set_layer_functions(net);
    if (is_reading_lgg_teacher())
        plan_network(net, PLAN_PREDICTION);
    else if (darknet_is_training() && host_can_train(net))
        plan_network(net, PLAN_TRAINING);
    const int is_new = check_sections(net), classes = agreed_classes(net);
    if (classes) {
        net->truths = classes;
        net->layers[net->n - 1].truths = classes; /* where the hosts look again, whatever layer it is */
    }
    if (is_new && darknet_is_training() && host_can_train(net) && !is_reading_lgg_teacher()) prepare_training(net);
}
