/* command_plot.c: `lgg plot log.csv -o plot.svg`: a training log (`[net] lgg_log=`) as panels over the iterations: task loss, each
 * LGG term, the label variation of each tapped layer, learning rate. The header says what there is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "tool_drawing.h"
#include "tool_plot.h"

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static tool_plot_panel *add_panel(tool_plot_panel **panels, int *count) {
    *panels = lgg_grow(*panels, (size_t)*count + 1, sizeof **panels, "panels");
    tool_plot_panel *p = &(*panels)[(*count)++];
    memset(p, 0, sizeof *p);
    return p;
}

static tool_line *add_line(tool_plot_panel *p, int column, const char *colour) {
    p->line = lgg_grow(p->line, (size_t)p->lines + 1, sizeof *p->line, "the lines of a panel");
    tool_line *line = &p->line[p->lines++];
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
static void title_of_term(const tool_log *t, int column, char *title, size_t size) {
    char section[64], scaled[96];
    snprintf(section, sizeof section, "%s", t->name[column]);
    snprintf(scaled, sizeof scaled, "%s_scaled", section);
    char *layer = strrchr(section, '_');
    if (layer) *layer++ = '\0';
    double lambda = 0;
    int factor = tool_log_column(t, scaled);
    for (int r = t->rows - 1; factor >= 0 && lambda == 0 && r >= 0; --r) {
        double value = tool_log_cell(t, r, column);
        if (value != 0) lambda = tool_log_cell(t, r, factor) / value;
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

static void add_sigma_panel(const tool_log *t, int first, tool_plot_panel **panels, int *count) {
    for (int c = 0; c < first; ++c) {
        if (share_panel(t->name[c], t->name[first])) return;
    }
    tool_plot_panel *p = add_panel(panels, count);
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
static int only_measures(const tool_log *t, int column) {
    char scaled[96];
    if (strncmp(t->name[column], "label_variation_", 16) != 0) return 0;
    snprintf(scaled, sizeof scaled, "%.80s_scaled", t->name[column]);
    int factor = tool_log_column(t, scaled);
    for (int r = 0; factor >= 0 && r < t->rows; ++r) {
        if (tool_log_cell(t, r, factor) != 0) return 0;
    }
    return factor >= 0;
}

static int plan_panels(const tool_log *t, tool_plot_panel **panels) {
    int count = 0, loss = tool_log_column(t, "task_loss"), rate = tool_log_column(t, "learning_rate");
    if (loss >= 0) {
        tool_plot_panel *p = add_panel(panels, &count);
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
        tool_plot_panel *p = add_panel(panels, &count);
        title_of_term(t, c, p->title, sizeof p->title);
        add_line(p, c, tool_colour(3));
    }
    if (rate >= 0) {
        tool_plot_panel *p = add_panel(panels, &count);
        snprintf(p->title, sizeof p->title, "learning rate");
        add_line(p, rate, "#555555");
        p->linear = 1;
    }
    return count;
}

int command_plot(int argc, char **argv) {
    const char *path = "lgg_plot.svg", *log;
    const tool_option list[] = {{"o", TOOL_STRING, &path, 0, 0, "plot to write", NULL, NULL}};
    if (tool_parse_options(argc, argv, list, 1, &log, 1) != 1) {
        tool_fail("usage: ./darknet lgg plot log.csv [-o plot.svg]; lgg_log=log.csv in [net] writes the log");
    }
    tool_picture_check(path, 0);
    tool_log t = tool_log_read(log);
    tool_plot_panel *panels = NULL;
    int count = plan_panels(&t, &panels);
    if (count == 0) tool_fail("%s: has no column to draw", log);
    tool_plot_draw(path, log, &t, panels, count);
    if (!tool_output_is_stream(path)) printf("wrote %s: %d iterations in %d panels\n", path, t.rows, count);
    for (int i = 0; i < count; ++i)
        free(panels[i].line);
    free(panels);
    tool_log_free(&t);
    return 0;
}
