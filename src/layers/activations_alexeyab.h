/* activations_alexeyab.h: AlexeyAB/darknet's activations, without overflow. Far from zero exp overflows, and under -Ofast what follows is
 * NaN, not the limit; exp(-|x|) cannot. Its activations.h includes this where all of them are there. */
#ifndef ACTIVATIONS_ALEXEYAB_H
#define ACTIVATIONS_ALEXEYAB_H

#include <math.h>

static inline float finite_logistic(float x) {
    const float e = expf(-fabsf(x));
    return (x < 0 ? e : 1.f) / (1.f + e);
}

static inline float finite_loggy(float x) {
    return 2.f * finite_logistic(x) - 1;
}

static inline float finite_elu(float x) {
    return x >= 0 ? x : expf(x) - 1;
}

static inline float finite_selu(float x) {
    return x >= 0 ? 1.0507f * x : 1.0507f * 1.6732f * (expf(x) - 1);
}

static inline float finite_tanh(float x) {
    const float e = expf(-2 * fabsf(x));
    const float t = (1 - e) / (1 + e);
    return x < 0 ? -t : t;
}

static inline float finite_sech(float x) {
    const float e = expf(-fabsf(x));
    return 2 * e / (1 + e * e);
}

#define logistic_activate finite_logistic
#define loggy_activate finite_loggy
#define elu_activate finite_elu
#define selu_activate finite_selu
#define tanh_activate finite_tanh
#define sech finite_sech

#endif
