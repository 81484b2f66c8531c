/* network_plan.c: see network_plan.h. */
#include "network_plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocate.h"
#include "convolution_dnnl.h"
#include "convolution_narrow.h"
#include "elementwise_fast.h"
#include "layer_fast.h"
#include "lgg_section_table.h"
#include "previous_delta.h"

static void put_channels_first(const layer *l, const float *from, float *to) {
    const size_t pixels = (size_t)l->out_h * (size_t)l->out_w, channels = (size_t)l->out_c;
#pragma omp parallel for
    for (int b = 0; b < l->batch; ++b) {
        const size_t image = (size_t)b * pixels * channels;
        for (size_t c = 0; c < channels; ++c)
            for (size_t p = 0; p < pixels; ++p)
                to[image + c * pixels + p] = from[image + p * channels + c];
    }
}

const float *planned_output(const network *net, int i, float_buffer *copy) {
    const layer *l = &net->layers[i];
    if (l->type == ROUTE && l->functions->plan.skipped) l = &net->layers[l[1].functions->plan.source - 1];
    const layer *owner = &net->layers[buffer_owner(net, (int)(l - net->layers))];
    if (owner->functions && owner->functions->went_into_sum) return NULL;
    if (!owner->functions || !owner->functions->plan.channels_last) return l->output;
    float *first = floats_of(copy, (size_t)l->batch * (size_t)l->outputs);
    put_channels_first(owner, l->output, first);
    return first;
}

void want_gradient_of_images(network *net, int alone) {
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].functions) net->layers[i].functions->for_images = alone;
}

#if defined(LGG_FAST) && defined(DNNL)

/* Arrays below this are not worth pages of their own. */
enum { LARGE_BYTES = 1 << 20, LINE = 64 };

/* Layers whose arrays have one layout, whatever it is: those of a set (union-find), and whether it must be Darknet's. */
typedef struct {
    int *parent, *is_darknets;
} layouts;

static int set_of(layouts all, int i) {
    while (all.parent[i] != i)
        i = all.parent[i];
    return i;
}

static void keep_darknets(layouts all, int i) {
    if (i >= 0) all.is_darknets[set_of(all, i)] = 1;
}

/* Layers i and j have one layout; the network's images (-1) have Darknet's. */
static void keep_equal(layouts all, int i, int j) {
    if (i < 0 || j < 0) {
        keep_darknets(all, i < 0 ? j : i);
        return;
    }
    const int a = set_of(all, i), b = set_of(all, j);
    all.parent[a] = b;
    all.is_darknets[b] |= all.is_darknets[a];
}

/* Whether i and j are written value by value from one another, in any order that both have. */
static void join_neighbours(const network *net, layouts all, int i) {
    const layer *l = &net->layers[i];
    if (host_copies_one(l) >= 0) {
        keep_equal(all, i, host_copies_one(l));
        return;
    }
    keep_equal(all, i, i - 1);
    for (int j = 0; j < i; ++j)
        if (l->type == SHORTCUT && host_reads(l, j)) keep_equal(all, i, j);
}

/* What layer i reads stays as Darknet has it, and so does what it writes. */
static void keep_darknets_around(const network *net, layouts all, int i) {
    const layer *l = &net->layers[i];
    keep_darknets(all, i);
    if (l->type != ROUTE) keep_darknets(all, i - 1);
    for (int j = 0; j < i; ++j)
        if (host_reads(l, j)) keep_darknets(all, j);
}

/* HKD compares with a teacher's values one by one, and positions of a map are looked for: there their order matters. */
static void keep_tapped(layouts all, const lgg_section *s) {
    for (int i = 0; i < s->n && lgg_section_minds_order(s); ++i)
        keep_darknets(all, s->tapped[i]);
}

/* The host looks at the network's last output, at what is compared with the truth, and at what a loss has written. */
static int is_looked_at(const network *net, int i) {
    const layer *l = &net->layers[i];
    int last = net->n - 1;
    while (last > 0 && (net->layers[last].type == COST || net->layers[last].type == LGG))
        --last;
    return i >= buffer_owner(net, last) || l->truth || l->cost ||
           (l->functions && l->functions->view == SEEN_IN_DARKNETS_ORDER);
}

static void find_layouts(const network *net, layouts all) {
    for (int i = 0; i < net->n; ++i)
        all.parent[i] = i;
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        const layer_order order = order_of(l);
        if (l->type == LGG) keep_tapped(all, l->lgg);
        if (order == ORDER_DARKNETS || is_looked_at(net, i)) keep_darknets_around(net, all, i);
        if (order == ORDER_KEPT) join_neighbours(net, all, i);
        if (order == ORDER_LOST) keep_darknets(all, i);
    }
}

/* The layer whose output layer i takes in for that of the layer before it. */
static int source_of(const network *net, int i) {
    const int planned = net->layers[i].functions ? net->layers[i].functions->plan.source : 0;
    return planned ? planned - 1 : i - 1;
}

