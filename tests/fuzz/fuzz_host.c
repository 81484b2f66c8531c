/* fuzz_host.c: see fuzz_host.h. */
#include "fuzz_host.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1 << 16 };

size_t fuzz_most_memory = SIZE_MAX;

static jmp_buf back;
static int running;
static void *blocks[MOST];
static int block_count;
static FILE *files[MOST];
static int file_count;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
FILE *__real_fopen(const char *path, const char *mode);
int __real_fclose(FILE *file);
_Noreturn void __real_exit(int status);

static void *hold(void *p) {
    if (running && p && block_count < MOST) blocks[block_count++] = p;
    return p;
}

static void let_go(void *p) {
    for (int i = block_count - 1; running && i >= 0; --i) {
        if (blocks[i] != p) continue;
        blocks[i] = blocks[--block_count];
        return;
    }
}

static int is_too_much(size_t n, size_t size) {
    return running && size && n > fuzz_most_memory / size;
}

void *__wrap_malloc(size_t size) {
    return is_too_much(1, size) ? NULL : hold(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size) {
    return is_too_much(n, size) ? NULL : hold(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size) {
    if (is_too_much(1, size)) return NULL;
    let_go(p);
    return hold(__real_realloc(p, size));
}

void __wrap_free(void *p) {
    if (p) let_go(p);
    __real_free(p);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
    FILE *file = __real_fopen(path, mode);
    if (running && file && file_count < MOST) files[file_count++] = file;
    return file;
}

int __wrap_fclose(FILE *file) {
    for (int i = file_count - 1; running && i >= 0; --i) {
        if (files[i] != file) continue;
        files[i] = files[--file_count];
        break;
    }
    return __real_fclose(file);
}

_Noreturn void __wrap_exit(int status) {
    if (running) longjmp(back, 1);
    __real_exit(status);
}

/* Darknet's error(): perror and abort. */
void __wrap_error(const char *message) {
    (void)message;
    if (running) longjmp(back, 1);
    abort();
}

void fuzz_run(void (*body)(void *), void *context) {
    running = 1;
    if (setjmp(back) == 0) body(context);
    running = 0;
    while (file_count)
        __real_fclose(files[--file_count]);
    while (block_count)
        __real_free(blocks[--block_count]);
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size) {
    static char path[256];
    snprintf(path, sizeof path, "/dev/shm/lgg-fuzz-%ld-%s", (long)getpid(), name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size) abort();
    fclose(file);
    return path;
}
