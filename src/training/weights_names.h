/* weights_names.h: given by the build (-include) to the host's trainers, which form the names of their weights in arrays of 256 bytes, whatever
 * folder and .cfg file they come from. They no longer write past the end of an array, and where weights are saved (lgg_save_weights) a name
 * that has been cut is whole again. */
#ifndef WEIGHTS_NAMES_H
#define WEIGHTS_NAMES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdio.h>

#include "weights_path.h"

/* Where the compiler does not see the size of what it is written to, it is the host's own sprintf. */
#define sprintf(name, ...) format_name(name, __builtin_object_size(name, 1), __VA_ARGS__)

#endif
