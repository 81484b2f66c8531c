/* lgg_names.h: what a misspelt name was meant to be. */
#ifndef LGG_NAMES_H
#define LGG_NAMES_H

#ifdef __cplusplus
extern "C" {
#endif

/* The name nearest to `name` in a NULL-terminated list, by edits of one letter (change, insert, remove, swap of neighbours):
 * at most one for names of up to five letters, two for up to nine, three beyond; NULL if none is that near. */
const char *lgg_similar_name(const char *name, const char *const *names);

/* Ends the program: a cfg section of a type that does not exist, with the nearest that does. */
void lgg_unknown_section(const char *cfg, int index, const char *type);

#ifdef __cplusplus
}
#endif

#endif
