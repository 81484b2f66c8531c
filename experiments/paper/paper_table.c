/* paper_table.c: the results of a table's runs beside the paper's figures.
 *
 *   paper_table TABLE DIR SEEDS     TABLE: a table file (common.sh describes it); DIR: the results of its runs
 *
 * Prints the table and writes DIR/table.txt, DIR/table.md, DIR/table.csv and DIR/table.svg (bars with whiskers of one standard
 * deviation), and, where learning curves were measured, DIR/curve.csv and DIR/curve.svg. Each method is compared with the baseline over the seeds that
 * both have: gain = mean of the paired differences d (less error, or more agreement or precision), and the two-sided p of Student's t = mean(d) / (sd(d) / sqrt(n)). */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "tool_drawing.h"

enum { MAX_METHODS = 64, MAX_SEEDS = 64, MAX_POINTS = 1024, MEASURES = 11, LINE = 4096 };

/* What a run's result file calls a figure, and what a reader does. A gain is less of an error, but more of an agreement or a precision. */
static const struct {
    const char *name, *evaluation, *title;
    int more;
} measures[MEASURES] = {
    {"clean", "clean", "test error, %", 0},
    {"neighbours", "neighbours", "error of the 10 nearest neighbours, %", 0},
    {"attack", "attack", "error under FGSM at 33 dB, %", 0},
    {"apgd", "apgd", "error under APGD at 33 dB, %", 0},
    {"corrupted", "corrupt", "mean error under the corruptions, %", 0},
    {"relative_excess", "corrupt", "its excess over the clean error, % of the baseline's", 0},
    {"relative_mce", "corrupt", "relative MCE", 0},
    {"agree_right", "teacher", "decides as the teacher where that is right, %", 1},
    {"agree_wrong", "teacher", "decides as the teacher where that is wrong, %", 1},
    {"map50", "map", "mAP@.5, %", 1},
    {"map", "map", "mAP@.5:.95, %", 1},
};

typedef struct {
    char name[64];
    int seeds;                         /* of its own, or as many as the table has */
    double value[MEASURES][MAX_SEEDS]; /* NaN: not there */
    double paper[MEASURES];            /* NaN: the paper has none */
    double seconds[MAX_SEEDS];         /* of its training; NaN: not there, or trained before */
    double epoch_error[MAX_POINTS], iteration[MAX_POINTS];
    int points;
    int found; /* runs */
} method;

typedef struct {
    char title[LINE], baseline[64], file[LINE];
    int evaluated[MEASURES], seeds, count;
    method methods[MAX_METHODS];
    /* of the runs found: their dates, commits, machines, kinds of corruptions, each value once */
    char dates[LINE], commits[LINE], machines[LINE], corruptions[LINE];
    char hardly[LINE];  /* corruptions under which a baseline hardly errs more than on clean images */
    char missing[LINE]; /* the methods without a run, which are no rows */
    int found;
} table;

typedef struct {
    int n;
    double mean, deviation; /* NaN: fewer than 1 or 2 values */
} summary;

/* Over the seeds that both have: difference other - own, or own - other where more is a gain. */
typedef struct {
    summary gain;
    double p; /* NaN: fewer than two seeds, or no scatter */
} comparison;

static method *find_method(table *t, const char *name) {
    for (int i = 0; i < t->count; ++i)
        if (strcmp(t->methods[i].name, name) == 0) return &t->methods[i];
    return NULL;
}

static int find_measure(const char *name) {
    for (int m = 0; m < MEASURES; ++m)
        if (strcmp(measures[m].name, name) == 0) return m;
    return -1;
}

/* `words` are those of its line, `seeds=N` perhaps among them. */
static void add_method(table *t, const char *name, const char *words) {
    const char *seeds = strstr(words, " seeds=");
    if (t->count == MAX_METHODS) tool_fail("%s: more than %d runs", t->file, MAX_METHODS);
    method *added = &t->methods[t->count++];
    snprintf(added->name, sizeof added->name, "%s", name);
    added->seeds = seeds ? atoi(seeds + strlen(" seeds=")) : 0;
    if (added->seeds < 0 || added->seeds > MAX_SEEDS)
        tool_fail("%s: run %s: 1 to %d seeds would be right", t->file, name, MAX_SEEDS);
    for (int m = 0; m < MEASURES; ++m) {
        added->paper[m] = NAN;
        for (int s = 0; s < MAX_SEEDS; ++s)
            added->value[m][s] = NAN;
    }
    for (int s = 0; s < MAX_SEEDS; ++s)
        added->seconds[s] = NAN;
}

