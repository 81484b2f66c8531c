/* tool_errors.h: a table of errors under the corruptions: read, compared, printed, written. */
#ifndef TOOL_ERRORS_H
#define TOOL_ERRORS_H

#include "tool_corruptions.h"

/* Errors in percent; NaN: not asked for. */
typedef struct {
    double clean;
    double error[TOOL_CORRUPTIONS][TOOL_SEVERITIES];
    int images;       /* of each corruption and severity */
    int clean_images; /* the clean error is over these */
    int official;
    int wanted[TOOL_CORRUPTIONS]; /* the others were not asked for */
} tool_errors;

/* What is said wherever corruptions were made here. */
extern const char tool_corruptions_made[];

/* TOOL_CORRUPTIONS: there is none of this name. */
int tool_corruption_of(const char *name);

tool_errors tool_errors_empty(void);

/* Reads what tool_errors_write wrote; ends the program where it is something else. */
tool_errors tool_errors_read(const char *path);

/* Ends the program unless the baseline, read from path, has what the table will be compared with. */
void tool_errors_check(const tool_errors *table, const tool_errors *base, const char *path);

/* base: NULL without a baseline; baseline: its name. */
void tool_errors_print(const tool_errors *t, const tool_errors *base, const char *baseline);
void tool_errors_write(const tool_errors *t, const tool_errors *base, const char *csv);

#endif
