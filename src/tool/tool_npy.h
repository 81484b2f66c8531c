/* tool_npy.h: numpy's .npy files, as CIFAR-10-C comes in them. */
#ifndef TOOL_NPY_H
#define TOOL_NPY_H

#include "tool.h"

/* A file in memory (mapped, so that 150 MB cost nothing before they are read). */
typedef struct {
    const uint8_t *data;
    char type[8]; /* numpy's descr: |u1, <i8, … */
    int dimensions;
    long shape[4];
    void *map;
    size_t map_size;
} tool_npy;

/* Fails with one line that says what the file has and what it should have: no .npy file, columns first, more than four
 * dimensions, shorter or longer than its header says. */
tool_npy tool_npy_open(const char *path);
void tool_npy_close(tool_npy *npy);
/* Whole numbers of any integer type as an int. */
int tool_npy_int(const tool_npy *npy, const char *path, long i);

/* Writes the header for `count` items of shape (h, w, c), or without h (0) for plain numbers, of type |u1. */
void tool_npy_write_header(FILE *file, long count, int h, int w, int c);

#endif
