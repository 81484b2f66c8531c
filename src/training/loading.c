/* loading.c: see loading.h. */
#include "loading.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "exit.h"
#include "gpu_data.h"
#include "recipe.h"
#include "option_list.h"

/* The thread's share of a batch, as load_threads cut it. */
static _Thread_local struct {
    const lgg_recipe *recipe;
    size_t position;
    int draws; /* of paths so far, for this share */
} loading;

/* Held by the thread that ends the run, so that the others say nothing more; and by the one that makes the recipe's balance. */
static pthread_mutex_t refusing = PTHREAD_MUTEX_INITIALIZER, balancing = PTHREAD_MUTEX_INITIALIZER;

/* The images of an iteration's size, every so many iterations. */
#define LGG_ITERATIONS_OF_A_SIZE 10

static _Noreturn void refuse_unlabelled(void) {
    fprintf(stderr, "[net]: balanced=1: is for classifiers, whose images have one class each; leave it out\n");
    lgg_exit(EXIT_FAILURE);
}

void lgg_balance_labels(const network *net, int classes, const char *datacfg) {
    lgg_recipe *recipe = host_recipe(net);
    if (!recipe || !recipe->balanced || recipe->labels) return;
    list *options = read_data_cfg((char *)datacfg);
    if (option_find_int_quiet(options, (char *)"tag", 0)) refuse_unlabelled();
    char **labels = get_labels(option_find_str(options, (char *)"labels", (char *)"data/labels.list"));
    recipe->labels = lgg_allocate((size_t)classes, sizeof *labels, "the labels");
    recipe->classes = classes;
    for (int i = 0; i < classes; ++i)
        recipe->labels[i] = lgg_copy_string(labels[i]);
    free(labels);
    free_list(options);
    if (net->batch % classes == 0) return;
    fprintf(stderr,
            "[net]: warning: balanced=1: a pass of %d images (batch / subdivisions) cannot hold %d classes equally "
            "often; a multiple of %d can\n",
            net->batch, classes, classes);
}

/* A host may begin as it does for any training, and say only later that it is a detector's. */
static int finds_objects(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (host_has_boxes(&net->layers[i])) return 1;
    }
    return 0;
}

static lgg_recipe *start_loading(const network *net, int detecting) {
    lgg_recipe *recipe = host_recipe(net);
    if (!recipe) return NULL;
    if (recipe->gpu_data && (detecting || finds_objects(net))) {
        fprintf(stderr, "[net]: gpu_data=1: is for classifiers; leave it out\n");
        lgg_exit(EXIT_FAILURE);
    }
    const char *order = host_draws_images(net, detecting);
    if (order && (recipe->shuffle || recipe->balanced)) {
        fprintf(stderr, "[net]: warning: %s=1 draws images in an order of its own, and %s=1 does not reach it\n", order,
                recipe->balanced ? "balanced" : "shuffle");
    }
    recipe->position = *net->seen;
    if (recipe->gpu_data) {
        const char *changed = recipe->adversarial.steps ? "adversarial" : NULL;
        recipe->gpu_data = check_gpu_data(net, recipe->pad_crop >= 0, changed);
    }
    return recipe;
}

lgg_recipe *lgg_start_loading(const network *net) {
    return start_loading(net, 0);
}

lgg_recipe *lgg_start_detecting(const network *net) {
    const lgg_recipe *recipe = host_recipe(net);
    if (!finds_objects(net)) {
        fprintf(stderr, "This network finds no boxes: a detector has [yolo], [region] or [detection]; a classifier is "
                        "trained by: classifier train\n");
        lgg_exit(EXIT_FAILURE);
    }
    if (net->max_batches == 0) {
        fprintf(stderr, "[net]: max_batches=0: a detector is trained until max_batches; 1 or more would be right\n");
        lgg_exit(EXIT_FAILURE);
    }
    if (recipe && recipe->balanced) refuse_unlabelled();
    if (recipe && recipe->pad_crop >= 0) {
        fprintf(stderr,
                "[net]: warning: pad_crop=%d is for classifiers; a detector's images are moved by jitter instead\n",
                recipe->pad_crop);
    }
    if (recipe && recipe->active && host_changes_batch(net)) {
        fprintf(stderr,
                "[net]: warning: with dynamic_minibatch=1 a training that goes on draws other images than one that "
                "was never stopped\n");
    }
    return start_loading(net, 1);
}

int lgg_begin_resizing(const network *net, int passes) {
    const int iteration = (int)host_iteration(net), since = iteration % LGG_ITERATIONS_OF_A_SIZE;
    const lgg_recipe *recipe = host_recipe(net);
    if (!recipe || !recipe->seeded) return passes % LGG_ITERATIONS_OF_A_SIZE ? -1 : iteration;
    if (passes > 0 && since > 0) return -1;
    lgg_random_begin(recipe->seed, LGG_RESIZE, (uint64_t)(iteration - since));
    return iteration - since;
}

