/* lgg_smooth_layer.c: [lgg_smooth], the change of label variation from each tapped layer to the next,
 *     L = sum_l |sigma_(l+1) - sigma_l|,   sigma_l = tr(V' L_l^power V),
 * divided by (layers - 1) under reduction=mean. */
#include "lgg_smooth_layer.h"

/* A layer named twice in a row changes nothing between the two. */
static void check_order(const lgg_cfg *cfg, const lgg_section *s) {
    if (s->n < 2) lgg_fail(&cfg->place, "layers= names %d layer; give two or more, in the order of the network", s->n);
    for (int i = 1; i < s->n; ++i) {
        for (int j = 0; j < i; ++j) {
            if (s->tapped[i] == s->tapped[j])
                lgg_fail(&cfg->place, "layers= names layer %d twice; give each once", s->tapped[i]);
        }
    }
}

layer make_lgg_smooth_layer(const lgg_cfg *cfg, network *net) {
    static const char *const known[] = {"layers", "lambda",    "classes", "similarity", "alpha", "unit",
                                        "k",      "normalize", "power",   "reduction",  NULL};
    lgg_cfg_check(cfg, known);
    layer l = make_lgg_layer(cfg, LGG_SMOOTH, 1e-4f, net);
    check_order(cfg, l.lgg);
    read_lgg_graph_options(cfg, &l.lgg->options.graph);
    read_lgg_power(cfg, &l.lgg->options);
    read_lgg_reduction(cfg, &l.lgg->options);
    l.backward = backward_lgg_smooth_layer;
    return l;
}

void backward_lgg_smooth_layer(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students(l.lgg, &pass, l.batch);
    evaluate_lgg_section(l.lgg, &pass, l.batch);
    add_lgg_gradients(l.lgg, &pass, l.batch);
}
