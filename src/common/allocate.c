/* allocate.c: see allocate.h. */
#include "allocate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

void lgg_out_of_memory(const char *what, double bytes) {
    fflush(stdout);
    if (bytes >= 1e5)
        fprintf(stderr, "out of memory for %s (%.1f MB)\n", what, bytes / 1e6);
    else
        fprintf(stderr, "out of memory for %s (%.0f bytes)\n", what, bytes);
    lgg_exit(EXIT_FAILURE);
}

/* Bytes of `count` elements. More than the machine has would be granted, and the program be killed while filling it. */
static size_t bytes_of(size_t count, size_t size, const char *what) {
    const double bytes = (double)count * (double)size;
    const double machine = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (bytes > machine || bytes >= (double)PTRDIFF_MAX) lgg_out_of_memory(what, bytes);
    const size_t whole = count * size;
    return whole ? whole : 1;
}

void *lgg_allocate(size_t count, size_t size, const char *what) {
    const size_t bytes = bytes_of(count, size, what);
    void *memory = calloc(bytes, 1);
    if (!memory) lgg_out_of_memory(what, (double)bytes);
    return memory;
}

void *lgg_grow(void *memory, size_t count, size_t size, const char *what) {
    const size_t bytes = bytes_of(count, size, what);
    void *grown = realloc(memory, bytes);
    if (!grown) lgg_out_of_memory(what, (double)bytes);
    return grown;
}

char *lgg_copy_string(const char *text) {
    const size_t size = strlen(text) + 1;
    return memcpy(lgg_allocate(size, 1, "a text"), text, size);
}
