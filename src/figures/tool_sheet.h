/* tool_sheet.h: the images that were found for others, as a table, as CSV, as a contact sheet. */
#ifndef TOOL_SHEET_H
#define TOOL_SHEET_H

#include "tool_search.h"

/* A match with what is known of its image. */
typedef struct {
    float score;
    long row;
    char *label, *path;
} tool_found;

typedef struct {
    const char *const *query; /* (queries) paths */
    int queries, k, room, euclidean;
    tool_matches *matches; /* (queries) `room` each, more than k: the image itself may be in the list */
    tool_found *found;     /* (queries, k) */
    int *count;            /* (queries) of those */
} tool_found_lists;

/* On stdout. */
void tool_found_print(const tool_found_lists *s);
/* query,rank,cosine (or distance),row,label,path. Nothing without a path. */
void tool_found_write_csv(const char *path, const tool_found_lists *s);
/* A row for each image asked for, itself first; .svg, or .html. Nothing without a path. */
void tool_found_write_sheet(const char *path, const tool_found_lists *s, const char *title);

#endif
