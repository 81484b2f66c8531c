/* tool_classifier.c: one face for the three classifiers. */
#include <stdlib.h>
#include <string.h>

#include "tool_classifier.h"

struct tool_classifier {
    char name[48];
    tool_model *model;
    int layer;
    tool_nearest *nearest;   /* by knn */
    tool_logistic *logistic; /* by logistic */
};

void tool_classifier_options_default(tool_classifier_options *options) {
    *options = (tool_classifier_options){.metric = "cosine", .knn = 10, .iterations = 300, .l2 = 1e-4};
}

void tool_classifier_option_list(tool_classifier_options *o, tool_option list[TOOL_CLASSIFIER_OPTIONS]) {
    const tool_option options[TOOL_CLASSIFIER_OPTIONS] = {
        {"layer", TOOL_STRING, &o->layer, 0, 0, "the embedding; default: what an LGG section taps last", NULL,
         &o->layer_given},
        {"knn", TOOL_INT, &o->knn, 1, 10000, "nearest neighbours that vote", NULL, &o->knn_given},
        {"metric", TOOL_STRING, &o->metric, 0, 0, "of the neighbours", "cosine|euclidean", &o->knn_given},
        {"l2", TOOL_DOUBLE, &o->l2, 0, 1e9, "weight decay of the logistic regression", NULL, &o->logistic_given},
        {"iterations", TOOL_INT, &o->iterations, 1, 1e9, "of L-BFGS, at most", NULL, &o->logistic_given},
        {"train", TOOL_INT, &o->train, 0, 1e9, "knn and logistic: fit on the first n training images, 0 all", NULL,
         NULL},
    };
    memcpy(list, options, sizeof options);
}

static int embedding_layer(const tool_model *model, const char *text) {
    if (!text) return tool_model_embedding_layer(model);
    int *indices;
    int count = tool_parse_layers(text, tool_model_layers(model), &indices);
    int layer = indices[0];
    free(indices);
    if (count != 1) tool_fail("-layer %s: should be one layer", text);
    tool_model_refuse_unreadable(model, layer);
    return layer;
}

int tool_classifier_embedding(const tool_classifier_options *options, const tool_model *model) {
    if (!options->layer) tool_model_refuse_detection(model, "-layer n judges what one of its layers gives");
    return embedding_layer(model, options->layer);
}

const char *tool_classifier_default(const tool_model *model, const tool_data *data,
                                    const tool_classifier_options *options) {
    int output = tool_model_output_layer(model);
    if (!options->layer) tool_model_refuse_detection(model, "-layer n judges what one of its layers gives");
    if (options->layer_given || options->knn_given || options->logistic_given) return "knn,logistic";
    if (tool_model_is_softmax(model, output)) return "argmax";
    return tool_model_has_lgg(model) || tool_model_size(model, output) != data->classes ? "knn,logistic" : "argmax";
}

static void check_output(const tool_model *model, const tool_data *data) {
    int outputs = tool_model_size(model, tool_model_output_layer(model));
    if (data->leaves) tool_note("leaves=%s, which `classifier valid` reads, is not read", data->leaves);
    if (outputs == data->classes) return;
    tool_fail("-by argmax: the network has %d outputs for %d classes; -by knn,logistic judges embeddings", outputs,
              data->classes);
}

void tool_classifier_options_free(tool_classifier_options *options) {
    tool_images_free(options->train_images);
    free(options->train_x);
}

int tool_classifier_find_idle(const tool_classifier_options *options, const char *by, int embeds, char text[160]) {
    const int knn = strstr(by, "knn") != NULL, logistic = strstr(by, "logistic") != NULL;
    const char *idle = NULL, *right = NULL;
    if (options->layer_given && !knn && !logistic && !embeds)
        idle = "-layer changes", right = "-by knn or -by logistic";
    if (options->logistic_given && !logistic) idle = "-l2 and -iterations change", right = "-by logistic";
    if (options->knn_given && !knn) idle = "-knn and -metric change", right = "-by knn";
    if (idle) snprintf(text, 160, "%s nothing by %s; %s would be right", idle, by, right);
    return idle != NULL;
}

