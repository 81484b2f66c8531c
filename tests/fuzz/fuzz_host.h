/* fuzz_host.h: lets a fuzzer call Darknet's own code, which ends the program where something is wrong.
 *
 * Linked with -Wl,--wrap: exit() and error() come back to fuzz_run, and what was allocated or opened in between is freed, so that
 * millions of refusals fit one process. abort() and the sanitizers still end it: those are findings. */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stddef.h>
#include <stdint.h>

/* What the body may ask for at a time, in bytes; more is not there. */
extern size_t fuzz_most_memory;

/* Calls body(context); returns when it does, or when it wants to end the program. */
void fuzz_run(void (*body)(void *), void *context);

/* Writes the input to a file in memory and returns its path, the same each time. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

#endif
