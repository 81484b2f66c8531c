/* lgg_gkd_layer.c: [lgg_gkd], graph knowledge distillation: the difference of the student's graphs from the teacher's,
 *     L = sum_l ||A_T^power - A_S^power||^2   (Frobenius; distance=frobenius: its root),
 * divided by the number of layer pairs under reduction=mean. */
#include "lgg_gkd_layer.h"

static void read_gkd_options(const lgg_cfg *cfg, lgg_options *options) {
    static const char *const edges[] = {"all", "inter", "intra", NULL}, *const neighbors[] = {"own", "teacher", NULL},
                             *const distances[] = {"squared", "frobenius", NULL};
    options->edges = (lgg_edges)lgg_cfg_choice(cfg, "edges", edges, (int)options->edges);
    options->neighbors = (lgg_neighbors)lgg_cfg_choice(cfg, "neighbors", neighbors, (int)options->neighbors);
    options->distance = (lgg_distance)lgg_cfg_choice(cfg, "distance", distances, (int)options->distance);
}

layer make_lgg_gkd_layer(const lgg_cfg *cfg, network *net) {
    static const char *const known[] = {
        "layers",   "lambda",         "classes",     "similarity",      "alpha", "unit",
        "k",        "normalize",      "power",       "reduction",       "edges", "neighbors",
        "distance", "teacher_layers", "teacher_cfg", "teacher_weights", NULL};
    lgg_cfg_check(cfg, known);
    layer l = make_lgg_layer(cfg, LGG_GKD, 25, net);
    read_lgg_graph_options(cfg, &l.lgg->options.graph);
    read_lgg_power(cfg, &l.lgg->options);
    read_lgg_reduction(cfg, &l.lgg->options);
    read_gkd_options(cfg, &l.lgg->options);
    read_lgg_teacher_options(cfg, l.lgg);
    l.backward = backward_lgg_gkd_layer;
    return l;
}

void backward_lgg_gkd_layer(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students(l.lgg, &pass, l.batch);
    read_lgg_teachers(l.lgg, &pass, l.batch);
    evaluate_lgg_section(l.lgg, &pass, l.batch);
    add_lgg_gradients(l.lgg, &pass, l.batch);
}
