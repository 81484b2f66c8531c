/* command_export.c: `lgg export`: a network as an ONNX model (tool_export.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "tool.h"

#ifdef LGG_ONNX
#include "tool_export.h"

/* What protobuf can hold. */
#define MOST_BYTES 2147483647

static int chosen_layer(const tool_model *model, const char *text) {
    if (!text) {
        const int last = tool_model_layers(model) - 1;
        return tool_model_is_detection(model, last) ? last : tool_model_output_layer(model);
    }
    int *index;
    const int count = tool_parse_layers(text, tool_model_layers(model), &index), layer = index[0];
    free(index);
    if (count != 1 || layer == TOOL_INPUT) tool_fail("-layer %s: should be one layer", text);
    if (tool_model_is_detection(model, layer)) tool_fail("-layer %s: gives boxes; name the layer before it", text);
    return layer;
}

static void note_labels(tool_onnx *onnx, const tool_data *data) {
    size_t size = 1;
    for (int i = 0; i < data->classes; ++i)
        size += strlen(data->names[i]) + 1;
    char *text = lgg_allocate(size, 1, "the labels"), *end = text;
    for (int i = 0; i < data->classes; ++i)
        end += sprintf(end, "%s%s", i ? "\n" : "", data->names[i]);
    tool_onnx_note(onnx, "labels", text);
    free(text);
}

static void write_model(const char *path, const tool_onnx *onnx) {
    if (tool_onnx_bytes(onnx) > MOST_BYTES)
        tool_fail("the model has %zu bytes; ONNX files have at most %d", tool_onnx_bytes(onnx), MOST_BYTES);
    tool_output output = tool_output_open(path);
    if (!tool_onnx_write(onnx, output.file)) tool_fail("cannot write %s: %s", path, strerror(errno));
    tool_output_commit(&output);
    if (!tool_output_is_stream(path)) printf("%s: %zu bytes\n", path, tool_onnx_bytes(onnx));
}

int command_export(int argc, char **argv) {
    const char *path = NULL, *layer = NULL, *file[3];
    const tool_option list[] = {
        {"o", TOOL_STRING, &path, 0, 0, "the model, NAME.onnx", NULL, NULL},
        {"layer", TOOL_STRING, &layer, 0, 0, "its output, for an embedding; default: the network's own output", NULL,
         NULL},
    };
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof *list, file, 3) != 3 || !path) {
        tool_fail("usage: ./darknet lgg export data.cfg net.cfg net.weights -o net.onnx [options]; -help lists them");
    }
    tool_model_check(path);
    tool_data *data = tool_data_read_lists(file[0]);
    tool_model *model = tool_model_load_unfolded(file[1], file[2], 1);
    char *name = tool_base_name(file[1]);
    const tool_export_options options = {
        .name = name, .cfg = file[1], .last = chosen_layer(model, layer), .embedding = layer != NULL};
    tool_onnx *onnx = tool_export(model, &options);
    note_labels(onnx, data);
    write_model(path, onnx);
    tool_onnx_free(onnx);
    free(name);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}

#else

int command_export(int argc, char **argv) {
    (void)argc, (void)argv;
    tool_fail("this Darknet was built without ONNX: install libprotobuf-c-dev, protobuf-c-compiler and libonnx-dev "
              "(make deps), and build it again");
}

#endif
