/* tool_random.c: xoshiro256** (Blackman and Vigna), seeded by splitmix64: the same draws on every machine, one independent
 * stream for each (seed, stream) pair, so that what is drawn for one image does not depend on the others. */
#include <math.h>

#include "tool.h"

static uint64_t splitmix(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

tool_random tool_random_seed(uint64_t seed, uint64_t stream) {
    tool_random random;
    uint64_t state = seed;
    state = splitmix(&state) ^ (stream * 0xd1342543de82ef95u);
    for (int i = 0; i < 4; ++i)
        random.state[i] = splitmix(&state);
    return random;
}

static uint64_t rotate(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

static uint64_t next(tool_random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double tool_random_uniform(tool_random *random) {
    return (double)(next(random) >> 11) * 0x1p-53;
}

int tool_random_below(tool_random *random, int n) {
    return (int)(tool_random_uniform(random) * n);
}

/* Box and Muller; the second of the pair is not kept. */
double tool_random_normal(tool_random *random) {
    double u = 1 - tool_random_uniform(random);
    double v = tool_random_uniform(random);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* Knuth's product of uniforms. */
static double poisson_small(tool_random *random, double mean) {
    double count = 0, limit = exp(-mean), product = tool_random_uniform(random);
    while (product > limit) {
        ++count;
        product *= tool_random_uniform(random);
    }
    return count;
}

/* Transformed rejection with squeeze (PTRS: Hoermann, 1993), as numpy draws it. */
static double poisson_large(tool_random *random, double mean) {
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double squeeze = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        double u = tool_random_uniform(random) - 0.5;
        double v = 1 - tool_random_uniform(random);
        double us = 0.5 - fabs(u);
        double k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= squeeze) return k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <= -mean + k * log(mean) - lgamma(k + 1)) return k;
    }
}

double tool_random_poisson(tool_random *random, double mean) {
    if (mean <= 0) return 0;
    return mean < 10 ? poisson_small(random, mean) : poisson_large(random, mean);
}
