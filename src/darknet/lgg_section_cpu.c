/* lgg_section_cpu.c: the backward pass of an LGG section on the CPU. */
#include "lgg_section.h"
#include "lgg_positions.h"
#include "lgg_section_table.h"

#include <unistd.h>

static void read_lgg_students(lgg_section *s, const host_pass *pass, int batch) {
    for (int i = 0; i < s->n; ++i) {
        s->student[i] = read_lgg_tap(&s->taps[i], host_layers(pass), host_layer_count(pass), s->place.index, batch);
    }
}

static void read_lgg_teachers(lgg_section *s, const host_pass *pass, int batch) {
    if (!s->teacher) meet_lgg_teacher(s, host_layers(pass), batch);
    run_lgg_teacher(s->teacher, s->network, pass, batch);
    for (int i = 0; i < s->n; ++i) {
        const layer *l = &s->teacher->net->layers[s->teacher_layers[i]];
        s->taught[i] = (lgg_representation){.x = l->output, .d = l->outputs};
    }
    check_lgg_classes(s, s->student[0].d, s->taught[0].d);
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
        check_memory(s, count_lgg_vertices(s, net->layers, net->batch), lgg_section_needs_labels(s) ? net->truths : 0);
    }
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

/* Makes the loss for graphs of up to `batch` vertices: in the first pass, and where the host lets its batches grow. */
static void make_loss(lgg_section *s, const host_pass *pass, int batch) {
    int classes = lgg_section_needs_labels(s) ? host_truths(pass) : 0;
    check_memory(s, batch, classes);
    lgg_loss_free(s->loss);
    lgg_status status = lgg_loss_create(&s->loss, s->kind, &s->options, s->n, batch, classes);
    if (status != LGG_OK) lgg_fail(&s->place, "%s, for graphs of batch=%d samples", lgg_status_string(status), batch);
    if (!s->max_batch) check_negatives(s, batch);
    s->max_batch = batch;
}

/* Of graphs of n vertices, in a pass of `batch` images. */
static void evaluate_lgg_section(lgg_section *s, const host_pass *pass, int n, int batch) {
    if (n > s->max_batch) make_loss(s, pass, n);
    float scale = -s->lambda * (float)batch * host_loss_scale(pass);
    for (int i = 0; i < s->n && s->lambda <= 0; ++i)
        s->student[i].gradient = NULL;
    if (s->alpha_end > 0) lgg_loss_set_alpha(s->loss, lgg_alpha_now(s, pass));
    const float *labels = lgg_section_needs_labels(s) ? host_truth(pass) : NULL;
    lgg_status status = lgg_loss_evaluate(s->loss, n, labels, s->student, s->taught, scale, &s->last_value, s->sigma);
    if (status != LGG_OK) lgg_fail(&s->place, "%s", lgg_status_string(status));
    record_lgg_pass(s, host_subdivisions(pass));
    if (lgg_terms_are_cost(pass)) report_lgg_cost(pass, batch);
    warn_of_lgg_zeros(s, lgg_loss_zero_share(s->loss));
}

static void add_lgg_gradients(lgg_section *s, const host_pass *pass, int batch) {
    if (s->lambda <= 0) return;
    for (int i = 0; i < s->n; ++i) {
        add_lgg_tap(&s->taps[i], host_layers(pass), host_layer_count(pass), s->place.index, batch);
    }
}

void backward_lgg_layer(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students(l.lgg, &pass, l.batch);
    if (l.lgg->teacher_cfg) read_lgg_teachers(l.lgg, &pass, l.batch);
    const int sampled = l.lgg->vertices != LGG_VERTICES_IMAGES;
    const int n = sampled ? take_lgg_vertices(l.lgg, &pass, l.batch) : l.batch;
    evaluate_lgg_section(l.lgg, &pass, n, l.batch);
    if (sampled && l.lgg->lambda > 0) give_lgg_vertices(l.lgg, n);
    add_lgg_gradients(l.lgg, &pass, l.batch);
}
