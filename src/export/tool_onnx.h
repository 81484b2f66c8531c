/* tool_onnx.h: builds an ONNX model, with the messages that protobuf-c makes of the field's own schema (onnx.proto). */
#ifndef TOOL_ONNX_H
#define TOOL_ONNX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The operators' versions that are used. Every reader of the last years has them; later ones, OpenCV 4.6 has not all. */
#define TOOL_ONNX_OPSET 10

typedef struct tool_onnx tool_onnx;
/* A node that is being described; valid as long as the model. */
typedef struct Onnx__NodeProto tool_onnx_node;

tool_onnx *tool_onnx_create(const char *name, const char *description);
void tool_onnx_free(tool_onnx *model);

/* A float tensor (batch, dimension[0], …) that goes in, comes out, or is on the way; any number of images may be a batch. */
typedef enum { TOOL_ONNX_INPUT, TOOL_ONNX_OUTPUT, TOOL_ONNX_BETWEEN } tool_onnx_role;
void tool_onnx_tensor(tool_onnx *model, tool_onnx_role role, const char *name, const int *dimension, int dimensions);

/* Constants; x is copied. */
void tool_onnx_floats(tool_onnx *model, const char *name, const int *dimension, int dimensions, const float *x);
int tool_onnx_has_constant(const tool_onnx *model, const char *name);
void tool_onnx_int64s(tool_onnx *model, const char *name, const int64_t *x, int count);

/* Appends a node with one output, which has the node's name. */
tool_onnx_node *tool_onnx_add(tool_onnx *model, const char *op, const char *name);
void tool_onnx_input(tool_onnx_node *node, const char *tensor);
void tool_onnx_int(tool_onnx_node *node, const char *name, int value);
void tool_onnx_float(tool_onnx_node *node, const char *name, float value);
void tool_onnx_text(tool_onnx_node *node, const char *name, const char *value);
void tool_onnx_ints(tool_onnx_node *node, const char *name, const int *value, int count);

/* A line about the model that viewers show. */
void tool_onnx_note(tool_onnx *model, const char *key, const char *value);

size_t tool_onnx_bytes(const tool_onnx *model);
/* Returns 0 where the file takes less than all. */
int tool_onnx_write(const tool_onnx *model, FILE *file);

#endif
