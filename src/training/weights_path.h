/* weights_path.h: names of the files that a training saves, in folders with names of any length. */
#ifndef WEIGHTS_PATH_H
#define WEIGHTS_PATH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* snprintf for a name, which is cut where it has no room in `size` bytes. The whole of a name that was cut last is kept. (Without the patches
 * that save weights under it, the program ends with one line: cut, it would be another file.) */
void format_name(char *name, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The whole of a name that format_name has cut last; `name` itself where it is another. */
const char *whole_name(const char *name);

/* Ends the program with one line where the system could not take the names that a training forms of its backup folder and of its
 * .cfg file's name: before it begins, not when it first saves. */
void check_weights_paths(const char *folder, const char *base);

#ifdef __cplusplus
}
#endif

#endif
