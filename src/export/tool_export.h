/* tool_export.h: a network as an ONNX model: one node a layer where ONNX has it, else a few, named after the layer. */
#ifndef TOOL_EXPORT_H
#define TOOL_EXPORT_H

#include "tool_network.h"
#include "tool_onnx.h"

typedef struct {
    const char *name; /* of the model */
    const char *cfg;  /* where detection layers have their anchors */
    int last;         /* the last layer; of a detector, the last that is looked at */
    int embedding;    /* whether `last` was chosen for an embedding */
} tool_export_options;

/* The model of a network with its weights as loaded; batch norms are folded into them, and the weights of the network are changed
 * accordingly. Outputs: what the layers of boxes take in; without them, the last layer. Ends the program with one line where a layer
 * that these depend on cannot be exported. */
tool_onnx *tool_export(tool_model *model, const tool_export_options *options);

#endif
