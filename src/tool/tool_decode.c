/* tool_decode.c: see tool_decode.h. The host's own reader of files ends, or goes on with a blank image, without the file's name. */
#include "tool_decode.h"

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

uint8_t *tool_decode(const uint8_t *bytes, size_t size, int channels, int *w, int *h, const char **reason) {
    int there;
    if (size == 0 || size > INT_MAX) {
        *reason = size ? "is too long" : "is empty";
        return NULL;
    }
    if (!stbi_info_from_memory(bytes, (int)size, w, h, &there)) {
        *reason = "is no image of a known format (JPEG, PNG, BMP, PPM)";
        return NULL;
    }
    if (*w < 1 || *h < 1 || *h > TOOL_MOST_VALUES / channels / *w) {
        *reason = *w < 1 || *h < 1 ? "its header gives no width or height" : "its header asks for too many pixels";
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
