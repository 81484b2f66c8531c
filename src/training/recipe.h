/* recipe.h: training recipes as the field writes them, from options of [net].
 *
 *     pad_crop=4     each training image is padded with 4 zero pixels on every side and cropped at a random whole pixel
 *     flip=0|1       no mirroring, or half of the images (the host's own habit, and the default)
 *     shuffle=1      an epoch visits every image once, in a random order (the host draws with replacement)
 *     balanced=1     the same of each class: groups of as many images as there are classes have one of each, see balance.h
 *     seed=n         image order and augmentation repeat to the bit, whatever the number of loader threads
 *     gpu_data=1     images are cropped and mirrored on the GPU, see gpu_data.h
 *     decay_all=1    weight decay on biases and batch normalization scales too, as PyTorch has it
 *     parseval=b     Parseval networks, see parseval.h
 *     lgg_log=file   one row an iteration, see training_log.h
 *     adversarial=fgsm|pgd, epsilon=e, adversarial_steps=n   adversarial training, see adversarial.h
 *
 * What they make of the images: loading.h. */
#ifndef LGG_RECIPE_H
#define LGG_RECIPE_H

#include "host.h"

#include <stdint.h>

#include "adversarial.h"
#include "balance.h"
#include "random.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lgg_recipe {
    int pad_crop; /* pixels of zeros on each side; -1: the host's own random crop */
    int flip;     /* 0: never; 1: half of the images */
    int shuffle;  /* 1: an epoch draws without replacement */
    int balanced; /* 1: batches hold each class equally often */
    int decay_all;
    int gpu_data;   /* 1: the training images are on the GPU */
    float parseval; /* 0: off */
    lgg_adversarial adversarial;
    int seeded;      /* 1: the user gave a seed */
    int active;      /* 1: the loader draws by position, not by rand() */
    uint64_t seed;   /* the user's, else from the clock */
    size_t position; /* images asked of the loader so far: the position of the next batch's first image */
    char *log;       /* file of lgg_log, NULL without */
    char **labels;   /* (classes) of the data file, for balanced; NULL before it is known */
    int classes;
    lgg_balance *balance; /* NULL before the first image is drawn */
} lgg_recipe;

/* Reads our options of [net]. A wrong value, or an unused option that nearly has the name of one of ours, ends the program with a
 * message. The recipe belongs to the network. */
lgg_recipe *parse_lgg_recipe(list *options);
/* Whether [net] has `name` from us: what is to be left out where another Darknet is to read the file. */
int is_lgg_net_option(const char *name);
void free_lgg_recipe(lgg_recipe *recipe);

/* With a seed, what the host draws by rand() starts from it. */
void lgg_seed_host(const lgg_recipe *recipe);

/* Ends the program with one line if `name`, which has no value in line `number` of the file, is one of our options of [net]. */
void refuse_lgg_recipe_line(const char *filename, int number, const char *type, const char *name);

/* Main thread, before a forward pass in training over x (B, inputs), which adversarial training changes: dropout and the like repeat
 * with the seed. */
void lgg_begin_iteration(network *net, float *x, float *truth);

/* decay_all, before the layers' own updates: adds -decay*batch*w to the updates of biases and scales. */
void lgg_decay_all(network *net, int batch, float decay);

#ifdef __cplusplus
}
#endif

#endif
