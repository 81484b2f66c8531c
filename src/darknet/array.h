/* array.h: one of the arrays that a layer holds. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

typedef struct {
    const char *name;
    float *cpu; /* n values; NULL if they live on the GPU alone */
    float *gpu; /* the same on the GPU; NULL in a CPU build or run */
    size_t n;
} lgg_array;

#endif
