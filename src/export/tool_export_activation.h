/* tool_export_activation.h: Darknet's activations by ONNX's operators. */
#ifndef TOOL_EXPORT_ACTIVATION_H
#define TOOL_EXPORT_ACTIVATION_H

#include "tool_onnx.h"

/* 1 if the activation of this .cfg name is known. */
int tool_export_knows_activation(const char *activation);

/* Appends nodes that turn `tensor` into `name`, y = activation(x). Not for "linear", which needs none. */
void tool_export_activation(tool_onnx *model, const char *activation, const char *tensor, const char *name);

/* The name of a constant with this one value, which is made where it is not there yet. */
const char *tool_export_scalar(tool_onnx *model, float value, char name[48]);

#endif
