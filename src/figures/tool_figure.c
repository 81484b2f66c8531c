/* tool_figure.c: see tool_figure.h. */
#include "tool_figure.h"

#include <math.h>
#include <string.h>

#include "tool_drawing.h"

/* Lengths in user units; a row of panels has at most COLUMNS. */
enum { PANEL = 260, GAP = 28, TOP = 46, BOTTOM = 40, LEGEND = 44, LEGEND_ROW = 22, MARGIN = 26, COLUMNS = 5 };

static int crowded(const tool_figure *f) {
    return f->images->count > 60;
}

/* How far apart the middles of two vertices should be at least. */
static double separation(const tool_figure *f, int thumbnails) {
    return (thumbnails ? 30 : 13) / (crowded(f) ? 1.8 : 1);
}

/* Panels grow with their vertices, so that these cover less than half of them; rows are about equally long. */
static void plan_layout(tool_figure *f, int thumbnails) {
    double room = separation(f, thumbnails) * sqrt(2.5 * f->images->count);
    f->side = fmax(PANEL, 2 * MARGIN + ceil(room));
    int rows = (f->panel_count + COLUMNS - 1) / COLUMNS;
    f->columns = (f->panel_count + rows - 1) / rows;
}

static double row_height(const tool_figure *f) {
    return TOP + f->side + BOTTOM;
}

/* Place of a vertex on the page; (left, top) is the panel's corner. */
static double page_x(const tool_figure *f, const tool_panel *p, double left, int i) {
    return left + MARGIN + (f->side - 2 * MARGIN) * p->x[i];
}

static double page_y(const tool_figure *f, const tool_panel *p, double top, int i) {
    return top + MARGIN + (f->side - 2 * MARGIN) * p->y[i];
}

static void draw_edges(FILE *file, const tool_figure *f, const tool_panel *p, double left, double top, int all) {
    int n = f->images->count;
    float most = 0;
    for (int i = 0; i < n * n; ++i)
        most = p->adjacency[i] > most ? p->adjacency[i] : most;
    fprintf(file, "<g stroke-linecap=\"round\">\n");
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < i; ++j) {
            float weight = p->adjacency[i * n + j];
            int inter = f->images->label[i] != f->images->label[j];
            if (weight <= 0 || (!inter && !all)) continue;
            fprintf(file,
                    "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" stroke=\"%s\" stroke-opacity=\"%.2f\" "
                    "stroke-width=\"%.2f\"/>\n",
                    page_x(f, p, left, i), page_y(f, p, top, i), page_x(f, p, left, j), page_y(f, p, top, j),
                    inter ? "#444" : tool_colour(f->mark[i]), inter ? .15 + .5 * weight / most : .5,
                    .5 + .9 * weight / most);
        }
    }
    fprintf(file, "</g>\n");
}

static void draw_vertices(FILE *file, const tool_figure *f, const tool_panel *p, double left, double top,
                          int thumbnails) {
    const tool_images *m = f->images;
    int size = m->w * m->h * m->c;
    for (int i = 0; i < m->count; ++i) {
        double x = page_x(f, p, left, i), y = page_y(f, p, top, i);
        if (!thumbnails) {
            tool_svg_mark(file, f->mark[i], x, y, crowded(f) ? 4 : 6.5);
            continue;
        }
        double frame = crowded(f) ? 1.5 : 2.5, side = (crowded(f) ? 16.5 : 29) - 2 * frame;
        fprintf(file, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%g\" height=\"%g\" rx=\"2\" fill=\"%s\"/>\n",
                x - side / 2 - frame, y - side / 2 - frame, side + 2 * frame, side + 2 * frame,
                tool_colour(f->mark[i]));
        tool_svg_image(file, f->pixels + (size_t)i * (size_t)size, m->w, m->h, m->c, x - side / 2, y - side / 2, side,
                       side);
    }
}

static void draw_panel(FILE *file, const tool_figure *f, const tool_panel *p, int index,
                       const tool_figure_options *options) {
    double left = GAP + index % f->columns * (f->side + GAP), middle = left + f->side / 2;
    double top = TOP + index / f->columns * row_height(f), bottom = top + f->side;
    char text[96];
    snprintf(text, sizeof text, p->layer == TOOL_INPUT ? "%s" : "layer %s", p->name);
    tool_svg_text(file, middle, top - 14, 15, "middle", "font-weight=\"bold\"", text);
    fprintf(file,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%g\" height=\"%g\" rx=\"6\" fill=\"#fbfbfa\" stroke=\"#d5d5d0\"/>\n",
            left, top, f->side, f->side);
    tool_spread(p->x, p->y, f->images->count, separation(f, options->thumbnails) / (f->side - 2 * MARGIN),
                options->thumbnails);
    draw_edges(file, f, p, left, top, options->all_edges);
    draw_vertices(file, f, p, left, top, options->thumbnails);
    snprintf(text, sizeof text, "label variation %.4f", p->variation);
    tool_svg_text(file, middle, bottom + 20, 14, "middle", "", text);
    snprintf(text, sizeof text, "%d of %d edges between classes", p->inter_class, p->edges);
    tool_svg_text(file, middle, bottom + 36, 11, "middle", "fill=\"#666\"", text);
}

static double legend_width(const tool_figure *f, int i) {
    return 34 + 7.6 * (double)strlen(f->data->names[f->classes[i]]);
}

/* The first class after those that fit into a line of the legend with class `first`. */
static int legend_line(const tool_figure *f, int first, double width, double *used) {
    int i = first;
    *used = 0;
    while (i < f->class_count && (i == first || *used + legend_width(f, i) < width - GAP))
        *used += legend_width(f, i++);
    return i;
}

static int legend_lines(const tool_figure *f, double width) {
    int lines = 0;
    double used;
    for (int i = 0; i < f->class_count; i = legend_line(f, i, width, &used))
        ++lines;
    return lines;
}

static void draw_legend(FILE *file, const tool_figure *f, double width, double y) {
    for (int i = 0; i < f->class_count; y += LEGEND_ROW) {
        double used;
        int end = legend_line(f, i, width, &used);
        double x = fmax((width - used) / 2 + 8, 12);
        for (; i < end; ++i) {
            tool_svg_mark(file, i, x, y, 6.5);
            tool_svg_text(file, x + 11, y + 4.5, 13, "start", "", f->data->names[f->classes[i]]);
            x += legend_width(f, i);
        }
    }
}

void tool_figure_draw(tool_figure *f, const char *path, const tool_figure_options *options) {
    plan_layout(f, options->thumbnails);
    int rows = (f->panel_count + f->columns - 1) / f->columns;
    double width = GAP + f->columns * (f->side + GAP), bottom = rows * row_height(f);
    double height = bottom + LEGEND + (legend_lines(f, width) - 1) * LEGEND_ROW;
    tool_output output = tool_output_open(path);
    tool_svg_begin(output.file, width, height, "Latent geometry graphs, layer by layer");
    fprintf(output.file, "<style>image{image-rendering:pixelated}</style>\n");
    for (int i = 0; i < f->panel_count; ++i)
        draw_panel(output.file, f, &f->panels[i], i, options);
    draw_legend(output.file, f, width, bottom + 26);
    tool_svg_end(output.file);
    tool_output_commit(&output);
}
