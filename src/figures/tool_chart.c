/* tool_chart.c: a small chart with bars of deviation, see tool_drawing.h. */
#include <math.h>

#include "tool_drawing.h"

typedef struct {
    double x0, x1, y0, y1; /* of the data */
    double left, top, width, height;
} chart_axes;

static double place_x(const chart_axes *a, double x) {
    return a->left + a->width * (x - a->x0) / (a->x1 - a->x0);
}

static double place_y(const chart_axes *a, double y) {
    return a->top + a->height * (1 - (y - a->y0) / (a->y1 - a->y0));
}

static void include(double *low, double *high, double value) {
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* From zero; some room around a single point. */
static chart_axes fit(const tool_chart *c, double left, double top, double width, double height) {
    chart_axes a = {.left = left, .top = top, .width = width, .height = height, .x0 = c->x[0], .x1 = c->x[0]};
    for (int i = 0; i < c->count; ++i) {
        include(&a.x0, &a.x1, c->x[i]);
        include(&a.y0, &a.y1, c->mean[i] + c->deviation[i]);
        if (c->extra) include(&a.y0, &a.y1, c->extra[i]);
    }
    double room = a.x1 > a.x0 ? .06 * (a.x1 - a.x0) : fmax(fabs(a.x0), 1) / 2;
    a.x0 -= room;
    a.x1 += room;
    a.y1 = a.y1 > a.y0 ? a.y1 + .06 * (a.y1 - a.y0) : a.y0 + 1;
    return a;
}

static void draw_axes(FILE *file, const chart_axes *a, const tool_chart *c) {
    char text[32];
    double first, step, bottom = a->top + a->height;
    int ticks = tool_ticks(a->y0, a->y1, 6, &first, &step);
    for (int i = 0; i < ticks; ++i) {
        double y = place_y(a, first + i * step);
        fprintf(file, "<line x1=\"%g\" y1=\"%.2f\" x2=\"%g\" y2=\"%.2f\" stroke=\"#e4e4e0\"/>\n", a->left, y,
                a->left + a->width, y);
        snprintf(text, sizeof text, "%.7g", first + i * step);
        tool_svg_text(file, a->left - 8, y + 4, 11.5, "end", "fill=\"#555\"", text);
    }
    ticks = tool_ticks(a->x0, a->x1, 6, &first, &step);
    for (int i = 0; i < ticks; ++i) {
        snprintf(text, sizeof text, "%.5g", fabs(first + i * step) < 1e-9 * step ? 0 : first + i * step);
        tool_svg_text(file, place_x(a, first + i * step), bottom + 18, 11.5, "middle", "fill=\"#555\"", text);
    }
    fprintf(file, "<line x1=\"%g\" y1=\"%.2f\" x2=\"%g\" y2=\"%.2f\" stroke=\"#999\"/>\n", a->left, bottom,
            a->left + a->width, bottom);
    tool_svg_text(file, a->left + a->width / 2, bottom + 36, 12, "middle", "", c->x_label);
    tool_svg_text(file, a->left, a->top - 9, 11.5, "start", "fill=\"#555\"", c->y_label);
}

static void draw_line(FILE *file, const chart_axes *a, const tool_chart *c, const double *y, int colour,
                      const char *style) {
    fprintf(file, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" %s d=\"", tool_colour(colour), style);
    for (int i = 0; i < c->count; ++i)
        fprintf(file, "%c%.2f %.2f", i ? 'L' : 'M', place_x(a, c->x[i]), place_y(a, y[i]));
    fprintf(file, "\"/>\n");
}

void tool_chart_draw(FILE *file, const tool_chart *c, double left, double top, double width, double height) {
    chart_axes a = fit(c, left, top, width, height);
    tool_svg_text(file, left, top - 28, 13.5, "start", "font-weight=\"bold\"", c->title);
    draw_axes(file, &a, c);
    draw_line(file, &a, c, c->mean, 0, "");
    for (int i = 0; i < c->count; ++i) {
        double x = place_x(&a, c->x[i]), up = place_y(&a, c->mean[i] + c->deviation[i]);
        double down = place_y(&a, fmax(c->mean[i] - c->deviation[i], a.y0));
        fprintf(file, "<path stroke=\"%s\" stroke-width=\"1.2\" d=\"M%.2f %.2fV%.2fM%.2f %.2fh8M%.2f %.2fh8\"/>\n",
                tool_colour(0), x, up, down, x - 4, up, x - 4, down);
        tool_svg_mark(file, 0, x, place_y(&a, c->mean[i]), 3);
    }
    if (!c->extra) return;
    draw_line(file, &a, c, c->extra, 1, "stroke-dasharray=\"5 3\"");
    int last = c->count - 1;
    tool_svg_text(file, place_x(&a, c->x[last]), place_y(&a, c->extra[last]) - 6, 11.5, "end", "fill=\"#444\"",
                  c->extra_label);
}
