/* test_recipe.c: the recipe options of [net], through Darknet's own loader and update; what is said of nonsense in [net]; labels.
 *
 * usage: test_recipe FOLDER CFGS    (an empty folder to put images in, and the host's own folder of .cfg files)
 *
 * The images are coded: red tells the column, green the row, blue the image, none of them zero, so that the crop and the flip of
 * every loaded image can be read off its pixels and compared with the definition. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "darknet.h"
#include "data.h"
#include "label.h"
#include "loading.h"
#include "recipe.h"
#include "option_list.h"
#include "parser.h"

/* of the host, which does not declare it everywhere */
list *read_cfg(char *filename);

#define SIDE 32
#define PIXELS (SIDE * SIDE)
#define IMAGES 7
#define PAD 4
#define SHIFTS (2 * PAD + 1)

/* What the first host needs to load boxes, and to know an iteration. */
#ifndef HOST_DETECTION
#define HOST_DETECTION(args) (args).coords = 4
#define HOST_ITERATION(net, i) (void)(i)
#endif

static int failures;

static void check(const char *name, int good) {
    printf("%s %s%s\n", good ? "PASS" : "FAIL", name, good ? "" : ": not as defined");
    failures += !good;
}

static char *paths[IMAGES];
static char *labels[IMAGES];
static float originals[IMAGES][3 * PIXELS];

static int code(int position) {
    return 1 + 7 * position;
}

static void write_images(const char *folder) {
    for (int i = 0; i < IMAGES; ++i) {
        image im = make_image(SIDE, SIDE, 3);
        for (int p = 0; p < PIXELS; ++p) {
            im.data[p] = (float)(code(p % SIDE) + .5) / 255;
            im.data[PIXELS + p] = (float)(code(p / SIDE) + .5) / 255;
            im.data[2 * PIXELS + p] = (float)(code(i) + .5) / 255;
        }
        char name[4096];
        snprintf(name, sizeof name, "%s/class%d", folder, i);
        save_image_options(im, name, PNG, 0);
        free_image(im);
        paths[i] = malloc(strlen(name) + 5);
        sprintf(paths[i], "%s.png", name);
        labels[i] = malloc(16);
        sprintf(labels[i], "class%d", i);
        for (int p = 0; p < PIXELS; ++p) {
            originals[i][p] = (float)(code(p % SIDE) / 255.);
            originals[i][PIXELS + p] = (float)(code(p / SIDE) / 255.);
            originals[i][2 * PIXELS + p] = (float)(code(i) / 255.);
        }
    }
}

/* A recipe from "key=value" strings, NULL-terminated. */
static lgg_recipe *recipe_of(const char *const *options) {
    list *l = make_list();
    for (; *options; ++options) {
        char *line = malloc(strlen(*options) + 1);
        strcpy(line, *options);
        read_option(line, l);
    }
    return parse_lgg_recipe(l);
}

#define RECIPE(...) recipe_of((const char *const[]){__VA_ARGS__, NULL})

static load_args training_args(lgg_recipe *recipe, int n, int threads, data *d) {
    load_args args = {0};
    args.w = args.h = args.size = args.min = SIDE;
    args.max = SIDE;
    args.aspect = args.saturation = args.exposure = 1;
    args.paths = paths;
    args.labels = labels;
    args.n = n;
    args.m = args.classes = IMAGES;
    args.threads = threads;
    args.type = CLASSIFICATION_DATA;
    args.recipe = recipe;
    args.d = d;
    return args;
}

static data load(lgg_recipe *recipe, int n, int threads) {
    data d;
    pthread_join(load_data(training_args(recipe, n, threads, &d)), 0);
    return d;
}

static int which(const float *truth) {
    for (int i = 0; i < IMAGES; ++i)
        if (truth[i] > 0) return i;
    return -1;
}

/* Is x (3, SIDE, SIDE) image i, moved by (dx, dy) with zeros coming in, mirrored or not? */
static int is_crop(const float *x, int i, int dx, int dy, int mirrored) {
    for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < SIDE; ++y) {
            for (int column = 0; column < SIDE; ++column) {
                int from_x = (mirrored ? SIDE - 1 - column : column) + dx, from_y = y + dy;
                int inside = from_x >= 0 && from_x < SIDE && from_y >= 0 && from_y < SIDE;
                float expected = inside ? originals[i][c * PIXELS + from_y * SIDE + from_x] : 0;
                if (x[c * PIXELS + y * SIDE + column] != expected) return 0;
            }
        }
    }
    return 1;
}

