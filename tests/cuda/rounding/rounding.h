/* rounding.h (test only): included ahead of every source of the emulation in its second flavour, which rounds otherwise than the CPU
 * library does: see rounding.mk. */
#ifndef ROUNDING_H
#define ROUNDING_H

#include "cuda_runtime.h"

/* The products that CUDA promises not to fuse with what follows: through memory, since the compiler would. */
static inline double rounded_product(double a, double b) {
    volatile const double product = a * b;
    return product;
}
static inline float rounded_float_product(float a, float b) {
    volatile const float product = a * b;
    return product;
}
#define __dmul_rn rounded_product
#define __fmul_rn rounded_float_product

#endif
