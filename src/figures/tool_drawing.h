/* tool_drawing.h: what the figures share: colours, marks, text, PNG in SVG; and where the vertices of a graph go. */
#ifndef TOOL_DRAWING_H
#define TOOL_DRAWING_H

#include <stdio.h>

/* Ten colours, Okabe and Ito's eight among them, told apart with any colour vision. Class i takes colour i; in grey print and past the
 * tenth the marks (tool_svg_mark) tell classes apart. */
const char *tool_colour(int i);

/* Opens an SVG of the given size in user units, with a white ground and one font for all text. */
void tool_svg_begin(FILE *file, double width, double height, const char *title);
/* The same inside a page of HTML. */
void tool_svg_begin_inside(FILE *file, double width, double height, const char *title);
void tool_svg_end(FILE *file);
/* Text with &, < and > escaped. anchor: start, middle or end. */
void tool_svg_text(FILE *file, double x, double y, double size, const char *anchor, const char *style,
                   const char *text);
/* Prints text with &, <, > and quotes escaped, and a sign for each byte that XML cannot hold: names come from files. */
void tool_xml_escape(FILE *file, const char *text);
/* The mark of class i, of radius r, around (x, y): circle, square, triangle, diamond, … in its colour. */
void tool_svg_mark(FILE *file, int i, double x, double y, double r);
/* An image (c, h, w) in [0, 1] as a PNG data URI; w by h user units at (x, y). */
void tool_svg_image(FILE *file, const float *image, int pixels_w, int pixels_h, int c, double x, double y, double w,
                    double h);

/* Round numbers from low to high: returns their number, at most `most`, and sets first and step. */
int tool_ticks(double low, double high, int most, double *first, double *step);

/* Points (x, mean) with a bar of one deviation to each side, joined by a line; `extra` (or NULL) a second, dashed line. */
typedef struct {
    const char *title, *x_label, *y_label, *extra_label;
    int count;
    const double *x, *mean, *deviation, *extra; /* (count), x ascending or descending */
} tool_chart;

/* Draws it into a rectangle, the axes' labels outside. */
void tool_chart_draw(FILE *file, const tool_chart *chart, double left, double top, double width, double height);

/* Laplacian eigenmaps (Belkin and Niyogi, 2003): x and y (n) are the eigenvectors of L y = lambda D y of the two smallest
 * eigenvalues after the constant one, scaled to [0, 1]. adjacency (n, n). */
void tool_eigenmap(const float *adjacency, int n, double *x, double *y);
/* Moves points of [0, 1] that are closer than `distance` apart, as little as it takes. square: they are the middles of squares with
 * sides of that length, which should not overlap. */
void tool_spread(double *x, double *y, int n, double distance, int square);

#endif
