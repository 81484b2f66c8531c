/* tool_decode.h: image files (JPEG, PNG, BMP, PPM, PGM) to pixels, whatever is in them. */
#ifndef TOOL_DECODE_H
#define TOOL_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* Pixels (h, w, channels) of the `size` bytes of an image file, new, to be freed; NULL where they are none: *reason then says what is
 * wrong, and is not to be freed. */
uint8_t *tool_decode(const uint8_t *bytes, size_t size, int channels, int *w, int *h, const char **reason);

/* The same of a file; fails with one line that names it. */
uint8_t *tool_decode_file(const char *path, int channels, int *w, int *h);

#endif
