/* tool_export_nodes.h: inside `lgg export`: the network that is exported, its tensors, and the nodes that layers are made of. */
#ifndef TOOL_EXPORT_NODES_H
#define TOOL_EXPORT_NODES_H

#include <string.h>

#include "host_export.h"
#include "tool_export.h"
#include "tool_export_activation.h"

#define EXPORT_NAME 128

/* What a layer gives: (batch, c, h, w) or, flat, (batch, c h w). */
typedef struct {
    char name[EXPORT_NAME];
    int c, h, w, flat;
} tool_tensor;

typedef struct {
    tool_model *model;
    network *net;
    tool_onnx *onnx;
    const tool_export_options *options;
    tool_tensor *output; /* (n), of each layer */
    int *needed;         /* (n), whether an output of the model depends on it */
    tool_tensor input;
} tool_exporter;

/* The name of a layer's section. */
const char *export_type(const tool_exporter *e, int i);
/* Ends the program with one line: layer i, WHAT cannot be exported. */
_Noreturn void export_refuse(const tool_exporter *e, int i, const char *what);
/* Appends a node with an output of its name and a first input. */
tool_onnx_node *export_node(const tool_exporter *e, const char *op, const char *name, const char *input);
/* "BASE/SUFFIX". */
void export_name(char name[EXPORT_NAME], const char *base, const char *suffix);
/* Values of one image. */
int export_size(const tool_tensor *t);
/* Gives a node a constant list as its next input. */
void export_int64s(const tool_exporter *e, tool_onnx_node *node, const char *name, const int64_t *x, int count);
/* Another shape, -1 for the batch. */
void export_reshape(const tool_exporter *e, const char *name, const char *from, const int64_t *shape, int dimensions);
/* t as (batch, c, h, w) or as (batch, values), under a name of layer `name` if it has to be turned into that. */
tool_tensor export_as_image(const tool_exporter *e, const tool_tensor *t, int c, int h, int w, const char *name);
tool_tensor export_as_flat(const tool_exporter *e, const tool_tensor *t, const char *name);
/* The channels (or, flat, the values) from `first` to before `end`, each `step`th pixel of each `step`th row. */
tool_tensor export_slice(const tool_exporter *e, const tool_tensor *t, int first, int end, int step, const char *name);
/* The name of what layer i gives before its activation: `name`, which is filled with that of WHAT, or its output's own. Refuses an
 * activation that ONNX cannot express. */
const char *export_before_activation(const tool_exporter *e, int i, const char *what, char name[EXPORT_NAME]);
/* Its activation, of that. */
void export_activate(const tool_exporter *e, int i, const char *before);

/* ---- layers with weights (tool_export_weights.c) ---- */

/* Of what has the name `from`; constants are named after `base`. */
void export_batch_norm(const tool_exporter *e, const layer *l, int channels, const char *base, const char *from,
                       const char *name);
/* Layer i, of `in`. */
void export_convolution(const tool_exporter *e, int i, const tool_tensor *in);
void export_connected(const tool_exporter *e, int i, const tool_tensor *in);

/* ---- layers without (tool_export_maps.c) ---- */

void export_pool(const tool_exporter *e, int i, const tool_tensor *in);
void export_softmax(const tool_exporter *e, int i, const tool_tensor *in);
void export_sum(const tool_exporter *e, int i, const tool_tensor *in);
void export_route(const tool_exporter *e, int i);
void export_upsample(const tool_exporter *e, int i, const tool_tensor *in);
void export_reorg(const tool_exporter *e, int i, const tool_tensor *in);
void export_l2norm(const tool_exporter *e, int i, const tool_tensor *in);
void export_product(const tool_exporter *e, int i, const tool_tensor *in);

#endif
