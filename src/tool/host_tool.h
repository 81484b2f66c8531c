/* host_tool.h: what the commands need of the networks of the Darknet they are compiled into. host_tool.c has what is the same in all
 * hosts, host_tool_<name>.c what is not. */
#ifndef HOST_TOOL_H
#define HOST_TOOL_H

#include "host.h"

/* Parses cfg for batches of `batch` images, loads the weights, rounds them to so many bits (0: not at all) and folds batch normalization
 * into them. LGG sections are inert: they load no teacher before training begins. */
network *host_load_network(const char *cfg, const char *weights, int batch, int bits);
/* The same with weights and batch norms as they are. */
network *host_load_unfolded_network(const char *cfg, const char *weights, int batch);
/* Whether this host, without our patches, reads the option `name` of [net]. */
int host_reads_net_option(const char *name);
/* Inference. x (batch, inputs). */
void host_forward(network *net, const float *x);
/* What of this host's own layer types has no right gradient; NULL for others. */
const char *host_without_gradient(const layer *l);
/* Gives the layer, a [batchnorm] with its factors in mean_delta or one that passes deltas on, the GPU's twin of the backward
 * function that tool_fix_gradients has given it. */
void host_fix_gradient_gpu(layer *l);
/* The same where host_backward is to follow. */
void host_forward_for_gradient(network *net, const float *x);
/* Backwards from layer `from`, whose output gets this delta (batch, outputs of it): gradient (batch, inputs) receives what Darknet calls
 * the input's delta. x is that of host_forward_for_gradient, after which this may be called any number of times. */
void host_backward(network *net, const float *x, int from, const float *delta, float *gradient);
/* Makes layer->output current on the CPU. */
void host_pull_output(const network *net, layer *l);
/* C = A B, as Darknet's gemm_cpu. */
void host_gemm(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
               int ldc);

/* ---- detectors ---- */

/* Whether the layer is one of those whose boxes host_find_boxes gives. */
static inline int host_finds_boxes(const layer *l) {
    return host_box_values(l) > 0;
}
/* The last layer of those that find boxes; NULL: there is none. */
const layer *host_boxes_layer(const network *net);
/* Reads an image file as this host's `detector` does when it tests: x (c, h, w) of net's size; *w and *h become the file's own. */
void host_read_for_detector(const network *net, const char *path, float *x, int *w, int *h);
/* The *count boxes of the last forward pass (of batch 1), as parts of an image of w x h pixels, for free_detections: scores at or under
 * `threshold` are 0, and so are those that non-maximum suppression at an IoU of `nms` takes; nms 0: none. */
detection *host_find_boxes(network *net, int w, int h, float threshold, float nms, int *count);
/* The labels file that this host's trainer reads for an image file, new; the image's own path where its name gives none. */
char *host_labels_path(const char *image);

/* For host_tool.c. What host_read_for_detector makes of the whole image, to be freed. */
image host_fit_image(const network *net, image whole);
/* The host's rules for host_labels_path, both of HOST_LABELS_PATH bytes. */
#define HOST_LABELS_PATH 4096
void host_replace_by_labels(char *image, char *labels);

/* For host_tool.c. The largest centred square of an image, resized to (w, h), to be freed. */
image host_crop_centre(image whole, int w, int h);
/* What a gradient of the input needs of a network that was parsed for inference. */
void host_add_training_buffers(network *net);

#endif
