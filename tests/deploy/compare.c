/* compare.c: how far two files of outputs are apart: the largest difference, as a part of how far outputs for different images are
 * apart, and how many of them have their greatest value in the same place. Succeeds where the first is at most BOUND and all places are
 * the same.
 *
 * usage: compare A B BOUND */
#include <math.h>

#include "tensors.h"
#include "../larger.h"

static int place_of_maximum(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; ++i)
        if (x[i] > x[best]) best = i;
    return best;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    const tensors a = tensors_read(argv[1]), b = tensors_read(argv[2]);
    double apart = 0, spread = 0;
    int same = 0;
    if (a.count != b.count || a.size != b.size) {
        printf("%d of %d values, not %d of %d", b.count, b.size, a.count, a.size);
        return 1;
    }
    for (size_t i = 0; i < (size_t)a.count * (size_t)a.size; ++i) {
        const double d = fabs((double)a.x[i] - (double)b.x[i]);
        apart = larger(apart, d);
        spread = fmax(spread, fabs((double)a.x[i] - (double)a.x[i % (size_t)a.size]));
    }
    for (int i = 0; i < a.count; ++i)
        same += place_of_maximum(a.x + (size_t)i * (size_t)a.size, a.size) ==
                place_of_maximum(b.x + (size_t)i * (size_t)b.size, b.size);
    printf("%d of %d classes equal, outputs %.2g of their range apart", same, a.count, apart / spread);
    return !(apart / spread <= atof(argv[3]) && same == a.count);
}
