/* thread_exit.h: given by the build (-include) to the host's files that load images, which they do in threads of their own: where one of these ends
 * the program, it does so as exit.h has it. */
#ifndef THREAD_EXIT_H
#define THREAD_EXIT_H

/* Which such a file may ask for before it includes anything itself. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdlib.h>

#include "exit.h"

#define exit(status) lgg_exit(status)

#endif
