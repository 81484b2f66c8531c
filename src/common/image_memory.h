/* image_memory.h: given by the build (-include) to the host's decoder of images (stb_image.h): all of its memory begins as zeros, so that a
 * JPEG which names a table that it does not have is not decoded by chance; and for its own state, which it does not look at, there is
 * memory or one line. */
#ifndef IMAGE_MEMORY_H
#define IMAGE_MEMORY_H

#include <stdlib.h>

#include "allocate.h"

/* What is larger are pixels: where there is no memory for those, the decoder says so. */
#define IMAGE_STATE_BYTES 65536

static inline void *allocate_for_image(size_t size) {
    return size < IMAGE_STATE_BYTES ? lgg_allocate(1, size, "an image") : calloc(1, size);
}

#define STBI_MALLOC(size) allocate_for_image(size)
#define STBI_REALLOC(memory, size) realloc(memory, size)
#define STBI_FREE(memory) free(memory)

#endif
