/* recipe.c: see recipe.h. */
#include "recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocate.h"
#include "at_once_gpu.h"
#include "costs_gpu.h"
#include "lgg_teacher.h"
#include "names.h"
#include "parameters.h"
#include "option_list.h"
#include "command.h"

static const char *const our_options[] = {
    "pad_crop", "flip",        "shuffle", "balanced",          "seed",     "bn_momentum", "decay_all", "parseval",
    "lgg_log",  "adversarial", "epsilon", "adversarial_steps", "gpu_data", NULL};

/* The option's value, def where it is not given; anything but a whole number of its range ends the program. */
static int option_in_range(list *options, const char *key, int def, int low, int high) {
    char *value = option_find(options, (char *)key);
    if (!value) return def;
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || *end || number < low || number > high) {
        fprintf(stderr, "[net]: %s=%s: must be a whole number from %d to %d\n", key, value, low, high);
        exit(EXIT_FAILURE);
    }
    return (int)number;
}

/* A number from 0 to below 1, def where it is not given. */
static float share_option(list *options, const char *key, float def, const char *advice) {
    char *value = option_find(options, (char *)key);
    if (!value) return def;
    char *end;
    const float number = strtof(value, &end);
    if (end == value || *end || !lgg_all_finite(&number, 1) || number < 0 || number >= 1) {
        fprintf(stderr, "[net]: %s=%s: must be a number from 0%s to below 1, such as %s\n", key, value,
                strcmp(key, "parseval") ? "" : " (off)", advice);
        exit(EXIT_FAILURE);
    }
    return number;
}

/* Each step shrinks what is not orthonormal by twice that. */
static float parseval_option(list *options) {
    return share_option(options, "parseval", 0, "0.01");
}

int is_lgg_net_option(const char *key) {
    for (const char *const *ours = our_options; *ours; ++ours)
        if (strcmp(*ours, key) == 0) return 1;
    return 0;
}

void refuse_lgg_recipe_line(const char *filename, int number, const char *type, const char *name) {
    if ((strcmp(type, "[net]") && strcmp(type, "[network]")) || !is_lgg_net_option(name)) return;
    fprintf(stderr, "%s: %s: line %d: %s= has no value\n", filename, type, number, name);
    exit(EXIT_FAILURE);
}

/* Our options are given once, each with a value. */
static void refuse_careless_options(list *options) {
    for (node *n = options->front; n; n = n->next) {
        const kvp *option = n->val;
        if (!is_lgg_net_option(option->key)) continue;
        if (!option->val || !*option->val) {
            fprintf(stderr, "[net]: %s= has no value\n", option->key);
            exit(EXIT_FAILURE);
        }
        for (node *later = n->next; later; later = later->next) {
            const kvp *other = later->val;
            if (strcmp(other->key, option->key)) continue;
            fprintf(stderr, "[net]: %s=%s: given twice; keep one of them\n", other->key, other->val ? other->val : "");
            exit(EXIT_FAILURE);
        }
    }
}

/* Whether the two, of the same length, differ by a swap of neighbours; they are one edit apart. */
static int are_swapped(const char *a, const char *b) {
    while (*a == *b)
        ++a, ++b;
    return a[0] == b[1] && a[1] == b[0];
}

/* Whether a name that nobody reads can only be meant for this one of ours. Short words are one letter from many that are no mistake:
 * "seen" and "seed", "clip" and "flip". */
static int is_misspelt(const char *key, const char *ours) {
    const int edits = lgg_edits(key, ours);
    if (strlen(ours) > 5) return edits <= (strlen(ours) > 9 ? 2 : 1);
    return edits == 1 && (strlen(key) != strlen(ours) || are_swapped(key, ours));
}

/* Whether the host reads an option of this name: given twice, the second one goes unread. */
static int is_read_by_host(const list *options, const char *key) {
    for (const node *n = options->front; n; n = n->next) {
        const kvp *option = n->val;
        if (option->used && strcmp(option->key, key) == 0) return 1;
    }
    return 0;
}

