/* around.h: what our functions keep of a layer that they stand in for, or around. What goes around what: layer_functions.h. */
#ifndef AROUND_H
#define AROUND_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From the inside out. */
typedef enum {
    AROUND_1X1,
    AROUND_SUM,
    AROUND_DELTA,
    AROUND_FAST,
    AROUND_DNNL,
    AROUND_DROPPED,
    AROUND_PARSEVAL,
    AROUND_DROPPING,
    AROUND_COST,
    AROUND_FIRST,
    AROUND_KINDS
} layer_around;

/* A layer's functions of one kind, on the CPU and on the GPU; NULL where it has none. */
typedef struct {
    host_function *forward, *backward;
    host_function *forward_gpu, *backward_gpu;
    host_update_function *update;
    host_update_function_gpu *update_gpu;
} function_set;

/* Floats that grow with what is asked of them. */
typedef struct {
    float *memory;
    size_t size;
} float_buffer;

/* What is done otherwise in a network that nothing but its own layers looks into (network_plan.h). All 0: as the host does it. */
typedef struct {
    int channels_last;       /* output, delta and x are (batch, h, w, c) */
    int input_channels_last; /* and so are the output and the delta of the layer that it takes in */
    int skipped;             /* a [route] that is not run, since its one reader reads what it would copy */
    int source;              /* for that reader: the layer to read, plus 1 */
    int assigns;             /* its backward pass writes the delta of the layer it takes in, which holds nothing yet */
    int assigns_from;        /* a [shortcut]'s: that of `from` */
    int is_assigned;         /* its delta is written so: no zeros are needed there */
    int narrow;              /* convolution_narrow.h computes it */
    int predicts;            /* it only predicts: biases and activation belong to the convolution */
    ACTIVATION activation;   /* which is this */
    int residual;            /* the [shortcut] after it belongs to it, too: the layer that is added, plus 1 */
    int sum;                 /* and the [shortcut], whose output is written */
    int is_summed;           /* for that [shortcut] in training: its output is there when its turn comes */
    int delta_from;          /* in training: its delta is, unwritten, what that layer's holds now, plus 1 */
    int shares_delta;        /* for that [shortcut]: it gives the one delta to both */
} layer_plan;

/* Who looks at the output of a layer besides the layers of its network. */
typedef enum { SEEN_BY_LAYERS, SEEN_IN_ANY_ORDER, SEEN_IN_DARKNETS_ORDER } layer_view;

/* What our functions keep of a layer. Belongs to the layer, which has it in `functions`. */
typedef struct layer_functions {
    function_set inner[AROUND_KINDS]; /* what each of ours calls */
    layer_plan plan;
    layer_view view;
    float_buffer aside, aside_gpu; /* previous_delta.c: (B, inputs) */
    int went_into_sum; /* convolution_dnnl.c: 1 if its last output went into the sum of the [shortcut] after it alone */
    int for_images;    /* convolution_dnnl.c: 1 if the gradients of the weights are not wanted */
    float kept_share;  /* dropped_output.c: of the output's values, by the [dropout] layers in it */
    int goes_aside; /* previous_delta.c: 1 if others have added to the previous layer's delta, which it assigns: it does so in `aside` */
    float_buffer pixels, pixels_gpu;         /* convolution_1x1.c: (B, c, out_h, out_w), twice */
    float_buffer statistics, statistics_gpu; /* shared_statistics.c: mean and variance (2, n) */
    float *zeros;                            /* layer_fast.c: biases of 0 */
    struct convolution_dnnl *dnnl;           /* convolution_dnnl.c; NULL where the convolution is the host's */
    struct lgg_parseval *parseval;           /* parseval.c; NULL without it */
    struct tensor_table *tensors;            /* at_once_gpu.c: of all layers; NULL but in the one that updates them */
    struct underway_cost *cost;              /* costs_gpu.c; NULL but in a [softmax] on the GPU */
    int updated_at_once;                     /* at_once_gpu.c: 1 if that one updates this layer, too */
} layer_functions;

/* What lgg_allocate is told that this memory is for. */
extern const char layer_buffers[];

/* For those that put something around a layer: what is to be called from there, after the layer's pointers were kept. */
function_set *begin_around(layer *l, layer_around kind);

/* At least n floats, whose content is undefined after growing: on the CPU, on the GPU. Ends the program if there is no memory. */
float *floats_of(float_buffer *buffer, size_t n);
#ifdef GPU
float *device_floats_of(float_buffer *buffer, size_t n);
#endif

#ifdef __cplusplus
}
#endif

#endif
