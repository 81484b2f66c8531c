/* tool_plot.h: columns of a training's log as panels of lines over the iterations, as one SVG. */
#ifndef TOOL_PLOT_H
#define TOOL_PLOT_H

#include "tool_log.h"

/* One line of a panel. */
typedef struct {
    int column;
    char label[24];
    char colour[8];
} tool_line;

typedef struct {
    char title[192];
    tool_line *line;
    int lines;
    int labelled; /* names stand at the ends of the lines */
    int linear;   /* whatever its range */
} tool_plot_panel;

/* Writes the panels (count), one below the other. */
void tool_plot_draw(const char *path, const char *title, const tool_log *t, const tool_plot_panel *panels, int count);

#endif
