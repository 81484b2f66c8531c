/* rebuild_batches.c: puts the images under data/cifar10 back into the official layout, so that one checksum a batch
 * covers every pixel and every label on the disk.
 *
 *   rebuild_batches LIST FIRST BATCH     the 10,000 images of a list from its FIRSTth line on
 */
#include "../../data/cifar10.h"

#include <stdlib.h>
#include <string.h>

/* The class whose name ends the path before ".ppm", or -1. */
static int class_of(const char *path) {
    const char *name = strrchr(path, '_');
    for (int c = 0; name && c < CIFAR_CLASSES; ++c) {
        size_t n = strlen(cifar_classes[c]);
        if (strncmp(name + 1, cifar_classes[c], n) == 0 && strcmp(name + 1 + n, ".ppm") == 0) return c;
    }
    return -1;
}

/* pixels is (32,32,3); 0 if the file is exactly one binary PPM of that size. */
static int read_ppm(const char *path, unsigned char *pixels) {
    static const char header[] = "P6\n32 32\n255\n";
    char start[sizeof header - 1];
    FILE *file = fopen(path, "rb");
    if (!file) return 1;
    int ok = fread(start, 1, sizeof start, file) == sizeof start && memcmp(start, header, sizeof start) == 0 &&
             fread(pixels, 1, CIFAR_PIXELS, file) == CIFAR_PIXELS && fgetc(file) == EOF;
    fclose(file);
    return !ok;
}

int main(int argc, char **argv) {
    static unsigned char pixels[CIFAR_BATCH_IMAGES * CIFAR_PIXELS], labels[CIFAR_BATCH_IMAGES], batch[CIFAR_BATCH];
    char path[256];
    FILE *list = argc == 4 ? fopen(argv[1], "r") : NULL;
    if (!list) return 2;
    long first = atol(argv[2]);
    for (long n = 0; n < first + CIFAR_BATCH_IMAGES; ++n) {
        if (!fgets(path, sizeof path, list)) return 1;
        path[strcspn(path, "\n")] = 0;
        if (n < first) continue;
        int label = class_of(path);
        if (label < 0 || read_ppm(path, pixels + (size_t)(n - first) * CIFAR_PIXELS)) {
            fprintf(stderr, "%s: not an image of CIFAR-10\n", path);
            return 1;
        }
        labels[n - first] = (unsigned char)label;
    }
    fclose(list);
    cifar_make_batch(pixels, labels, batch);
    FILE *out = fopen(argv[3], "wb");
    if (!out || fwrite(batch, 1, sizeof batch, out) != sizeof batch || fclose(out) != 0) return 1;
    return 0;
}
