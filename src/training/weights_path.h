/* weights_path.h: names of the files that a training saves, in folders with names of any length. */
#ifndef WEIGHTS_PATH_H
#define WEIGHTS_PATH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the longest path that the system takes, the zero at its end included. */
#define WEIGHTS_PATH 4096

/* snprintf for a path. Ends the program with one line where the path has no room in `size` bytes. */
void format_weights_path(char *path, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the program with one line where the system could not take the names that a training forms of its backup folder and of its
 * .cfg file's name: before it begins, not when it first saves. */
void check_weights_paths(const char *folder, const char *base);

#ifdef __cplusplus
}
#endif

#endif
