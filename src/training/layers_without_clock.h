/* layers_without_clock.h: given by the build (-include) to those of the host's layers that seed rand() by the clock when they are made, and
 * with it the weights of all layers after them: the trainer has seeded it already. */
#ifndef LAYERS_WITHOUT_CLOCK_H
#define LAYERS_WITHOUT_CLOCK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdlib.h>

#define srand(seed) ((void)(seed))

#endif
