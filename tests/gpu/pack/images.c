/* images.c: a batch of CIFAR-10 made small without loss, and back. The ten thousand images become one of 3200x3200 pixels, which WebP
 * compresses to 0.55 of its size (PNG: 0.75), after the labels, one byte each.
 *
 *   images pack BATCH FILE [LEVEL]   BATCH: an official binary batch; LEVEL 0 (fast) to 9 (small), 6 if it is not given
 *   images unpack FILE BATCH */
#include "../../../data/cifar10.h"

#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>

enum { SIDE = 100 * CIFAR_SIDE, LABELS = CIFAR_BATCH_IMAGES, FILE_MAX = 1 << 26 };

static unsigned char batch[CIFAR_BATCH], file_bytes[FILE_MAX];

static int fail(const char *path, const char *why) {
    fprintf(stderr, "images: %s: %s\n", path, why);
    return 1;
}

/* The whole of a file of at most `max` bytes; returns its size, 0 after a complaint. */
static size_t read_whole(const char *path, unsigned char *bytes, size_t max) {
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, max, file) : 0;
    if (!size) fail(path, "cannot be read");
    if (file) fclose(file);
    return size;
}

/* Two parts, one after the other, in a file that is there whole or not at all. */
static int write_whole(const char *path, const unsigned char *first, size_t first_size, const unsigned char *second,
                       size_t second_size) {
    char name[4096];
    int length = snprintf(name, sizeof name, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof name) return fail(path, "the name is too long");
    FILE *file = fopen(name, "wb");
    if (!file) return fail(name, "cannot be written");
    int failed = fwrite(first, 1, first_size, file) != first_size ||
                 (second_size && fwrite(second, 1, second_size, file) != second_size);
    failed |= fclose(file) != 0;
    if (failed || rename(name, path) != 0) return fail(path, "cannot be written");
    return 0;
}

/* Pixel (x,y) of channel c of image n in the batch (a label and three planes each), and in the large image (interleaved). */
static size_t in_batch(int n, int c, int x, int y) {
    return (size_t)n * CIFAR_RECORD + 1 + (size_t)(c * CIFAR_PLANE + y * CIFAR_SIDE + x);
}

static size_t in_large(int n, int c, int x, int y) {
    return 3 * ((size_t)(n / 100 * CIFAR_SIDE + y) * SIDE + (size_t)(n % 100 * CIFAR_SIDE + x)) + (size_t)c;
}

/* Copies all pixels from the one to the other. */
static void copy_pixels(unsigned char *large, int to_large) {
    for (int n = 0; n < CIFAR_BATCH_IMAGES; ++n)
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < CIFAR_SIDE; ++y)
                for (int x = 0; x < CIFAR_SIDE; ++x) {
                    unsigned char *a = &large[in_large(n, c, x, y)], *b = &batch[in_batch(n, c, x, y)];
                    if (to_large)
                        *a = *b;
                    else
                        *b = *a;
                }
}

static int encode(const unsigned char *large, int level, WebPMemoryWriter *writer) {
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPConfigLosslessPreset(&config, level) || !WebPPictureInit(&picture)) return 0;
    picture.use_argb = 1;
    picture.width = picture.height = SIDE;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = writer;
    int encoded = WebPPictureImportRGB(&picture, large, 3 * SIDE) && WebPEncode(&config, &picture);
    WebPPictureFree(&picture);
    return encoded;
}

static int pack(const char *from, const char *to, int level, unsigned char *large) {
    static unsigned char labels[LABELS];
    WebPMemoryWriter writer;
    if (read_whole(from, batch, sizeof batch) != sizeof batch) return fail(from, "not an official batch");
    for (int n = 0; n < CIFAR_BATCH_IMAGES; ++n)
        labels[n] = batch[n * CIFAR_RECORD];
    copy_pixels(large, 1);
    WebPMemoryWriterInit(&writer);
    if (!encode(large, level, &writer)) return fail(from, "cannot be compressed");
    int failed = write_whole(to, labels, sizeof labels, writer.mem, writer.size);
    WebPMemoryWriterClear(&writer);
    return failed;
}

static int unpack(const char *from, const char *to, unsigned char *large) {
    int width, height;
    size_t size = read_whole(from, file_bytes, sizeof file_bytes);
    if (size <= LABELS) return fail(from, "too short");
    const unsigned char *webp = file_bytes + LABELS;
    if (!WebPGetInfo(webp, size - LABELS, &width, &height) || width != SIDE || height != SIDE)
        return fail(from, "not packed by this program");
    if (!WebPDecodeRGBInto(webp, size - LABELS, large, 3 * SIDE * SIDE, 3 * SIDE)) return fail(from, "damaged");
    for (int n = 0; n < CIFAR_BATCH_IMAGES; ++n)
        batch[n * CIFAR_RECORD] = file_bytes[n];
    copy_pixels(large, 0);
    return write_whole(to, batch, sizeof batch, NULL, 0);
}

int main(int argc, char **argv) {
    unsigned char *large = malloc((size_t)3 * SIDE * SIDE);
    int status = 2;
    if (!large) return fail("pixels", "out of memory");
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "pack") == 0) {
        status = pack(argv[2], argv[3], argc == 5 ? atoi(argv[4]) : 6, large);
    } else if (argc == 4 && strcmp(argv[1], "unpack") == 0) {
        status = unpack(argv[2], argv[3], large);
    } else {
        fprintf(stderr, "usage: images pack BATCH FILE [LEVEL] | images unpack FILE BATCH\n");
    }
    free(large);
    return status;
}
