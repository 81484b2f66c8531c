/* fuzz_image.c: the commands' reader of images, with the host's decoder below it. The first byte says how many channels are wanted. */
#include <stdlib.h>

#include "fuzz_host.h"
#include "tool_decode.h"

int stbi_info_from_memory(const unsigned char *bytes, int size, int *w, int *h, int *channels);

/* A PNG may say that a gigabyte follows, which the sanitizer would mark, and four kilobytes of it may become four megabytes, over and over. */
enum { MOST_PIXELS = 1 << 14, MOST_BYTES = 1 << 18 };

typedef struct {
    const uint8_t *data;
    size_t size;
    int channels;
} image;

/* A sum over every value, so that one that was never written is met (memory sanitizer), and one past the end (address sanitizer). */
static void decode(void *context) {
    const image *i = context;
    int w, h;
    const char *reason = NULL;
    uint8_t *pixels = tool_decode(i->data, i->size, i->channels, &w, &h, &reason);
    if (!pixels && !reason) abort();
    unsigned sum = 0;
    for (size_t j = 0; pixels && j < (size_t)w * (size_t)h * (size_t)i->channels; ++j)
        sum += pixels[j];
    volatile unsigned kept = sum;
    (void)kept;
    free(pixels);
}

/* Images that are large only cost time. */
static int is_small(const image *i) {
    int w, h, channels;
    return !stbi_info_from_memory(i->data, (int)i->size, &w, &h, &channels) || w < 1 || h <= MOST_PIXELS / w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    fuzz_most_memory = MOST_BYTES;
    image i = {data + 1, size - 1, data[0] % 2 ? 3 : 1};
    if (is_small(&i)) fuzz_run(decode, &i);
    return 0;
}
