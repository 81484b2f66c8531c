/* fuzz_npy.c: the reader of numpy's files, and the whole numbers in them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz_host.h"
#include "tool.h"
#include "tool_npy.h"

/* There is no file behind these bytes that another could be written over. */
void tool_add_input(const char *path) {
    (void)path;
}

typedef struct {
    const uint8_t *data;
    size_t size;
} bytes;

/* Numbers from both ends: what the header promises is there. */
static void read_numbers(const tool_npy *npy) {
    long count = 1;
    for (int i = 0; i < npy->dimensions; ++i)
        count *= npy->shape[i];
    for (long i = 0; i < count; i += i < 64 || i > count - 64 ? 1 : count - 127)
        tool_npy_int(npy, "an array", i);
}

static void parse(void *context) {
    const bytes *file = context;
    const tool_npy npy = tool_npy_parse(file->data, file->size, "an array");
    read_numbers(&npy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_run(parse, &(bytes){data, size});
    return 0;
}
