/* weights_path.c: see weights_path.h. */
#include "weights_path.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest ending that a training gives to its names, while it writes aside. */
#define LONGEST_ENDING "_2147483647.weights.state.tmp"

void format_weights_path(char *path, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(path, size, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < size) return;
    fprintf(stderr,
            "%s...: a path of %d bytes; it must have fewer than %zu: give a shorter backup= folder or .cfg name\n",
            path, length, size);
    exit(EXIT_FAILURE);
}

void check_weights_paths(const char *folder, const char *base) {
    const size_t ending = strlen(LONGEST_ENDING), name = strlen(base) + ending, path = strlen(folder) + 1 + name;
    if (name > NAME_MAX) {
        fprintf(stderr,
                "%s.cfg: its name must have %zu bytes or fewer before .cfg: the weights' files are named after it\n",
                base, NAME_MAX - ending);
        exit(EXIT_FAILURE);
    }
    if (path < WEIGHTS_PATH) return;
    fprintf(stderr, "backup=%s: must have %zu bytes or fewer to be the folder of %s's weights\n", folder,
            WEIGHTS_PATH - 2 - name, base);
    exit(EXIT_FAILURE);
}
