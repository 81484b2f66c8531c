/* tensors.h: the files by which these programs hand images and outputs to each other: two ints, how many there are and the
 * values of one, and then all values as floats, in the machine's own byte order. */
#ifndef TENSORS_H
#define TENSORS_H

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    int count, size;
    float *x; /* (count, size) */
} tensors;

static inline tensors tensors_new(int count, int size) {
    tensors t = {count, size, (float *)calloc((size_t)count * (size_t)size, sizeof(float))};
    if (!t.x) exit(2);
    return t;
}

static inline tensors tensors_read(const char *path) {
    int head[2];
    FILE *file = fopen(path, "rb");
    if (!file || fread(head, sizeof *head, 2, file) != 2) fprintf(stderr, "cannot read %s\n", path), exit(2);
    tensors t = tensors_new(head[0], head[1]);
    if (fread(t.x, sizeof(float) * (size_t)t.size, (size_t)t.count, file) != (size_t)t.count) exit(2);
    fclose(file);
    return t;
}

static inline void tensors_write(const char *path, tensors t) {
    const int head[2] = {t.count, t.size};
    FILE *file = fopen(path, "wb");
    if (!file) exit(2);
    fwrite(head, sizeof *head, 2, file);
    fwrite(t.x, sizeof(float) * (size_t)t.size, (size_t)t.count, file);
    if (fclose(file)) exit(2);
}

#endif
