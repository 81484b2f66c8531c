/* command_eval.c: `lgg eval`: error on the test list by arg max of the output, and by k-nearest neighbours or logistic
 * regression on the embedding of any layer, fitted on the training list; retrieval among the test images; agreement with a teacher. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "tool_classifier.h"
#include "tool_retrieval.h"

typedef struct {
    char name[48];
    int layer;
    int *predicted; /* (tests) */
    int retrieves;  /* what is predicted is the class of the most similar other test image */
    tool_retrieval retrieval;
} outcome;

/* What a teacher decides. */
typedef struct {
    const char *cfg;
    int *predicted; /* (tests); NULL: there is no teacher */
} teacher_decisions;

/* How often a network decides as the teacher does: over all images, where the teacher is right, where it is wrong. */
typedef struct {
    double all, right, wrong; /* percent */
} agreement;

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

/* NAN of nothing. */
static double percent(int part, int whole) {
    return whole ? 100. * part / whole : NAN;
}

static int count_errors(const outcome *o, const tool_images *test) {
    int errors = 0;
    for (int i = 0; i < test->count; ++i)
        errors += o->predicted[i] != test->label[i];
    return errors;
}

static agreement agreement_of(const outcome *o, const teacher_decisions *teacher, const tool_images *test) {
    int same[2] = {0, 0}, images[2] = {0, 0};
    for (int i = 0; i < test->count; ++i) {
        const int right = teacher->predicted[i] == test->label[i];
        ++images[right];
        same[right] += o->predicted[i] == teacher->predicted[i];
    }
    return (agreement){percent(same[0] + same[1], test->count), percent(same[1], images[1]),
                       percent(same[0], images[0])};
}

static void print_retrieval(const outcome *o) {
    const tool_retrieval *r = &o->retrieval;
    printf("\n%d of the test images against all others by cosine, whatever -metric\n%11s %11s %11s", r->queries,
           "precision@1", "R-precision", "MAP@R");
    if (r->clustered) printf(" %11s %11s", "NMI", "AMI");
    printf("\n%11.6f %11.6f %11.6f", r->precision_at_1, r->r_precision, r->map_at_r);
    if (r->clustered) printf(" %11.6f %11.6f", r->nmi, r->ami);
    printf(r->clustered ? "\n" : "\nNMI and AMI need OpenCV's k-means (Debian: libopencv-dev)\n");
}

/* A share of no images is none. */
static void print_share(double share, int width) {
    if (isnan(share)) {
        printf(" %*s", width, "-");
    } else {
        printf(" %*.2f", width, share);
    }
}

static void write_share(FILE *file, double share) {
    fputc(',', file);
    if (!isnan(share)) fprintf(file, "%.4f", share);
}

static void print_agreement(const outcome *outcomes, int count, const teacher_decisions *teacher,
                            const tool_images *test) {
    const outcome own = {.predicted = teacher->predicted};
    printf("\nhow often it decides as the teacher does (%s, error %.2f %%), in percent\n%-24s %8s %14s %14s\n",
           teacher->cfg, percent(count_errors(&own, test), test->count), "classifier", "all", "teacher right",
           "teacher wrong");
    for (int i = 0; i < count; ++i) {
        const agreement a = agreement_of(&outcomes[i], teacher, test);
        printf("%-24s %8.2f", outcomes[i].name, a.all);
        print_share(a.right, 14);
        print_share(a.wrong, 14);
        putchar('\n');
    }
}

static void print_matrix(const outcome *o, const tool_images *test, const tool_data *data) {
    int *confusion = count_confusion(o, test, data->classes);
    printf("\n%s: rows the true class, columns the predicted one\n%-14s %7s", o->name, "class", "error%");
    for (int c = 0; c < data->classes; ++c)
        printf(" %6.6s", data->names[c]);
    putchar('\n');
    for (int c = 0; c < data->classes; ++c) {
        int images = row_sum(confusion, data->classes, c);
        printf("%-14.14s", data->names[c]);
        print_share(percent(images - confusion[c * data->classes + c], images), 7);
        for (int j = 0; j < data->classes; ++j)
            printf(" %6d", confusion[c * data->classes + j]);
        putchar('\n');
    }
    free(confusion);
}