/* Whether nothing but layer i + 1 looks at layer i. */
static int has_one_reader(const network *net, int i) {
    if (i + 1 >= net->n || net->layers[i].functions->view != SEEN_BY_LAYERS || is_looked_at(net, i)) return 0;
    for (int reader = i + 2; reader < net->n; ++reader)
        if (layer_reads(net, reader, i)) return 0;
    return !host_works_in_place(&net->layers[i + 1]);
}

static int is_convolution(const layer *l) {
    return l->functions && l->functions->dnnl;
}

/* Whether layer i is a copy that the convolution after it alone reads, and lets its gradient through. */
static int needs_no_copy(const network *net, int i) {
    if (host_stops_gradients(&net->layers[i])) return 0;
    return host_copies_one(&net->layers[i]) >= 0 && has_one_reader(net, i) && is_convolution(&net->layers[i + 1]);
}

static void skip_copies(network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (!needs_no_copy(net, i)) continue;
        net->layers[i].functions->plan.skipped = 1;
        net->layers[i].functions->plan.is_assigned = 1;
        net->layers[i + 1].functions->plan.source = host_copies_one(&net->layers[i]) + 1;
    }
}

static void set_layouts(network *net) {
    layouts all = {lgg_allocate((size_t)net->n, sizeof(int), "the layers' order"),
                   lgg_allocate((size_t)net->n, sizeof(int), "the layers' order")};
    find_layouts(net, all);
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (l->functions)
            l->functions->plan.channels_last = !all.is_darknets[set_of(all, i)] && l->out_h * l->out_w > 1;
    }
    for (int i = 0; i < net->n; ++i) {
        const int source = source_of(net, i);
        if (net->layers[i].functions && source >= 0)
            net->layers[i].functions->plan.input_channels_last =
                !all.is_darknets[set_of(all, source)] && net->layers[source].out_h * net->layers[source].out_w > 1;
    }
    free(all.parent);
    free(all.is_darknets);
}

/* How layer `reader` adds to the delta of layer i. */
typedef enum { ADDS_NOTHING, ADDS_ELSEWHERE, ADDS_AS_INPUT, ADDS_AS_FROM } adding;

static adding adds_to(const network *net, int reader, int i) {
    const layer *l = &net->layers[reader];
    const int reads_input = l->type != ROUTE && !host_works_in_place(l) && source_of(net, reader) >= 0 &&
                            buffer_owner(net, source_of(net, reader)) == i;
    if (reads_input) return ADDS_AS_INPUT;
    if (l->type == ROUTE && l->functions->plan.skipped) return ADDS_NOTHING;
    for (int j = i; j < reader && (j == i || host_works_in_place(&net->layers[j])); ++j)
        if (layer_reads(net, reader, j)) return l->type == SHORTCUT ? ADDS_AS_FROM : ADDS_ELSEWHERE;
    return ADDS_NOTHING;
}

/* Whether something of the host's writes the delta of l before any backward pass, or it is that of another layer. */
static int has_quiet_delta(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
    case CONNECTED:
    case BATCHNORM:
    case ACTIVE:
    case SHORTCUT:
    case MAXPOOL:
    case AVGPOOL:
        return l->delta && !l->cost && !l->truth;
    default:
        return 0;
    }
}

/* Has the delta of layer i written by its last reader, whose backward pass comes first, if that is one of ours. */
static void assign_delta(network *net, int i) {
    int reader = net->n - 1;
    adding how = ADDS_NOTHING;
    while (reader > i && (how = adds_to(net, reader, i)) == ADDS_NOTHING)
        --reader;
    layer *l = &net->layers[reader];
    if (reader == i || how == ADDS_ELSEWHERE || !writes_delta(l)) return;
    if (how == ADDS_AS_INPUT) l->functions->plan.assigns = 1;
    if (how == ADDS_AS_FROM) l->functions->plan.assigns_from = 1;
    for (int j = i; j < net->n && (j == i || host_works_in_place(&net->layers[j])); ++j)
        if (net->layers[j].functions) net->layers[j].functions->plan.is_assigned = 1;
}

/* A convolution that only predicts does what follows it as well: its biases and activation, and a residual sum. */
static void join_predictions(network *net) {
    float slope;
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (!is_convolution(l) || !activation_slope(l->activation, &slope)) continue;
        layer_plan *plan = &l->functions->plan;
        plan->predicts = 1;
        plan->activation = l->activation;
        if (l->activation != LINEAR || !plan->channels_last || !has_one_reader(net, i)) continue;
        const layer *sum = l + 1;
        if (host_adds(sum) < 0 || host_adds(sum) == i || !activation_slope(sum->activation, &slope)) continue;
        plan->activation = sum->activation;
        plan->residual = host_adds(sum) + 1;
        plan->sum = i + 1;
        sum->functions->plan.skipped = 1;
    }
}

