/* tool_npy.c: reads and writes .npy, format versions 1 to 3 (numpy.lib.format). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool_npy.h"

static const char magic[] = "\x93NUMPY";

/* The text after 'key': in the header's Python dictionary. */
static const char *value_of(const char *header, const char *key, const char *path) {
    const char *found = strstr(header, key);
    if (!found) tool_fail("%s: is a .npy file whose header has no %s", path, key);
    found += strlen(key);
    return found + strspn(found, " :");
}

static void parse_shape(tool_npy *npy, const char *text, const char *path) {
    if (*text != '(') tool_fail("%s: is a .npy file whose header has no shape", path);
    ++text;
    while (*text != ')') {
        char *end;
        long size = strtol(text, &end, 10);
        if (end == text || size < 0) tool_fail("%s: is a .npy file whose shape is no list of sizes", path);
        if (npy->dimensions == 4) tool_fail("%s: has more than four dimensions", path);
        npy->shape[npy->dimensions++] = size;
        text = end + strspn(end, ", ");
    }
}

static size_t item_size(const char *type, const char *path) {
    const char *digits = type + strcspn(type, "0123456789");
    size_t size = (size_t)atoi(digits);
    if (size == 0 || size > 16) tool_fail("%s: holds items of type '%s'", path, type);
    return size;
}

static void parse_header(tool_npy *npy, const char *header, size_t body, const char *path) {
    const char *type = value_of(header, "'descr'", path);
    if (*type != '\'' || sscanf(type + 1, "%7[^']", npy->type) != 1) {
        tool_fail("%s: holds records, not plain numbers", path);
    }
    if (strncmp(value_of(header, "'fortran_order'", path), "False", 5) != 0) {
        tool_fail("%s: is stored columns first (fortran_order), should be rows first", path);
    }
    parse_shape(npy, value_of(header, "'shape'", path), path);
    size_t size = item_size(npy->type, path);
    for (int i = 0; i < npy->dimensions; ++i) {
        const size_t count = (size_t)npy->shape[i];
        if (count != 0 && size > SIZE_MAX / count) {
            tool_fail("%s: is no file that numpy wrote: its sizes ask for more bytes than there can be", path);
        }
        size *= count;
    }
    if (body != size) {
        tool_fail("%s: is %s: its header promises %zu bytes of data, it has %zu", path,
                  body < size ? "cut short" : "too long", size, body);
    }
}

tool_npy tool_npy_parse(const uint8_t *bytes, size_t size, const char *path) {
    tool_npy npy = {0};
    if (size < 10 || memcmp(bytes, magic, 6) != 0) tool_fail("%s: is no .npy file", path);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0) {
        tool_fail("%s: has format version %d.%d, known are 1.0, 2.0 and 3.0", path, bytes[6], bytes[7]);
    }
    int wide = bytes[6] >= 2;
    size_t start = wide ? 12 : 10, length = bytes[8] | (size_t)bytes[9] << 8;
    if (wide && size >= 12) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (start + length > size) tool_fail("%s: is cut short within its header", path);
    char *header = lgg_allocate(length + 1, 1, "a header");
    memcpy(header, bytes + start, length);
    parse_header(&npy, header, size - start - length, path);
    free(header);
    npy.data = bytes + start + length;
    return npy;
}

tool_npy tool_npy_open(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) tool_fail("cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode)) tool_fail("%s: is no file", path);
    tool_add_input(path);
    const size_t size = (size_t)status.st_size;
    void *map = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    close(file);
    if (map == MAP_FAILED) tool_fail("cannot read %s: %s", path, size ? strerror(errno) : "is empty");
    tool_npy npy = tool_npy_parse(map, size, path);
    npy.map = map;
    npy.map_size = size;
    return npy;
}

void tool_npy_close(tool_npy *npy) {
    if (npy->map) munmap(npy->map, npy->map_size);
    *npy = (tool_npy){0};
}

/* Two's complement of `size` bytes. */
static int64_t signed_value(uint64_t bits, size_t size) {
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    return (bits & sign) ? -(int64_t)(~bits & (sign - 1)) - 1 : (int64_t)bits;
}

int64_t tool_npy_int(const tool_npy *npy, const char *path, long i) {
    size_t size = item_size(npy->type, path);
    int big = npy->type[0] == '>';
    if ((npy->type[1] != 'i' && npy->type[1] != 'u') || size > 8) {
        tool_fail("%s: holds items of type '%s', should be whole numbers", path, npy->type);
    }
    const uint8_t *item = npy->data + (size_t)i * size;
    uint64_t value = 0;
    for (size_t b = 0; b < size; ++b)
        value |= (uint64_t)item[big ? size - 1 - b : b] << (8 * b);
    if (npy->type[1] == 'i') return signed_value(value, size);
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* The header around `dictionary`, with spaces and a newline, so that the data begins at a multiple of 64. */
static void write_header(FILE *file, const char *dictionary) {
    const int length = (int)strlen(dictionary), total = (10 + length + 1 + 63) / 64 * 64;
    fwrite(magic, 1, 6, file);
    const uint8_t version[4] = {1, 0, (uint8_t)((total - 10) & 255), (uint8_t)((total - 10) >> 8)};
    fwrite(version, 1, 4, file);
    fprintf(file, "%s%*s\n", dictionary, total - 11 - length, "");
}

void tool_npy_write_header(FILE *file, long count, int h, int w, int c) {
    char header[256];
    if (h) {
        snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': (%ld, %d, %d, %d), }", count,
                 h, w, c);
    } else {
        snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': (%ld,), }", count);
    }
    write_header(file, header);
}

void tool_npy_write_header_rows(FILE *file, long count, int d) {
    char header[256];
    snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%20ld, %10d), }", count, d);
    write_header(file, header);
}
