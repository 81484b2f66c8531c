/* fail_memory.c: a library to preload that lets one allocation fail, of those that the project's own code asks for.
 *
 * LGG_FAIL_RANGES: a file of "address size" lines, hexadecimal, of the program's functions that are ours. LGG_FAIL_LIST: writes the
 * numbers of the allocations that come by another way than those before it, a line each. LGG_FAIL_AT: the number of the one that
 * fails; LGG_FAIL_MET: a file that is then created. */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_RANGES = 4096, MOST_WAYS = 65536, DEPTH = 12 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);

static struct { unsigned long from, size; } ranges[MOST_RANGES];
static int range_count, ready;
static unsigned long base;
static long asked, fail_at;
static unsigned long ways[MOST_WAYS];
static int way_count, list = -1;
static __thread int inside;

static int find_base(struct dl_phdr_info *info, size_t size, void *first) {
    (void)size;
    *(unsigned long *)first = info->dlpi_addr;
    return 1; /* the program is the first */
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("LGG_FAIL_RANGES"), *at = getenv("LGG_FAIL_AT"), *to = getenv("LGG_FAIL_LIST");
    void *frames[2];
    inside = 1;
    backtrace(frames, 2); /* the first call loads a library */
    FILE *file = path ? fopen(path, "r") : NULL;
    dl_iterate_phdr(find_base, &base);
    while (file && range_count < MOST_RANGES &&
           fscanf(file, "%lx %lx", &ranges[range_count].from, &ranges[range_count].size) == 2)
        ++range_count;
    if (file) fclose(file);
    if (to) list = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    fail_at = at ? atol(at) : 0;
    unsetenv("LD_PRELOAD"); /* for this program alone */
    ready = 1;
    inside = 0;
}

static int is_ours(void *caller) {
    const unsigned long address = (unsigned long)caller - base;
    for (int i = 0; i < range_count; ++i)
        if (address - ranges[i].from < ranges[i].size) return 1;
    return 0;
}

/* Whether nothing was asked for before from the same callers. */
static int is_new_way(void) {
    void *frames[DEPTH];
    unsigned long hash = 0;
    const int n = backtrace(frames, DEPTH);
    for (int i = 0; i < n; ++i)
        hash = hash * 1000003 + (unsigned long)frames[i] - base;
    for (int i = 0; i < way_count; ++i)
        if (ways[i] == hash) return 0;
    if (way_count < MOST_WAYS) ways[way_count++] = hash;
    return 1;
}

static int fails(void *caller) {
    if (!ready || inside || !is_ours(caller)) return 0;
    inside = 1;
    const long number = __sync_add_and_fetch(&asked, 1);
    if (list >= 0 && is_new_way()) dprintf(list, "%ld\n", number);
    if (number == fail_at && getenv("LGG_FAIL_MET")) close(open(getenv("LGG_FAIL_MET"), O_WRONLY | O_CREAT, 0666));
    inside = 0;
    if (number == fail_at) errno = ENOMEM;
    return number == fail_at;
}

void *malloc(size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(memory, size);
}
