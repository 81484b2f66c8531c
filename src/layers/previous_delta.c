/* previous_delta.c: see previous_delta.h. */
#include "previous_delta.h"

#include <stdlib.h>
#include <string.h>

#include "around.h"
#include "lgg_section.h"
#include "simd.h"

int layer_reads(const network *net, int reader, int i) {
    const layer *l = &net->layers[reader];
    if (l->type != LGG) return host_reads(l, i);
    for (int j = 0; j < l->lgg->n; ++j)
        if (l->lgg->tapped[j] == i) return 1;
    return 0;
}

int buffer_owner(const network *net, int i) {
    while (i > 0 && host_works_in_place(&net->layers[i]))
        --i;
    return i;
}

/* Whether something has been added to the delta of layer i before layer i + 1 does: by a loss of its own, or by other layers: what
 * reads one of those that work in place reads all. */
static int has_other_readers(const network *net, int i) {
    for (int j = buffer_owner(net, i); j <= i; ++j) {
        if (net->layers[j].cost) return 1;
        for (int reader = j + 1; reader < net->n; ++reader)
            if (layer_reads(net, reader, j)) return 1;
    }
    return 0;
}

static void add(const float *from, float *to, size_t n) {
#pragma omp parallel for if (n >= PARALLEL_VALUES)
    for (size_t i = 0; i < n; ++i)
        to[i] += from[i];
}

static size_t count_inputs(layer l) {
    return (size_t)l.batch * (size_t)l.inputs;
}

/* Whether the backward function does more than to pass a gradient on to the layer before. */
static int does_more(layer l) {
    return l.update || host_adds_elsewhere(&l);
}

static void backward_adding(layer l, host_pass pass) {
    host_function *backward = l.functions->inner[AROUND_DELTA].backward;
    const size_t n = count_inputs(l);
    float **delta = host_delta(&pass);
    if (*delta && !l.functions->goes_aside) {
        backward(l, pass);
    } else if (*delta) {
        float *aside = floats_of(&l.functions->aside, n);
        memcpy(aside, *delta, n * sizeof(float));
        memset(*delta, 0, n * sizeof(float));
        backward(l, pass);
        add(aside, *delta, n);
    } else if (does_more(l)) {
        *delta = floats_of(&l.functions->aside, n);
        backward(l, pass);
    }
}

#ifdef GPU
static void backward_adding_gpu(layer l, host_pass pass) {
    host_function *backward = l.functions->inner[AROUND_DELTA].backward_gpu;
    const size_t n = count_inputs(l);
    float **delta = host_delta_gpu(&pass);
    if (*delta && !l.functions->goes_aside) {
        backward(l, pass);
    } else if (*delta) {
        float *aside = device_floats_of(&l.functions->aside_gpu, n);
        host_copy_device((int)n, *delta, aside);
        host_fill_device((int)n, 0, *delta);
        backward(l, pass);
        host_axpy_device((int)n, 1, aside, *delta);
    } else if (does_more(l)) {
        *delta = device_floats_of(&l.functions->aside_gpu, n);
        backward(l, pass);
    }
}
#endif

/* The last of the layers that work in the buffers of layer i. */
static int last_in_place(const network *net, int i) {
    while (i + 1 < net->n && host_works_in_place(&net->layers[i + 1]))
        ++i;
    return i;
}

/* Whether one of the layers `first` to `last` is read by others further on. */
static int are_read(const network *net, int first, int last) {
    for (int reader = first + 1; reader < net->n; ++reader) {
        for (int i = first; net->layers[reader].type != LGG && i <= last; ++i)
            if (layer_reads(net, reader, i)) return 1;
    }
    return 0;
}

void give_missing_deltas(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const int last = last_in_place(net, i);
        if (!host_lacks_delta(l) || !are_read(net, i, last)) continue;
        host_give_delta(l);
        for (int j = i + 1; j <= last; ++j) {
            net->layers[j].delta = l->delta;
#ifdef GPU
            net->layers[j].delta_gpu = l->delta_gpu;
#endif
        }
    }
    host_follow_deltas(net);
}

/* What reads only layers further back, whatever the delta of the one before it. */
static int ignores_previous_delta(const layer *l) {
    return l->type == ROUTE || l->type == LGG;
}

void put_around_previous_delta(network *net, int i) {
    layer *l = &net->layers[i];
    const int first = i == 0, nothing_there = first || !host_has_delta(&net->layers[i - 1]);
    const int shares = first || has_other_readers(net, i - 1);
    if (ignores_previous_delta(l)) return;
    if (!(nothing_there && (!l->update || host_assigns_delta(l))) && !(shares && host_assigns_delta(l))) return;
    begin_around(l, AROUND_DELTA);
    l->functions->goes_aside = shares && host_assigns_delta(l);
    l->backward = backward_adding;
#ifdef GPU
    l->backward_gpu = backward_adding_gpu;
#endif
}
