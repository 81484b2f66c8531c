/* larger.h: the largest of differences that a test bounds. */
#ifndef LARGER_H
#define LARGER_H

#include <math.h>

/* The larger of two, and NaN if one of them is: fmax passes over it, and no number would look as good as a right one. */
static inline double larger(double a, double b) {
    return a > b || isnan(a) ? a : b;
}

#endif
