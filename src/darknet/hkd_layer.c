/* hkd_layer.c: [hkd], knowledge distillation by soft targets (Hinton et al., 2015), with T = temperature:
 *     L = mean over the batch of KL(softmax(t / T) || softmax(s / T)),
 * on logits: by default what the nearest softmax takes in, in the student and in the teacher. */
#include "hkd_layer.h"

layer make_hkd_layer(const lgg_cfg *cfg, network *net) {
    static const char *const known[] = {"layers",         "lambda",      "classes",         "temperature",
                                        "teacher_layers", "teacher_cfg", "teacher_weights", NULL};
    lgg_cfg_check(cfg, known);
    layer l = make_lgg_layer(cfg, LGG_HKD, 1, net);
    if (l.lgg->n != 1) lgg_fail(&cfg->place, "layers= names %d layers; give the one with the logits", l.lgg->n);
    l.lgg->options.temperature = lgg_cfg_positive(cfg, "temperature", l.lgg->options.temperature);
    read_lgg_teacher_options(cfg, l.lgg);
    l.backward = backward_hkd_layer;
    return l;
}

void backward_hkd_layer(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students(l.lgg, &pass, l.batch);
    read_lgg_teachers(l.lgg, &pass, l.batch);
    evaluate_lgg_section(l.lgg, &pass, l.batch);
    add_lgg_gradients(l.lgg, &pass, l.batch);
}