static void print_outcomes(const tool_model *model, const outcome *outcomes, int count, const tool_images *test,
                           const tool_data *data, const teacher_decisions *teacher, int matrices) {
    printf("%-24s %-18s %7s %7s %8s\n", "classifier", "layer", "images", "wrong", "error%");
    for (int i = 0; i < count; ++i) {
        int errors = count_errors(&outcomes[i], test);
        printf("%-24s %-18s %7d %7d %8.2f\n", outcomes[i].name, tool_model_layer_name(model, outcomes[i].layer),
               test->count, errors, percent(errors, test->count));
    }
    if (count && outcomes[count - 1].retrieves) print_retrieval(&outcomes[count - 1]);
    if (teacher->predicted) print_agreement(outcomes, count, teacher, test);
    for (int i = 0; matrices && i < count; ++i)
        print_matrix(&outcomes[i], test, data);
}

/* The columns that are there with a teacher and with -retrieval, empty where they say nothing. */
static void write_judgement(FILE *file, const outcome *o, const teacher_decisions *teacher, const tool_images *test,
                            int retrieves) {
    const tool_retrieval *r = &o->retrieval;
    if (teacher->predicted) {
        const agreement a = agreement_of(o, teacher, test);
        write_share(file, a.all);
        write_share(file, a.right);
        write_share(file, a.wrong);
    }
    if (!retrieves) return;
    if (!o->retrieves) {
        fprintf(file, ",,,,,");
        return;
    }
    fprintf(file, ",%.6f,%.6f,%.6f", r->precision_at_1, r->r_precision, r->map_at_r);
    if (r->clustered) {
        fprintf(file, ",%.6f,%.6f", r->nmi, r->ami);
    } else {
        fprintf(file, ",,");
    }
}

static void write_csv(const char *path, const outcome *outcomes, int count, const tool_images *test,
                      const tool_data *data, const teacher_decisions *teacher) {
    const int retrieves = count && outcomes[count - 1].retrieves;
    tool_output output = tool_output_open(path);
    if (!output.file) return;
    fprintf(output.file, "classifier,layer,class,images,wrong,error%s%s",
            teacher->predicted ? ",agreement,agreement_teacher_right,agreement_teacher_wrong" : "",
            retrieves ? ",precision@1,R-precision,MAP@R,NMI,AMI" : "");
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
        write_judgement(output.file, &outcomes[i], teacher, test, retrieves);
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
            fprintf(output.file, ",%d,%d", images, wrong);
            write_share(output.file, percent(wrong, images));
            fprintf(output.file, "%s%s", teacher->predicted ? ",,," : "", retrieves ? ",,,,," : "");
            for (int j = 0; j < data->classes; ++j)
                fprintf(output.file, ",%d", confusion[c * data->classes + j]);
            fputc('\n', output.file);
        }
        free(confusion);
    }
    tool_output_commit(&output);
}

/* What a layer gives for the test set; computed once for all that look at the same layer. */
typedef struct {
    float *x; /* (tests, size), or NULL */
    int layer;
} test_outputs;

/* A copy of what the layer gives: judging uses it up. */
static float *copy_outputs(test_outputs *outputs, int layer, tool_model *model, const tool_images *test) {
    if (!outputs->x || outputs->layer != layer) {
        free(outputs->x);
        tool_progress progress = tool_progress_begin("test images", test->count);
        outputs->x = tool_model_embed(model, test, layer, &progress);
        tool_progress_end(&progress);
        outputs->layer = layer;
    }
    size_t values = (size_t)test->count * (size_t)tool_model_size(model, layer);
    float *copy = lgg_allocate(values, sizeof *copy, "the embeddings (-test limits their number)");
    memcpy(copy, outputs->x, values * sizeof *copy);
    return copy;
}

static void judge(outcome *o, tool_classifier *classifier, tool_model *model, const tool_images *test,
                  test_outputs *outputs) {
    snprintf(o->name, sizeof o->name, "%s", tool_classifier_name(classifier));
    o->layer = tool_classifier_layer(classifier);
    float *x = copy_outputs(outputs, o->layer, model, test);
    o->predicted = tool_classifier_predict_outputs(classifier, x, test->count, "nearest neighbours");
    free(x);
}

static void judge_retrieval(outcome *o, int layer, int classes, tool_model *model, const tool_images *test,
                            test_outputs *outputs) {
    if (test->count < 2) tool_fail("-retrieval: needs two test images or more");
    *o = (outcome){.name = "retrieval cosine", .layer = layer, .retrieves = 1};
    o->predicted = lgg_allocate((size_t)test->count, sizeof *o->predicted, "predictions");
    float *x = copy_outputs(outputs, layer, model, test);
    o->retrieval = tool_retrieval_of(x, test->label, test->count, tool_model_size(model, layer), classes, o->predicted,
                                     "retrieval");
    for (int i = 0; i < test->count; ++i)
        o->predicted[i] = test->label[o->predicted[i]];
    free(x);
    if (!o->retrieval.queries) tool_fail("-retrieval: no test image has another of its class");
}

