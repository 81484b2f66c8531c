/* activations_pjreddie.h: given by the build (-include) to pjreddie/darknet's activations.c: activations that do not overflow. Far from zero
 * exp does: tanh was infinity through infinity from x = 355 up, elu and selu 0 times infinity from 710 up. Nearer to zero every bit is as
 * it was. */
#ifndef ACTIVATIONS_PJREDDIE_H
#define ACTIVATIONS_PJREDDIE_H

#include "activations.h"

#include <math.h>

static inline float finite_elu(float x) {
    return x >= 0 ? x : exp(x) - 1;
}

static inline float finite_selu(float x) {
    return x >= 0 ? 1.0507 * x : 1.0507 * 1.6732 * (exp(x) - 1);
}

/* Where exp may overflow tanh has long been 1 in float. */
static inline float finite_tanh(float x) {
    if (fabs(x) > 40) return x < 0 ? -1 : 1;
    return (exp(2 * x) - 1) / (exp(2 * x) + 1);
}

#define elu_activate finite_elu
#define selu_activate finite_selu
#define tanh_activate finite_tanh

#endif
