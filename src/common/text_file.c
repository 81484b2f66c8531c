/* text_file.c: see text_file.h. */
#include "text_file.h"

#include <stdint.h>
#include <stddef.h>
#include <sys/stat.h>

/* A list of ten million paths is shorter. */
#define LGG_MOST_TEXT (INT64_C(1) << 30)

const char *lgg_text_file_fault(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return NULL;
    if (S_ISDIR(status.st_mode)) return "is a folder";
    /* /dev/zero never ends, and no device is where a text is kept */
    if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) return "is a device";
    return status.st_size > LGG_MOST_TEXT ? "is over 1 GB long, no text" : NULL;
}
