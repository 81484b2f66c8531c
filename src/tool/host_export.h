/* host_export.h: what a layer computes in a prediction, in words that hosts share: host_tool_<name>.c says it of each of its types. */
#ifndef HOST_EXPORT_H
#define HOST_EXPORT_H

#include "host.h"

typedef enum {
    EXPORT_NOT,  /* nothing that can be written in another form */
    EXPORT_SAME, /* its input */
    EXPORT_CONVOLUTION,
    EXPORT_DECONVOLUTION,
    EXPORT_CONNECTED,
    EXPORT_MAXPOOL,
    EXPORT_LOCAL_AVERAGE,
    EXPORT_AVERAGE,
    EXPORT_SOFTMAX,
    EXPORT_SUM,
    EXPORT_ROUTE,
    EXPORT_UPSAMPLE,
    EXPORT_REORG,
    EXPORT_ACTIVATION,
    EXPORT_BATCHNORM,
    EXPORT_L2NORM,
    EXPORT_PRODUCT, /* of its input and layer l->index */
    EXPORT_BOXES,   /* a detector's output, decoded by the program that reads the network */
} host_export_kind;

host_export_kind host_layer_kind(const layer *l);

/* What of a layer whose kind is known stands in the way, such as "binary weights"; NULL: nothing. */
const char *host_export_obstacle(const layer *l);

/* The .cfg name of its activation; "linear" for layers without. */
const char *host_activation_name(const layer *l);

/* Output = sum of factors times layers: the input and `count` others. */
#define HOST_MAX_ADDED 16
typedef struct {
    int count;
    int index[HOST_MAX_ADDED];
    int channels;  /* 1: a factor for each layer; else one for each channel of each layer */
    float *factor; /* (count + 1, channels), to be freed; the input's first */
} host_sum;
host_sum host_layer_sum(const layer *l);

/* A [route] takes part `part` of `parts` of the channels of each of its layers. */
void host_route_part(const layer *l, int *parts, int *part);

#endif