/* "METHOD clean=10.34 attack=66.3" */
static void read_paper_line(table *t, char *rest) {
    char *name = strtok(rest, " \t"), *word;
    method *m = name ? find_method(t, name) : NULL;
    if (!m) tool_fail("%s: paper %s: no run of that name stands above it", t->file, name ? name : "");
    while ((word = strtok(NULL, " \t"))) {
        char *equals = strchr(word, '='), *end = NULL;
        if (equals) *equals = '\0';
        int measure = find_measure(word);
        if (!equals || measure < 0)
            tool_fail("%s: paper %s %s: clean, neighbours, attack, apgd, corrupted, relative_excess, relative_mce, "
                      "agree_right, agree_wrong, map50 or map=number",
                      t->file, name, word);
        m->paper[measure] = strtod(equals + 1, &end);
        if (end == equals + 1 || *end) tool_fail("%s: paper %s %s=%s: no number", t->file, name, word, equals + 1);
    }
}

static void read_table_file(table *t, const char *path) {
    char line[LINE];
    snprintf(t->file, sizeof t->file, "%s", path);
    FILE *file = fopen(path, "r");
    if (!file) tool_fail("%s cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "#\n")] = '\0';
        char key[32], first[64];
        int at = 0;
        if (sscanf(line, "%31s %n", key, &at) != 1) continue;
        if (strcmp(key, "title") == 0) snprintf(t->title, sizeof t->title, "%s", line + at);
        if (strcmp(key, "paper") == 0) read_paper_line(t, line + at);
        if (sscanf(line + at, "%63s", first) != 1) continue;
        if (strcmp(key, "baseline") == 0) snprintf(t->baseline, sizeof t->baseline, "%s", first);
        if (strcmp(key, "run") == 0) add_method(t, first, line + at);
        const int taught = strcmp(key, "teacher") == 0;
        if (!taught && strcmp(key, "evaluate") != 0) continue;
        for (int m = 0; m < MEASURES; ++m)
            if (strcmp(measures[m].evaluation, taught ? key : first) == 0) t->evaluated[m] = 1;
    }
    fclose(file);
    if (!t->count) tool_fail("%s: no run", path);
}

/* Appends value to the list unless it is there. */
static void note_once(char list[LINE], const char *value) {
    const size_t length = strlen(value);
    for (const char *at = list; (at = strstr(at, value)); at += length) {
        const int begins = at == list || (at - list >= 2 && strncmp(at - 2, ", ", 2) == 0);
        if (begins && (at[length] == '\0' || strncmp(at + length, ", ", 2) == 0)) return;
    }
    if (strlen(list) + length + 3 > LINE) return;
    if (*list) strcat(list, ", ");
    strcat(list, value);
}

/* The same of each word. */
static void note_words(char list[LINE], char *words) {
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        note_once(list, word);
}

/* One run's result file, lines "name,value". */
static void read_run(table *t, method *m, const char *dir, int seed) {
    char path[LINE + 256], line[LINE];
    snprintf(path, sizeof path, "%s/runs/%s-%d.csv", dir, m->name, seed);
    FILE *file = fopen(path, "r");
    if (!file) return;
    ++t->found;
    ++m->found;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *comma = strchr(line, ',');
        if (!comma) continue;
        *comma = '\0';
        int measure = find_measure(line);
        if (measure >= 0 && comma[1]) m->value[measure][seed - 1] = strtod(comma + 1, NULL);
        if (strcmp(line, "train_seconds") == 0 && strtod(comma + 1, NULL) > 0)
            m->seconds[seed - 1] = strtod(comma + 1, NULL);
        if (strcmp(line, "date") == 0) note_once(t->dates, comma + 1);
        if (strcmp(line, "commit") == 0) note_once(t->commits, comma + 1);
        if (strcmp(line, "machine") == 0) note_once(t->machines, comma + 1);
        if (strcmp(line, "corruptions") == 0) note_once(t->corruptions, comma + 1);
        if (strcmp(line, "hardly") == 0) note_words(t->hardly, comma + 1);
    }
    fclose(file);
}