/* Finds how a training image was made; 0 if no crop and flip of its original gives these very pixels. */
static int explain(const float *x, int i, int *dx, int *dy, int *mirrored) {
    const int middle = PAD + 8;
    int row = (int)lround((double)x[PIXELS + middle * SIDE + middle] * 255),
        column = (int)lround((double)x[middle * SIDE + middle] * 255);
    int next = (int)lround((double)x[middle * SIDE + middle + 1] * 255);
    *mirrored = next < column;
    *dy = (row - 1) / 7 - middle;
    *dx = (column - 1) / 7 - (*mirrored ? SIDE - 1 - middle : middle);
    return abs(*dx) <= PAD && abs(*dy) <= PAD && is_crop(x, i, *dx, *dy, *mirrored);
}

static double chi_square(const int *counts, int cells, int total) {
    double expected = (double)total / cells, sum = 0;
    for (int i = 0; i < cells; ++i)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

static void test_crop_and_flip(void) {
    enum { N = 16200 };
    lgg_recipe *recipe = RECIPE("pad_crop=4", "flip=1", "seed=1");
    data d = load(recipe, N, 5);
    int counts[2 * SHIFTS * SHIFTS] = {0}, flips = 0, exact = 1;
    for (int i = 0; i < N; ++i) {
        int dx = 0, dy = 0, mirrored = 0;
        if (!explain(d.X.vals[i], which(d.y.vals[i]), &dx, &dy, &mirrored)) {
            exact = 0;
            continue;
        }
        ++counts[(mirrored * SHIFTS + dy + PAD) * SHIFTS + dx + PAD];
        flips += mirrored;
    }
    check("pad_crop_gives_the_image_moved_by_whole_pixels_over_zeros", exact);
    /* 161 degrees of freedom: 222 is exceeded once in a thousand seeds */
    check("pad_crop_and_flip_are_uniform_and_independent", chi_square(counts, 2 * SHIFTS * SHIFTS, N) < 222);
    check("flip_mirrors_half_of_the_images", abs(2 * flips - N) < 4 * sqrt(N));
    free_data(d);
    free_lgg_recipe(recipe);

    recipe = RECIPE("pad_crop=0", "flip=0", "seed=1");
    d = load(recipe, 200, 3);
    for (int i = 0; i < 200; ++i)
        exact &= is_crop(d.X.vals[i], which(d.y.vals[i]), 0, 0, 0);
    check("flip_0_and_pad_crop_0_change_nothing", exact);
    free_data(d);
    free_lgg_recipe(recipe);
}

static int same_data(data a, data b) {
    int same = a.X.rows == b.X.rows;
    for (int i = 0; same && i < a.X.rows; ++i)
        same = !memcmp(a.X.vals[i], b.X.vals[i], (size_t)a.X.cols * sizeof(float)) &&
               !memcmp(a.y.vals[i], b.y.vals[i], (size_t)a.y.cols * sizeof(float));
    return same;
}

/* Two batches one after the other, with the host's own augmentation at its strongest. */
static void load_two(load_args args, lgg_recipe *recipe, data out[2]) {
    args.recipe = recipe;
    args.min = 20;
    args.max = 60;
    args.angle = 7;
    args.aspect = .75;
    args.hue = .1f;
    args.saturation = args.exposure = .75;
    for (int i = 0; i < 2; ++i) {
        args.d = out + i;
        pthread_join(load_data(args), 0);
    }
}

static void test_repeatable(void) {
    static const int threads[] = {1, 2, 3, 32, 50};
    data first[2];
    int same = 1, host_same = 1;
    lgg_recipe *recipe = RECIPE("pad_crop=4", "shuffle=1", "seed=5");
    data one = load(recipe, 50, 7);
    free_lgg_recipe(recipe);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; ++i) {
        recipe = RECIPE("pad_crop=4", "shuffle=1", "seed=5");
        data d = load(recipe, 50, threads[i]);
        same &= same_data(one, d);
        free_data(d);
        free_lgg_recipe(recipe);

        recipe = RECIPE("seed=5");
        data two[2], *to = i ? two : first;
        load_two(training_args(NULL, 50, threads[i], NULL), recipe, to);
        for (int j = 0; i && j < 2; ++j) {
            host_same &= same_data(first[j], two[j]);
            free_data(two[j]);
        }
        free_lgg_recipe(recipe);
    }
    check("order_and_augmentation_repeat_whatever_the_number_of_loader_threads", same);
    check("the_host's_own_augmentation_repeats_too_with_a_seed", host_same);

    recipe = RECIPE("pad_crop=4", "shuffle=1", "seed=6");
    data other = load(recipe, 50, 7);
    check("another_seed_gives_another_order", !same_data(one, other));
    free_data(other);
    free_lgg_recipe(recipe);

    recipe = RECIPE("pad_crop=4", "shuffle=1", "seed=5");
    recipe->position = 20;
    data resumed = load(recipe, 30, 4);
    int equal = 1;
    for (int i = 0; i < 30; ++i)
        equal &= !memcmp(resumed.X.vals[i], one.X.vals[20 + i], 3 * PIXELS * sizeof(float));
    check("a_loader_that_starts_later_goes_on_with_the_same_images", equal);
    free_data(resumed);
    free_data(one);
    free_data(first[0]);
    free_data(first[1]);
    free_lgg_recipe(recipe);
}