/* text: "cfg,weights", or NULL. */
static teacher_decisions ask_teacher(const char *text, const tool_data *data, const tool_images *test, int batch) {
    teacher_decisions decisions = {NULL, NULL};
    if (!text) return decisions;
    char **parts;
    if (tool_split(text, ',', &parts) != 2 || !*parts[0] || !*parts[1])
        tool_fail("-teacher %s: should be its cfg and weights, net.cfg,net.weights", text);
    tool_model *model = tool_model_load(parts[0], parts[1], batch);
    tool_model_refuse_detection(model, "a teacher decides between classes");
    const int layer = tool_model_output_layer(model), outputs = tool_model_size(model, layer);
    if (outputs != data->classes) tool_fail("-teacher %s: has %d outputs for %d classes", text, outputs, data->classes);
    tool_images images = *test;
    tool_model_input_size(model, &images.w, &images.h, &images.c);
    tool_progress progress = tool_progress_begin("the teacher's decisions", test->count);
    float *x = tool_model_embed(model, &images, layer, &progress);
    tool_progress_end(&progress);
    decisions.cfg = lgg_copy_string(parts[0]);
    decisions.predicted = lgg_allocate((size_t)test->count, sizeof *decisions.predicted, "predictions");
    tool_model_decide(model, x, test->count, decisions.predicted);
    free(x);
    tool_model_free(model);
    free(parts[0]);
    free(parts[1]);
    free(parts);
    return decisions;
}

int command_eval(int argc, char **argv) {
    const char *by = NULL, *csv = NULL, *teacher = NULL;
    int tests = 0, batch = 100, confusion = 0, retrieval = 0;
    tool_classifier_options options;
    tool_classifier_options_default(&options);
    tool_option list[TOOL_CLASSIFIER_OPTIONS + 7] = {
        {"by", TOOL_STRING, &by, 0, 0,
         "a list of argmax,knn,logistic; default: argmax where the output is classes and no option is the others', "
         "else these",
         NULL, NULL},
        {"test", TOOL_INT, &tests, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &batch, 1, 100000, "images run at once", NULL, NULL},
        {"retrieval", TOOL_FLAG, &retrieval, 0, 0,
         "each test image against all others: precision@1, R-precision, MAP@R, NMI, AMI", NULL, NULL},
        {"teacher", TOOL_STRING, &teacher, 0, 0, "cfg,weights: how often the network decides as this one does", NULL,
         NULL},
        {"confusion", TOOL_FLAG, &confusion, 0, 0, "print confusion matrix and error of each class", NULL, NULL},
        {"csv", TOOL_STRING, &csv, 0, 0, "write the results, confusion matrix and error of each class", NULL, NULL},
    };
    tool_classifier_option_list(&options, list + 7);
    const char *file[3];
    if (tool_parse_options(argc, argv, list, TOOL_CLASSIFIER_OPTIONS + 7, file, 3) != 3) {
        tool_fail("usage: ./darknet lgg eval data.cfg net.cfg net.weights [options]; -help lists them");
    }
    if (by) tool_classifier_check_names(by);
    tool_csv_check(csv);
    tool_data *data = tool_data_read(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    tool_model *model = tool_model_load(file[1], file[2], batch);
    if (!by) by = tool_classifier_default(model, data, &options);
    char idle[160];
    if (tool_classifier_find_idle(&options, by, retrieval, idle)) tool_note("%s", idle);
    char **names;
    int w, h, c, count = tool_split(by, ',', &names);
    tool_model_input_size(model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, tests);

    outcome *outcomes = lgg_allocate((size_t)count + 1, sizeof *outcomes, "results");
    const teacher_decisions decisions = ask_teacher(teacher, data, test, batch);
    test_outputs outputs = {NULL, 0};
    for (int i = 0; i < count; ++i) {
        tool_classifier *classifier = tool_classifier_create(names[i], &options, model, data);
        judge(&outcomes[i], classifier, model, test, &outputs);
        tool_classifier_free(classifier);
        free(names[i]);
    }
    free(names);
    if (retrieval) {
        judge_retrieval(&outcomes[count], tool_classifier_embedding(&options, model), data->classes, model, test,
                        &outputs);
        ++count;
    }
    free(outputs.x);
    tool_classifier_options_free(&options);
    print_outcomes(model, outcomes, count, test, data, &decisions, confusion);
    write_csv(csv, outcomes, count, test, data, &decisions);
    for (int i = 0; i < count; ++i)
        free(outcomes[i].predicted);
    free(outcomes);
    free(decisions.predicted);
    free((char *)decisions.cfg);
    tool_images_free(test);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
