/* tool_figure.h: graphs of a few layers side by side, as one SVG. */
#ifndef TOOL_FIGURE_H
#define TOOL_FIGURE_H

#include "tool.h"

/* One layer's graph, ready to draw. */
typedef struct {
    int layer;
    const char *name;
    float *adjacency; /* (n, n) */
    double *x, *y;    /* (n), in [0, 1] */
    double variation;
    int edges, inter_class;
} tool_panel;

typedef struct {
    tool_data *data;
    tool_images *images;
    float *pixels; /* (n, c, h, w); NULL: they are not drawn */
    int *mark;     /* (n), which of the drawn classes */
    int *classes;  /* (class_count), the drawn ones */
    int class_count;
    tool_panel *panels;
    int panel_count;
    double side; /* of a panel, in user units: set by the drawing, as columns is */
    int columns;
} tool_figure;

typedef struct {
    int thumbnails; /* vertices are the images themselves, not marks */
    int all_edges;  /* those within a class, too */
} tool_figure_options;

/* Writes the figure to path. Vertices that would cover each other are moved apart: x and y of the panels change. */
void tool_figure_draw(tool_figure *f, const char *path, const tool_figure_options *options);

#endif