/* DIR/measures/METHOD-1_curve.csv: "epoch,iteration,error". */
static void read_curve(method *m, const char *dir) {
    char path[LINE + 256], line[LINE];
    snprintf(path, sizeof path, "%s/measures/%s-1_curve.csv", dir, m->name);
    FILE *file = fopen(path, "r");
    if (!file) return;
    while (m->points < MAX_POINTS && fgets(line, sizeof line, file)) {
        double iteration, error;
        if (sscanf(line, "%*[^,],%lf,%lf", &iteration, &error) != 2) continue;
        m->iteration[m->points] = iteration;
        m->epoch_error[m->points++] = error;
    }
    fclose(file);
}

/* Rows are of methods that have a run; of the others the names are kept. */
static void leave_out_missing(table *t) {
    int left = 0;
    for (int i = 0; i < t->count; ++i) {
        if (t->methods[i].found)
            t->methods[left++] = t->methods[i];
        else
            note_once(t->missing, t->methods[i].name);
    }
    t->count = left;
}

static summary summarize(const double *value, int n) {
    summary s = {0, NAN, NAN};
    double present[MAX_SEEDS];
    for (int i = 0; i < n; ++i)
        if (!isnan(value[i])) present[s.n++] = value[i];
    if (s.n > 0) s.mean = gsl_stats_mean(present, 1, (size_t)s.n);
    if (s.n > 1) s.deviation = gsl_stats_sd(present, 1, (size_t)s.n);
    return s;
}

static comparison compare(const method *own, const method *other, int measure, int seeds) {
    double difference[MAX_SEEDS];
    for (int s = 0; s < seeds; ++s)
        difference[s] = (measures[measure].more ? -1 : 1) * (other->value[measure][s] - own->value[measure][s]);
    comparison c = {summarize(difference, seeds), NAN};
    if (c.gain.n > 1 && c.gain.deviation > 0) {
        double t = c.gain.mean / (c.gain.deviation / sqrt(c.gain.n));
        c.p = 2 * gsl_cdf_tdist_Q(fabs(t), c.gain.n - 1);
    }
    return c;
}

/* "23.58 +- 0.31", or empty. */
static void format_summary(char text[64], summary s, const char *format) {
    text[0] = '\0';
    if (isnan(s.mean)) return;
    int length = snprintf(text, 64, format, s.mean);
    if (!isnan(s.deviation) && length > 0) snprintf(text + length, (size_t)(64 - length), " +- %.2f", s.deviation);
}

static void format_number(char text[64], double x, const char *format) {
    text[0] = '\0';
    if (!isnan(x)) snprintf(text, 64, format, x);
}

/* A method's figures as they are printed; empty where there is none. */
typedef struct {
    char ours[64], gain[64], p[64], paper[64], paper_gain[64];
    int seeds;
} row;

static row format_row(table *t, const method *m, int measure) {
    const method *baseline = find_method(t, t->baseline);
    const summary own = summarize(m->value[measure], t->seeds);
    row r = {.seeds = own.n};
    format_summary(r.ours, own, "%.2f");
    format_number(r.paper, m->paper[measure], "%.2f");
    if (!baseline || m == baseline) return r;
    const comparison c = compare(m, baseline, measure, t->seeds);
    format_number(r.p, c.p, "%.4f");
    if (own.n < 2) return r;
    format_summary(r.gain, c.gain, "%+.2f");
    format_number(r.paper_gain, (measures[measure].more ? -1 : 1) * (baseline->paper[measure] - m->paper[measure]),
                  "%+.2f");
    return r;
}

static void print_measure(FILE *file, table *t, int measure) {
    fprintf(file, "\n%-26s %16s %6s %16s %8s %10s %8s\n", measures[measure].title, "ours", "seeds", "gain", "p",
            "paper", "gain");
    for (int i = 0; i < t->count; ++i) {
        const row r = format_row(t, &t->methods[i], measure);
        if (!r.seeds && !*r.paper) continue;
        fprintf(file, "%-26s %16s %6d %16s %8s %10s %8s\n", t->methods[i].name, r.ours, r.seeds, r.gain, r.p, r.paper,
                r.paper_gain);
    }
}

/* Which corruptions the relative MCE should not be judged by. */
static const char *hardly_line(const table *t, char text[2 * LINE]) {
    snprintf(text, 2 * LINE,
             "A baseline hardly errs more than on clean images (by less than a point) under %s: the relative MCE says "
             "little there.",
             t->hardly);
    return text;
}

