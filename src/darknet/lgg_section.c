/* lgg_section.c: the steps that all LGG sections share. */
#include "lgg_section.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lgg_hooks.h"

/* Far above what float32 holds of an unnormalized graph's powers, and still no training that seems to hang. */
#define LGG_MOST_POWER 1000

static void *allocate(const lgg_place *place, int n, size_t size) {
    void *memory = calloc((size_t)n, size);
    if (!memory) lgg_fail(place, "out of memory");
    return memory;
}

/* ---- reading a section ---- */

void read_lgg_graph_options(const lgg_cfg *cfg, lgg_graph_options *options) {
    static const char *const similarities[] = {"cosine", "rbf", "exp", NULL}, *const switches[] = {"0", "1", NULL};
    options->similarity = (lgg_similarity)lgg_cfg_choice(cfg, "similarity", similarities, (int)options->similarity);
    options->alpha = lgg_cfg_positive(cfg, "alpha", options->alpha);
    options->unit = lgg_cfg_choice(cfg, "unit", switches, options->unit);
    options->k = lgg_cfg_int(cfg, "k", 0, options->k);
    options->normalize = lgg_cfg_choice(cfg, "normalize", switches, options->normalize);
}

void read_lgg_power(const lgg_cfg *cfg, lgg_options *options) {
    options->power = lgg_cfg_int(cfg, "power", 1, options->power);
    if (options->power <= LGG_MOST_POWER) return;
    lgg_fail(&cfg->place, "power=%d: must be %d or less; each takes a matrix product", options->power, LGG_MOST_POWER);
}

void read_lgg_reduction(const lgg_cfg *cfg, lgg_options *options) {
    static const char *const reductions[] = {"sum", "mean", NULL};
    options->reduction = (lgg_reduction)lgg_cfg_choice(cfg, "reduction", reductions, (int)options->reduction);
}

void read_lgg_teacher_options(const lgg_cfg *cfg, lgg_section *section) {
    int n;
    const char *file = lgg_cfg_string(cfg, "teacher_cfg"), *weights = lgg_cfg_string(cfg, "teacher_weights");
    if (!file) lgg_fail(&cfg->place, "teacher_cfg= is missing; give the .cfg file of a trained network");
    if (!weights) lgg_fail(&cfg->place, "teacher_weights= is missing; give the weights of %s", file);
    section->teacher_layers = lgg_cfg_list(cfg, "teacher_layers", &n);
    int given = section->teacher_layers ? n : 1;
    if (given != section->n) {
        lgg_fail(&cfg->place, "teacher_layers names %d layer%s and layers %d; name as many in both", given,
                 given == 1 ? "" : "s", section->n);
    }
    section->teacher_cfg = strdup(file);
    section->teacher_weights = strdup(weights);
    section->taught = allocate(&section->place, section->n, sizeof *section->taught);
}

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
        s->tapped = allocate(place, 1, sizeof *s->tapped);
        s->tapped[0] = s->kind == LGG_HKD ? find_logits_lgg_tap(place, "layers", layers, place->index, needs_gradient)
                                          : find_default_lgg_tap(place, "layers", layers, place->index, needs_gradient);
    }
    s->taps = allocate(place, s->n, sizeof *s->taps);
    s->student = allocate(place, s->n, sizeof *s->student);
    s->sigma = allocate(place, s->n, sizeof *s->sigma);
    s->record.sigma = allocate(place, s->n, sizeof *s->record.sigma);
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
        shared = allocate(&cfg->place, 1, sizeof *shared);
        shared->cfg = strdup(cfg->place.file);
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

layer make_lgg_layer(const lgg_cfg *cfg, lgg_kind kind, float lambda, network *net) {
    lgg_section *s = allocate(&cfg->place, 1, sizeof *s);
    s->network = share_network(cfg, net->layers);
    s->place = cfg->place;
    s->place.file = s->network->cfg;
    s->place.unfinished = 0;
    s->kind = kind;
    lgg_options_default(kind, &s->options);
    s->lambda = lgg_cfg_nonnegative(cfg, "lambda", lambda);
    s->classes = lgg_cfg_int(cfg, "classes", 1, 0);
    read_taps(cfg, s, net);

    layer l = {0};
    l.type = LGG;
    l.batch = net->batch;
    l.lgg = s;
    share_layer(&l, &net->layers[cfg->place.index - 1]);
    l.forward = forward_lgg_layer;
#ifdef GPU
    l.forward_gpu = forward_lgg_layer;
    l.backward_gpu = backward_lgg_layer_gpu;
#endif
    fprintf(stderr, "%-16s lambda %-8g layers", cfg->place.type, (double)s->lambda);
    for (int i = 0; i < s->n; ++i)
        fprintf(stderr, " %d", s->tapped[i]);
    fprintf(stderr, "\n");
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

int lgg_section_needs_labels(const lgg_section *s) {
    return s->kind == LGG_LABEL_VARIATION || s->kind == LGG_SMOOTH ||
           (s->kind == LGG_GKD && s->options.edges != LGG_EDGES_ALL);
}

/* ---- a backward pass ---- */

void read_lgg_students(lgg_section *s, const host_pass *pass, int batch) {
    for (int i = 0; i < s->n; ++i) {
        s->student[i] = read_lgg_tap(&s->taps[i], host_layers(pass), host_layer_count(pass), s->place.index, batch);
    }
}

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
    s->teacher_layers = allocate(place, 1, sizeof *s->teacher_layers);
    s->teacher_layers[0] = s->kind == LGG_HKD ? find_logits_lgg_tap(place, "teacher_layers", net->layers, net->n, 0)
                                              : find_default_lgg_tap(place, "teacher_layers", net->layers, net->n, 0);
}

