/* fuzz_cifar.c: the readers of CIFAR-10's archives, pictures and labels. The first byte of the input says which; the header checksums of a
 * tar archive are put right first, or no hostile header would ever be looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../data/cifar10.h"
#include "fuzz_host.h"

enum { BLOCK = 512 };

typedef struct {
    const uint8_t *data;
    size_t size, at;
} tape;

static size_t read_tape(void *source, unsigned char *buffer, size_t size) {
    tape *t = source;
    const size_t n = t->size - t->at < size ? t->size - t->at : size;
    memcpy(buffer, t->data + t->at, n);
    t->at += n;
    return n;
}

/* Reads every byte it is given. */
static cifar_status touch_member(void *sink, const char *name, const unsigned char *bytes, size_t size) {
    unsigned *sum = sink;
    *sum += (unsigned)strlen(name);
    for (size_t i = 0; i < size; ++i)
        *sum += bytes[i];
    return CIFAR_OK;
}

static void seal(uint8_t *header) {
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (int i = 0; i < BLOCK; ++i)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
    header[155] = ' ';
}

static void seal_all(uint8_t *archive, size_t size) {
    for (size_t at = 0; at + BLOCK <= size;) {
        char length[13] = {0};
        memcpy(length, archive + at + 124, 12);
        if (archive[at]) seal(archive + at);
        const unsigned long long member = strtoull(length, NULL, 8);
        if (member > size) return;
        at += BLOCK + (size_t)(member + BLOCK - 1) / BLOCK * BLOCK;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned char *pixels;
    unsigned char labels[100];
    if (!pixels) pixels = malloc((size_t)CIFAR_BATCH_IMAGES * CIFAR_PIXELS);
    if (size < 1) return 0;
    const size_t n = size - 1;
    uint8_t *copy = malloc(n + 1);
    memcpy(copy, data + 1, n);
    tape t = {copy, n, 0};
    unsigned sum = 0;
    switch (data[0] % 4) {
    case 0:
        cifar_read_png(copy, n, pixels);
        break;
    case 1:
        cifar_read_labels((const char *)copy, n, labels, sizeof labels);
        break;
    case 2:
        seal_all(copy, n); /* fall through */
    default:
        cifar_read_archive(read_tape, &t, touch_member, &sum);
    }
    free(copy);
    return (int)(sum & 0);
}
