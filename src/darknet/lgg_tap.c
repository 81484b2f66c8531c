/* lgg_tap.c: the one place that reads other layers and adds to their deltas. */
#include "lgg_tap.h"
#include "lgg_tap_kernels.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "command.h"

/* Layers whose output is no representation, or through which the host passes no right gradient. */
static const struct {
    LAYER_TYPE type;
    const char *why;
    int readable; /* in a teacher */
} untappable[] = {HOST_UNTAPPABLE};

/* The layer whose buffers this one works in. */
static const layer *find_owner(const layer *layers, int index) {
    while (index > 0 && host_works_in_place(&layers[index]))
        --index;
    return &layers[index];
}

/* Whether it is for a layer with stopbackward=1 after it that l has no delta: said once all layers are there (finish_network.c). */
static int is_below_stop(const layer *l) {
    return darknet_is_training() && !host_lacks_delta(l) && !host_works_in_place(l);
}

/* Why a layer cannot be tapped; NULL if it can. */
static const char *find_obstacle(const layer *layers, int index, int needs_gradient) {
    if (layers[index].type == LGG) return "an LGG section, which passes its input through";
    if (host_is_blurred(&layers[index])) return "antialiased, and its output smaller than its size";
    for (size_t i = 0; i < sizeof untappable / sizeof *untappable; ++i) {
        if (find_owner(layers, index)->type != untappable[i].type) continue;
        if (needs_gradient || !untappable[i].readable) return untappable[i].why;
    }
    if (!needs_gradient || host_has_delta(&layers[index]) || is_below_stop(&layers[index])) return NULL;
    return "a layer without a gradient";
}

/* Fails, naming the nearest earlier layer that can be tapped. */
static _Noreturn void fail_obstacle(const lgg_place *place, const char *option, const layer *layers, int index,
                                    int needs_gradient) {
    int nearest = index;
    while (nearest >= 0 && find_obstacle(layers, nearest, needs_gradient))
        --nearest;
    const char *why = find_obstacle(layers, index, needs_gradient);
    if (nearest < 0) lgg_fail(place, "%s=%d: is %s, and there is no other layer before it to tap", option, index, why);
    lgg_fail(place, "%s=%d: is %s; tap layer %d instead (%s=%d)", option, index, why, nearest, option, nearest);
}

static int check_tap(const lgg_place *place, const char *option, const layer *layers, int index, int needs_gradient) {
    if (find_obstacle(layers, index, needs_gradient)) fail_obstacle(place, option, layers, index, needs_gradient);
    return index;
}

int find_lgg_tap(const lgg_place *place, const char *option, const layer *layers, int end, int value,
                 int needs_gradient) {
    int index = value < 0 ? end + value : value;
    if (index < 0 || index >= end) {
        lgg_fail(place, "%s=%d: no such layer%s; give 0 to %d, or -%d to -1", option, value,
                 needs_gradient ? " before this section" : " in the teacher", end - 1, end);
    }
    return check_tap(place, option, layers, index, needs_gradient);
}

int find_default_lgg_tap(const lgg_place *place, const char *option, const layer *layers, int end, int needs_gradient) {
    int index = end - 1;
    while (index > 0 && layers[index].type == LGG)
        --index;
    return check_tap(place, option, layers, index, needs_gradient);
}

int find_logits_lgg_tap(const lgg_place *place, const char *option, const layer *layers, int end, int needs_gradient) {
    int index = end - 1;
    while (index > 0 && layers[index].type != SOFTMAX)
        --index;
    if (index <= 0) {
        lgg_fail(
            place,
            "%s= is not given, and there is no [softmax] %s whose input it could mean; name the layer of the logits",
            option, needs_gradient ? "before this section" : "in the teacher");
    }
    return find_default_lgg_tap(place, option, layers, index, needs_gradient);
}

/* Of the layers that work in the buffer of layer `tapped`, the first [dropout] later than layer `after`; count if there is none. */
static int next_dropout(const layer *layers, int count, int tapped, int after) {
    for (int i = tapped + 1; i < count && host_works_in_place(&layers[i]); ++i) {
        if (i > after && layers[i].type == DROPOUT) return i;
    }
    return count;
}

