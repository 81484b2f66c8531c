/* lgg_cfg.h: reads the options of an LGG section, and says what is wrong with them.
 *
 * Every error is one line that names the .cfg file, the section and its layer index, the option, its value and what would be
 * right; the program then ends with exit status 1. */
#ifndef LGG_CFG_H
#define LGG_CFG_H

#include "host.h"

/* Where in which .cfg file a section stands. */
typedef struct {
    const char *file;
    const char *type; /* "lgg_gkd" */
    int index;        /* of its layer */
    int unfinished;   /* 1 while the section is being read: Darknet has begun a line on the terminal for it */
} lgg_place;

/* A section being read. */
typedef struct {
    lgg_place place;
    list *options;
} lgg_cfg;

/* Prints "FILE: layer INDEX [TYPE]: MESSAGE" and ends the program with status 1. */
_Noreturn void lgg_fail(const lgg_place *place, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the same as a warning and goes on. */
void lgg_warn(const lgg_place *place, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails on an option that is none of `known` (NULL-terminated) and none of the host's own, suggesting the nearest one, and on
 * one that is given twice. Marks all options as used. */
void lgg_cfg_check(const lgg_cfg *cfg, const char *const *known);

/* The value of an option, or the default where it is not given. */
int lgg_cfg_int(const lgg_cfg *cfg, const char *name, int minimum, int otherwise);
float lgg_cfg_positive(const lgg_cfg *cfg, const char *name, float otherwise);
float lgg_cfg_nonnegative(const lgg_cfg *cfg, const char *name, float otherwise);

/* One number above 0, or two, separated by a comma, in value[0] and [1]: their number; 0 where the text is neither. */
int lgg_cfg_one_or_two(const char *text, float value[2]);

/* The position of the value in `choices` (NULL-terminated). */
int lgg_cfg_choice(const lgg_cfg *cfg, const char *name, const char *const *choices, int otherwise);

/* The value itself, owned by the list of options; NULL where it is not given, fails where it is empty. */
const char *lgg_cfg_string(const lgg_cfg *cfg, const char *name);

/* A comma-separated list of whole numbers; the caller frees it. NULL and *n = 0 where it is not given. */
int *lgg_cfg_list(const lgg_cfg *cfg, const char *name, int *n);

#endif
