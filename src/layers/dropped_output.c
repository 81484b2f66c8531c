/* dropped_output.c: see dropped_output.h. */
#include "dropped_output.h"

#include "around.h"

/* The share of the output's values that the [dropout] layers in it have left, whose inverse each of the others was multiplied by. */
static float kept_share(const network *net, int i) {
    float kept = 1;
    for (int j = i + 1; j < net->n && host_works_in_place(&net->layers[j]); ++j) {
        const layer *l = &net->layers[j];
        if (l->type == DROPOUT && !host_drops_blocks(l)) kept *= 1 - l->probability;
    }
    return kept;
}

static void backward_undropped(layer l, host_pass pass) {
    if (pass.train) scal_cpu(l.outputs * l.batch, l.functions->kept_share, l.output, 1);
    l.functions->inner[AROUND_DROPPED].backward(l, pass);
}

#ifdef GPU
static void backward_undropped_gpu(layer l, host_pass pass) {
    if (pass.train) host_scale_gpu(l.outputs * l.batch, l.functions->kept_share, l.output_gpu);
    l.functions->inner[AROUND_DROPPED].backward_gpu(l, pass);
}
#endif

void put_around_dropped_output(network *net, int i) {
    layer *l = &net->layers[i];
    const float kept = kept_share(net, i);
    const int is_told_from_sign = l->activation == LINEAR || l->activation == RELU || l->activation == LEAKY;
    if (host_works_in_place(l) || is_told_from_sign || kept >= 1 || !l->backward) return;
    l->functions->kept_share = kept;
    begin_around(l, AROUND_DROPPED);
    l->backward = backward_undropped;
#ifdef GPU
    l->backward_gpu = backward_undropped_gpu;
#endif
}