/* Loads the teacher, and finds its tapped layers; `layers` are the student's. */
void meet_lgg_teacher(lgg_section *s, const layer *layers, int batch) {
    s->teacher = find_lgg_teacher(&s->place, s->network, s->teacher_cfg, s->teacher_weights, batch);
    find_teacher_layers(s, s->teacher->net);
    check_lgg_classes(s, layers[s->tapped[0]].outputs, s->teacher->net->layers[s->teacher_layers[0]].outputs);
}

void read_lgg_teachers(lgg_section *s, const host_pass *pass, int batch) {
    if (!s->teacher) meet_lgg_teacher(s, host_layers(pass), batch);
    run_lgg_teacher(s->teacher, s->network, pass, batch);
    for (int i = 0; i < s->n; ++i) {
        const layer *l = &s->teacher->net->layers[s->teacher_layers[i]];
        s->taught[i] = (lgg_representation){.x = l->output, .d = l->outputs};
    }
    check_lgg_classes(s, s->student[0].d, s->taught[0].d);
}

int lgg_section_has_graphs(const lgg_section *s) {
    return s->kind != LGG_HKD;
}

void fail_lgg_memory(const lgg_section *s, int batch, double needed, double memory, const char *where) {
    if (needed <= 0) needed = 4. * (double)batch * (double)batch * (double)s->n; /* the sum overflows */
    lgg_fail(&s->place,
             "the graphs of batch=%d samples need %.1f GB of memory and this %s has %.1f GB; use a smaller batch%s",
             batch, needed / 1e9, where, memory / 1e9, s->options.power > 2 ? " or power" : "");
}

/* Fails, rather than being killed, where the graphs cannot fit the machine's memory. */
static void check_memory(const lgg_section *s, int batch, int classes) {
    size_t bytes = lgg_loss_bytes(s->kind, &s->options, s->n, batch, classes);
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (bytes == 0 || (double)bytes > memory) fail_lgg_memory(s, batch, (double)bytes, memory, "machine");
}

void check_lgg_memory(const network *net) {
#ifdef GPU
    if (gpu_index >= 0) return; /* the device's memory is asked when the buffers are made there */
#endif
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type != LGG) continue;
        const lgg_section *s = net->layers[i].lgg;
        check_memory(s, net->batch, lgg_section_needs_labels(s) ? net->truths : 0);
    }
}

int lgg_minds_negatives(const lgg_section *s) {
    return s->options.graph.similarity == LGG_COSINE && s->kind != LGG_HKD && s->kind != LGG_RKD_DISTANCE &&
           s->kind != LGG_RKD_ANGLE;
}

void warn_of_lgg_negatives(const lgg_section *s, int layer) {
    lgg_warn(
        &s->place,
        "similarity=cosine: layer %d has negative outputs, and edges may have negative weights; rbf or exp suit it",
        layer);
}

/* Cosine is meant for what a rectifier puts out. Looked at in the first pass only. */
static void check_negatives(const lgg_section *s, int batch) {
    for (int i = 0; i < s->n && lgg_minds_negatives(s); ++i) {
        size_t n = (size_t)batch * (size_t)s->student[i].d, j = 0;
        while (j < n && s->student[i].x[j] >= 0)
            ++j;
        if (j < n) warn_of_lgg_negatives(s, s->tapped[i]);
    }
}

/* Makes the loss for batches of up to `batch` samples: in the first pass, and where the host lets its batches grow. */
static void make_loss(lgg_section *s, const host_pass *pass, int batch) {
    int classes = lgg_section_needs_labels(s) ? host_truths(pass) : 0;
    check_memory(s, batch, classes);
    lgg_loss_free(s->loss);
    lgg_status status = lgg_loss_create(&s->loss, s->kind, &s->options, s->n, batch, classes);
    if (status != LGG_OK) lgg_fail(&s->place, "%s, for graphs of batch=%d samples", lgg_status_string(status), batch);
    if (!s->max_batch) check_negatives(s, batch);
    s->max_batch = batch;
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

void evaluate_lgg_section(lgg_section *s, const host_pass *pass, int batch) {
    if (batch > s->max_batch) make_loss(s, pass, batch);
    float scale = -s->lambda * (float)batch * host_loss_scale(pass);
    for (int i = 0; i < s->n && s->lambda <= 0; ++i)
        s->student[i].gradient = NULL;
    const float *labels = lgg_section_needs_labels(s) ? host_truth(pass) : NULL;
    lgg_status status =
        lgg_loss_evaluate(s->loss, batch, labels, s->student, s->taught, scale, &s->last_value, s->sigma);
    if (status != LGG_OK) lgg_fail(&s->place, "%s", lgg_status_string(status));
    record_lgg_pass(s, host_subdivisions(pass));
    if (lgg_terms_are_cost(pass)) report_lgg_cost(pass, batch);
    warn_of_lgg_zeros(s, lgg_loss_zero_share(s->loss));
}

void add_lgg_gradients(lgg_section *s, const host_pass *pass, int batch) {
    if (s->lambda <= 0) return;
    for (int i = 0; i < s->n; ++i) {
        add_lgg_tap(&s->taps[i], host_layers(pass), host_layer_count(pass), s->place.index, batch);
    }
}
