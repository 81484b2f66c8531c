/* rkd_layer.c: [rkd], relational knowledge distillation (Park et al., 2019), with the Huber loss h of threshold 1:
 *     loss=distance   L = mean over pairs i<j of h(d_S / mean d_S - d_T / mean d_T)
 *     loss=angle      L = mean over all (i,j,l) of h(cos angle_S - cos angle_T)
 * summed over the layer pairs, or their mean under reduction=mean. */
#include "rkd_layer.h"

layer make_rkd_layer(const lgg_cfg *cfg, network *net) {
    static const char *const known[] = {"layers",         "lambda",      "classes",         "loss", "reduction",
                                        "teacher_layers", "teacher_cfg", "teacher_weights", NULL};
    static const char *const losses[] = {"distance", "angle", NULL};
    lgg_cfg_check(cfg, known);
    int angle = lgg_cfg_choice(cfg, "loss", losses, 0);
    layer l = make_lgg_layer(cfg, angle ? LGG_RKD_ANGLE : LGG_RKD_DISTANCE, 25, net);
    read_lgg_reduction(cfg, &l.lgg->options);
    read_lgg_teacher_options(cfg, l.lgg);
    l.backward = backward_rkd_layer;
    return l;
}

void backward_rkd_layer(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students(l.lgg, &pass, l.batch);
    read_lgg_teachers(l.lgg, &pass, l.batch);
    evaluate_lgg_section(l.lgg, &pass, l.batch);
    add_lgg_gradients(l.lgg, &pass, l.batch);
}
