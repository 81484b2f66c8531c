/* command_eval.c: `lgg eval`: error on the test list by arg max of the output, and by k-nearest neighbours or logistic
 * regression on the embedding of any layer, fitted on the training list. */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

typedef struct {
    const char *by, *layer, *metric, *csv;
    int knn, train, test, batch, iterations, confusion;
    double l2;
} eval_options;

typedef struct {
    char name[64];
    int layer;
    int *predicted; /* (tests) */
} outcome;

typedef struct {
    int layer, classes;
    int *predicted;
} argmax_context;

static void argmax_batch(void *context, tool_model *model, int first, int count) {
    argmax_context *a = context;
    const float *output = tool_model_output(model, a->layer);
    for (int i = 0; i < count; ++i) {
        const float *row = output + i * a->classes;
        int best = 0;
        for (int c = 1; c < a->classes; ++c) {
            if (row[c] > row[best]) best = c;
        }
        a->predicted[first + i] = best;
    }
}

static int *predict_argmax(tool_model *model, const tool_images *test, int classes) {
    argmax_context context = {.layer = tool_model_output_layer(model), .classes = classes};
    context.predicted = tool_alloc((size_t)test->count, sizeof(int), "predictions");
    tool_model_run(model, test, "test images", argmax_batch, &context);
    return context.predicted;
}

static int listed(const char *list, const char *name) {
    char **parts;
    int found = 0, count = tool_split(list, ',', &parts);
    for (int i = 0; i < count; ++i) {
        found |= strcmp(parts[i], name) == 0;
        free(parts[i]);
    }
    free(parts);
    return found;
}

static void check_classifiers(const char *by) {
    char **parts;
    int count = tool_split(by, ',', &parts);
    for (int i = 0; i < count; ++i) {
        if (strcmp(parts[i], "argmax") && strcmp(parts[i], "knn") && strcmp(parts[i], "logistic")) {
            tool_fail("-by %s: should be some of argmax,knn,logistic", parts[i]);
        }
        free(parts[i]);
    }
    free(parts);
}

/* confusion (classes, classes): rows the true class, columns the predicted one. */
static int *count_confusion(const outcome *o, const tool_images *test, int classes) {
    int *confusion = tool_alloc((size_t)(classes * classes), sizeof *confusion, "the confusion matrix");
    for (int i = 0; i < test->count; ++i)
        ++confusion[test->label[i] * classes + o->predicted[i]];
    return confusion;
}

static int row_sum(const int *confusion, int classes, int c) {
    int sum = 0;
    for (int j = 0; j < classes; ++j)
        sum += confusion[c * classes + j];
    return sum;
}

static double percent(int part, int whole) {
    return whole ? 100. * part / whole : 0;
}

static int count_errors(const outcome *o, const tool_images *test) {
    int errors = 0;
    for (int i = 0; i < test->count; ++i)
        errors += o->predicted[i] != test->label[i];
    return errors;
}

static void print_matrix(const outcome *o, const tool_images *test, const tool_data *data) {
    int *confusion = count_confusion(o, test, data->classes);
    printf("\n%s: rows the true class, columns the predicted one\n%-14s %7s", o->name, "class", "error%");
    for (int c = 0; c < data->classes; ++c)
        printf(" %6.6s", data->names[c]);
    putchar('\n');
    for (int c = 0; c < data->classes; ++c) {
        int images = row_sum(confusion, data->classes, c);
        printf("%-14.14s %7.2f", data->names[c], percent(images - confusion[c * data->classes + c], images));
        for (int j = 0; j < data->classes; ++j)
            printf(" %6d", confusion[c * data->classes + j]);
        putchar('\n');
    }
    free(confusion);
}

static void print_outcomes(const tool_model *model, const outcome *outcomes, int count, const tool_images *test,
                           const tool_data *data, int matrices) {
    printf("%-24s %-18s %7s %7s %8s\n", "classifier", "layer", "images", "wrong", "error%");
    for (int i = 0; i < count; ++i) {
        int errors = count_errors(&outcomes[i], test);
        printf("%-24s %-18s %7d %7d %8.2f\n", outcomes[i].name, tool_model_layer_name(model, outcomes[i].layer),
               test->count, errors, percent(errors, test->count));
    }
    for (int i = 0; matrices && i < count; ++i)
        print_matrix(&outcomes[i], test, data);
}

