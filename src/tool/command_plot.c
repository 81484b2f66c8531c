/* command_plot.c: `lgg plot log.csv -o plot.svg`: a training log (`[net] lgg_log=`) as panels over the iterations: task loss, each
 * LGG term, the label variation of each tapped layer, learning rate. The header says what there is. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "tool_drawing.h"

typedef struct {
    char **name; /* (columns) */
    int columns, rows;
    double *value; /* (rows, columns) */
} table;

/* One line of a panel. */
typedef struct {
    int column;
    char label[24];
    char colour[8];
} series;

typedef struct {
    char title[192];
    series *line;
    int lines;
    int labelled; /* names stand at the ends of the lines */
    int linear;   /* whatever its range */
} panel;

enum { WIDTH = 820, LEFT = 74, RIGHT = 96, PANEL = 132, SIGMA_PANEL = 210, GAP = 40, TOP = 44, BINS = 480 };

/* ---- reading ---- */

static void parse_row(table *t, const char *path, char *line) {
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

static void check_header(const table *t, const char *path) {
    if (t->name && strcmp(t->name[0], "iteration") == 0) return;
    tool_fail("%s: is no training log: its first column should be 'iteration' (lgg_log=file in [net] writes one)",
              path);
}

/* A last row without its end is one that training is still writing. */
static table read_table(const char *path) {
    FILE *file = tool_open_text(path);
    table t = {0};
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

static double cell(const table *t, int row, int column) {
    return t->value[(size_t)row * (size_t)t->columns + (size_t)column];
}

/* ---- what goes into which panel ---- */

static int find_column(const table *t, const char *name) {
    for (int c = 0; c < t->columns; ++c) {
        if (strcmp(t->name[c], name) == 0) return c;
    }
    return -1;
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static panel *add_panel(panel **panels, int *count) {
    *panels = lgg_grow(*panels, (size_t)*count + 1, sizeof **panels, "panels");
    panel *p = &(*panels)[(*count)++];
    memset(p, 0, sizeof *p);
    return p;
}

static series *add_line(panel *p, int column, const char *colour) {
    p->line = lgg_grow(p->line, (size_t)p->lines + 1, sizeof *p->line, "the lines of a panel");
    series *line = &p->line[p->lines++];
    memset(line, 0, sizeof *line);
    line->column = column;
    snprintf(line->colour, sizeof line->colour, "%s", colour);
    return line;
}

/* Viridis without its palest end: dark blue for the first layer to green for the last. */
static void depth_colour(double depth, char colour[8]) {
    static const int stop[5][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {180, 200, 30}};
    double place = 4 * depth;
    int i = place >= 4 ? 3 : (int)place, rgb[3];
    for (int k = 0; k < 3; ++k)
        rgb[k] = (int)lround(stop[i][k] + (place - i) * (stop[i + 1][k] - stop[i][k])) & 255;
    snprintf(colour, 8, "#%02x%02x%02x", (unsigned)rgb[0], (unsigned)rgb[1], (unsigned)rgb[2]);
}

/* "lgg_gkd_44": "lgg_gkd, layer 44: L (lambda 25)", lambda from the scaled column. */
static void title_of_term(const table *t, int column, char *title, size_t size) {
    char section[64], scaled[96];
    snprintf(section, sizeof section, "%s", t->name[column]);
    snprintf(scaled, sizeof scaled, "%s_scaled", section);
    char *layer = strrchr(section, '_');
    if (layer) *layer++ = '\0';
    double lambda = 0;
    int factor = find_column(t, scaled);
    for (int r = t->rows - 1; factor >= 0 && lambda == 0 && r >= 0; --r) {
        double value = cell(t, r, column);
        if (value != 0) lambda = cell(t, r, factor) / value;
    }
    if (lambda != 0 && isfinite(lambda)) {
        snprintf(title, size, "[%s] in layer %s, unscaled (lambda %.4g)", section, layer ? layer : "", lambda);
    } else {
        snprintf(title, size, "[%s] in layer %s, unscaled", section, layer ? layer : "");
    }
}

/* Whether two columns SECTION_INDEX_sigma_LAYER belong into one panel: those of one section, and those of all
 * [label_variation] sections, which tap one layer each. */
static int share_panel(const char *a, const char *b) {
    const char *variation = "label_variation_";
    if (!strstr(a, "_sigma_") || !strstr(b, "_sigma_")) return 0;
    if (strncmp(a, variation, strlen(variation)) == 0 && strncmp(b, variation, strlen(variation)) == 0) return 1;
    size_t prefix = (size_t)(strstr(a, "_sigma_") - a) + strlen("_sigma_");
    return strncmp(a, b, prefix) == 0;
}

static void add_sigma_panel(const table *t, int first, panel **panels, int *count) {
    for (int c = 0; c < first; ++c) {
        if (share_panel(t->name[c], t->name[first])) return;
    }
    panel *p = add_panel(panels, count);
    char section[64];
    snprintf(section, sizeof section, "%.*s", (int)(strstr(t->name[first], "_sigma_") - t->name[first]),
             t->name[first]);
    if (strrchr(section, '_')) *strrchr(section, '_') = '\0';
    snprintf(p->title, sizeof p->title, "label variation of the layers that [%s] taps", section);
    p->labelled = 1;
    for (int c = first; c < t->columns; ++c) {
        if (!share_panel(t->name[c], t->name[first])) continue;
        const char *layer = strstr(t->name[c], "_sigma_") + strlen("_sigma_");
        snprintf(add_line(p, c, "#000000")->label, 24, "layer %.16s", layer);
    }
    for (int i = 0; i < p->lines; ++i)
        depth_colour(p->lines > 1 ? (double)i / (p->lines - 1) : .25, p->line[i].colour);
}

/* Whether a term only measures: a [label_variation] with lambda=0, whose sigma has a panel already. */
static int only_measures(const table *t, int column) {
    char scaled[96];
    if (strncmp(t->name[column], "label_variation_", 16) != 0) return 0;
    snprintf(scaled, sizeof scaled, "%.80s_scaled", t->name[column]);
    int factor = find_column(t, scaled);
    for (int r = 0; factor >= 0 && r < t->rows; ++r) {
        if (cell(t, r, factor) != 0) return 0;
    }
    return factor >= 0;
}

static int plan_panels(const table *t, panel **panels) {
    int count = 0, loss = find_column(t, "task_loss"), rate = find_column(t, "learning_rate");
    if (loss >= 0) {
        panel *p = add_panel(panels, &count);
        snprintf(p->title, sizeof p->title, "task loss");
        add_line(p, loss, tool_colour(0));
    }
    for (int c = 1; c < t->columns; ++c) {
        const char *name = t->name[c];
        if (c == loss || c == rate || strcmp(name, "images") == 0 || ends_with(name, "_scaled")) continue;
        if (strstr(name, "_sigma_")) {
            add_sigma_panel(t, c, panels, &count);
            continue;
        }
        if (only_measures(t, c)) continue;
        panel *p = add_panel(panels, &count);
        title_of_term(t, c, p->title, sizeof p->title);
        add_line(p, c, tool_colour(3));
    }
    if (rate >= 0) {
        panel *p = add_panel(panels, &count);
        snprintf(p->title, sizeof p->title, "learning rate");
        add_line(p, rate, "#555555");
        p->linear = 1;
    }
    return count;
}

/* ---- drawing ---- */

/* One line in at most BINS points: mean, least and greatest of the iterations in each. */
typedef struct {
    int count;
    double x[BINS], mean[BINS], low[BINS], high[BINS];
} curve;

static curve *reduce(const table *t, int column) {
    curve *c = lgg_allocate(1, sizeof *c, "a curve");
    int bins = t->rows < BINS ? t->rows : BINS;
    for (int b = 0; b < bins; ++b) {
        int from = (int)((long)t->rows * b / bins), to = (int)((long)t->rows * (b + 1) / bins), valid = 0;
        double sum = 0, at = 0, low = HUGE_VAL, high = -HUGE_VAL;
        for (int r = from; r < to; ++r) {
            double v = cell(t, r, column);
            if (!isfinite(v)) continue;
            sum += v;
            at += cell(t, r, 0);
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

static double inside(const axes *a, double y) {
    return fmin(fmax(y, a->top), a->top + a->height);
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
static void draw_line_labels(FILE *file, const axes *a, const panel *p, curve *const *curves) {
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
        const series *line = &p->line[order[i]];
        const curve *c = curves[order[i]];
        fprintf(file, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"%s\" stroke-width=\"1.2\"/>\n",
                a->left + a->width + 1, place_y(a, c->mean[c->count - 1]), a->left + a->width + 14, y[i], line->colour);
        tool_svg_text(file, a->left + a->width + 18, y[i] + size / 3, size, "start", "fill=\"#444\"", line->label);
    }
    free(order);
    free(y);
}

static void draw_panel(FILE *file, const table *t, const panel *p, double top, double height, int last) {
    axes a = {.x0 = cell(t, 0, 0), .x1 = cell(t, t->rows - 1, 0), .left = LEFT, .top = top, .height = height};
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

static double panel_height(const panel *p) {
    return p->labelled ? SIGMA_PANEL : PANEL;
}

static void draw_plot(const char *path, const char *title, const table *t, const panel *panels, int count) {
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

int command_plot(int argc, char **argv) {
    const char *path = "lgg_plot.svg", *log;
    const tool_option list[] = {{"o", TOOL_STRING, &path, 0, 0, "plot to write", NULL, NULL}};
    if (tool_parse_options(argc, argv, list, 1, &log, 1) != 1) {
        tool_fail("usage: ./darknet lgg plot log.csv [-o plot.svg]; lgg_log=log.csv in [net] writes the log");
    }
    table t = read_table(log);
    panel *panels = NULL;
    int count = plan_panels(&t, &panels);
    if (count == 0) tool_fail("%s: has no column to draw", log);
    draw_plot(path, log, &t, panels, count);
    printf("wrote %s: %d iterations in %d panels\n", path, t.rows, count);
    for (int i = 0; i < count; ++i)
        free(panels[i].line);
    free(panels);
    for (int i = 0; i < t.columns; ++i)
        free(t.name[i]);
    free(t.name);
    free(t.value);
    return 0;
}
