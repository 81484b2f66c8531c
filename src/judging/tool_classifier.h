/* tool_classifier.h: classifiers on what a layer gives: arg max, k-nearest neighbours, multinomial logistic regression. */
#ifndef TOOL_CLASSIFIER_H
#define TOOL_CLASSIFIER_H

#include "tool.h"

/* How to classify; the options of the commands that do. */
typedef struct {
    const char *layer, *metric;
    int knn, train, iterations;
    double l2;
    int layer_given, knn_given, logistic_given; /* by the user: -layer, -knn or -metric, -l2 or -iterations */
    /* The training set, once a classifier was fitted on it: others on the same layer take it from here. */
    int train_layer;
    tool_images *train_images;
    float *train_x;
} tool_classifier_options;

#define TOOL_CLASSIFIER_OPTIONS 6
void tool_classifier_options_default(tool_classifier_options *options);
void tool_classifier_options_free(tool_classifier_options *options);
void tool_classifier_option_list(tool_classifier_options *options, tool_option list[TOOL_CLASSIFIER_OPTIONS]);

/* A network with a classifier on one of its layers. */
typedef struct tool_classifier tool_classifier;

/* Fails where one of the names in `list`, with commas, is no classifier's. */
void tool_classifier_check_names(const char *list);
/* by: argmax, knn or logistic. The latter two are fitted on the training list. */
tool_classifier *tool_classifier_create(const char *by, tool_classifier_options *options, tool_model *model,
                                        const tool_data *data);
void tool_classifier_free(tool_classifier *classifier);
const char *tool_classifier_name(const tool_classifier *classifier);
int tool_classifier_layer(const tool_classifier *classifier);
/* New array of predicted classes. progress advances by each image. */
int *tool_classifier_predict(tool_classifier *classifier, const tool_images *images, tool_progress *progress);
/* The same of what the layer gives for `count` images, x (count, size); x is used up. `searching`: what the progress of the search for
 * neighbours is called, or NULL for silence. */
int *tool_classifier_predict_outputs(tool_classifier *classifier, float *x, int count, const char *searching);

/* The layer that embeddings are taken of. */
int tool_classifier_embedding(const tool_classifier_options *options, const tool_model *model);

/* Whether an option was given that changes nothing by any classifier of the list `by`; `text` says so. embeds: something else looks at
 * -layer. */
int tool_classifier_find_idle(const tool_classifier_options *options, const char *by, int embeds, char text[160]);

/* What suits the network: argmax for class probabilities, else "knn,logistic"; the latter also where the user gives an option
 * that only these have. */
const char *tool_classifier_default(const tool_model *model, const tool_data *data,
                                    const tool_classifier_options *options);

/* ---- what they are made of ---- */

/* k-nearest neighbours (tool_nearest.c). cosine: rows are compared by angle, else by distance. */
typedef struct tool_nearest tool_nearest;
/* Takes over train (n, d), which is normalized in place for cosine. */
tool_nearest *tool_nearest_create(float *train, const int *label, int n, int d, int classes, int k, int cosine);
void tool_nearest_free(tool_nearest *nearest);
/* Majority vote, ties to the class of the nearer neighbour. test (tests, d) is normalized in place for cosine. `what` names
 * the progress, NULL: none. */
void tool_nearest_predict(const tool_nearest *nearest, float *test, int tests, int *predicted, const char *what);

/* Multinomial logistic regression on standardized values (tool_logistic.c): mean cross-entropy + l2/2 |W|^2, by L-BFGS. */
typedef struct tool_logistic tool_logistic;
/* train (n, d) is standardized in place. */
tool_logistic *tool_logistic_fit(float *train, const int *label, int n, int d, int classes, double l2, int iterations);
void tool_logistic_free(tool_logistic *logistic);
/* test (tests, d) is standardized in place by the training set's statistics. */
void tool_logistic_predict(const tool_logistic *logistic, float *test, int tests, int *predicted);

#endif