static void test_shuffle(void) {
    enum { EPOCHS = 700 };
    lgg_recipe *recipe = RECIPE("shuffle=1", "pad_crop=0", "seed=3");
    data d = load(recipe, EPOCHS * IMAGES, 32);
    int once = 1, firsts[IMAGES] = {0}, pairs[IMAGES * IMAGES] = {0};
    for (int e = 0; e < EPOCHS; ++e) {
        int seen[IMAGES] = {0};
        for (int i = 0; i < IMAGES; ++i)
            ++seen[which(d.y.vals[e * IMAGES + i])];
        for (int i = 0; i < IMAGES; ++i)
            once &= seen[i] == 1;
        int a = which(d.y.vals[e * IMAGES]), b = which(d.y.vals[e * IMAGES + 1]);
        ++firsts[a];
        ++pairs[a * IMAGES + b];
    }
    check("shuffle_visits_every_image_once_an_epoch", once);
    /* 6 degrees of freedom: 22.5 once in a thousand; 41 among the 42 ordered pairs: 75 */
    double of_pairs = 0, expected = EPOCHS / (double)(IMAGES * (IMAGES - 1));
    for (int i = 0; i < IMAGES * IMAGES; ++i)
        if (i / IMAGES != i % IMAGES) of_pairs += (pairs[i] - expected) * (pairs[i] - expected) / expected;
    check("shuffle_draws_a_new_uniform_order_each_epoch", chi_square(firsts, IMAGES, EPOCHS) < 22.5 && of_pairs < 75);
    free_data(d);
    free_lgg_recipe(recipe);

    int bijection = 1;
    static char seen[50000];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < sizeof seen; ++i)
        seen[lgg_random_order(9, 4, i, sizeof seen)] = 1;
    for (size_t i = 0; i < sizeof seen; ++i)
        bijection &= seen[i];
    check("the_order_of_50000_images_misses_none", bijection && lgg_random_order(1, 0, 0, 1) == 0);

    recipe = RECIPE("pad_crop=0", "seed=3");
    d = load(recipe, 7000, 32);
    int counts[IMAGES] = {0}, repeated = 0;
    for (int i = 0; i < 7000; ++i)
        ++counts[which(d.y.vals[i])];
    for (int i = 1; i < 7000; ++i)
        repeated += which(d.y.vals[i]) == which(d.y.vals[i - 1]);
    check("without_shuffle_images_are_drawn_with_replacement",
          chi_square(counts, IMAGES, 7000) < 22.5 && repeated > 800);
    free_data(d);
    free_lgg_recipe(recipe);
}

/* Seven images in classes of 3, 2 and 2. */
static void test_balanced(void) {
    enum { TURNS = 600, CLASSES = 3 };
    static const int class_of[IMAGES] = {0, 1, 2, 0, 1, 2, 0}, size[CLASSES] = {3, 2, 2};
    char *names[IMAGES];
    for (int i = 0; i < IMAGES; ++i) {
        names[i] = malloc(16);
        sprintf(names[i], "%d_kind%d", i, class_of[i]);
    }
    char *kinds[CLASSES] = {"kind0", "kind1", "kind2"}, *missing[CLASSES] = {"kind0", "kind1", "kind3"};
    lgg_balance *balance = lgg_balance_create(names, IMAGES, kinds, CLASSES);
    int once = 1, epochs = 1, firsts[CLASSES] = {0}, seen[IMAGES] = {0}, other = 0;
    for (size_t turn = 0; turn < TURNS; ++turn) {
        int in_turn[CLASSES] = {0};
        for (size_t i = 0; i < CLASSES; ++i) {
            const size_t image = lgg_balance_image(balance, 3, turn * CLASSES + i);
            ++in_turn[class_of[image]];
            ++seen[image];
            firsts[class_of[image]] += i == 0;
            other += image != lgg_balance_image(balance, 4, turn * CLASSES + i);
        }
        for (int c = 0; c < CLASSES; ++c)
            once &= in_turn[c] == 1;
        for (int i = 0; i < IMAGES; ++i) {
            const int turns_of_class = (int)turn + 1, all = size[class_of[i]];
            epochs &= seen[i] >= turns_of_class / all && seen[i] <= (turns_of_class + all - 1) / all;
        }
    }
    check("balanced_runs_of_images_have_one_of_each_class", once);
    check("balanced_classes_visit_each_image_once_an_epoch", epochs);
    /* two degrees of freedom: 13.8 once in a thousand */
    check("balanced_classes_come_in_any_order", chi_square(firsts, CLASSES, TURNS) < 13.8 && other > TURNS);
    lgg_balance_free(balance);

    lgg_recipe *recipe = RECIPE("balanced=1", "pad_crop=0", "flip=0", "seed=3");
    recipe->classes = IMAGES;
    recipe->labels = calloc(IMAGES, sizeof *recipe->labels);
    for (int i = 0; i < IMAGES; ++i)
        recipe->labels[i] = strcpy(malloc(strlen(labels[i]) + 1), labels[i]);
    data d = load(recipe, 10 * IMAGES, 8);
    for (int e = 0; e < 10; ++e) {
        int in_turn[IMAGES] = {0};
        for (int i = 0; i < IMAGES; ++i)
            ++in_turn[which(d.y.vals[e * IMAGES + i])];
        for (int i = 0; i < IMAGES; ++i)
            once &= in_turn[i] == 1;
    }
    check("balanced_batches_come_from_the_loader", once);
    free_data(d);
    free_lgg_recipe(recipe);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) lgg_balance_free(lgg_balance_create(names, IMAGES, missing, CLASSES)), _exit(0);
    int status;
    waitpid(child, &status, 0);
    check("balanced_refuses_an_image_without_a_class", WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    for (int i = 0; i < IMAGES; ++i)
        free(names[i]);
}

