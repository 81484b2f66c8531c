/* label_variation_layer.c: [label_variation], the label variation of the graph of one layer,
 *     L = sigma = tr(V' L^power V),
 * divided by the number of ordered pairs of distinct classes under reduction=mean. */
#include "label_variation_layer.h"

layer make_label_variation_layer(const lgg_cfg *cfg, network *net) {
    static const char *const known[] = {"layers", "lambda",    "classes", "similarity", "alpha", "unit",
                                        "k",      "normalize", "power",   "reduction",  NULL};
    lgg_cfg_check(cfg, known);
    layer l = make_lgg_layer(cfg, LGG_LABEL_VARIATION, 1, net);
    if (l.lgg->n != 1) lgg_fail(&cfg->place, "layers= names %d layers; give one, and a section to each", l.lgg->n);
    read_lgg_graph_options(cfg, &l.lgg->options.graph);
    read_lgg_power(cfg, &l.lgg->options);
    read_lgg_reduction(cfg, &l.lgg->options);
    l.backward = backward_label_variation_layer;
    return l;
}

void backward_label_variation_layer(layer l, host_pass pass) {
    if (!host_trains(&pass)) return;
    read_lgg_students(l.lgg, &pass, l.batch);
    evaluate_lgg_section(l.lgg, &pass, l.batch);
    add_lgg_gradients(l.lgg, &pass, l.batch);
}
