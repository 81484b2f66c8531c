/* names.c: see names.h. */
#include "names.h"

#include <string.h>

#define LGG_LONGEST_NAME 63

static int smallest(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}

int lgg_edits(const char *a, const char *b) {
    const size_t n = strlen(a), m = strlen(b);
    int d[LGG_LONGEST_NAME + 1][LGG_LONGEST_NAME + 1];
    if (n > LGG_LONGEST_NAME || m > LGG_LONGEST_NAME) return LGG_LONGEST_NAME;
    for (size_t i = 0; i <= n; ++i)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= m; ++j)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= n; ++i) {
        for (size_t j = 1; j <= m; ++j) {
            d[i][j] = smallest(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[n][m];
}

const char *lgg_nearest_name(const char *name, const char *const *names) {
    const char *nearest = names[0];
    for (; *names; ++names) {
        if (lgg_edits(name, *names) < lgg_edits(name, nearest)) nearest = *names;
    }
    return nearest;
}

const char *lgg_similar_name(const char *name, const char *const *names) {
    const char *nearest = NULL;
    int least = LGG_LONGEST_NAME;
    for (; *names; ++names) {
        const size_t length = strlen(*names);
        const int allowed = length <= 5 ? 1 : length <= 9 ? 2 : 3;
        const int distance = lgg_edits(name, *names);
        if (distance <= allowed && distance < least) {
            least = distance;
            nearest = *names;
        }
    }
    return nearest;
}
