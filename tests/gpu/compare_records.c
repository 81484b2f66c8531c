/* compare_records.c: compares what record_network.c wrote down on the CPU and on the GPU.
 *
 * usage: compare_records NAME CPU_RECORD GPU_RECORD
 *
 * Prints a line that says PASS or FAIL and the largest errors, and one, "digest", with what the GPU has computed to the bit. */
#include "compare.h"
#include "record.h"

#include <inttypes.h>

/* Both sides add up thousands of float32 products, in different orders. */
static const double bound = 1e-3;

static const char *const kinds[] = {"loss", "cost", "output", "updates", "weights"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(const record_head *head) {
    for (int i = 0; i < KINDS; ++i)
        if (strstr(head->what, kinds[i])) return i;
    return KINDS - 1; /* biases, scales, statistics */
}

/* The next record's values, to be freed; NULL at the end. */
static float *next(FILE *file, record_head *head) {
    if (fread(head, sizeof *head, 1, file) != 1) return NULL;
    float *values = malloc((size_t)head->n * sizeof *values);
    if (!values || fread(values, sizeof *values, (size_t)head->n, file) != (size_t)head->n) exit(2);
    return values;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: compare_records NAME CPU_RECORD GPU_RECORD\n");
        return 2;
    }
    FILE *files[] = {fopen(argv[2], "rb"), fopen(argv[3], "rb")};
    double worst[KINDS] = {0};
    int layer[KINDS], records = 0;
    memset(layer, -1, sizeof layer);
    for (;; ++records) {
        record_head heads[2];
        float *values[2];
        for (int i = 0; i < 2; ++i)
            values[i] = files[i] ? next(files[i], &heads[i]) : NULL;
        if (!values[0] && !values[1] && records > 0) break;
        if (!values[0] || !values[1] || strcmp(heads[0].what, heads[1].what) || heads[0].layer != heads[1].layer ||
            heads[0].n != heads[1].n) {
            printf("FAIL compare-networks %s: the records are not of the same arrays, at number %d: %s\n", argv[1],
                   records, values[0] ? heads[0].what : "the end");
            return 1;
        }
        const double error = relative_error(heads[0].n, values[0], values[1], heads[0].floor);
        const int kind = kind_of(&heads[0]);
        if (!isnan(worst[kind]) && !(error <= worst[kind])) {
            worst[kind] = error;
            layer[kind] = heads[0].layer;
        }
        digest_bytes(values[1], (size_t)heads[1].n * sizeof *values[1]);
        free(values[0]);
        free(values[1]);
    }
    int held = 1;
    for (int i = 0; i < KINDS; ++i)
        held = held && worst[i] <= bound;
    printf("%s compare-networks %s: largest relative errors:", held ? "PASS" : "FAIL", argv[1]);
    for (int i = 0; i < KINDS; ++i) {
        printf(" %s", kinds[i]);
        if (layer[i] >= 0) printf(" of layer %d", layer[i]);
        printf(" %.1e%s", worst[i], i + 1 < KINDS ? "," : "\n");
    }
    printf("digest %016" PRIx64 "\n", digest);
    return held ? 0 : 1;
}
