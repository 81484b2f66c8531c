/* random_draws.h: where the host's own files draw, they draw what repeats with a seed. The build gives it to the files whose draws the
 * recipe is about (-include): rand() is one word in many lines of them, and a patch would have to name each. */
#ifndef RANDOM_DRAWS_H
#define RANDOM_DRAWS_H

/* Which such a file may ask for before it includes anything itself. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdlib.h>

#include "random.h"

#define rand() lgg_rand()

#endif
