/* tool_log.h: a training's CSV log (`[net] lgg_log=`) in memory. */
#ifndef TOOL_LOG_H
#define TOOL_LOG_H

#include "tool.h"

typedef struct {
    char **name; /* (columns) */
    int columns, rows;
    double *value; /* (rows, columns) */
} tool_log;

/* Ends the program unless the file has two rows or more. A last row without its end, which training is still writing, is left out. */
tool_log tool_log_read(const char *path);
void tool_log_free(tool_log *t);

double tool_log_cell(const tool_log *t, int row, int column);

/* -1: there is none of this name. */
int tool_log_column(const tool_log *t, const char *name);

#endif
