/* label.h: which class an image belongs to, by the names in its path. */
#ifndef LGG_LABEL_H
#define LGG_LABEL_H

#ifdef __cplusplus
extern "C" {
#endif

/* The index 0..n-1 of the label that `path` names, -1 if it names none. Of several labels in it the one that ends last wins, and of
 * those that end together the longest: neither a folder called "cats" nor the "man" in "12_woman.png" decides. An empty label names
 * nothing. */
int label_of_path(const char *path, char *const *labels, int n);

/* The same, n if it names none: where the host's searches through all labels begin. */
int first_label(const char *path, char *const *labels, int n);

#ifdef __cplusplus
}
#endif

#endif