/* What the layer gives for the training set, new: fitting uses it up. */
static float *training_outputs(const tool_classifier *c, tool_classifier_options *options, const tool_data *data) {
    int w, h, channels;
    tool_model_input_size(c->model, &w, &h, &channels);
    if (!options->train_images) {
        if (!data->train) tool_fail("the data file names no training list (train=file), which embeddings need");
        options->train_images = tool_images_from_list(data->train, data, w, h, channels, options->train);
    }
    if (!options->train_x || options->train_layer != c->layer) {
        free(options->train_x);
        tool_progress progress = tool_progress_begin("training images", options->train_images->count);
        options->train_x = tool_model_embed(c->model, options->train_images, c->layer, &progress);
        tool_progress_end(&progress);
        options->train_layer = c->layer;
    }
    size_t values = (size_t)options->train_images->count * (size_t)tool_model_size(c->model, c->layer);
    float *x = lgg_allocate(values, sizeof *x, "the embeddings (-train limits their number)");
    memcpy(x, options->train_x, values * sizeof *x);
    return x;
}

static void fit(tool_classifier *c, int by_knn, tool_classifier_options *options, const tool_data *data) {
    int d = tool_model_size(c->model, c->layer);
    float *x = training_outputs(c, options, data);
    const tool_images *train = options->train_images;
    if (by_knn) {
        c->nearest = tool_nearest_create(x, train->label, train->count, d, data->classes, options->knn,
                                         strcmp(options->metric, "cosine") == 0);
    } else {
        c->logistic =
            tool_logistic_fit(x, train->label, train->count, d, data->classes, options->l2, options->iterations);
        free(x);
    }
}

void tool_classifier_check_names(const char *list) {
    char **names;
    const int count = tool_split(list, ',', &names);
    for (int i = 0; i < count; ++i) {
        if (strcmp(names[i], "argmax") != 0 && strcmp(names[i], "knn") != 0 && strcmp(names[i], "logistic") != 0)
            tool_fail("-by %s: '%s' should be argmax, knn or logistic", list, names[i]);
        free(names[i]);
    }
    free(names);
}

tool_classifier *tool_classifier_create(const char *by, tool_classifier_options *options, tool_model *model,
                                        const tool_data *data) {
    tool_classifier *c = lgg_allocate(1, sizeof *c, "a classifier");
    c->model = model;
    if (!options->layer || strcmp(by, "argmax") == 0) {
        tool_model_refuse_detection(model, "-by knn or logistic with -layer n judges what one of its layers gives");
    }
    if (strcmp(by, "argmax") == 0) {
        check_output(model, data);
        c->layer = tool_model_output_layer(model);
        snprintf(c->name, sizeof c->name, "arg max");
    } else if (strcmp(by, "knn") == 0) {
        c->layer = embedding_layer(model, options->layer);
        snprintf(c->name, sizeof c->name, "%d-nn %s", options->knn, options->metric);
        fit(c, 1, options, data);
    } else {
        c->layer = embedding_layer(model, options->layer);
        snprintf(c->name, sizeof c->name, "logistic regression");
        fit(c, 0, options, data);
    }
    return c;
}

void tool_classifier_free(tool_classifier *c) {
    if (!c) return;
    tool_nearest_free(c->nearest);
    tool_logistic_free(c->logistic);
    free(c);
}

const char *tool_classifier_name(const tool_classifier *c) {
    return c->name;
}

int tool_classifier_layer(const tool_classifier *c) {
    return c->layer;
}

int *tool_classifier_predict_outputs(tool_classifier *c, float *x, int count, const char *searching) {
    int *predicted = lgg_allocate((size_t)count, sizeof *predicted, "predictions");
    if (c->nearest) {
        tool_nearest_predict(c->nearest, x, count, predicted, searching);
    } else if (c->logistic) {
        tool_logistic_predict(c->logistic, x, count, predicted);
    } else {
        tool_model_decide(c->model, x, count, predicted);
    }
    return predicted;
}

int *tool_classifier_predict(tool_classifier *c, const tool_images *images, tool_progress *progress) {
    float *x = tool_model_embed(c->model, images, c->layer, progress);
    int *predicted = tool_classifier_predict_outputs(c, x, images->count, NULL);
    free(x);
    return predicted;
}
