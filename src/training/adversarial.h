/* adversarial.h: adversarial training (Madry et al. 2018): a network learns from images that its own gradient has changed for the worst.
 *
 *     adversarial=fgsm|pgd    one step of epsilon from the image; or `adversarial_steps` steps of 2.5 epsilon / steps from a random start
 *     epsilon=8/255           no pixel changes by more
 *     adversarial_steps=7     of pgd; `steps` means the same, but under policy=steps and sgdr, where it is the learning rate's
 *
 *     x <- clamp(project(x + step sign(dL/dx)))
 *
 * L is the task's loss alone: sections of ours do not run while images are attacked. The network is in training mode, its batch
 * normalization by the batch, and what such a pass changes (updates, rolling statistics) is put back. Pixels are those that the loader
 * delivers, 0 to 1, before any layer of the network normalizes them. */
#ifndef LGG_ADVERSARIAL_H
#define LGG_ADVERSARIAL_H

#include "host.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All 0: off. */
typedef struct {
    int steps; /* 0: off; 1 for fgsm */
    int random_start;
    float epsilon;
    struct lgg_adversarial_memory *memory; /* made with the first batch */
} lgg_adversarial;

/* Reads the options. A wrong value ends the program with one line. */
lgg_adversarial parse_lgg_adversarial(list *options);
void free_lgg_adversarial(lgg_adversarial *a);

/* Before a training: ends the program with one line where net has no gradient with respect to its images, or is none of classes. */
void check_lgg_adversarial(const lgg_adversarial *a, const network *net);

/* Changes the images x (B, inputs) of a batch with this truth, both on the CPU. What is drawn belongs to (seed, position). */
void make_lgg_adversaries(lgg_adversarial *a, network *net, float *x, float *truth, uint64_t seed, uint64_t position);

#ifdef __cplusplus
}
#endif

#endif
