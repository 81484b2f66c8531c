/* lgg_section.c: the steps of a section that do not ask where the numbers are. */
#include "lgg_section.h"
#include "lgg_positions.h"
#include "lgg_section_table.h"

#include "allocate.h"

/* Logits are compared class by class. */
void check_lgg_classes(const lgg_section *s, int outputs, int taught_outputs) {
    if (s->kind != LGG_HKD || outputs == taught_outputs) return;
    lgg_fail(&s->place,
             "teacher_layers=%d: has %d outputs and layers=%d has %d; both must be logits of the same classes",
             s->teacher_layers[0], taught_outputs, s->tapped[0], outputs);
}

/* The teacher's tapped layers. */
static void find_teacher_layers(lgg_section *s, const network *net) {
    const lgg_place *place = &s->place;
    for (int i = 0; s->teacher_layers && i < s->n; ++i) {
        s->teacher_layers[i] = find_lgg_tap(place, "teacher_layers", net->layers, net->n, s->teacher_layers[i], 0);
    }
    if (s->teacher_layers) return;
    s->teacher_layers = lgg_allocate(1, sizeof *s->teacher_layers, "a section");
    s->teacher_layers[0] = s->kind == LGG_HKD ? find_logits_lgg_tap(place, "teacher_layers", net->layers, net->n, 0)
                                              : find_default_lgg_tap(place, "teacher_layers", net->layers, net->n, 0);
}

/* Loads the teacher, and finds its tapped layers; `layers` are the student's. */
void meet_lgg_teacher(lgg_section *s, const layer *layers, int batch) {
    s->teacher = find_lgg_teacher(&s->place, s->network, s->teacher_cfg, s->teacher_weights, batch);
    find_teacher_layers(s, s->teacher->net);
    check_taught_lgg_vertices(s);
    for (int i = 0; i < s->n; ++i) {
        s->network->look(s->teacher->net, s->teacher_layers[i], lgg_section_minds_order(s));
        if (s->teacher_layers[i] > s->teacher->last) s->teacher->last = s->teacher_layers[i];
    }
    s->teacher->pass = 0; /* looked at anew, it has not run for this pass */
    check_lgg_classes(s, layers[s->tapped[0]].outputs, s->teacher->net->layers[s->teacher_layers[0]].outputs);
}

void fail_lgg_memory(const lgg_section *s, int batch, double needed, double memory, const char *where) {
    if (needed <= 0) needed = 4. * (double)batch * (double)batch * (double)s->n; /* the sum overflows */
    lgg_fail(&s->place,
             "the graphs of batch=%d samples need %.1f GB of memory and this %s has %.1f GB; use a smaller batch%s",
             batch, needed / 1e9, where, memory / 1e9, s->options.power > 2 ? " or power" : "");
}

int lgg_minds_negatives(const lgg_section *s) {
    return s->options.graph.similarity == LGG_COSINE && (s->kind < LGG_RKD_DISTANCE || s->kind > LGG_HKD);
}

float lgg_alpha_now(const lgg_section *s, const host_pass *pass) {
    const network *net = host_net(pass);
    const float start = s->options.graph.alpha, iterations = (float)net->max_batches;
    if (s->alpha_end <= 0 || iterations <= 0) return start;
    const float done = (float)host_iteration_of_pass(net) / iterations;
    return start + (s->alpha_end - start) * (done < 1 ? done : 1);
}

void warn_of_lgg_negatives(const lgg_section *s, int layer) {
    lgg_warn(
        &s->place,
        "similarity=cosine: layer %d has negative outputs, and edges may have negative weights%s; rbf with unit=1, or "
        "exp, suits it",
        layer, s->options.graph.normalize ? ", degrees may be near 0, and gradients without bound" : "");
}

void warn_of_lgg_zeros(lgg_section *s, double share) {
    if (s->warned_of_zeros || share <= .5) return;
    s->warned_of_zeros = 1;
    lgg_warn(
        &s->place,
        "most vectors of a tapped layer are zero: dead rectifiers satisfy this loss without having learnt anything; "
        "tap a layer without one, with similarity=rbf or exp");
}

void record_lgg_pass(lgg_section *s, int passes) {
    lgg_record *record = &s->record;
    record->passes = record->passes % passes + 1;
    if (record->passes == 1) record->value = 0;
    record->value += (s->last_value - record->value) / record->passes;
    for (int i = 0; i < s->n; ++i) {
        if (record->passes == 1) record->sigma[i] = 0;
        record->sigma[i] += (s->sigma[i] - record->sigma[i]) / record->passes;
    }
}

int lgg_terms_are_cost(const host_pass *pass) {
    for (int i = 0; i < host_layer_count(pass); ++i) {
        if (host_layers(pass)[i].cost) return 0;
    }
    return 1;
}

/* Summed over the batch, as Darknet's costs are. */
void report_lgg_cost(const host_pass *pass, int batch) {
    const layer *layers = host_layers(pass);
    double sum = 0;
    for (int i = 0; i < host_layer_count(pass); ++i) {
        if (layers[i].type == LGG) sum += (double)layers[i].lgg->lambda * layers[i].lgg->last_value;
    }
    *host_cost(pass) = (float)(sum * batch);
}