static void test_stock_untouched(void) {
    list *none = make_list();
    lgg_recipe *inactive = parse_lgg_recipe(none);
    data a[2], b[2];
    srand(11);
    load_two(training_args(NULL, 40, 1, NULL), NULL, a);
    srand(11);
    load_two(training_args(NULL, 40, 1, NULL), inactive, b);
    check("without_our_options_the_host_draws_from_rand_as_it_did", same_data(a[0], b[0]) && same_data(a[1], b[1]));

    srand(11);
    int drawn[40], as_drawn = 1;
    for (int i = 0; i < 40; ++i)
        drawn[i] = rand() % IMAGES;
    for (int i = 0; i < 40; ++i)
        as_drawn &= which(a[0].y.vals[i]) == drawn[i];
    check("stock_order_is_rand_modulo_images", as_drawn);
    for (int i = 0; i < 2; ++i) {
        free_data(a[i]);
        free_data(b[i]);
    }
    free_lgg_recipe(inactive);
}

static void test_test_images(void) {
    lgg_recipe *recipe = RECIPE("pad_crop=4", "flip=1", "shuffle=1", "seed=1");
    data train = load(recipe, 50, 1), test;
    load_args args = training_args(NULL, IMAGES, 0, &test);
    args.type = OLD_CLASSIFICATION_DATA;
    args.m = 0;
    pthread_join(load_data_in_thread(args), 0);
    int same = 1;
    for (int i = 0; i < IMAGES; ++i)
        same &= is_crop(test.X.vals[i], i, 0, 0, 0);
    load_args blocking = training_args(recipe, 1, 1, &train);
    free_data(train);
    load_data_blocking(blocking);
    free_data(test);
    load_data_blocking(args);
    for (int i = 0; i < IMAGES; ++i)
        same &= is_crop(test.X.vals[i], i, 0, 0, 0);
    check("test_images_are_never_augmented", same);
    free_data(train);
    free_data(test);
    free_lgg_recipe(recipe);
}

/* Each image a detector loads: which one it is, by its blue. */
static int which_image(const float *x) {
    return ((int)lround((double)x[2 * PIXELS + PIXELS / 2] * 255) - 1) / 7;
}

static void write_boxes(void) {
    for (int i = 0; i < IMAGES; ++i) {
        char name[4096];
        snprintf(name, sizeof name, "%.*s.txt", (int)strlen(paths[i]) - 4, paths[i]);
        FILE *f = fopen(name, "w");
        fprintf(f, "0 .25 .5 .3 .4\n");
        fclose(f);
    }
}

static data load_boxes(lgg_recipe *recipe, int n, int threads) {
    data d;
    load_args args = training_args(recipe, n, threads, &d);
    args.type = DETECTION_DATA;
    args.classes = 1;
    args.num_boxes = 5;
    HOST_DETECTION(args);
    pthread_join(load_data(args), 0);
    return d;
}

