/* operations_dnnl.h: the three operations of a convolution as oneDNN knows them: what they take in and give out, in which layouts, by
 * which of its kernels. For convolution_dnnl.c, which runs them. */
#ifndef OPERATIONS_DNNL_H
#define OPERATIONS_DNNL_H

#include "around.h"

#include <oneapi/dnnl/dnnl.h>

/* One array as Darknet keeps it (host) and as oneDNN wants it (inner, in the workspace); both are the same where the layouts
 * agree and nothing is added up. The reorder copies host to inner for what an operation reads, or carries inner back to host for what it writes. */
typedef struct {
    dnnl_memory_t host;
    dnnl_memory_t inner;
    dnnl_primitive_t reorder;
    dnnl_memory_desc_t layout; /* of inner */
    size_t offset;             /* of inner in the workspace */
    size_t added; /* values of inner that are added to host's, whose layout is the same; 0: the reorder does all */
} tensor;

/* Where the inner tensors of whatever layer runs now lie. Freed with the last of its layers. */
struct workspace_dnnl {
    int layers;
    char *memory;
    size_t bytes;
};

/* Forward, backward to the input, or backward to the weights. */
typedef struct {
    dnnl_primitive_desc_t description;
    dnnl_primitive_t primitive;
    tensor image, filters, map; /* (batch, c, h, w), (n, c, size, size), (batch, n, out_h, out_w), or their gradients */
    dnnl_memory_t scratch;
    size_t scratch_offset;
    dnnl_memory_t biases, residual; /* of one that only predicts: (n), and what is added to the map; NULL without */
} operation;

struct convolution_dnnl {
    int batch, h, w, threads; /* what the operations below were made for */
    layer_plan plan;
    int failed;   /* oneDNN has declined this shape */
    size_t bytes; /* of workspace */
    struct workspace_dnnl *shared;
    char *base; /* where the inner tensors lie now; NULL before they are placed */
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    operation forward, backward_data, backward_weights;
};

/* Makes the operations of l as it is now, in the order of values that its plan says. Returns 0 if oneDNN declines; then some may be made. */
int make_operations(struct convolution_dnnl *c, layer l);
void free_operations(struct convolution_dnnl *c);

#endif
