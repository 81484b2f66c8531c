/* validation.c: see validation.h. */
#include "validation.h"

#include <stdio.h>
#include <stdlib.h>

#include "allocate.h"
#include "label.h"
#include "truth.h"

/* Images predicted at once: enough for every core, in no more memory than a training takes. */
enum { BATCH = 16 };

typedef struct {
    char **labels, **paths;
    int classes, count, top;
} validation_list;

static validation_list read_list(char *data_file, network *net) {
    list *options = read_data_cfg(data_file);
    char *labels = option_find_str(options, "labels", "data/labels.list");
    char *leaves = option_find_str(options, "leaves", NULL);
    char *valid = option_find_str(options, "valid", "data/train.list");
    if (leaves) change_leaves(net->hierarchy, leaves);
    validation_list all = {.classes = option_find_int(options, "classes", 2)};
    check_lgg_outputs(net, all.classes, data_file);
    all.top = option_find_int(options, "top", 1);
    if (all.top > all.classes) all.top = all.classes;
    all.labels = get_labels(labels);
    list *paths = get_paths(valid);
    all.paths = (char **)list_to_array(paths);
    all.count = paths->size;
    free_list(paths);
    return all;
}

/* Of the right answers so far. */
typedef struct {
    float first, top;
} right_answers;

static void judge(const validation_list *all, int i, float *scores, right_answers *right, int *ranked) {
    const int class = label_of_path(all->paths[i], all->labels, all->classes);
    top_k(scores, all->classes, all->top, ranked);
    if (ranked[0] == class) right->first += 1;
    for (int j = 0; j < all->top; ++j)
        if (ranked[j] == class) right->top += 1;
    host_print_validation(all->paths[i], class, scores, i, right->first / (float)(i + 1), all->top,
                          right->top / (float)(i + 1));
}

static void predict_batch(network *net, const validation_list *all, int first, int count, float *x) {
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < count; ++i)
        host_read_validation_image(net, all->paths[first + i], x + (size_t)i * (size_t)net->inputs);
    host_predict(net, x);
}

void validate_classifier(char *data_file, char *cfg, char *weights) {
    network *net = host_parse_network(cfg, BATCH);
    if (host_validates(net, data_file, cfg, weights)) return;
    if (weights && weights[0]) host_load_weights(net, weights);
    const validation_list all = read_list(data_file, net);
    float *x = lgg_allocate((size_t)BATCH * (size_t)net->inputs, sizeof *x, "a batch of images");
    int *ranked = lgg_allocate((size_t)all.top, sizeof *ranked, "the best classes");
    right_answers right = {0, 0};
    for (int first = 0; first < all.count; first += BATCH) {
        const int count = all.count - first < BATCH ? all.count - first : BATCH;
        predict_batch(net, &all, first, count, x);
        for (int i = 0; i < count; ++i) {
            float *scores = host_output(net) + (size_t)i * (size_t)net->outputs;
            host_walk_hierarchy(net, scores);
            judge(&all, first + i, scores, &right, ranked);
        }
    }
    free(x);
    free(ranked);
}