static void test_detection(void) {
    write_boxes();
    lgg_recipe *recipe = RECIPE("shuffle=1", "flip=0", "seed=3");
    data d = load_boxes(recipe, 5 * IMAGES, 3);
    int once = 1, unflipped = 1;
    for (int e = 0; e < 5; ++e) {
        int seen[IMAGES] = {0};
        for (int i = 0; i < IMAGES; ++i) {
            ++seen[which_image(d.X.vals[e * IMAGES + i])];
            unflipped &= d.y.vals[e * IMAGES + i][0] < .5f;
        }
        for (int i = 0; i < IMAGES; ++i)
            once &= seen[i] == 1;
    }
    check("shuffle_visits_every_image_of_a_detector_once_an_epoch", once);
    check("flip_0_mirrors_no_image_of_a_detector", unflipped);
    free_data(d);
    free_lgg_recipe(recipe);

    data by_threads[2];
    for (int i = 0; i < 2; ++i) {
        recipe = RECIPE("shuffle=1", "seed=3");
        by_threads[i] = load_boxes(recipe, 20, i ? 7 : 2);
        free_lgg_recipe(recipe);
    }
    check("a_detector's_images_and_boxes_repeat_whatever_the_number_of_loader_threads",
          same_data(by_threads[0], by_threads[1]));
    recipe = RECIPE("shuffle=1", "seed=3");
    recipe->position = 8;
    d = load_boxes(recipe, 12, 4);
    int equal = 1;
    for (int i = 0; i < 12; ++i)
        equal &= !memcmp(d.X.vals[i], by_threads[0].X.vals[8 + i], 3 * PIXELS * sizeof(float));
    check("a_detector's_loader_that_starts_later_goes_on_with_the_same_images", equal);
    free_data(d);
    free_data(by_threads[0]);
    free_data(by_threads[1]);
    free_lgg_recipe(recipe);
}

/* The sizes that a detector's images would take at iterations first to 39 of a run that begins at `first`: 0 where they keep theirs. */
static void draw_sizes(int first, const char *option, int sizes[40]) {
    size_t seen = 0;
    int iteration = 0;
    network net = {0};
    net.seen = &seen;
    net.batch = net.subdivisions = 1;
    HOST_ITERATION(net, &iteration);
    net.recipe = RECIPE(option);
    for (int i = first; i < 40; ++i) {
        seen = (size_t)i;
        iteration = i;
        sizes[i] = lgg_begin_resizing(&net, i - first) < 0 ? 0 : 1 + lgg_rand() % 1000000;
    }
    lgg_random_end();
    free_lgg_recipe(net.recipe);
}

static void test_sizes_of_a_detector(void) {
    int whole[40], resumed[40], stock[40], same = 1, as_stock = 1;
    draw_sizes(0, "seed=2", whole);
    draw_sizes(13, "seed=2", resumed);
    for (int i = 14; i < 40; ++i)
        same &= resumed[i] == whole[i] && !whole[i] == (i % 10 != 0);
    check("a_detector_that_goes_on_takes_the_sizes_of_its_seed",
          same && resumed[13] == whole[10] && whole[10] != whole[20]);
    draw_sizes(13, "lgg_log=x", stock);
    for (int i = 13; i < 40; ++i)
        as_stock &= !stock[i] == ((i - 13) % 10 != 0);
    check("without_a_seed_sizes_are_drawn_as_in_stock", as_stock);
}

/* An image is mixed with another one, not with itself. */
static void test_mixed_images(void) {
#ifdef SECOND_HOST
    enum { N = 64 };
    lgg_recipe *recipe = RECIPE("seed=3", "shuffle=1");
    data d;
    load_args args = training_args(recipe, N, 1, &d);
    args.mixup = 1;
    int mixed = 0;
    for (int batch = 0; batch < 8; ++batch) {
        pthread_join(load_data(args), 0);
        for (int i = 0; i < N; ++i) {
            int labels_of_it = 0;
            for (int j = 0; j < IMAGES; ++j)
                labels_of_it += d.y.vals[i][j] > 0;
            mixed += labels_of_it == 2;
        }
        free_data(d);
    }
    check("an_image_is_mixed_with_another_than_itself", mixed > N);
    free_lgg_recipe(recipe);
#endif
}

static void test_iterations_repeat(void) {
    network net = {0};
    size_t seen = 128;
    net.seen = &seen;
    net.recipe = RECIPE("seed=4");
    int a[3], b[3];
    lgg_begin_iteration(&net, NULL, NULL);
    for (int i = 0; i < 3; ++i)
        a[i] = lgg_rand();
    lgg_begin_iteration(&net, NULL, NULL);
    for (int i = 0; i < 3; ++i)
        b[i] = lgg_rand();
    seen = 256;
    lgg_begin_iteration(&net, NULL, NULL);
    check("dropout_draws_by_seed_and_iteration", !memcmp(a, b, sizeof a) && lgg_rand() != a[0]);
    lgg_random_end();
    free_lgg_recipe(net.recipe);
}

static network *network_of(const char *folder, const char *decay_all) {
    char name[4096];
    snprintf(name, sizeof name, "%s/decay.cfg", folder);
    FILE *f = fopen(name, "w");
    fprintf(
        f,
        "[net]\nbatch=4\nsubdivisions=2\nheight=6\nwidth=6\nchannels=3\nlearning_rate=.1\nmomentum=.5\ndecay=.01\n%s\n"
        "[convolutional]\nfilters=5\nsize=3\nbatch_normalize=1\nactivation=relu\n"
        "[batchnorm]\n[connected]\noutput=3\nbatch_normalize=1\nactivation=linear\n[connected]\noutput=3\nactivation="
        "linear\n[softmax]\n",
        decay_all);
    fclose(f);
    return parse_network_cfg(name);
}

