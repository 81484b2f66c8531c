/* command_eval.c: `lgg eval`: error on the test list by arg max of the output, and by k-nearest neighbours or logistic
 * regression on the embedding of any layer, fitted on the training list. */
#include <stdlib.h>
#include <string.h>

#include "tool_classifier.h"

typedef struct {
    char name[48];
    int layer;
    int *predicted; /* (tests) */
} outcome;

/* confusion (classes, classes): rows the true class, columns the predicted one. */
static int *count_confusion(const outcome *o, const tool_images *test, int classes) {
    int *confusion = lgg_allocate((size_t)(classes * classes), sizeof *confusion, "the confusion matrix");
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
    for (int c = 0; c < data->classes; ++c) {
        fputc(',', output.file);
        tool_csv_text(output.file, data->names[c]);
    }
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
            fprintf(output.file, "%s,%s,", outcomes[i].name, layer);
            tool_csv_text(output.file, data->names[c]);
            fprintf(output.file, ",%d,%d,%.4f", images, wrong, percent(wrong, images));
            for (int j = 0; j < data->classes; ++j)
                fprintf(output.file, ",%d", confusion[c * data->classes + j]);
            fputc('\n', output.file);
        }
        free(confusion);
    }
    tool_output_commit(&output);
}

/* What the layer gives for the test set is computed once for classifiers on the same layer. */
static void judge(outcome *o, tool_classifier *classifier, tool_model *model, const tool_images *test, float **x,
                  int *x_layer) {
    snprintf(o->name, sizeof o->name, "%s", tool_classifier_name(classifier));
    o->layer = tool_classifier_layer(classifier);
    if (!*x || *x_layer != o->layer) {
        free(*x);
        tool_progress progress = tool_progress_begin("test images", test->count);
        *x = tool_model_embed(model, test, o->layer, &progress);
        tool_progress_end(&progress);
        *x_layer = o->layer;
    }
    size_t values = (size_t)test->count * (size_t)tool_model_size(model, o->layer);
    float *copy = lgg_allocate(values, sizeof *copy, "the embeddings (-test limits their number)");
    memcpy(copy, *x, values * sizeof *copy);
    o->predicted = tool_classifier_predict_outputs(classifier, copy, test->count, "nearest neighbours");
    free(copy);
}

int command_eval(int argc, char **argv) {
    const char *by = NULL, *csv = NULL;
    int tests = 0, batch = 100, confusion = 0;
    tool_classifier_options options;
    tool_classifier_options_default(&options);
    tool_option list[TOOL_CLASSIFIER_OPTIONS + 5] = {
        {"by", TOOL_STRING, &by, 0, 0,
         "a list of argmax,knn,logistic; default: argmax where the output is classes, else the others", NULL, NULL},
        {"test", TOOL_INT, &tests, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &batch, 1, 100000, "images run at once", NULL, NULL},
        {"confusion", TOOL_FLAG, &confusion, 0, 0, "print confusion matrix and error of each class", NULL, NULL},
        {"csv", TOOL_STRING, &csv, 0, 0, "write the results, confusion matrix and error of each class", NULL, NULL},
    };
    tool_classifier_option_list(&options, list + 5);
    const char *file[3];
    if (tool_parse_options(argc, argv, list, TOOL_CLASSIFIER_OPTIONS + 5, file, 3) != 3) {
        tool_fail("usage: ./darknet lgg eval data.cfg net.cfg net.weights [options]; -help lists them");
    }
    tool_output_check(csv);
    tool_data *data = tool_data_read(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    tool_model *model = tool_model_load(file[1], file[2], batch);
    int w, h, c;
    tool_model_input_size(model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, tests);

    char **names;
    int count = tool_split(by ? by : tool_classifier_default(model, data, &options), ',', &names);
    outcome *outcomes = lgg_allocate((size_t)count, sizeof *outcomes, "results");
    float *x = NULL;
    int x_layer = 0;
    for (int i = 0; i < count; ++i) {
        tool_classifier *classifier = tool_classifier_create(names[i], &options, model, data);
        judge(&outcomes[i], classifier, model, test, &x, &x_layer);
        tool_classifier_free(classifier);
        free(names[i]);
    }
    free(names);
    free(x);
    tool_classifier_options_free(&options);
    print_outcomes(model, outcomes, count, test, data, confusion);
    write_csv(csv, outcomes, count, test, data);
    for (int i = 0; i < count; ++i)
        free(outcomes[i].predicted);
    free(outcomes);
    tool_images_free(test);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