/* How long a run of each method was trained, a mean over its seeds; empty where none was. */
static const char *seconds_line(const table *t, char text[2 * LINE]) {
    int length = 0;
    text[0] = '\0';
    for (int i = 0; i < t->count && length < LINE; ++i) {
        const double seconds = summarize(t->methods[i].seconds, t->seeds).mean;
        if (isnan(seconds)) continue;
        length += snprintf(text + length, (size_t)(2 * LINE - length), "%s%s %.0f",
                           length ? ", " : "Seconds of a run's training: ", t->methods[i].name, seconds);
    }
    if (length) snprintf(text + length, (size_t)(2 * LINE - length), ".");
    return text;
}

static void print_table(FILE *file, table *t) {
    char text[2 * LINE];
    fprintf(file, "%s\n", t->title);
    for (int m = 0; m < MEASURES; ++m)
        if (t->evaluated[m]) print_measure(file, t, m);
    fprintf(
        file,
        "\nMean +- standard deviation over seeds; gain: how much less error, or more agreement or precision, than the "
        "%s with "
        "the same "
        "seeds;\np: of no difference, two-sided paired t-test (a p above .05 is no result).\n",
        t->baseline);
    if (*t->corruptions) fprintf(file, "Corruptions: %s.\n", t->corruptions);
    if (*t->hardly) fprintf(file, "%s\n", hardly_line(t, text));
    if (*t->missing) fprintf(file, "Without a run: %s.\n", t->missing);
    if (*seconds_line(t, text)) fprintf(file, "%s\n", text);
    fprintf(file, "%d runs; %s; commit %s; %s.\n", t->found, t->dates, t->commits, t->machines);
}

static void markdown_measure(FILE *file, table *t, int measure) {
    fprintf(file,
            "| %s | ours | seeds | gain | p | the paper | its gain |\n| --- | --- | --- | --- | --- | --- | --- |\n",
            measures[measure].title);
    for (int i = 0; i < t->count; ++i) {
        const row r = format_row(t, &t->methods[i], measure);
        if (!r.seeds && !*r.paper) continue;
        fprintf(file, "| %s | %s | %d | %s | %s | %s | %s |\n", t->methods[i].name, r.ours, r.seeds, r.gain, r.p,
                r.paper, r.paper_gain);
    }
    fputc('\n', file);
}

static void write_markdown(FILE *file, table *t) {
    char text[2 * LINE];
    fprintf(file, "## %s\n\n", t->title);
    for (int m = 0; m < MEASURES; ++m)
        if (t->evaluated[m]) markdown_measure(file, t, m);
    fprintf(file, "%d runs; %s; commit %s; %s.", t->found, t->dates, t->commits, t->machines);
    if (*seconds_line(t, text)) fprintf(file, " %s", text);
    if (*t->corruptions) fprintf(file, " Corruptions: %s.", t->corruptions);
    if (*t->hardly) fprintf(file, " %s", hardly_line(t, text));
    if (*t->missing) fprintf(file, " Without a run: %s.", t->missing);
    fputc('\n', file);
}

static void csv_number(FILE *file, double x) {
    if (isnan(x))
        fputc(',', file);
    else
        fprintf(file, ",%.6g", x);
}

/* The last cell of a row. */
static void write_values(FILE *file, const double *value, int n) {
    for (int k = 0; k < n; ++k)
        fprintf(file, k ? ";%.6g" : ",%.6g", value[k]);
    fputc('\n', file);
}

static void write_csv(FILE *file, table *t) {
    const method *baseline = find_method(t, t->baseline);
    fprintf(file, "measure,method,seeds,mean,deviation,gain,gain_deviation,p,paper,values\n");
    for (int m = 0; m < MEASURES; ++m) {
        for (int i = 0; t->evaluated[m] && i < t->count; ++i) {
            const method *own = &t->methods[i];
            summary s = summarize(own->value[m], t->seeds);
            comparison c = {{0, NAN, NAN}, NAN};
            if (baseline && own != baseline) c = compare(own, baseline, m, t->seeds);
            fprintf(file, "%s,%s,%d", measures[m].name, own->name, s.n);
            csv_number(file, s.mean);
            csv_number(file, s.deviation);
            csv_number(file, c.gain.mean);
            csv_number(file, c.gain.deviation);
            csv_number(file, c.p);
            csv_number(file, own->paper[m]);
            write_values(file, own->value[m], own->seeds);
        }
    }
    for (int i = 0; i < t->count; ++i) {
        const method *own = &t->methods[i];
        const summary s = summarize(own->seconds, t->seeds);
        if (!s.n) continue;
        fprintf(file, "train_seconds,%s,%d", own->name, s.n);
        csv_number(file, s.mean);
        csv_number(file, s.deviation);
        fprintf(file, ",,,,");
        write_values(file, own->seconds, own->seeds);
    }
}