/* v = (1 - rate*decay)^steps-like recursion of SGD with momentum on a parameter of gradient zero, as PyTorch has it. */
static double decayed(double w, int steps, int decays) {
    double v = 0;
    for (int i = 0; i < steps && decays; ++i) {
        v = .5 * v + .01 * w;
        w -= .1 * v;
    }
    return w;
}

static int biases_and_scales_after(network *net, int steps, int decays) {
    int good = 1;
    for (int i = 0; i < net->n; ++i) {
        layer l = net->layers[i];
        if (l.type != CONVOLUTIONAL && l.type != CONNECTED && l.type != BATCHNORM) continue;
        int n = l.type == CONVOLUTIONAL ? l.n : l.type == BATCHNORM ? l.c : l.outputs;
        for (int j = 0; j < n; ++j)
            l.biases[j] = (float)(j + 1);
        for (int j = 0; l.scales && j < n; ++j)
            l.scales[j] = (float)(j + 2);
    }
    for (int i = 0; i < steps; ++i)
        update_network(net);
    for (int i = 0; i < net->n; ++i) {
        layer l = net->layers[i];
        if ((l.type != CONVOLUTIONAL && l.type != CONNECTED && l.type != BATCHNORM) || !l.update) continue;
        int n = l.type == CONVOLUTIONAL ? l.n : l.type == BATCHNORM ? l.c : l.outputs;
        for (int j = 0; j < n; ++j)
            good &= fabs(l.biases[j] - decayed(j + 1, steps, decays)) < 1e-5;
        for (int j = 0; l.scales && j < n; ++j)
            good &= fabs(l.scales[j] - decayed(j + 2, steps, decays)) < 1e-5;
    }
    return good;
}

static void test_decay_all(const char *folder) {
    network *net = network_of(folder, "decay_all=1");
    check("decay_all_decays_biases_and_scales_as_PyTorch", biases_and_scales_after(net, 5, 1));
    free_network(net);
    net = network_of(folder, "");
    check("without_decay_all_biases_and_scales_stay", biases_and_scales_after(net, 5, 0));
    free_network(net);
}

/* What a child that runs `run(argument)` says on stderr; its status, -1 for a crash. */
static int said(void (*run)(const void *), const void *argument, char *message, size_t size) {
    int fds[2];
    if (pipe(fds)) return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], 2);
        close(fds[0]);
        run(argument);
        _exit(0);
    }
    close(fds[1]);
    size_t length = 0;
    ssize_t got;
    while (length < size - 1 && (got = read(fds[0], message + length, size - 1 - length)) > 0)
        length += (size_t)got;
    message[length] = 0;
    close(fds[0]);
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void read_recipe(const void *option) {
    RECIPE(option);
}

static void read_pair(const void *options) {
    const char *const *pair = options;
    RECIPE(pair[0], pair[1]);
}

/* Is the option refused, with this text in one line? */
static int refused(const char *option, const char *text) {
    char message[1024];
    return said(read_recipe, option, message, sizeof message) > 0 && strstr(message, text) &&
           strchr(message, '\n') == message + strlen(message) - 1;
}

static const char *work;

/* A small network with these lines in its [net]. */
static network *read_net(const char *options) {
    char name[4096];
    snprintf(name, sizeof name, "%s/net.cfg", work);
    FILE *f = fopen(name, "w");
    fprintf(f, "[net]\n%s\n[convolutional]\nfilters=2\nsize=1\nactivation=linear\n[softmax]\n", options);
    fclose(f);
    return parse_network_cfg(name);
}

static void parse_net(const void *options) {
    read_net(options);
}

/* Does the network with these lines in its [net] end the program with this text (status 1), or warn with it (0)? */
static int net_says(const char *options, const char *text, int status) {
    static char message[1 << 16];
    return said(parse_net, options, message, sizeof message) == status && strstr(message, text);
}

#define SIZES "height=4\nwidth=4\nchannels=3\n"

static void test_parseval_networks(void) {
    check("parseval_refuses_binary_weights",
          net_says(SIZES "parseval=.01\n[convolutional]\nxnor=1\nfilters=2\nsize=1\nactivation=linear",
                   "parseval: layer 0 has binary weights", 1));
    check("parseval_refuses_sums_of_layers_of_another_size",
          net_says(SIZES "parseval=.01\n[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"
                         "[convolutional]\nfilters=3\nsize=1\nactivation=linear\n[shortcut]\nfrom=0\nactivation=linear",
                   "parseval: layer 2 is a sum that cannot be halved", 1));
#ifdef SECOND_HOST
    check("parseval_refuses_sums_with_weights",
          net_says(SIZES "parseval=.01\n[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"
                         "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"
                         "[shortcut]\nfrom=0\nweights_type=per_feature\nweights_normalization=relu",
                   "parseval: layer 2 is a sum that cannot be halved", 1));
#endif
}

