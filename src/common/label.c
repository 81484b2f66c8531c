/* label.c: see label.h. */
#include "label.h"

#include <string.h>

/* Where the last occurrence of label in path ends; NULL if there is none. */
static const char *last_end(const char *path, const char *label, size_t length) {
    const char *end = NULL;
    for (const char *at = strstr(path, label); at; at = strstr(at + 1, label))
        end = at + length;
    return end;
}

int label_of_path(const char *path, char *const *labels, int n) {
    int best = -1;
    size_t best_length = 0;
    const char *best_end = path;
    for (int i = 0; i < n; ++i) {
        const size_t length = strlen(labels[i]);
        const char *end = length ? last_end(path, labels[i], length) : NULL;
        if (!end || end < best_end || (end == best_end && length <= best_length)) continue;
        best = i;
        best_length = length;
        best_end = end;
    }
    return best;
}

int first_label(const char *path, char *const *labels, int n) {
    const int label = label_of_path(path, labels, n);
    return label < 0 ? n : label;
}
