/* balance.h: an order of training images by groups of as many as there are classes, with one of each class: of the order's
 * images C g to C g + C - 1 each has its class, in an order of their own for each g, and the image of a class is the next one of its own
 * epoch, which visits each of its images once.
 *
 * Where all classes have equally many images, an epoch of all is one of each. Where they have not, the smaller ones come round more often. */
#ifndef BALANCE_H
#define BALANCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lgg_balance lgg_balance;

/* Of `count` paths, each of the class whose label it names. An image without a class, or a class without an image, ends the program with a
 * line. */
lgg_balance *lgg_balance_create(char **paths, size_t count, char **labels, int classes);
void lgg_balance_free(lgg_balance *balance);

/* The image at that position of the training; the same for the same seed. */
size_t lgg_balance_image(const lgg_balance *balance, uint64_t seed, size_t position);

#ifdef __cplusplus
}
#endif

#endif