/* Whether the sum after convolution i can be formed where its batch normalization writes. */
static int forms_sum(const network *net, int i) {
    const layer *l = &net->layers[i];
    float slope;
    return is_convolution(l) && l->batch_normalize && l->activation == LINEAR && has_one_reader(net, i) &&
           order_of(l + 1) == ORDER_KEPT && host_adds(l + 1) >= 0 && host_adds(l + 1) != i &&
           activation_slope(l[1].activation, &slope) && l[1].functions;
}

/* In training a residual sum is formed by the batch normalization before it. */
static void join_sums(network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (!forms_sum(net, i)) continue;
        layer_plan *plan = &net->layers[i].functions->plan;
        plan->residual = host_adds(&net->layers[i + 1]) + 1;
        plan->sum = i + 1;
        net->layers[i + 1].functions->plan.is_summed = 1;
    }
}

/* Such a sum's delta goes to both layers as it is: where both are assigned, one copy will do until the convolution has read it, which is
 * next. */
static void share_deltas(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer_plan *plan = net->layers[i].functions ? &net->layers[i].functions->plan : NULL;
        if (!plan || !plan->residual || plan->predicts) continue;
        layer_plan *sum = &net->layers[plan->sum].functions->plan;
        if (!sum->assigns || !sum->assigns_from) continue;
        sum->shares_delta = 1;
        plan->delta_from = plan->residual;
    }
}

static void choose_narrow(network *net) {
    for (int i = 0; i < net->n; ++i)
        if (is_convolution(&net->layers[i]))
            net->layers[i].functions->plan.narrow = is_narrow_convolution(&net->layers[i]);
}

static int goes_all_the_way_back(const network *net) {
    for (int i = 0; i < net->n; ++i)
        if (host_stops_gradients(&net->layers[i])) return 0;
    return 1;
}

/* Asks for large pages, of which a pass over an array of megabytes needs few. */
static void prefer_large_pages(const float *x, size_t bytes) {
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = (uintptr_t)x / page * page, end = ((uintptr_t)x + bytes + page - 1) / page * page;
    if (bytes >= LARGE_BYTES) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
    (void)x, (void)bytes;
#endif
}

/* Moves the array of n floats at *x to where a vector does not straddle two lines of the cache. */
static void align_array(network *net, float **x, size_t n) {
    float *old = *x;
    const size_t bytes = (n * sizeof *old + LINE - 1) / LINE * LINE;
    if (!old || (uintptr_t)old % LINE == 0) return;
    float *aligned = aligned_alloc(LINE, bytes);
    if (!aligned) return;
    prefer_large_pages(aligned, bytes);
    memcpy(aligned, old, n * sizeof *old);
    *x = aligned;
    for (int i = 0; i < net->n; ++i)
        host_follow_array(&net->layers[i], old, aligned);
    free(old);
}

static void align_layer(network *net, int i) {
    layer *l = &net->layers[i];
    const size_t n = (size_t)l->batch * (size_t)l->outputs;
    if (!has_quiet_delta(l) || is_looked_at(net, i)) return;
    align_array(net, &l->output, n);
    align_array(net, &l->delta, n);
    align_array(net, &l->x, n);
}

static void forget_plan(network *net) {
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].functions) net->layers[i].functions->plan = (layer_plan){0};
}

/* Whether oneDNN takes all convolutions that are no longer as the host knows them. */
static int is_possible(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (l->functions && l->functions->dnnl && !is_ready_for_dnnl(*l)) return 0;
    }
    return 1;
}

void plan_network(network *net, plan_purpose purpose) {
#ifdef GPU
    if (gpu_index >= 0) return;
#endif
    forget_plan(net);
    skip_copies(net);
    if (purpose == PLAN_TRAINING) choose_narrow(net);
    set_layouts(net);
    if (purpose == PLAN_PREDICTION) join_predictions(net);
    const int assigns = purpose == PLAN_TRAINING && goes_all_the_way_back(net);
    for (int i = 0; assigns && i < net->n; ++i)
        if (has_quiet_delta(&net->layers[i])) assign_delta(net, i);
    if (assigns) join_sums(net); /* the layers below a stop may not be trained: they run otherwise than those above */
    if (assigns) share_deltas(net);
    if (!is_possible(net)) forget_plan(net);
    for (int i = 0; i < net->n; ++i)
        align_layer(net, i);
}

void keep_planned_output(network *net, int i, int in_darknets_order) {
    layer *l = &net->layers[buffer_owner(net, i)];
    const layer_view view = in_darknets_order ? SEEN_IN_DARKNETS_ORDER : SEEN_IN_ANY_ORDER;
    if (!l->functions || l->functions->view >= view) return;
    l->functions->view = view;
    plan_network(net, PLAN_PREDICTION);
}

#else

void plan_network(network *net, plan_purpose purpose) {
    (void)net, (void)purpose;
}

void keep_planned_output(network *net, int i, int in_darknets_order) {
    (void)net, (void)i, (void)in_darknets_order;
}

#endif
