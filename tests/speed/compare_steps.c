/* compare_steps.c: whether two files of training_step hold the same numbers within rounding.
 *
 * Per array the relative error ||a - b|| / ||a||. Outputs must agree to the bound. A gradient sees a
 * rectified unit whose input rounds to the other side of zero as a different function: in a deep network of them updates have a
 * bound of their own.
 *
 * usage: compare_steps NAME A B BOUND UPDATE_BOUND */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int layer, n;
    char name[32];
    float *x;
} array;

static int next(FILE *file, array *a) {
    free(a->x);
    a->x = NULL;
    if (fscanf(file, "%d %31s %d", &a->layer, a->name, &a->n) != 3 || fgetc(file) != '\n') return 0;
    a->x = malloc((size_t)a->n * sizeof(float));
    return a->x && fread(a->x, sizeof(float), (size_t)a->n, file) == (size_t)a->n;
}

static double relative_error(const array *a, const array *b) {
    double distance = 0, length = 0;
    for (int i = 0; i < a->n; ++i) {
        double d = (double)a->x[i] - (double)b->x[i];
        distance += d * d;
        length += (double)a->x[i] * (double)a->x[i];
    }
    return distance == 0 ? 0 : sqrt(distance / (length + 1e-12 * a->n));
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    FILE *first = fopen(argv[2], "rb"), *second = fopen(argv[3], "rb");
    array a = {0}, b = {0};
    int arrays = 0; /* all of the first, of which the second may not have kept some layers' outputs */
    while (first && second && next(first, &a)) {
        ++arrays;
        const int read = next(second, &b), not_kept = read && b.n == 0 && strcmp(b.name, "output") == 0;
        if (!read || a.layer != b.layer || (a.n != b.n && !not_kept) || strcmp(a.name, b.name) != 0) {
            printf("FAIL %s: layer %d %s is missing or has another size\n", argv[1], a.layer, a.name);
            return 1;
        }
        if (not_kept) continue;
        double bound = atof(argv[strcmp(a.name, "updates") == 0 ? 5 : 4]), error = relative_error(&a, &b);
        if (!(error <= bound)) {
            printf("FAIL %s: layer %d %s differs by %.2e, more than %.0e\n", argv[1], a.layer, a.name, error, bound);
            return 1;
        }
    }
    if (!arrays) {
        printf("FAIL %s: nothing to compare\n", argv[1]);
        return 1;
    }
    printf("PASS %s\n", argv[1]);
    return 0;
}