/* ---- pictures ---- */

enum { LEFT = 60, PANEL = 330, HEIGHT = 240, TOP = 60, GAP = 70 };
/* Room for the title and the legend, where there is one panel only. */
enum { TEXT_WIDTH = 760 };

/* Horizontal lines and their numbers for a panel whose left edge is at x, from low to high. */
static void draw_axis(FILE *file, double x, double width, double low, double high) {
    double first, step;
    int n = tool_ticks(low, high, 6, &first, &step);
    for (int i = 0; i < n; ++i) {
        char text[32];
        double value = first + i * step, y = TOP + HEIGHT * (high - value) / (high - low);
        fprintf(file, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", x, x + width, y, y);
        snprintf(text, sizeof text, "%g", value);
        tool_svg_text(file, x - 6, y + 4, 11, "end", "", text);
    }
}

static void draw_bar(FILE *file, const method *m, int index, int measure, int seeds, double x, double width,
                     double high) {
    summary s = summarize(m->value[measure], seeds);
    if (!isnan(s.mean)) {
        double h = HEIGHT * s.mean / high, y = TOP + HEIGHT - h, middle = x + width / 2;
        fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, h,
                tool_colour(index));
        if (!isnan(s.deviation)) {
            double d = HEIGHT * s.deviation / high;
            fprintf(file, "<path d=\"M%.1f %.1fV%.1fM%.1f %.1fh8M%.1f %.1fh8\" stroke=\"#222\" fill=\"none\"/>\n",
                    middle, y - d, y + d, middle - 4, y - d, middle - 4, y + d);
        }
        char text[32];
        snprintf(text, sizeof text, "%.1f", s.mean);
        tool_svg_text(file, middle, TOP + HEIGHT - 6, 11, "middle", "fill=\"#fff\" font-weight=\"bold\"", text);
    }
    if (!isnan(m->paper[measure])) {
        double y = TOP + HEIGHT * (1 - m->paper[measure] / high);
        fprintf(file, "<path d=\"M%.1f %.1fh%.1f\" stroke=\"#222\" stroke-width=\"2\" stroke-dasharray=\"3 2\"/>\n",
                x - 2, y, width + 4);
    }
    fprintf(file, "<g transform=\"translate(%.1f %d) rotate(-35)\">\n", x + width / 2 + 4, TOP + HEIGHT + 14);
    tool_svg_text(file, 0, 0, 11, "end", "", m->name);
    fprintf(file, "</g>\n");
}

static void draw_bars(FILE *file, table *t) {
    int panels = 0;
    for (int m = 0; m < MEASURES; ++m)
        panels += t->evaluated[m];
    tool_svg_begin(file, fmax(LEFT + panels * (PANEL + GAP), TEXT_WIDTH), TOP + HEIGHT + 110, t->title);
    tool_svg_text(file, 16, 22, 14, "start", "font-weight=\"bold\"", t->title);
    double x = LEFT;
    for (int m = 0; m < MEASURES; ++m) {
        if (!t->evaluated[m]) continue;
        double high = 0;
        for (int i = 0; i < t->count; ++i) {
            summary s = summarize(t->methods[i].value[m], t->seeds);
            high = fmax(high, fmax(isnan(s.mean) ? 0 : s.mean + (isnan(s.deviation) ? 0 : s.deviation),
                                   t->methods[i].paper[m]));
        }
        if (high <= 0) high = 1;
        high *= 1.08;
        tool_svg_text(file, x, TOP - 14, 12, "start", "", measures[m].title);
        draw_axis(file, x, PANEL, 0, high);
        double slot = (double)PANEL / t->count;
        for (int i = 0; i < t->count; ++i)
            draw_bar(file, &t->methods[i], i, m, t->seeds, x + slot * (i + .15), slot * .7, high);
        x += PANEL + GAP;
    }
    tool_svg_text(
        file, 16, TOP + HEIGHT + 98, 11, "start", "",
        "Bars: mean over seeds; whiskers: one standard deviation; dashed: the paper's figure, at its full scale.");
    tool_svg_end(file);
}