/* 1 / (1 + exp(gamma * (iteration - step))) */
static void test_sigmoid_policy(void) {
    network *net = read_net(SIZES "batch=1\nlearning_rate=1\npolicy=sigmoid\ngamma=.1\nstep=10");
    const double rate = (double)host_learning_rate(net);
    check("before_its_step_policy_sigmoid_has_a_rate", fabs(rate - 1 / (1 + exp(-1))) < 1e-6);
    free_network(net);
}

static void test_nonsense(void) {
    check("batch_0_and_below_is_refused",
          net_says(SIZES "batch=0", "[net]: batch=0: must be a whole number, 1 or more", 1) &&
              net_says(SIZES "batch=-4", "batch=-4: must be a whole number, 1", 1) &&
              net_says(SIZES "batch=many", "batch=many: must be", 1));
    check("subdivisions_0_and_below_is_refused",
          net_says(SIZES "batch=4\nsubdivisions=0", "subdivisions=0: must be a", 1) &&
              net_says(SIZES "batch=4\nsubdivisions=-1", "subdivisions=-1: must", 1));
#ifdef SECOND_HOST
    check("subdivisions_above_batch_make_passes_of_one_image",
          net_says(SIZES "batch=4\nsubdivisions=8", "an iteration takes 8 images, 1 a pass", 0));
#else
    check("subdivisions_above_batch_are_refused",
          net_says(SIZES "batch=4\nsubdivisions=8", "subdivisions=8: must be 4 (batch) or less", 1));
#endif
    check("a_batch_that_subdivisions_do_not_divide_is_said",
          net_says(SIZES "batch=10\nsubdivisions=4", "batch=10 is no multiple of subdivisions=4: an iteration takes 8",
                   0));
    check("sizes_of_images_that_cannot_be_are_refused",
          net_says("batch=4\nheight=0\nwidth=4\nchannels=3", "height=0: must be a whole number, 1 or more", 1) &&
              net_says("batch=4\nheight=4\nwidth=-4\nchannels=3", "width=-4: must be", 1) &&
              net_says("batch=4\nheight=4\nwidth=4\nchannels=0", "channels=0: must be", 1) &&
              net_says("batch=4\nheight=4\nwidth=4", "channels= is missing", 1) &&
              net_says("batch=4\ninputs=-1", "inputs=-1: must be", 1) &&
              net_says("batch=4\nheight=100000\nwidth=100000\nchannels=3", "120000000000 input numbers a pass", 1));
    check("good_sizes_are_taken_in_silence",
          !net_says(SIZES "batch=8\nsubdivisions=4", "[net]:", 0) && net_says(SIZES "batch=8\nsubdivisions=4", "", 0));
}

typedef struct {
    char *type;
    list *options;
} section;

static void read_net_of(const void *path) {
    list *sections = read_cfg((char *)path);
    parse_lgg_recipe(((section *)sections->front->val)->options);
}

static void test_options_of_the_host(const char *cfgs) {
    char message[1 << 14], path[4096];
    int taken = 1, count = 0;
    DIR *folder = opendir(cfgs);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".cfg")) continue;
        snprintf(path, sizeof path, "%s/%s", cfgs, entry->d_name);
        const int good = said(read_net_of, path, message, sizeof message) == 0;
        if (!good) printf("%s: %s", path, message);
        taken &= good;
        ++count;
    }
    if (folder) closedir(folder);
    check("no_cfg_of_the_host_is_refused_for_an_option", taken && count > 40);
    check("an_option_of_the_host_given_twice_is_left_to_it",
          net_says(SIZES "momentum=.9\nmax_crop=4\nmax_crop=5\nmomentum=0.9", "", 0) &&
              !net_says(SIZES "momentum=.9\nmax_crop=4\nmax_crop=5\nmomentum=0.9", "did you mean", 0));
    check("a_word_that_is_no_misspelling_is_taken_with_a_warning",
          net_says(SIZES "seen=0", "nobody reads 'seen=0'", 0) && net_says(SIZES "slip=1", "nobody reads 'slip=1'", 0));
}

