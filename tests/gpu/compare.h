/* compare.h: what a CPU and a GPU have computed, compared; and the digest of it all, by which two runs are. */
#ifndef COMPARE_H
#define COMPARE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* ||a - b|| / ||a||. Where a itself is nothing but rounding, such as the gradient of a bias that a batch normalization takes away
 * again, it is measured by n values of size `floor`. */
static double relative_error(int n, const float *a, const float *b, double floor) {
    double difference = 0, size = 0;
    for (int i = 0; i < n; ++i) {
        difference += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)a[i], 2);
    }
    return sqrt(difference) / (fmax(sqrt(size), floor * sqrt(n)) + 1e-9);
}

static uint64_t digest = 0xcbf29ce484222325;

/* FNV-1a */
static void digest_bytes(const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; ++i)
        digest = (digest ^ bytes[i]) * 0x100000001b3;
}

#endif
