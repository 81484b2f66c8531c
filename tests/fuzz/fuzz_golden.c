/* fuzz_golden.c: the reader of golden cases. */
#include "fuzz_host.h"
#include "golden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    golden_case c;
    char message[256];
    if (golden_case_read(&c, fuzz_file("golden", data, size), message, sizeof message) == 0) golden_case_free(&c);
    return 0;
}
