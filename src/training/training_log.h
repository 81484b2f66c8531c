/* training_log.h: lgg_log=file.csv: one row an iteration, for any spreadsheet.
 *
 * Columns are separated by commas, numbers have a decimal point, the first row names the columns. A resumed training goes on after its
 * own iteration: rows past it, and a row that was cut off, are removed, so that no iteration stands twice. */
#ifndef TRAINING_LOG_H
#define TRAINING_LOG_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lgg_log lgg_log;

/* The log of net after `iteration` iterations. Ends the program with a message if the file cannot be written. With its first row a log there
 * with other columns, or one of another training (iteration is 0), is kept as file.old. */
lgg_log *lgg_log_open(const char *path, network *net, size_t iteration);

/* Appends the row of the iteration that net has just done; it is in the file when this returns. */
void lgg_log_row(lgg_log *log, network *net, size_t iteration, float loss);

void lgg_log_close(lgg_log *log);

#ifdef __cplusplus
}
#endif

#endif
