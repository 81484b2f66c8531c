/* tool_plot.c: see tool_plot.h. */
#include "tool_plot.h"

#include <math.h>
#include <stdlib.h>

#include "tool_drawing.h"

enum { WIDTH = 820, LEFT = 74, RIGHT = 96, PANEL = 132, SIGMA_PANEL = 210, GAP = 40, TOP = 44, BINS = 480 };

/* One line in at most BINS points: mean, least and greatest of the iterations in each. */
typedef struct {
    int count;
    double x[BINS], mean[BINS], low[BINS], high[BINS];
} curve;

static curve *reduce(const tool_log *t, int column) {
    curve *c = lgg_allocate(1, sizeof *c, "a curve");
    int bins = t->rows < BINS ? t->rows : BINS;
    for (int b = 0; b < bins; ++b) {
        int from = (int)((long)t->rows * b / bins), to = (int)((long)t->rows * (b + 1) / bins), valid = 0;
        double sum = 0, at = 0, low = HUGE_VAL, high = -HUGE_VAL;
        for (int r = from; r < to; ++r) {
            double v = tool_log_cell(t, r, column);
            if (!isfinite(v)) continue;
            sum += v;
            at += tool_log_cell(t, r, 0);
            low = fmin(low, v);
            high = fmax(high, v);
            ++valid;
        }
        if (!valid) continue;
        c->x[c->count] = at / valid;
        c->mean[c->count] = sum / valid;
        c->low[c->count] = low;
        c->high[c->count++] = high;
    }
    return c;
}

typedef struct {
    double x0, x1, y0, y1; /* of the data */
    double left, top, width, height;
    int logarithmic;
} axes;

static double place_x(const axes *a, double x) {
    return a->left + a->width * (x - a->x0) / (a->x1 - a->x0);
}

static double place_y(const axes *a, double y) {
    if (a->logarithmic) y = log10(y);
    return a->top + a->height * (1 - (y - a->y0) / (a->y1 - a->y0));
}

/* From zero where the values come near it, else around them; logarithmic over more than two and a half decades. */
static void fit_axes(axes *a, curve *const *curves, int count, int linear) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < count; ++i) {
        for (int p = 0; p < curves[i]->count; ++p) {
            low = fmin(low, curves[i]->mean[p]);
            high = fmax(high, curves[i]->mean[p]);
        }
    }
    if (!(low <= high)) low = 0, high = 1;
    a->logarithmic = !linear && low > 0 && high / low > 300;
    if (a->logarithmic) low = log10(low), high = log10(high);
    if (!a->logarithmic && low > 0 && low < .5 * high) low = 0;
    if (high - low < 1e-9 * fmax(1, fabs(high))) high = low + fmax(1e-6, fabs(low) * .1);
    double room = .06 * (high - low);
    a->y0 = low == 0 && !a->logarithmic ? 0 : low - room;
    a->y1 = high + room;
}

static void number_label(double value, char *text, size_t size) {
    snprintf(text, size, fabs(value) >= 1e6 || (value != 0 && fabs(value) < 1e-3) ? "%.3g" : "%.7g", value);
}

static void draw_axes(FILE *file, const axes *a, int with_x) {
    char text[32];
    double first, step;
    int ticks = tool_ticks(a->y0, a->y1, a->height > 150 ? 6 : 4, &first, &step);
    /* whole powers of ten */
    if (a->logarithmic) {
        step = ceil(step - 1e-9);
        first = ceil(a->y0 / step) * step;
        ticks = (int)floor((a->y1 - first) / step + 1e-9) + 1;
    }
    for (int i = 0; i < ticks; ++i) {
        double value = first + i * step;
        if (!a->logarithmic && fabs(value) < 1e-9 * step) value = 0;
        if (a->logarithmic) value = pow(10, value);
        double y = place_y(a, value);
        fprintf(file, "<line x1=\"%g\" y1=\"%.2f\" x2=\"%g\" y2=\"%.2f\" stroke=\"#e4e4e0\"/>\n", a->left, y,
                a->left + a->width, y);
        number_label(value, text, sizeof text);
        tool_svg_text(file, a->left - 8, y + 4, 11.5, "end", "fill=\"#555\"", text);
    }
    ticks = tool_ticks(a->x0, a->x1, 8, &first, &step);
    for (int i = 0; i < ticks; ++i) {
        double x = place_x(a, first + i * step), bottom = a->top + a->height;
        fprintf(file, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"#999\"/>\n", x, bottom, x,
                bottom + 4);
        if (!with_x) continue;
        number_label(first + i * step, text, sizeof text);
        tool_svg_text(file, x, bottom + 18, 11.5, "middle", "fill=\"#555\"", text);
    }
    fprintf(file, "<line x1=\"%g\" y1=\"%.2f\" x2=\"%g\" y2=\"%.2f\" stroke=\"#999\"/>\n", a->left, a->top + a->height,
            a->left + a->width, a->top + a->height);
}

/* What a logarithmic panel cannot place, at or under zero, is at its bottom. */
static double inside(const axes *a, double y) {
    const double bottom = a->top + a->height;
    return isnan(y) ? bottom : fmin(fmax(y, a->top), bottom);
}

