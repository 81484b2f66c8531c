/* tool_embedding.c: see tool_embedding.h. */
#include "tool_embedding.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "label.h"

void tool_embedding_options_default(tool_embedding_options *o) {
    *o = (tool_embedding_options){.set = "valid", .batch = 100};
}

void tool_embedding_option_list(tool_embedding_options *o, tool_option list[TOOL_EMBEDDING_OPTIONS]) {
    const tool_option options[TOOL_EMBEDDING_OPTIONS] = {
        {"layer", TOOL_STRING, &o->layer, 0, 0,
         "index, or 'input'; default: what an LGG section taps last, or the pooling", NULL, NULL},
        {"pool", TOOL_FLAG, &o->pool, 0, 0, "the mean of each channel over its positions", NULL, NULL},
        {"set", TOOL_STRING, &o->set, 0, 0, "which list of the data file", "train|valid", &o->set_given},
        {"list", TOOL_STRING, &o->list, 0, 0, "another list of images, with or without classes in their names", NULL,
         NULL},
        {"images", TOOL_INT, &o->images, 0, 1e9, "the first n images of the list, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &o->batch, 1, 100000, "images run at once", NULL, NULL},
    };
    memcpy(list, options, sizeof options);
}

const char *tool_embedding_list(const tool_embedding_options *o, const tool_data *data, const char *data_file) {
    if (o->list && o->set_given) tool_fail("-list and -set both name the images; give one");
    if (o->list) return o->list;
    const char *list = strcmp(o->set, "train") == 0 ? data->train : data->valid;
    if (!list) tool_fail("%s: names no list of %s images (%s=file); -list names another", data_file, o->set, o->set);
    return list;
}

tool_embedding tool_embedding_of(tool_model *model, const char *text, int pool) {
    tool_embedding embedding = {model, 0, pool};
    if (text) {
        int *indices;
        const int count = tool_parse_layers(text, tool_model_layers(model), &indices);
        embedding.layer = indices[0];
        free(indices);
        if (count != 1) tool_fail("-layer %s: should be one layer", text);
        tool_model_refuse_unreadable(model, embedding.layer);
    } else {
        tool_model_refuse_detection(model, "-layer n names the layer to take (-pool makes one value of each channel)");
        embedding.layer = tool_model_embedding_layer(model);
    }
    return embedding;
}

int tool_embedding_size(const tool_embedding *embedding) {
    int w, h, c;
    if (!embedding->pool) return tool_model_size(embedding->model, embedding->layer);
    tool_model_shape(embedding->model, embedding->layer, &w, &h, &c);
    return c;
}

void tool_embedding_take(const tool_embedding *embedding, int count, float *x) {
    const float *output = tool_model_output(embedding->model, embedding->layer);
    int w, h, c;
    tool_model_shape(embedding->model, embedding->layer, &w, &h, &c);
    const size_t positions = (size_t)w * (size_t)h, channels = (size_t)count * (size_t)c;
    if (!embedding->pool) {
        memcpy(x, output, channels * positions * sizeof *x);
        return;
    }
    for (size_t i = 0; i < channels; ++i) {
        double sum = 0;
        for (size_t j = 0; j < positions; ++j)
            sum += (double)output[i * positions + j];
        x[i] = (float)(sum / (double)positions);
    }
}

tool_images *tool_embedding_batch(const tool_embedding *embedding) {
    tool_images *images = lgg_allocate(1, sizeof *images, "images");
    tool_model_input_size(embedding->model, &images->w, &images->h, &images->c);
    images->path = lgg_allocate((size_t)tool_model_batch(embedding->model), sizeof *images->path, "paths");
    return images;
}

void tool_embedding_read(tool_images *images, tool_list *list, int count) {
    for (int i = 0; i < images->count; ++i)
        free(images->path[i]);
    images->count = 0;
    for (int i = 0; i < count; ++i)
        images->path[images->count++] = lgg_copy_string(tool_list_next(list));
}

char *tool_embedding_text(const tool_embedding *embedding, const char *cfg, const char *weights) {
    char *text = lgg_allocate(256, 1, "a text"), layer[16];
    int w, h, c;
    tool_layer_index(embedding->layer, layer);
    tool_model_input_size(embedding->model, &w, &h, &c);
    snprintf(text, 256,
             TOOL_EMBEDDING_TEXT "layer=%s\npool=%d\nvalues=%d\nimages=%dx%dx%d\nweights=%016" PRIx64
                                 "\ncfg=%016" PRIx64 "\n",
             layer, embedding->pool, tool_embedding_size(embedding), w, h, c, lgg_file_checksum(weights),
             lgg_file_checksum(cfg));
    return text;
}

void tool_embedding_find(const char *name, const char *cfg, const char *weights, char layer[16], int *pool) {
    static const char *const ends[] = {".npy", ".csv", ".txt"};
    char *path = NULL;
    for (int i = 0; i < 3; ++i) {
        free(path);
        path = lgg_path_with(name, ends[i]);
        if (!path) lgg_out_of_memory("a path", 0);
        tool_add_input(path);
    }
    FILE *file = tool_open_text(path);
    uint64_t of_weights = 0, of_cfg = 0;
    const int known =
        fscanf(file, "lgg embed layer=%15s pool=%d values=%*d images=%*s weights=%" SCNx64 " cfg=%" SCNx64, layer, pool,
               &of_weights, &of_cfg);
    if (known < 3) tool_fail("%s: is not what lgg embed writes", path);
    fclose(file);
    if (of_weights != lgg_file_checksum(weights))
        tool_fail("%s.npy was made with other weights than %s; make it anew with lgg embed", name, weights);
    if (known < 4)
        tool_fail("%s: does not say with which cfg it was made, as lgg embed now does; make it anew with lgg embed",
                  path);
    if (of_cfg != lgg_file_checksum(cfg))
        tool_fail("%s.npy was made with another cfg than %s; make it anew with lgg embed", name, cfg);
    free(path);
}

char *tool_embedding_line(long row, const tool_data *data, const char *path) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&line, &size);
    if (!file) lgg_out_of_memory("a line of a file", (double)strlen(path));
    const int label = label_of_path(path, data->names, data->classes);
    fprintf(file, "%ld,", row);
    if (label >= 0) tool_csv_text(file, data->names[label]);
    fputc(',', file);
    tool_csv_text(file, path);
    if (fclose(file) != 0) lgg_out_of_memory("a line of a file", (double)strlen(path));
    return line;
}

/* The value that begins at text, in place; *next is where the following one begins, NULL after the last. */
static char *split_value(char *text, char **next) {
    char *to = text, *from = text;
    const int quoted = *from == '"';
    from += quoted;
    while (*from && (quoted || *from != ',')) {
        if (quoted && *from == '"') {
            if (from[1] != '"') {
                ++from;
                break;
            }
            ++from;
        }
        *to++ = *from++;
    }
    *next = *from == ',' ? from + 1 : NULL;
    *to = '\0';
    return text;
}

int tool_embedding_split(char *line, const char **label, const char **path) {
    char *next;
    line[strcspn(line, "\r\n")] = '\0';
    split_value(line, &next);
    if (!next) return 0;
    *label = split_value(next, &next);
    if (!next) return 0;
    *path = split_value(next, &next);
    return next == NULL;
}
