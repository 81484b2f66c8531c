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
 * dimensions, shorter or longer than its header says, of a format version above 3. */
tool_npy tool_npy_open(const char *path);
void tool_npy_close(tool_npy *npy);
/* The same of the bytes of a file that the caller keeps; `path` is for the line. */
tool_npy tool_npy_parse(const uint8_t *bytes, size_t size, const char *path);
/* Item i, a whole number of any integer type; of unsigned ones, what is more than INT64_MAX is INT64_MAX. */
int64_t tool_npy_int(const tool_npy *npy, const char *path, long i);

/* Writes the header for `count` items of shape (h, w, c), or without h (0) for plain numbers, of type |u1. */
void tool_npy_write_header(FILE *file, long count, int h, int w, int c);
/* The same for `count` rows of d floats, '<f4': always TOOL_NPY_HEADER bytes long, so that it can be written again with another count. */
enum { TOOL_NPY_HEADER = 128 };
void tool_npy_write_header_rows(FILE *file, long count, int d);

#endif