static void draw_curve(FILE *file, const axes *a, const curve *c, const char *colour, int band) {
    if (c->count == 0) return;
    if (band) {
        fprintf(file, "<path fill=\"%s\" fill-opacity=\".16\" d=\"", colour);
        for (int i = 0; i < c->count; ++i)
            fprintf(file, "%c%.2f %.2f", i ? 'L' : 'M', place_x(a, c->x[i]), inside(a, place_y(a, c->high[i])));
        for (int i = c->count - 1; i >= 0; --i)
            fprintf(file, "L%.2f %.2f", place_x(a, c->x[i]), inside(a, place_y(a, c->low[i])));
        fprintf(file, "Z\"/>\n");
    }
    fprintf(file, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" stroke-linejoin=\"round\" d=\"", colour);
    for (int i = 0; i < c->count; ++i)
        fprintf(file, "%c%.2f %.2f", i ? 'L' : 'M', place_x(a, c->x[i]), place_y(a, c->mean[i]));
    fprintf(file, "\"/>\n");
}

/* Names at the ends of the lines, moved apart where they would touch. */
static void draw_line_labels(FILE *file, const axes *a, const tool_plot_panel *p, curve *const *curves) {
    double size = p->lines > 14 ? 9.5 : 11.5, apart = fmin(size + 2, a->height / (p->lines > 1 ? p->lines - 1 : 1));
    int *order = lgg_allocate((size_t)p->lines, sizeof *order, "labels"), n = 0;
    double *y = lgg_allocate((size_t)p->lines, sizeof *y, "labels");
    for (int i = 0; i < p->lines; ++i) {
        if (curves[i]->count == 0) continue;
        double end = place_y(a, curves[i]->mean[curves[i]->count - 1]);
        int at = n++;
        for (; at > 0 && y[at - 1] > end; --at)
            y[at] = y[at - 1], order[at] = order[at - 1];
        y[at] = end;
        order[at] = i;
    }
    for (int i = 1; i < n; ++i)
        y[i] = fmax(y[i], y[i - 1] + apart);
    double limit = a->top + a->height;
    for (int i = n - 1; i >= 0; --i) {
        y[i] = fmin(y[i], limit);
        limit = y[i] - apart;
    }
    for (int i = 0; i < n; ++i) {
        const tool_line *line = &p->line[order[i]];
        const curve *c = curves[order[i]];
        fprintf(file, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"%s\" stroke-width=\"1.2\"/>\n",
                a->left + a->width + 1, place_y(a, c->mean[c->count - 1]), a->left + a->width + 14, y[i], line->colour);
        tool_svg_text(file, a->left + a->width + 18, y[i] + size / 3, size, "start", "fill=\"#444\"", line->label);
    }
    free(order);
    free(y);
}

static void draw_panel(FILE *file, const tool_log *t, const tool_plot_panel *p, double top, double height, int last) {
    axes a = {.x0 = tool_log_cell(t, 0, 0),
              .x1 = tool_log_cell(t, t->rows - 1, 0),
              .left = LEFT,
              .top = top,
              .height = height};
    a.width = WIDTH - LEFT - RIGHT;
    if (!(a.x1 > a.x0)) a.x1 = a.x0 + 1;
    curve **curves = lgg_allocate((size_t)p->lines, sizeof *curves, "curves");
    for (int i = 0; i < p->lines; ++i)
        curves[i] = reduce(t, p->line[i].column);
    fit_axes(&a, curves, p->lines, p->linear);
    char title[224];
    snprintf(title, sizeof title, "%s%s", p->title, a.logarithmic ? " (logarithmic)" : "");
    tool_svg_text(file, LEFT, top - 9, 13.5, "start", "font-weight=\"bold\"", title);
    draw_axes(file, &a, last);
    for (int i = 0; i < p->lines; ++i)
        draw_curve(file, &a, curves[i], p->line[i].colour, !p->labelled);
    if (p->labelled) draw_line_labels(file, &a, p, curves);
    if (last) tool_svg_text(file, LEFT + a.width / 2, top + height + 36, 12.5, "middle", "", "iteration");
    for (int i = 0; i < p->lines; ++i)
        free(curves[i]);
    free(curves);
}

static double panel_height(const tool_plot_panel *p) {
    return p->labelled ? SIGMA_PANEL : PANEL;
}

void tool_plot_draw(const char *path, const char *title, const tool_log *t, const tool_plot_panel *panels, int count) {
    double height = TOP + 10;
    for (int i = 0; i < count; ++i)
        height += panel_height(&panels[i]) + GAP;
    tool_output output = tool_output_open(path);
    tool_svg_begin(output.file, WIDTH, height, title);
    double top = TOP;
    for (int i = 0; i < count; ++i) {
        draw_panel(output.file, t, &panels[i], top, panel_height(&panels[i]), i == count - 1);
        top += panel_height(&panels[i]) + GAP;
    }
    tool_svg_end(output.file);
    tool_output_commit(&output);
}