static void draw_curves(FILE *file, table *t) {
    const double width = 2 * PANEL;
    double last = 1;
    for (int i = 0; i < t->count; ++i)
        for (int k = 0; k < t->methods[i].points; ++k)
            last = fmax(last, t->methods[i].iteration[k]);
    tool_svg_begin(file, LEFT + width + 220, TOP + HEIGHT + 60, t->title);
    tool_svg_text(file, 16, 22, 14, "start", "font-weight=\"bold\"", t->title);
    tool_svg_text(file, LEFT, TOP - 14, 12, "start", "", "test error after each epoch, %, first seed");
    draw_axis(file, LEFT, width, 0, 100);
    double first, step, y = TOP + 10;
    int n = tool_ticks(0, last, 8, &first, &step);
    for (int i = 0; i < n; ++i) {
        char text[32];
        snprintf(text, sizeof text, "%g", first + i * step);
        tool_svg_text(file, LEFT + width * (first + i * step) / last, TOP + HEIGHT + 18, 11, "middle", "", text);
    }
    tool_svg_text(file, LEFT + width / 2, TOP + HEIGHT + 36, 12, "middle", "", "iterations");
    for (int i = 0; i < t->count; ++i) {
        const method *m = &t->methods[i];
        if (!m->points) continue;
        fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", tool_colour(i));
        for (int k = 0; k < m->points; ++k)
            fprintf(file, "%.1f,%.1f ", LEFT + width * m->iteration[k] / last,
                    TOP + HEIGHT * (1 - m->epoch_error[k] / 100));
        fprintf(file, "\"/>\n");
        for (int k = 0; k < m->points; ++k)
            tool_svg_mark(file, i, LEFT + width * m->iteration[k] / last, TOP + HEIGHT * (1 - m->epoch_error[k] / 100),
                          4);
        tool_svg_mark(file, i, LEFT + width + 24, y - 4, 4);
        tool_svg_text(file, LEFT + width + 36, y, 12, "start", "", m->name);
        y += 20;
    }
    tool_svg_end(file);
}

static void write_curves(FILE *file, table *t) {
    fprintf(file, "method,iteration,error\n");
    for (int i = 0; i < t->count; ++i)
        for (int k = 0; k < t->methods[i].points; ++k)
            fprintf(file, "%s,%g,%g\n", t->methods[i].name, t->methods[i].iteration[k], t->methods[i].epoch_error[k]);
}

static void write_file(table *t, const char *dir, const char *name, void (*write)(FILE *, table *)) {
    char path[LINE + 256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    tool_output output = tool_output_open(path);
    write(output.file, t);
    tool_output_commit(&output);
}

int main(int argc, char **argv) {
    static table t;
    tool_set_command("paper_table", "TABLE DIR SEEDS");
    if (argc != 4) tool_fail("takes TABLE DIR SEEDS");
    t.seeds = atoi(argv[3]);
    if (t.seeds < 1 || t.seeds > MAX_SEEDS) tool_fail("%s seeds: 1 to %d would be right", argv[3], MAX_SEEDS);
    read_table_file(&t, argv[1]);
    int points = 0;
    const int seeds = t.seeds;
    for (int i = 0; i < t.count; ++i) {
        if (!t.methods[i].seeds) t.methods[i].seeds = seeds;
        if (t.methods[i].seeds > t.seeds) t.seeds = t.methods[i].seeds;
        for (int seed = 1; seed <= t.methods[i].seeds; ++seed) /* others may be there, of another time */
            read_run(&t, &t.methods[i], argv[2], seed);
        read_curve(&t.methods[i], argv[2]);
        points += t.methods[i].points;
    }
    if (!t.found) tool_fail("no run of %s is over yet", argv[1]);
    write_file(&t, argv[2], "table.csv", write_csv);
    leave_out_missing(&t);
    putchar('\n');
    print_table(stdout, &t);
    write_file(&t, argv[2], "table.txt", print_table);
    write_file(&t, argv[2], "table.md", write_markdown);
    write_file(&t, argv[2], "table.svg", draw_bars);
    if (points) {
        write_file(&t, argv[2], "curve.csv", write_curves);
        write_file(&t, argv[2], "curve.svg", draw_curves);
    }
    printf("\n%s/table.txt, .md, .csv and .svg hold it%s\n", argv[2],
           points ? "; the learning curves are curve.csv and curve.svg" : "");
    return 0;
}
