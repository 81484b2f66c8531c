/* tool_log.c: see tool_log.h. */
#include "tool_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void parse_row(tool_log *t, const char *path, char *line) {
    char **cell;
    int count = tool_split(line, ',', &cell);
    if (count != t->columns) tool_fail("%s: row %d has %d values, the header %d", path, t->rows + 1, count, t->columns);
    t->value = lgg_grow(t->value, (size_t)(t->rows + 1) * (size_t)t->columns, sizeof(double), "the rows of a log");
    for (int c = 0; c < count; ++c) {
        char *end;
        double number = strtod(cell[c], &end);
        if (end == cell[c] || *end != '\0') {
            tool_fail("%s: row %d: '%s' in column %s is no number", path, t->rows + 1, cell[c], t->name[c]);
        }
        t->value[(size_t)t->rows * (size_t)t->columns + (size_t)c] = number;
        free(cell[c]);
    }
    free(cell);
    ++t->rows;
}

static void check_header(const tool_log *t, const char *path) {
    if (t->name && strcmp(t->name[0], "iteration") == 0) return;
    tool_fail("%s: is no training log: its first column should be 'iteration' (lgg_log=file in [net] writes one)",
              path);
}

tool_log tool_log_read(const char *path) {
    FILE *file = tool_open_text(path);
    tool_log t = {0};
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = tool_getline(&line, &size, file)) >= 0) {
        int whole = length > 0 && line[length - 1] == '\n';
        while (length > 0 && isspace((unsigned char)line[length - 1]))
            line[--length] = '\0';
        if (length == 0) continue;
        if (!t.name) {
            t.columns = tool_split(line, ',', &t.name);
            check_header(&t, path);
        } else if (whole) {
            parse_row(&t, path, line);
        }
    }
    free(line);
    fclose(file);
    if (!t.name) check_header(&t, path);
    if (t.rows < 2) tool_fail("%s: has %d rows, a plot takes two or more", path, t.rows);
    return t;
}

double tool_log_cell(const tool_log *t, int row, int column) {
    return t->value[(size_t)row * (size_t)t->columns + (size_t)column];
}

int tool_log_column(const tool_log *t, const char *name) {
    for (int c = 0; c < t->columns; ++c) {
        if (strcmp(t->name[c], name) == 0) return c;
    }
    return -1;
}

void tool_log_free(tool_log *t) {
    for (int i = 0; i < t->columns; ++i)
        free(t->name[i]);
    free(t->name);
    free(t->value);
}
