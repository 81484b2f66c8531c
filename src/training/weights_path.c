/* weights_path.c: see weights_path.h. */
#include "weights_path.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"

/* Bytes of the longest path that the system takes, the zero at its end included. */
#define LONGEST_PATH 4096

/* The longest ending that a training gives to its names, while it writes aside. */
#define LONGEST_ENDING "_2147483647.weights.state.tmp"

/* The name that was cut last, NULL: none; and how much of it there was room for. */
static _Thread_local char *cut_name;
static _Thread_local size_t cut_length;

void format_name(char *name, size_t size, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(name, size < INT_MAX ? size : INT_MAX, format, arguments);
    if (length >= 0 && (size_t)length >= size) {
        free(cut_name);
        cut_name = (char *)lgg_allocate((size_t)length + 1, 1, "a name");
        cut_length = size - 1;
        vsnprintf(cut_name, (size_t)length + 1, format, again);
#ifdef LGG_WITHOUT_TRAINING
        fprintf(stderr, "%s: a name of %d bytes; the host has room for %zu\n", cut_name, length, cut_length);
        exit(EXIT_FAILURE);
#endif
    }
    va_end(again);
    va_end(arguments);
}

const char *whole_name(const char *name) {
    if (!cut_name || strlen(name) != cut_length || strncmp(name, cut_name, cut_length)) return name;
    return cut_name;
}

void check_weights_paths(const char *folder, const char *base) {
    const size_t ending = strlen(LONGEST_ENDING), name = strlen(base) + ending, path = strlen(folder) + 1 + name;
    if (name > NAME_MAX) {
        fprintf(stderr,
                "%s.cfg: its name must have %zu bytes or fewer before .cfg: the weights' files are named after it\n",
                base, NAME_MAX - ending);
        exit(EXIT_FAILURE);
    }
    if (path < LONGEST_PATH) return;
    fprintf(stderr, "backup=%s: must have %zu bytes or fewer to be the folder of %s's weights\n", folder,
            LONGEST_PATH - 2 - name, base);
    exit(EXIT_FAILURE);
}
