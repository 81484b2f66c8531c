/* tool_decode.c: see tool_decode.h. The host's own reader of files ends, or goes on with a blank image, without the file's name. */
#include "tool_decode.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

/* of the stb_image.h inside Darknet's image.c */
int stbi_info_from_memory(const unsigned char *bytes, int size, int *w, int *h, int *channels);
unsigned char *stbi_load_from_memory(const unsigned char *bytes, int size, int *w, int *h, int *channels, int wanted);
const char *stbi_failure_reason(void);

/* Values of an image: 256 million, which is 1 GB once they are floats. */
#define TOOL_MOST_VALUES (1 << 28)

/* The host's reader has more formats; those decoders believe what a file says. */
static int is_known(const uint8_t *bytes, size_t size) {
    static const char *const beginnings[] = {"\xff\xd8", "\x89PNG", "BM", "P5", "P6"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; ++i) {
        const size_t length = strlen(beginnings[i]);
        if (size >= length && memcmp(bytes, beginnings[i], length) == 0) return 1;
    }
    return 0;
}

/* The bytes before the pixels of a PPM or PGM: its two letters, three numbers with space or comments before each, and one more. */
static size_t pnm_header(const uint8_t *bytes, size_t size) {
    size_t at = 2;
    for (int number = 0; number < 3; ++number) {
        while (at < size && (isspace(bytes[at]) || bytes[at] == '#')) {
            const int comment = bytes[at] == '#';
            for (++at; comment && at < size && bytes[at] != '\n' && bytes[at] != '\r';)
                ++at;
        }
        while (at < size && isdigit(bytes[at]))
            ++at;
    }
    return at + 1;
}

/* stb_image leaves pixels that a PPM or PGM lacks as it found the memory. */
static int is_short_pnm(const uint8_t *bytes, size_t size, int w, int h, int channels) {
    if (size < 2 || bytes[0] != 'P' || (bytes[1] != '5' && bytes[1] != '6')) return 0;
    const size_t header = pnm_header(bytes, size);
    return size < header || size - header < (size_t)w * (size_t)h * (size_t)channels;
}

uint8_t *tool_decode(const uint8_t *bytes, size_t size, int channels, int *w, int *h, const char **reason) {
    int there;
    *reason = "is no image of a known format (JPEG, PNG, BMP, PPM)";
    if (size == 0 || size > INT_MAX) {
        *reason = size ? "is too long" : "is empty";
        return NULL;
    }
    if (!is_known(bytes, size) || !stbi_info_from_memory(bytes, (int)size, w, h, &there)) return NULL;
    if (*w < 1 || *h < 1 || *h > TOOL_MOST_VALUES / channels / *w) {
        *reason = *w < 1 || *h < 1 ? "its header gives no width or height" : "its header asks for too many pixels";
        return NULL;
    }
    if (is_short_pnm(bytes, size, *w, *h, there)) {
        *reason = "is cut short";
        return NULL;
    }
    uint8_t *pixels = stbi_load_from_memory(bytes, (int)size, w, h, &there, channels);
    if (!pixels) *reason = stbi_failure_reason();
    return pixels;
}

/* The whole file, new. */
static uint8_t *read_file(const char *path, size_t *size) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0) tool_fail("cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode)) tool_fail("%s: is no file", path);
    uint8_t *bytes = lgg_allocate((size_t)status.st_size, 1, path);
    *size = fread(bytes, 1, (size_t)status.st_size, file);
    fclose(file);
    return bytes;
}

uint8_t *tool_decode_file(const char *path, int channels, int *w, int *h) {
    size_t size;
    const char *reason;
    uint8_t *bytes = read_file(path, &size), *pixels = tool_decode(bytes, size, channels, w, h, &reason);
    if (!pixels) tool_fail("cannot read %s: %s", path, reason);
    free(bytes);
    return pixels;
}
