/* tool_onnx.c: see tool_onnx.h. Every message is allocated by malloc(), as protobuf-c frees them. */
#include "tool_onnx.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "onnx.pb-c.h"

static const char what[] = "an ONNX model";

struct tool_onnx {
    Onnx__ModelProto *model;
};

static void *message(size_t size) {
    return lgg_allocate(1, size, what);
}

/* Appends one pointer to a repeated field. */
#define APPEND(owner, field, value)                                                                                    \
    do {                                                                                                               \
        (owner)->field = lgg_grow((owner)->field, (owner)->n_##field + 1, sizeof *(owner)->field, what);               \
        (owner)->field[(owner)->n_##field++] = (value);                                                                \
    } while (0)

tool_onnx *tool_onnx_create(const char *name, const char *description) {
    tool_onnx *m = message(sizeof *m);
    Onnx__OperatorSetIdProto *opset = message(sizeof *opset);
    m->model = message(sizeof *m->model);
    onnx__model_proto__init(m->model);
    onnx__operator_set_id_proto__init(opset);
    opset->domain = lgg_copy_string("");
    opset->has_version = 1;
    opset->version = TOOL_ONNX_OPSET;
    APPEND(m->model, opset_import, opset);
    m->model->has_ir_version = 1;
    m->model->ir_version = 5; /* of the time of that opset */
    m->model->producer_name = lgg_copy_string("darknet lgg export");
    m->model->graph = message(sizeof *m->model->graph);
    onnx__graph_proto__init(m->model->graph);
    m->model->graph->name = lgg_copy_string(name);
    m->model->graph->doc_string = lgg_copy_string(description);
    return m;
}

void tool_onnx_free(tool_onnx *m) {
    onnx__model_proto__free_unpacked(m->model, NULL);
    free(m);
}

static Onnx__TensorShapeProto__Dimension *new_dimension(int64_t value) {
    Onnx__TensorShapeProto__Dimension *d = message(sizeof *d);
    onnx__tensor_shape_proto__dimension__init(d);
    if (value < 0) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = lgg_copy_string("batch");
    } else {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = value;
    }
    return d;
}

void tool_onnx_tensor(tool_onnx *m, tool_onnx_role role, const char *name, const int *dimension, int dimensions) {
    Onnx__ValueInfoProto *info = message(sizeof *info);
    Onnx__TypeProto *type = message(sizeof *type);
    Onnx__TypeProto__Tensor *tensor = message(sizeof *tensor);
    Onnx__TensorShapeProto *shape = message(sizeof *shape);
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    APPEND(shape, dim, new_dimension(-1));
    for (int i = 0; i < dimensions; ++i)
        APPEND(shape, dim, new_dimension(dimension[i]));
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    info->name = lgg_copy_string(name);
    info->type = type;
    if (role == TOOL_ONNX_INPUT) APPEND(m->model->graph, input, info);
    if (role == TOOL_ONNX_OUTPUT) APPEND(m->model->graph, output, info);
    if (role == TOOL_ONNX_BETWEEN) APPEND(m->model->graph, value_info, info);
}

/* Constants are stored in little-endian order. */
static void store(uint8_t *to, uint64_t bits, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        to[i] = (uint8_t)(bits >> (8 * i));
}

static Onnx__TensorProto *add_constant(tool_onnx *m, const char *name, int type, size_t bytes) {
    Onnx__TensorProto *t = message(sizeof *t);
    onnx__tensor_proto__init(t);
    t->name = lgg_copy_string(name);
    t->has_data_type = 1;
    t->data_type = type;
    t->has_raw_data = 1;
    t->raw_data.len = bytes;
    t->raw_data.data = lgg_allocate(bytes, 1, what);
    APPEND(m->model->graph, initializer, t);
    return t;
}

void tool_onnx_floats(tool_onnx *m, const char *name, const int *dimension, int dimensions, const float *x) {
    size_t count = 1;
    for (int i = 0; i < dimensions; ++i)
        count *= (size_t)dimension[i];
    Onnx__TensorProto *t = add_constant(m, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, count * sizeof *x);
    for (int i = 0; i < dimensions; ++i)
        APPEND(t, dims, dimension[i]);
    for (size_t i = 0; i < count; ++i) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        store(t->raw_data.data + i * sizeof bits, bits, sizeof bits);
    }
}

int tool_onnx_has_constant(const tool_onnx *m, const char *name) {
    for (size_t i = 0; i < m->model->graph->n_initializer; ++i) {
        if (strcmp(m->model->graph->initializer[i]->name, name) == 0) return 1;
    }
    return 0;
}

void tool_onnx_int64s(tool_onnx *m, const char *name, const int64_t *x, int count) {
    Onnx__TensorProto *t = add_constant(m, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, (size_t)count * sizeof *x);
    APPEND(t, dims, count);
    for (int i = 0; i < count; ++i)
        store(t->raw_data.data + (size_t)i * sizeof *x, (uint64_t)x[i], sizeof *x);
}

tool_onnx_node *tool_onnx_add(tool_onnx *m, const char *op, const char *name) {
    Onnx__NodeProto *node = message(sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = lgg_copy_string(op);
    node->name = lgg_copy_string(name);
    APPEND(node, output, lgg_copy_string(name));
    APPEND(m->model->graph, node, node);
    return node;
}

void tool_onnx_input(tool_onnx_node *node, const char *tensor) {
    APPEND(node, input, lgg_copy_string(tensor));
}

static Onnx__AttributeProto *add_attribute(tool_onnx_node *node, const char *name,
                                           Onnx__AttributeProto__AttributeType type) {
    Onnx__AttributeProto *a = message(sizeof *a);
    onnx__attribute_proto__init(a);
    a->name = lgg_copy_string(name);
    a->has_type = 1;
    a->type = type;
    APPEND(node, attribute, a);
    return a;
}

void tool_onnx_int(tool_onnx_node *node, const char *name, int value) {
    Onnx__AttributeProto *a = add_attribute(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    a->has_i = 1;
    a->i = value;
}

void tool_onnx_float(tool_onnx_node *node, const char *name, float value) {
    Onnx__AttributeProto *a = add_attribute(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    a->has_f = 1;
    a->f = value;
}

void tool_onnx_text(tool_onnx_node *node, const char *name, const char *value) {
    Onnx__AttributeProto *a = add_attribute(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    a->has_s = 1;
    a->s.len = strlen(value);
    a->s.data = (uint8_t *)lgg_copy_string(value);
}

void tool_onnx_ints(tool_onnx_node *node, const char *name, const int *value, int count) {
    Onnx__AttributeProto *a = add_attribute(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    for (int i = 0; i < count; ++i)
        APPEND(a, ints, value[i]);
}

void tool_onnx_note(tool_onnx *m, const char *key, const char *value) {
    Onnx__StringStringEntryProto *entry = message(sizeof *entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = lgg_copy_string(key);
    entry->value = lgg_copy_string(value);
    APPEND(m->model, metadata_props, entry);
}

size_t tool_onnx_bytes(const tool_onnx *m) {
    return onnx__model_proto__get_packed_size(m->model);
}

int tool_onnx_write(const tool_onnx *m, FILE *file) {
    const size_t size = tool_onnx_bytes(m);
    uint8_t *bytes = lgg_allocate(size, 1, what);
    onnx__model_proto__pack(m->model, bytes);
    const int whole = fwrite(bytes, 1, size, file) == size;
    free(bytes);
    return whole;
}