/* Whether there is one later than the section: its mask is in the output already, but its backward function has run before ours. */
static int is_dropped_later(const lgg_tap *tap, const layer *layers, int count, int section) {
    return next_dropout(layers, count, tap->layer, section) < count;
}

static int is_activated(const layer *owner) {
    return owner->type == SOFTMAX || owner->type == LOGXENT;
}

/* Whether the gradient waits in `scratch`, to go back through what was made of the layer's own output first. */
static int goes_through_scratch(const lgg_tap *tap, const layer *layers, int count, int section) {
    return is_activated(find_owner(layers, tap->layer)) || is_dropped_later(tap, layers, count, section);
}

/* Fails if a dropout leaves out blocks of the tapped layer after the section: which ones, it does not keep. */
static void check_blocks(const lgg_place *place, const lgg_tap *tap, const layer *layers, int count) {
    for (int i = place->index; (i = next_dropout(layers, count, tap->layer, i)) < count;) {
        if (!host_has_blocks(&layers[i])) continue;
        lgg_fail(place,
                 "layers=%d: [dropout] (layer %d) has dropblock=1 and changes what this section taps; put the section "
                 "after it",
                 tap->layer, i);
    }
}

void check_lgg_tap(const lgg_place *place, const lgg_tap *tap, const layer *layers, int count) {
    const layer *owner = find_owner(layers, tap->layer);
    const int index = (int)(owner - layers), dropout = next_dropout(layers, count, index, index);
    check_blocks(place, tap, layers, count);
    if (!is_activated(owner)) return;
    if (owner->type == SOFTMAX && owner->spatial) {
        lgg_fail(place,
                 "layers=%d: taps a [softmax] with spatial=1, whose gradient is another on a GPU; tap layer %d instead",
                 tap->layer, index - 1);
    }
    if (dropout < count) {
        lgg_fail(place, "layers=%d: taps probabilities that [dropout] (layer %d) overwrites; tap layer %d instead",
                 tap->layer, dropout, index - 1);
    }
}

/* scratch (n), zeroed: grows when the host resizes the network, and never shrinks. */
static float *clear_scratch(lgg_tap *tap, size_t n) {
    if (n > tap->capacity) {
        free(tap->scratch);
        tap->scratch = lgg_allocate(n, sizeof *tap->scratch, "the gradient of a tapped layer");
        tap->capacity = n;
    }
    memset(tap->scratch, 0, n * sizeof *tap->scratch);
    return tap->scratch;
}

lgg_representation read_lgg_tap(lgg_tap *tap, const layer *layers, int count, int section, int batch) {
    const layer *l = &layers[tap->layer];
    lgg_representation tapped = {.x = l->output, .gradient = l->delta, .d = l->outputs};
    if (goes_through_scratch(tap, layers, count, section))
        tapped.gradient = clear_scratch(tap, (size_t)batch * (size_t)l->outputs);
    return tapped;
}

/* gradient (n) <- gradient * mask * scale of each dropout that works on the tapped layer after the section. */
static void drop_gradient(const lgg_tap *tap, const layer *layers, int count, int section, size_t n) {
    for (int i = section; (i = next_dropout(layers, count, tap->layer, i)) < count;) {
        for (size_t j = 0; j < n; ++j)
            tap->scratch[j] *= host_dropout_factor(&layers[i], j);
    }
}

/* For p = softmax(z / T) of n values: gradient <- p * (gradient - <p, gradient>) / T. */
static void softmax_gradient(const float *p, float *gradient, int n, float temperature) {
    double mean = 0;
    for (int i = 0; i < n; ++i)
        mean += (double)p[i] * (double)gradient[i];
    for (int i = 0; i < n; ++i)
        gradient[i] = p[i] * (gradient[i] - (float)mean) / temperature;
}

/* One sample's gradient (outputs) through the softmax of each of its groups, or of each node of its tree. */
static void group_gradients(const layer *l, const float *p, float *gradient) {
    if (!l->softmax_tree) {
        int size = l->outputs / l->groups;
        for (int i = 0; i < l->outputs; i += size)
            softmax_gradient(p + i, gradient + i, size, l->temperature);
        return;
    }
    for (int i = 0; i < l->softmax_tree->groups; ++i) {
        int offset = l->softmax_tree->group_offset[i];
        softmax_gradient(p + offset, gradient + offset, l->softmax_tree->group_size[i], l->temperature);
    }
}

