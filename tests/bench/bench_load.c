/* bench_load.c: what the loader takes for a training batch of 128 images, cropped and flipped as the cfg files of cfg/ ask.
 *
 * Prints the median time while nothing else runs, and the median of the processor time, which is what a step loses to it where all
 * cores train.
 *
 * usage: bench_load FOLDER    (where it may put images) */
#include "bench.h"
#include "darknet.h"
#include "recipe.h"
#include "option_list.h"

#include <stdio.h>
#include <string.h>

enum { IMAGES = 128, SIDE = 32, CLASSES = 10, THREADS = 32 };

static char *paths[IMAGES], *labels[CLASSES];

/* Noise: no PNG file is slower to read. */
static void write_images(const char *folder) {
    for (int i = 0; i < CLASSES; ++i) {
        labels[i] = malloc(16);
        snprintf(labels[i], 16, "class%d", i);
    }
    for (int i = 0; i < IMAGES; ++i) {
        size_t size = strlen(folder) + 32;
        image im = make_random_image(SIDE, SIDE, 3);
        for (int t = 0; t < SIDE * SIDE * 3; ++t)
            im.data[t] = (float)rand() / (float)RAND_MAX;
        paths[i] = malloc(size);
        snprintf(paths[i], size, "%s/bench%d_class%d", folder, i, i % CLASSES);
        save_image_options(im, paths[i], PNG, 0);
        strncat(paths[i], ".png", 5);
        free_image(im);
    }
}

static lgg_recipe *training_recipe(void) {
    static const char *const options[] = {"pad_crop=4", "shuffle=1", "seed=1"};
    list *l = make_list();
    for (size_t i = 0; i < sizeof options / sizeof *options; ++i) {
        char *line = malloc(strlen(options[i]) + 1);
        strcpy(line, options[i]);
        read_option(line, l);
    }
    return parse_lgg_recipe(l);
}

static double processor_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: bench_load FOLDER\n");
        return 2;
    }
    double wall[BENCH_RUNS], processor[BENCH_RUNS];
    data d;
    load_args args = {0};
    write_images(argv[1]);
    args.w = args.h = args.size = args.min = args.max = SIDE;
    args.aspect = args.saturation = args.exposure = 1;
    args.paths = paths;
    args.labels = labels;
    args.n = args.m = IMAGES;
    args.classes = CLASSES;
    args.threads = THREADS;
    args.type = CLASSIFICATION_DATA;
    args.recipe = training_recipe();
    args.d = &d;
    for (int run = -1; run < BENCH_RUNS; ++run) {
        double start = bench_now(), processor_start = processor_ms();
        pthread_join(load_data(args), 0);
        if (run >= 0) {
            wall[run] = bench_now() - start;
            processor[run] = processor_ms() - processor_start;
        }
        free_data(d);
    }
    printf("load_128_images %.4g ms\nload_128_images_processor %.4g ms\n", bench_median(wall, BENCH_RUNS),
           bench_median(processor, BENCH_RUNS));
    return 0;
}