/* The classes of an image are read off its path by one rule, whoever asks. */
static void test_labels(void) {
    static char *names[] = {"cat", "dog", "cats", "truck", "monster_truck", "", "n01440764", "man", "woman"};
    static const struct {
        char *path;
        int label;
    } cases[] = {
        {"/home/cats/train/12_dog.png", 1},
        {"/data/dog/cat_1.png", 0},
        {"/data/cats/1.png", 2},
        {"imagenet/n01440764/img_3.jpg", 6},
        {"/truck/7_monster_truck.png", 4},
        {"/monster_truck/8_truck.png", 3},
        {"/cat/dog/cat.png", 0},
        {"/nothing/here.png", -1},
        {"/cats/dog/n01440764/5.png", 6},
        {"/data/12_woman.png", 8},
        {"/woman/12_man.png", 7},
        {"/man/12.png", 7},
    };
    enum { N = sizeof names / sizeof *names };
    int rule = 1, truth = 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        float y[N];
        rule &= label_of_path(cases[i].path, names, N) == cases[i].label;
        fill_truth(cases[i].path, names, N, y);
        for (int j = 0; j < N; ++j)
            truth &= y[j] == (float)(j == cases[i].label);
    }
    check("of_several_labels_the_one_that_ends_last_wins_and_the_longest_of_those", rule);
    check("the_host_trains_on_the_label_of_that_rule", truth);
}

static void test_bad_options(void) {
    check("bad_values_are_refused_in_one_line",
          refused("pad_crop=-1", "pad_crop=-1: must be a whole number from 0") && refused("flip=2", "flip=2") &&
              refused("flip=yes", "flip=yes") && refused("decay_all=1x", "decay_all=1x") &&
              refused("gpu_data=2", "gpu_data=2: must be a whole number from 0 to 1") &&
              refused("gpu_dat=1", "'gpu_data'") && refused("seed=-3", "seed=-3") &&
              refused("bn_momentum=nan", "bn_momentum=nan: must be a number from 0 to below 1") &&
              refused("bn_momentum=most", "bn_momentum=most") && refused("bn_momentum=1", "bn_momentum=1") &&
              refused("parseval=inf", "parseval=inf: must be a number from 0 (off)") &&
              refused("pad_crop=99999999999", "pad_crop"));
    check("bad_values_of_adversarial_training_are_refused_in_one_line",
          refused("adversarial=cw", "adversarial=cw: must be fgsm or pgd") &&
              refused("epsilon=.1", "epsilon=.1: must be left out without adversarial") &&
              refused("adversarial_steps=5", "adversarial_steps=5: must be left out without") &&
              refused("adversaria=pgd", "'adversarial'"));
    static const char *const pairs[][2] = {
        {"adversarial=pgd", "epsilon=0"}, {"adversarial=pgd", "epsilon=8/"},
        {"adversarial=pgd", "epsilon=2"}, {"adversarial=pgd", "adversarial_steps=0"},
        {"adversarial=pgd", "steps=0"},   {"adversarial=fgsm", "adversarial_steps=2"}};
    int pairs_refused = 1;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
        char message[1024];
        pairs_refused &= said(read_pair, pairs[i], message, sizeof message) > 0 && strstr(message, pairs[i][1]);
    }
    check("and_of_its_other_options", pairs_refused);
    lgg_recipe *own = RECIPE("adversarial=pgd", "steps=5"),
               *rate = RECIPE("adversarial=pgd", "policy=steps", "steps=50,70");
    check("steps_are_those_of_pgd_unless_they_are_the_learning_rates",
          own->adversarial.steps == 5 && rate->adversarial.steps == 7);
    free_lgg_recipe(own);
    free_lgg_recipe(rate);
    check("an_option_without_a_value_is_refused",
          refused("seed", "seed= has no value") && refused("lgg_log", "lgg_log="));
    check("misspelt_options_are_refused_with_the_right_name",
          refused("pad_crops=4", "'pad_crop'") && refused("padcrop=4", "'pad_crop'") &&
              refused("shufle=1", "'shuffle'") && refused("decayall=1", "'decay_all'") &&
              refused("lggl_og=x", "'lgg_log'") && refused("bn_momentun=.9", "'bn_momentum'") &&
              refused("flips=1", "'flip'") && refused("balance=1", "'balanced'"));
    lgg_recipe *recipe = RECIPE("step=3", "scales=1", "letter_box=1", "mosaic=1", "track=1");
    check("options_of_the_host_are_left_to_it", recipe != NULL && !recipe->active);
    free_lgg_recipe(recipe);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    work = argv[1];
    write_images(argv[1]);
    test_crop_and_flip();
    test_repeatable();
    test_shuffle();
    test_balanced();
    test_stock_untouched();
    test_test_images();
    test_iterations_repeat();
    test_decay_all(argv[1]);
    test_bad_options();
    test_parseval_networks();
    test_nonsense();
    test_sigmoid_policy();
    test_options_of_the_host(argv[2]);
    test_labels();
    test_detection();
    test_sizes_of_a_detector();
    test_mixed_images();
    return failures != 0;
}