static void write_csv(const char *path, const outcome *outcomes, int count, const tool_images *test,
                      const tool_data *data) {
    tool_output output = tool_output_open(path);
    if (!output.file) return;
    fprintf(output.file, "classifier,layer,class,images,wrong,error");
    for (int c = 0; c < data->classes; ++c)
        fprintf(output.file, ",%s", data->names[c]);
    fputc('\n', output.file);
    for (int i = 0; i < count; ++i) {
        int *confusion = count_confusion(&outcomes[i], test, data->classes);
        char layer[16];
        tool_layer_index(outcomes[i].layer, layer);
        int errors = count_errors(&outcomes[i], test);
        fprintf(output.file, "%s,%s,all,%d,%d,%.4f", outcomes[i].name, layer, test->count, errors,
                percent(errors, test->count));
        for (int j = 0; j < data->classes; ++j) {
            int column = 0;
            for (int c = 0; c < data->classes; ++c)
                column += confusion[c * data->classes + j];
            fprintf(output.file, ",%d", column);
        }
        fputc('\n', output.file);
        for (int c = 0; c < data->classes; ++c) {
            int images = row_sum(confusion, data->classes, c);
            int wrong = images - confusion[c * data->classes + c];
            fprintf(output.file, "%s,%s,%s,%d,%d,%.4f", outcomes[i].name, layer, data->names[c], images, wrong,
                    percent(wrong, images));
            for (int j = 0; j < data->classes; ++j)
                fprintf(output.file, ",%d", confusion[c * data->classes + j]);
            fputc('\n', output.file);
        }
        free(confusion);
    }
    tool_output_commit(&output);
}

/* The classifiers on the embedding of one layer; returns how many outcomes it added. */
static int judge_embedding(tool_model *model, const tool_data *data, const tool_images *test,
                           const eval_options *options, const char *by, int layer, outcome *outcomes) {
    if (!data->train)
        tool_fail("the data file names no training list (train=file), which classifying embeddings needs");
    int d = tool_model_size(model, layer), added = 0;
    tool_images *train = tool_images_from_list(data->train, data, test->w, test->h, test->c, options->train);
    float *test_x = tool_model_embed(model, test, layer, "test images");
    float *train_x = tool_model_embed(model, train, layer, "training images");
    if (listed(by, "knn")) {
        int last = !listed(by, "logistic");
        size_t train_size = (size_t)train->count * (size_t)d * sizeof(float);
        size_t test_size = (size_t)test->count * (size_t)d * sizeof(float);
        float *train_copy = last ? train_x : tool_alloc(train_size, 1, "the embeddings");
        float *test_copy = last ? test_x : tool_alloc(test_size, 1, "the embeddings");
        if (!last) memcpy(train_copy, train_x, train_size);
        if (!last) memcpy(test_copy, test_x, test_size);
        outcome *o = &outcomes[added++];
        snprintf(o->name, sizeof o->name, "%d-nn %s", options->knn, options->metric);
        o->layer = layer;
        o->predicted = tool_alloc((size_t)test->count, sizeof(int), "predictions");
        tool_nearest(train_copy, train->label, train->count, test_copy, test->count, d, data->classes, options->knn,
                     strcmp(options->metric, "cosine") == 0, o->predicted);
        if (!last) free(train_copy);
        if (!last) free(test_copy);
    }
    if (listed(by, "logistic")) {
        outcome *o = &outcomes[added++];
        snprintf(o->name, sizeof o->name, "logistic regression");
        o->layer = layer;
        o->predicted = tool_alloc((size_t)test->count, sizeof(int), "predictions");
        tool_logistic(train_x, train->label, train->count, test_x, test->count, d, data->classes, options->l2,
                      options->iterations, o->predicted);
    }
    free(train_x);
    free(test_x);
    tool_images_free(train);
    return added;
}

