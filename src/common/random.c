/* random.c: see random.h. The hash is the finalizer of splitmix64 (Steele, Lea, Flood, 2014); the order of an epoch is a
 * Feistel network over the smallest power of four that holds n, walked until it lands below n, so that no table is kept. */
#include "random.h"

#include <stdlib.h>

#define LGG_GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define LGG_FEISTEL_ROUNDS 6

static _Thread_local struct {
    int active;
    uint64_t key;
    uint64_t count;
} stream;

static uint64_t mix(uint64_t x) {
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t stream_key(uint64_t seed, lgg_purpose purpose, uint64_t position) {
    uint64_t key = mix(seed + LGG_GOLDEN);
    key = mix(key + LGG_GOLDEN * ((uint64_t)purpose + 1));
    return mix(key + LGG_GOLDEN * (position + 1));
}

/* Set before there are threads. */
static int repeats;

void lgg_repeat(void) {
    repeats = 1;
}

int lgg_repeats(void) {
    return repeats;
}

void lgg_random_begin(uint64_t seed, lgg_purpose purpose, uint64_t position) {
    stream.active = 1;
    stream.key = stream_key(seed, purpose, position);
    stream.count = 0;
}

void lgg_random_end(void) {
    stream.active = 0;
}

int lgg_rand(void) {
    if (!stream.active) return rand();
    return (int)(mix(stream.key + LGG_GOLDEN * ++stream.count) >> 33) & RAND_MAX;
}

size_t lgg_random_index(uint64_t seed, uint64_t position, size_t n) {
    return (size_t)(stream_key(seed, LGG_DRAW, position) % n);
}

/* One pass of the network over numbers of 2*half_bits bits: a bijection for any round function. */
static uint64_t feistel(uint64_t key, int half_bits, uint64_t x) {
    const uint64_t mask = (UINT64_C(1) << half_bits) - 1;
    uint64_t left = x >> half_bits;
    uint64_t right = x & mask;
    for (uint64_t round = 1; round <= LGG_FEISTEL_ROUNDS; ++round) {
        uint64_t next = left ^ (mix(key + LGG_GOLDEN * ((round << 32) ^ right)) & mask);
        left = right;
        right = next;
    }
    return (left << half_bits) | right;
}

size_t lgg_random_order(uint64_t seed, uint64_t epoch, size_t i, size_t n) {
    const uint64_t key = stream_key(seed, LGG_ORDER, epoch);
    int half_bits = 1;
    while (half_bits < 31 && (UINT64_C(1) << (2 * half_bits)) < n)
        ++half_bits;
    uint64_t x = i;
    do {
        x = feistel(key, half_bits, x);
    } while (x >= n);
    return (size_t)x;
}