size_t lgg_next_position(lgg_recipe *recipe, int n) {
    if (!recipe) return 0;
    size_t position = recipe->position;
    recipe->position += (size_t)n;
    return position;
}

void lgg_ask_again(lgg_recipe *recipe, int n) {
    if (recipe) recipe->position -= (size_t)n;
}

void lgg_begin_loading(const lgg_recipe *recipe, size_t position) {
    loading.recipe = recipe && recipe->active ? recipe : NULL;
    loading.position = position;
    loading.draws = 0;
    begin_gpu_data(loading.recipe && recipe->gpu_data);
    lgg_random_end();
    lgg_begin_image(0);
}

/* What the loader's threads share: the first of them makes it. */
static const lgg_balance *balance_of(char **paths, size_t count) {
    lgg_recipe *recipe = (lgg_recipe *)loading.recipe;
    pthread_mutex_lock(&balancing);
    if (!recipe->labels) refuse_unlabelled();
    if (!recipe->balance) recipe->balance = lgg_balance_create(paths, count, recipe->labels, recipe->classes);
    pthread_mutex_unlock(&balancing);
    return recipe->balance;
}

/* A seed for each draw of a share, far from the seeds that users give. */
static uint64_t seed_of_draw(const lgg_recipe *recipe, int draw) {
    return recipe->seed + ((uint64_t)draw << 40);
}

int lgg_draw_paths(char **drawn, char **paths, int n, int m) {
    const lgg_recipe *recipe = loading.recipe;
    if (!recipe) return 0;
    const size_t images = (size_t)m;
    know_gpu_data(paths, m);
    const uint64_t seed = seed_of_draw(recipe, loading.draws);
    const int shuffle = recipe->shuffle && loading.draws == 0;
    const lgg_balance *balance = recipe->balanced && loading.draws == 0 ? balance_of(paths, images) : NULL;
    for (int i = 0; i < n; ++i) {
        size_t position = loading.position + (size_t)i;
        drawn[i] = paths[balance   ? lgg_balance_image(balance, seed, position)
                         : shuffle ? lgg_random_order(seed, position / images, position % images, images)
                                   : lgg_random_index(seed, position, images)];
    }
    ++loading.draws;
    return 1;
}

void lgg_begin_image(int i) {
    lgg_begin_mixed_image(i, loading.draws > 0 ? loading.draws - 1 : 0);
}

void lgg_begin_mixed_image(int i, int k) {
    if (!loading.recipe) return;
    lgg_random_begin(seed_of_draw(loading.recipe, k), LGG_AUGMENT, loading.position + (size_t)i);
}

int lgg_pads(void) {
    return loading.recipe && loading.recipe->pad_crop >= 0;
}

int lgg_flips(void) {
    return !loading.recipe || loading.recipe->flip;
}

int lgg_keeps_colours(float hue, float saturation, float exposure) {
    return lgg_pads() && !(hue < 0 || hue > 0) && !(saturation < 1 || saturation > 1) &&
           !(exposure < 1 || exposure > 1);
}

image lgg_pad_crop(image im, int size, const char *path) {
    const int pad = loading.recipe->pad_crop;
    const int spare_x = im.w + 2 * pad - size;
    const int spare_y = im.h + 2 * pad - size;
    if (spare_x < 0 || spare_y < 0) {
        pthread_mutex_lock(&refusing); // never unlocked: several threads load, one of them speaks
        fprintf(stderr, "[net]: pad_crop=%d: %s is %dx%d, too small to crop %dx%d out of it\n", pad, path, im.w, im.h,
                size, size);
        lgg_exit(EXIT_FAILURE);
    }
    const int left = lgg_rand() % (spare_x + 1) - pad;
    const int top = lgg_rand() % (spare_y + 1) - pad;
    if (is_noted(im)) return note_crop(im, size, left, top);

    image crop = make_image(size, size, im.c);
    const int first = left < 0 ? -left : 0;
    const int end = im.w - left < size ? im.w - left : size;
    for (int c = 0; c < im.c; ++c) {
        for (int y = 0; y < size; ++y) {
            if (y + top < 0 || y + top >= im.h) continue;
            const float *row = im.data + ((size_t)c * (size_t)im.h + (size_t)(y + top)) * (size_t)im.w;
            float *out = crop.data + ((size_t)c * (size_t)size + (size_t)y) * (size_t)size;
            if (end > first) memcpy(out + first, row + first + left, (size_t)(end - first) * sizeof(float));
        }
    }
    return crop;
}
