/* random.h: random numbers that depend on where they are used, not on which thread came first.
 *
 * A counter-based generator: the n-th number of a stream is a hash of (seed, purpose, position, n), so that the augmentation of
 * the image at a given position of the training, or the dropout of a given iteration, is the same whatever the number of
 * loader threads and wherever a training was resumed. No state is shared and none has to be saved.
 *
 * Darknet's own code draws with rand(); where it is compiled with this header's macro, those calls go to lgg_rand(), which is
 * rand() itself until lgg_random_begin gave this thread a stream.
 */
#ifndef LGG_RANDOM_H
#define LGG_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { LGG_DRAW, LGG_ORDER, LGG_AUGMENT, LGG_ITERATION, LGG_RESIZE, LGG_ADVERSARY } lgg_purpose;

/* Gives the calling thread the stream of this seed, purpose and position, from its first number on. */
void lgg_random_begin(uint64_t seed, lgg_purpose purpose, uint64_t position);

/* The calling thread's lgg_rand() is rand() again. */
void lgg_random_end(void);

/* The next number of the thread's stream, 0 to RAND_MAX; rand() where it has none. */
int lgg_rand(void);

/* Says that a network with a seed has been read; and whether one has: then what is drawn and added up on a GPU repeats, too. */
void lgg_repeat(void);
int lgg_repeats(void);

/* A uniform index 0..n-1 for (seed, position): drawing with replacement. */
size_t lgg_random_index(uint64_t seed, uint64_t position, size_t n);

/* Image i (0..n-1) of an epoch that visits each of n images once, in an order of its own for each seed and epoch. */
size_t lgg_random_order(uint64_t seed, uint64_t epoch, size_t i, size_t n);

#ifdef __cplusplus
}
#endif

#endif
