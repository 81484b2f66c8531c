/* names.h: what a misspelt name was meant to be. */
#ifndef LGG_NAMES_H
#define LGG_NAMES_H

#ifdef __cplusplus
extern "C" {
#endif

/* How many edits of one letter (change, insert, remove, swap of neighbours) lead from a to b: their optimal string alignment distance.
 * Names of 64 letters and more count as 63 edits away from everything. */
int lgg_edits(const char *a, const char *b);

/* The one of `names` (NULL-terminated, not empty) that takes the fewest edits to get from `name`, the first of equal ones. */
const char *lgg_nearest_name(const char *name, const char *const *names);

/* The name nearest to `name` in a NULL-terminated list:
 * at most one edit for names of up to five letters, two for up to nine, three beyond; NULL if none is that near. */
const char *lgg_similar_name(const char *name, const char *const *names);

#ifdef __cplusplus
}
#endif

#endif