static int embedding_layer(const tool_model *model, const char *text) {
    if (!text) return tool_model_embedding_layer(model);
    int *indices;
    int count = tool_parse_layers(text, tool_model_layers(model), &indices);
    int layer = indices[0];
    free(indices);
    if (count != 1) tool_fail("-layer %s: should be one layer", text);
    if (tool_model_is_lgg(model, layer)) tool_fail("-layer %s: an LGG section has no output of its own", text);
    return layer;
}

/* Arg max where the output is one of classes; embeddings where it is not, or where the user asks for a layer, a number of
 * neighbours or a metric. */
static const char *default_classifiers(const tool_model *model, const tool_data *data, int asks_embedding) {
    int output = tool_model_output_layer(model);
    if (asks_embedding) return "knn,logistic";
    if (tool_model_is_softmax(model, output)) return "argmax";
    return tool_model_has_lgg(model) || tool_model_size(model, output) != data->classes ? "knn,logistic" : "argmax";
}

int command_eval(int argc, char **argv) {
    eval_options options = {.metric = "cosine", .knn = 10, .batch = 100, .iterations = 300, .l2 = 1e-4};
    int layer_given = 0, knn_given = 0, metric_given = 0;
    const tool_option list[] = {
        {"by", TOOL_STRING, &options.by, 0, 0,
         "classifiers, a list of argmax,knn,logistic; default argmax for class outputs, the others for embeddings",
         NULL, NULL},
        {"layer", TOOL_STRING, &options.layer, 0, 0,
         "layer whose output is the embedding; default: the one an LGG section taps last", NULL, &layer_given},
        {"knn", TOOL_INT, &options.knn, 1, 10000, "nearest neighbours that vote", NULL, &knn_given},
        {"metric", TOOL_STRING, &options.metric, 0, 0, "of the neighbours", "cosine|euclidean", &metric_given},
        {"l2", TOOL_DOUBLE, &options.l2, 0, 1e9, "weight decay of the logistic regression", NULL, NULL},
        {"iterations", TOOL_INT, &options.iterations, 1, 1e9, "of L-BFGS, at most", NULL, NULL},
        {"train", TOOL_INT, &options.train, 0, 1e9, "use the first n training images, 0 all", NULL, NULL},
        {"test", TOOL_INT, &options.test, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &options.batch, 1, 100000, "images run at once", NULL, NULL},
        {"confusion", TOOL_FLAG, &options.confusion, 0, 0, "print confusion matrix and error of each class", NULL,
         NULL},
        {"csv", TOOL_STRING, &options.csv, 0, 0, "write the results, with confusion matrix and error of each class",
         NULL, NULL},
    };
    const char *file[3];
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof list[0], file, 3) != 3) {
        tool_fail("usage: ./darknet lgg eval data.cfg net.cfg net.weights [options]; -help lists them");
    }
    if (options.by) check_classifiers(options.by);
    tool_data *data = tool_data_read(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    tool_model *model = tool_model_load(file[1], file[2], options.batch);
    int w, h, c;
    tool_model_input_size(model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, options.test);
    const char *by =
        options.by ? options.by : default_classifiers(model, data, layer_given || knn_given || metric_given);

    outcome outcomes[3];
    int count = 0;
    if (listed(by, "argmax")) {
        int output = tool_model_output_layer(model);
        if (tool_model_size(model, output) != data->classes) {
            tool_fail("-by argmax: the network has %d outputs, %s has %d classes; -by knn,logistic judges embeddings",
                      tool_model_size(model, output), file[0], data->classes);
        }
        outcomes[count++] =
            (outcome){.name = "arg max", .layer = output, .predicted = predict_argmax(model, test, data->classes)};
    }
    if (listed(by, "knn") || listed(by, "logistic")) {
        count +=
            judge_embedding(model, data, test, &options, by, embedding_layer(model, options.layer), outcomes + count);
    }
    print_outcomes(model, outcomes, count, test, data, options.confusion);
    write_csv(options.csv, outcomes, count, test, data);
    for (int i = 0; i < count; ++i)
        free(outcomes[i].predicted);
    tool_images_free(test);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