/* gradient (B, d) with respect to the output <- the same with respect to the input. */
static void activation_gradient(const layer *l, float *gradient, int batch) {
    size_t d = (size_t)l->outputs, n = (size_t)batch * d;
    if (l->type == SOFTMAX) {
        for (size_t i = 0; i < n; i += d)
            group_gradients(l, l->output + i, gradient + i);
    } else {
        for (size_t i = 0; i < n; ++i)
            gradient[i] *= l->output[i] * (1 - l->output[i]);
    }
}

void add_lgg_tap(lgg_tap *tap, const layer *layers, int count, int section, int batch) {
    const layer *l = &layers[tap->layer], *owner = find_owner(layers, tap->layer);
    size_t n = (size_t)batch * (size_t)l->outputs;
    if (!goes_through_scratch(tap, layers, count, section)) return;
    drop_gradient(tap, layers, count, section, n);
    if (is_activated(owner)) activation_gradient(owner, tap->scratch, batch);
    for (size_t i = 0; i < n; ++i)
        l->delta[i] += tap->scratch[i];
}

#ifdef GPU

/* scratch_gpu (n), zeroed: grows when the host resizes the network, and never shrinks. */
static float *clear_scratch_gpu(lgg_tap *tap, size_t n) {
    if (n > tap->capacity_gpu) {
        if (tap->scratch_gpu) cuda_free(tap->scratch_gpu);
        tap->scratch_gpu = cuda_make_array(NULL, n);
        tap->capacity_gpu = n;
    }
    clear_gradient_gpu(n, tap->scratch_gpu, host_stream());
    return tap->scratch_gpu;
}

lgg_representation read_lgg_tap_gpu(lgg_tap *tap, const layer *layers, int count, int section, int batch) {
    const layer *l = &layers[tap->layer];
    lgg_representation tapped = {.x = l->output_gpu, .gradient = l->delta_gpu, .d = l->outputs};
    if (goes_through_scratch(tap, layers, count, section))
        tapped.gradient = clear_scratch_gpu(tap, (size_t)batch * (size_t)l->outputs);
    return tapped;
}

static void drop_gradients_gpu(const lgg_tap *tap, const layer *layers, int count, int section, size_t n) {
    for (int i = section; (i = next_dropout(layers, count, tap->layer, i)) < count;) {
        const layer *l = &layers[i];
        drop_gradient_gpu(n, l->rand_gpu, l->probability, l->scale, tap->scratch_gpu, host_stream());
    }
}

/* Every sample's gradient (outputs) through the softmax of each group, or of each node of the tree. */
static void group_gradients_gpu(const layer *l, float *gradient, int batch) {
    int groups = l->softmax_tree ? l->softmax_tree->groups : l->groups;
    for (int i = 0; i < groups; ++i) {
        int size = l->softmax_tree ? l->softmax_tree->group_size[i] : l->outputs / groups;
        int offset = l->softmax_tree ? l->softmax_tree->group_offset[i] : i * size;
        softmax_gradient_gpu(batch, l->outputs, size, l->temperature, l->output_gpu + offset, gradient + offset,
                             host_stream());
    }
}

void add_lgg_tap_gpu(lgg_tap *tap, const layer *layers, int count, int section, int batch) {
    const layer *l = &layers[tap->layer], *owner = find_owner(layers, tap->layer);
    size_t n = (size_t)batch * (size_t)l->outputs;
    if (!goes_through_scratch(tap, layers, count, section)) return;
    drop_gradients_gpu(tap, layers, count, section, n);
    if (owner->type == SOFTMAX) group_gradients_gpu(owner, tap->scratch_gpu, batch);
    if (owner->type == LOGXENT) logistic_gradient_gpu(n, owner->output_gpu, tap->scratch_gpu, host_stream());
    host_axpy_device((int)n, 1, tap->scratch_gpu, l->delta_gpu);
}

#endif

void free_lgg_tap(lgg_tap *tap) {
    free(tap->scratch);
#ifdef GPU
    if (tap->scratch_gpu) cuda_free(tap->scratch_gpu);
#endif
    memset(tap, 0, sizeof *tap);
}
