/* convolution_dnnl.h: the CPU's convolutions through oneDNN (libdnnl), on Darknet's own arrays.
 *
 * Darknet keeps images as (batch, c, h, w) and filters as (n, c/groups, size, size), row-major. oneDNN's fast kernels want
 * channels innermost or in blocks, so each call reorders what it takes in and gives out; the reordered copies and oneDNN's own
 * scratch live in one workspace, shared by all layers of a network. Everything a layer needs is created once, and again only
 * when its batch, its image size or the number of threads changes.
 *
 * In training, those between few channels are left to convolution_narrow.h where that is faster.
 *
 * The number of threads matters to one result alone: it is among them that oneDNN shares the images over which it sums the gradient of the
 * weights, so that another number of threads sums in another order.
 *
 * Binary and xnor convolutions, layers on a GPU and shapes that oneDNN declines are left to the host: the functions return 0. */
#ifndef CONVOLUTION_DNNL_H
#define CONVOLUTION_DNNL_H

#include "host.h"

typedef struct convolution_dnnl convolution_dnnl;
typedef struct workspace_dnnl workspace_dnnl;

/* What a convolutional layer of this shape keeps for oneDNN, or NULL if the layer is the host's. Belongs to the layer, which has it in
 * functions->dnnl. `before` is that of another layer of the network, to share its workspace; NULL where there is none. */
convolution_dnnl *make_convolution_dnnl(layer l, const convolution_dnnl *before);
void free_convolution_dnnl(convolution_dnnl *convolution);

/* Whether oneDNN takes the layer as it is now, in the order of values that its plan says. */
int is_ready_for_dnnl(layer l);

/* The layer's whole forward pass, from the input (batch, c, h, w) to l.output (batch, n, out_h, out_w), or in the order that its plan
 * says: convolution, batch normalization or biases, activation. In training a batch-normalized layer keeps the convolution's result in l.x. Returns 1, or
 * 0 if nothing is done. */
int forward_convolution_dnnl(layer l, host_pass pass);

/* The layer's whole backward pass, from l.delta: adds to the layer's updates and, where the layer before has a delta, dL/dinput to that.
 * Returns 1, or 0 if nothing is done. */
int backward_convolution_dnnl(layer l, host_pass pass);

#endif