/* What the host ignores has always been taken: only what is surely meant for us ends the run. */
static void refuse_misspelt_options(const list *options) {
    for (const node *n = options->front; n; n = n->next) {
        const kvp *option = n->val;
        const char *near = lgg_similar_name(option->key, our_options);
        if (!near || is_read_by_host(options, option->key)) continue;
        if (!is_misspelt(option->key, near)) {
            fprintf(stderr, "[net]: warning: nobody reads '%s=%s'; an option with a name like it is '%s'\n",
                    option->key, option->val ? option->val : "", near);
            continue;
        }
        fprintf(stderr, "[net]: unknown option '%s=%s': did you mean '%s'?\n", option->key,
                option->val ? option->val : "", near);
        exit(EXIT_FAILURE);
    }
}

lgg_recipe *parse_lgg_recipe(list *options) {
    lgg_recipe *recipe = lgg_allocate(1, sizeof *recipe, "the options of [net]");
    refuse_careless_options(options);
    share_option(options, "bn_momentum", 0, "0.9"); /* which the host reads, believing anything */
    recipe->pad_crop = option_in_range(options, "pad_crop", -1, 0, 10000);
    const int flip = option_in_range(options, "flip", -1, 0, 1);
    recipe->flip = flip != 0;
    recipe->shuffle = option_in_range(options, "shuffle", 0, 0, 1);
    recipe->balanced = option_in_range(options, "balanced", 0, 0, 1);
    recipe->decay_all = option_in_range(options, "decay_all", 0, 0, 1);
    recipe->gpu_data = option_in_range(options, "gpu_data", 0, 0, 1);
    recipe->parseval = parseval_option(options);
    recipe->adversarial = parse_lgg_adversarial(options);
    char *log = option_find(options, "lgg_log");
    if (log) recipe->log = lgg_copy_string(log);
    recipe->seeded = option_find(options, "seed") != NULL;
    if (recipe->seeded && !is_reading_lgg_teacher()) lgg_repeat();
    recipe->seed = recipe->seeded ? (uint64_t)option_in_range(options, "seed", 0, 0, 2147483647) : (uint64_t)time(0);
    lgg_seed_host(recipe); /* before the layers draw their weights */
    recipe->active = recipe->seeded || recipe->shuffle || recipe->balanced || recipe->pad_crop >= 0 || flip >= 0;
    refuse_misspelt_options(options);
    return recipe;
}

void lgg_seed_host(const lgg_recipe *recipe) {
    if (recipe && recipe->seeded) srand((unsigned)recipe->seed);
}

void free_lgg_recipe(lgg_recipe *recipe) {
    if (!recipe) return;
    free(recipe->log);
    free_lgg_adversarial(&recipe->adversarial);
    for (int i = 0; recipe->labels && i < recipe->classes; ++i)
        free(recipe->labels[i]);
    free(recipe->labels);
    lgg_balance_free(recipe->balance);
    free(recipe);
}

void lgg_begin_iteration(network *net, float *x, float *truth) {
    lgg_recipe *recipe = host_recipe(net);
    if (recipe && recipe->adversarial.steps)
        make_lgg_adversaries(&recipe->adversarial, net, x, truth, recipe->seed, *net->seen);
    if (recipe && recipe->seeded) lgg_random_begin(recipe->seed, LGG_ITERATION, *net->seen);
    if (!darknet_looks_at_outputs()) begin_training_pass();
}

void lgg_decay_all(network *net, int batch, float decay) {
    const update_args a = {.batch = batch, .decay = decay};
    if (!host_recipe(net) || !host_recipe(net)->decay_all) return;
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[HOST_MAX_LEAVES];
        if (is_updated_at_once(&net->layers[i])) continue;
        const int n = net->layers[i].update ? host_leaf_layers(&net->layers[i], leaves) : 0;
        for (int j = 0; j < n; ++j)
            lgg_decay_biases_and_scales(leaves[j], a);
    }
}
