/* allocate.h: memory that is there, or one line and the end of the program.
 *
 * Every allocation of the sections and of the commands goes through here; the losses (lgg.h) return a status instead. Freed with
 * free(). The end is lgg_exit(EXIT_FAILURE), so that what a command registered for its end cleans up. */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define LGG_ENDS __attribute__((__noreturn__))
#else
#define LGG_ENDS
#endif

/* A zeroed array of `count` elements of `size` bytes, never NULL, also for none. `what` is for the line: "the labels". */
void *lgg_allocate(size_t count, size_t size, const char *what);

/* The array at `memory` (or NULL) with room for `count` elements; what is new is not zeroed. */
void *lgg_grow(void *memory, size_t count, size_t size, const char *what);

/* A new string of the same characters. */
char *lgg_copy_string(const char *text);

/* Prints "out of memory for WHAT (1.5 MB)" on stderr and ends the program: for memory that a library was asked for. */
LGG_ENDS void lgg_out_of_memory(const char *what, double bytes);

#ifdef __cplusplus
}
#endif

#endif
