/* balance.c: see balance.h. */
#include "balance.h"

#include <stdio.h>
#include <stdlib.h>

#include "allocate.h"
#include "exit.h"
#include "label.h"
#include "random.h"

struct lgg_balance {
    int classes;
    size_t *image; /* (count) those of class 0, then those of class 1, ... */
    size_t *first; /* (classes + 1) where each class begins */
};

/* The class of each path, new. */
static int *classes_of(char **paths, size_t count, char **labels, int classes) {
    int *class = lgg_allocate(count, sizeof *class, "the classes of the training images");
    for (size_t i = 0; i < count; ++i) {
        class[i] = label_of_path(paths[i], labels, classes);
        if (class[i] >= 0) continue;
        fprintf(stderr, "[net]: balanced=1: %s names no class; the first one is '%s'\n", paths[i], labels[0]);
        lgg_exit(EXIT_FAILURE);
    }
    return class;
}

lgg_balance *lgg_balance_create(char **paths, size_t count, char **labels, int classes) {
    lgg_balance *balance = lgg_allocate(1, sizeof *balance, "the order of images");
    int *class = classes_of(paths, count, labels, classes);
    size_t *next = lgg_allocate((size_t)classes, sizeof *next, "the order of images");
    balance->classes = classes;
    balance->image = lgg_allocate(count, sizeof *balance->image, "the order of images");
    balance->first = lgg_allocate((size_t)classes + 1, sizeof *balance->first, "the order of images");
    for (size_t i = 0; i < count; ++i)
        ++balance->first[class[i] + 1];
    for (int c = 0; c < classes; ++c) {
        if (balance->first[c + 1] == 0) {
            fprintf(stderr, "[net]: balanced=1: class %s has no training image\n", labels[c]);
            lgg_exit(EXIT_FAILURE);
        }
        balance->first[c + 1] += balance->first[c];
        next[c] = balance->first[c];
    }
    for (size_t i = 0; i < count; ++i)
        balance->image[next[class[i]]++] = i;
    free(next);
    free(class);
    return balance;
}

void lgg_balance_free(lgg_balance *balance) {
    if (!balance) return;
    free(balance->image);
    free(balance->first);
    free(balance);
}

/* Of a class's images, far from the seeds that users give. */
static uint64_t seed_of_class(uint64_t seed, size_t c) {
    return seed + ((uint64_t)(c + 1) << 48);
}

size_t lgg_balance_image(const lgg_balance *balance, uint64_t seed, size_t position) {
    const size_t classes = (size_t)balance->classes, turn = position / classes;
    const size_t c = lgg_random_order(seed, turn, position % classes, classes);
    const size_t first = balance->first[c], images = balance->first[c + 1] - first;
    return balance->image[first + lgg_random_order(seed_of_class(seed, c), turn / images, turn % images, images)];
}
