/* lgg_section_gpu.c: the backward pass of an LGG section on a GPU. Twin of lgg_section_cpu.c.
 *
 * The loss is enqueued, and its value follows into pinned memory. It is read when somebody asks for it (collect_lgg_report: the line
 * of progress, or the next pass), and whoever asks waits for the loss alone, not for what was enqueued after it. */
#include "lgg_section.h"
#include "lgg_positions.h"
#include "lgg_section_table.h"

#include <stdlib.h>

#include "allocate.h"

#ifdef GPU

static void read_lgg_students_gpu(lgg_section *s, const host_pass *pass, int batch) {
    for (int i = 0; i < s->n; ++i) {
        s->student[i] = read_lgg_tap_gpu(&s->taps[i], host_layers(pass), host_layer_count(pass), s->place.index, batch);
    }
}

static void read_lgg_teachers_gpu(lgg_section *s, const host_pass *pass, int batch) {
    if (!s->teacher) meet_lgg_teacher(s, host_layers(pass), batch);
    run_lgg_teacher(s->teacher, s->network, pass, batch);
    for (int i = 0; i < s->n; ++i) {
        const layer *l = &s->teacher->net->layers[s->teacher_layers[i]];
        s->taught[i] = (lgg_representation){.x = l->output_gpu, .d = l->outputs};
    }
    check_lgg_classes(s, s->student[0].d, s->taught[0].d);
}

/* The first pass alone is looked at, and copied for it. */
static void check_negatives_gpu(const lgg_section *s, int batch) {
    for (int i = 0; i < s->n && lgg_minds_negatives(s); ++i) {
        size_t n = (size_t)batch * (size_t)s->student[i].d, j = 0;
        float *x = lgg_allocate(n, sizeof *x, "a look at a layer's outputs");
        cuda_pull_array((float *)s->student[i].x, x, n);
        while (j < n && x[j] >= 0)
            ++j;
        if (j < n) warn_of_lgg_negatives(s, s->tapped[i]);
        free(x);
    }
}

static void check_memory_gpu(const lgg_section *s, int batch, int classes) {
    size_t bytes = lgg_loss_bytes_gpu(s->kind, &s->options, s->n, batch, classes), free_bytes = 0, all_bytes = 0;
    cudaMemGetInfo(&free_bytes, &all_bytes);
    if (bytes == 0 || bytes > free_bytes) fail_lgg_memory(s, batch, (double)bytes, (double)free_bytes, "GPU");
}

void check_lgg_status(const lgg_section *s, lgg_status status) {
    if (status == LGG_OK) return;
    cudaError_t error = cudaPeekAtLastError();
    if (status != LGG_ERROR_DEVICE || error == cudaSuccess) lgg_fail(&s->place, "%s", lgg_status_string(status));
    lgg_fail(&s->place, "%s: %s", lgg_status_string(status), cudaGetErrorString(error));
}

static void make_loss_gpu(lgg_section *s, const host_pass *pass, int batch) {
    int classes = lgg_section_needs_labels(s) ? host_truths(pass) : 0;
    lgg_status status = LGG_OK;
    if (!s->network->device) status = lgg_device_create(&s->network->device, host_stream(), LGG_PRODUCTS_BEST);
    if (status == LGG_OK) {
        lgg_loss_free_gpu(s->loss_gpu);
        s->loss_gpu = NULL;
        check_memory_gpu(s, batch, classes);
        status = lgg_loss_create_gpu(&s->loss_gpu, s->network->device, s->kind, &s->options, s->n, batch, classes);
    }
    if (status == LGG_ERROR_DEVICE) check_lgg_status(s, status);
    if (status != LGG_OK) lgg_fail(&s->place, "%s, for graphs of batch=%d samples", lgg_status_string(status), batch);
    if (!s->max_batch) check_negatives_gpu(s, batch);
    s->max_batch = batch;
}

void collect_lgg_report(lgg_section *s) {
    double zero_share;
    if (!s->unread) return;
    check_lgg_status(s, lgg_loss_read_gpu(s->loss_gpu, &s->last_value, s->sigma, &zero_share));
    record_lgg_pass(s, s->unread);
    warn_of_lgg_zeros(s, zero_share);
    s->unread = 0;
}

static void evaluate_lgg_section_gpu(lgg_section *s, const host_pass *pass, int n, int batch) {
    collect_lgg_report(s);
    if (s->network->device) lgg_device_set_stream(s->network->device, host_stream()); /* hosts may change it */
    if (n > s->max_batch) make_loss_gpu(s, pass, n);
    float scale = -s->lambda * (float)batch * host_loss_scale(pass);
    for (int i = 0; i < s->n && s->lambda <= 0; ++i)
        s->student[i].gradient = NULL;
    if (s->alpha_end > 0) check_lgg_status(s, lgg_loss_set_alpha_gpu(s->loss_gpu, lgg_alpha_now(s, pass)));
    const float *labels = lgg_section_needs_labels(s) ? host_truth_gpu(pass) : NULL;
    check_lgg_status(s, lgg_loss_evaluate_gpu(s->loss_gpu, n, labels, s->student, s->taught, scale));
    s->unread = host_subdivisions(pass);
    if (!lgg_terms_are_cost(pass)) return;
    collect_lgg_report(s);
    report_lgg_cost(pass, batch);
}

static void add_lgg_gradients_gpu(lgg_section *s, const host_pass *pass, int batch) {
    if (s->lambda <= 0) return;
    for (int i = 0; i < s->n; ++i) {
        add_lgg_tap_gpu(&s->taps[i], host_layers(pass), host_layer_count(pass), s->place.index, batch);
    }
}

void backward_lgg_layer_gpu(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students_gpu(l.lgg, &pass, l.batch);
    if (l.lgg->teacher_cfg) read_lgg_teachers_gpu(l.lgg, &pass, l.batch);
    const int sampled = l.lgg->vertices != LGG_VERTICES_IMAGES;
    const int n = sampled ? take_lgg_vertices_gpu(l.lgg, &pass, l.batch) : l.batch;
    evaluate_lgg_section_gpu(l.lgg, &pass, n, l.batch);
    if (sampled && l.lgg->lambda > 0) give_lgg_vertices_gpu(l.lgg, n);
    add_lgg_gradients_gpu(l.lgg, &pass, l.batch);
}

void free_lgg_section_gpu(lgg_section *s) {
    lgg_loss_free_gpu(s->loss_gpu);
    if (s->network->sections == 1) lgg_device_free(s->network->device);
}

#endif
