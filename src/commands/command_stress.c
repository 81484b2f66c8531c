/* command_stress.c: `lgg stress`: how a classifier bears what no gradient has chosen.
 *
 *   -snr      Gaussian noise on the image, so many dB below it: deviation |x| / (sqrt(n) 10^(snr/20)); pixels are not clamped
 *   -dropout  each value that a block gives is 0 with this probability, else over 1 - probability
 *   -bits     the weights of each layer rounded to so many bits, symmetric around 0, one step a layer (host_load_network)
 *   -radii    the robustness curve alpha(r): the share of the images all of whose neighbours at distance r keep the label that the
 *             network gives the image. Neighbours are random directions, so that the curve lies above that of all neighbours
 *
 * Noise, dropout and neighbours are drawn `draws` times: mean and deviation are over these. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "tool_attack.h"
#include "tool_drawing.h"

typedef struct {
    const char *snr, *dropout, *bits, *radii, *layers, *norm, *csv, *svg;
    int draws, test, batch, seed, norm_given, drawn_given;
} stress_options;

typedef enum { STRESS_CLEAN, STRESS_SNR, STRESS_DROPOUT, STRESS_BITS, STRESS_RADIUS, STRESS_KINDS } stress_kind;

static const struct {
    const char *name, *title, *x_label, *y_label;
} kinds[STRESS_KINDS] = {
    [STRESS_CLEAN] = {"clean", "clean", "", "error, %"},
    [STRESS_SNR] = {"snr", "Gaussian noise", "signal to noise, dB", "error, %"},
    [STRESS_DROPOUT] = {"dropout", "dropout of activations after each block", "probability", "error, %"},
    [STRESS_BITS] = {"bits", "rounded weights", "bits", "error, %"},
    [STRESS_RADIUS] = {"radius", "robustness curve", "radius r", "images that keep their label, %"},
};

/* One kind of stress at one value. */
typedef struct {
    stress_kind kind;
    double value;
    int draws;
    double mean, deviation; /* %: of the error; of the kept labels for a radius */
    double all;             /* %: kept in every draw, alpha(r); NaN for others */
} stress_row;

typedef struct {
    const stress_options *options;
    const char *const *file;
    tool_model *model;
    const tool_images *test;
    attack_ball ball;
    int *layers, layer_count;
    int *decided; /* (images), without stress */
    int *predicted;
    float *x, *image, *scores; /* (batch, n), (n), (batch, classes) */
    stress_row *row;
    int rows;
    tool_progress progress;
} stress;

/* ---- one draw ---- */

static void disturb(const stress *s, stress_kind kind, double value, int draw, int image, float *x) {
    tool_random random = tool_random_seed((uint64_t)s->options->seed, ((uint64_t)draw << 32) + (uint64_t)image);
    if (kind == STRESS_SNR) {
        double deviation = attack_length(x, s->ball.inputs) / (sqrt(s->ball.inputs) * pow(10, value / 20));
        for (int i = 0; i < s->ball.inputs; ++i)
            x[i] = (float)(x[i] + deviation * tool_random_normal(&random));
    }
    if (kind == STRESS_RADIUS) {
        memcpy(s->image, x, (size_t)s->ball.inputs * sizeof *x);
        attack_random_direction(&s->ball, s->image, x, value, &random);
    }
}

/* What the model says of each image under one draw of stress, into predicted. */
static void predict(stress *s, tool_model *model, stress_kind kind, double value, int draw) {
    int batch = tool_model_batch(model), output = tool_model_output_layer(model);
    size_t n = (size_t)s->ball.inputs;
    for (int first = 0; first < s->test->count; first += batch) {
        int left = s->test->count - first, count = left < batch ? left : batch;
        tool_images_read(s->test, first, count, s->x);
        for (int i = 0; i < count; ++i)
            disturb(s, kind, value, draw, first + i, s->x + (size_t)i * n);
        if (kind == STRESS_DROPOUT) {
            tool_model_drop(model, s->layers, s->layer_count, value, (uint64_t)s->options->seed,
                            ((uint64_t)draw << 32) + (uint64_t)first);
        }
        tool_model_forward(model, s->x, count);
        const size_t values = (size_t)count * (size_t)tool_model_size(model, output);
        memcpy(s->scores, tool_model_output(model, output), values * sizeof *s->scores);
        tool_model_decide(model, s->scores, count, s->predicted + first);
        tool_progress_step(&s->progress, s->progress.done + count);
    }
    if (kind == STRESS_DROPOUT) tool_model_drop(model, s->layers, s->layer_count, 0, 0, 0);
}

/* % of the images for which `predicted` is `right` (or is not). */
static double share(const stress *s, const int *right, int same) {
    int count = 0;
    for (int i = 0; i < s->test->count; ++i)
        count += (s->predicted[i] == right[i]) == same;
    return 100. * count / s->test->count;
}

/* ---- all draws of one value ---- */

static stress_row *add_row(stress *s, stress_kind kind, double value, int draws) {
    s->row = lgg_grow(s->row, (size_t)s->rows + 1, sizeof *s->row, "the table");
    stress_row *row = &s->row[s->rows++];
    *row = (stress_row){.kind = kind, .value = value, .draws = draws, .all = NAN};
    return row;
}

static void run_row(stress *s, tool_model *model, stress_kind kind, double value, int draws) {
    int keeps = kind == STRESS_RADIUS, count = s->test->count, all = 0;
    stress_row *row = add_row(s, kind, value, draws);
    char *kept = lgg_allocate((size_t)count, 1, "results");
    double sum = 0, squares = 0;
    memset(kept, 1, (size_t)count);
    char what[64];
    snprintf(what, sizeof what, "images (now %s %g)", kinds[kind].name, value);
    s->progress.what = what;
    for (int draw = 0; draw < draws; ++draw) {
        predict(s, model, kind, value, draw);
        double percent = keeps ? share(s, s->decided, 1) : share(s, s->test->label, 0);
        sum += percent;
        squares += percent * percent;
        for (int i = 0; i < count; ++i)
            kept[i] = kept[i] && s->predicted[i] == s->decided[i];
    }
    for (int i = 0; i < count; ++i)
        all += kept[i];
    row->mean = sum / draws;
    row->deviation = draws > 1 ? sqrt(fmax(0, (squares - sum * row->mean) / (draws - 1))) : 0;
    if (keeps) row->all = 100. * all / count;
    s->progress.what = "images";
    free(kept);
}

/* ---- what the user asks for ---- */

/* The numbers of a list, new; each within its range. */
static int read_values(const char *option, const char *text, double low, double high, int whole, double **values) {
    char **parts;
    int count = text ? tool_split(text, ',', &parts) : 0;
    *values = lgg_allocate((size_t)count, sizeof **values, "a list");
    for (int i = 0; i < count; ++i) {
        char *end;
        double value = strtod(parts[i], &end);
        int good = *parts[i] && *end == '\0' && value >= low && value <= high && (!whole || value == floor(value));
        if (!good) {
            tool_fail("-%s %s: '%s' should be a %snumber from %g to %g", option, text, parts[i], whole ? "whole " : "",
                      low, high);
        }
        (*values)[i] = value;
        free(parts[i]);
    }
    if (count) free(parts);
    return count;
}

typedef struct {
    double *value[STRESS_KINDS];
    int count[STRESS_KINDS];
} stress_plan;

static stress_plan read_plan(stress_options *o) {
    stress_plan plan = {0};
    if (!o->snr && !o->dropout && !o->bits && !o->radii) {
        o->snr = "15";
        o->dropout = ".25";
        o->bits = "5";
        o->radii = ".5,1,2,4";
    }
    plan.count[STRESS_SNR] = read_values("snr", o->snr, -100, 200, 0, &plan.value[STRESS_SNR]);
    plan.count[STRESS_DROPOUT] = read_values("dropout", o->dropout, 0, .99, 0, &plan.value[STRESS_DROPOUT]);
    plan.count[STRESS_BITS] = read_values("bits", o->bits, 2, 16, 1, &plan.value[STRESS_BITS]);
    plan.count[STRESS_RADIUS] = read_values("radii", o->radii, 0, 1e6, 0, &plan.value[STRESS_RADIUS]);
    return plan;
}

static void run_plan(stress *s, const stress_plan *plan) {
    const stress_options *o = s->options;
    int drawn = plan->count[STRESS_SNR] + plan->count[STRESS_DROPOUT] + plan->count[STRESS_RADIUS];
    long passes = 1 + (long)drawn * o->draws + plan->count[STRESS_BITS];
    s->progress = tool_progress_begin("images", passes * s->test->count);
    predict(s, s->model, STRESS_CLEAN, 0, 0);
    memcpy(s->decided, s->predicted, (size_t)s->test->count * sizeof *s->decided);
    add_row(s, STRESS_CLEAN, 0, 1)->mean = share(s, s->test->label, 0);
    for (stress_kind kind = STRESS_SNR; kind < STRESS_KINDS; ++kind) {
        for (int i = 0; i < plan->count[kind]; ++i) {
            double value = plan->value[kind][i];
            if (kind != STRESS_BITS) {
                run_row(s, s->model, kind, value, o->draws);
                continue;
            }
            tool_model *rounded = tool_model_load_rounded(s->file[1], s->file[2], o->batch, (int)value);
            run_row(s, rounded, kind, value, 1);
            tool_model_free(rounded);
        }
    }
    tool_progress_end(&s->progress);
}

/* ---- output ---- */

static void print_table(const stress *s) {
    printf("%-44s %8s %7s %7s %9s %9s\n", "", "value", "images", "draws", "mean %", "deviation");
    for (int i = 0; i < s->rows; ++i) {
        const stress_row *r = &s->row[i];
        char name[96], value[32] = "";
        snprintf(name, sizeof name, r->kind == STRESS_RADIUS ? "%s: keep their label" : "%s: error",
                 r->kind == STRESS_RADIUS ? "neighbours" : kinds[r->kind].title);
        if (r->kind != STRESS_CLEAN) snprintf(value, sizeof value, "%g", r->value);
        printf("%-44s %8s %7d %7d %9.2f", name, value, s->test->count, r->draws, r->mean);
        if (r->draws > 1) printf(" %9.2f", r->deviation);
        if (r->kind == STRESS_RADIUS) printf("   alpha(r), in all draws: %.2f", r->all);
        putchar('\n');
    }
}

static void write_csv(const stress *s) {
    tool_output output = tool_output_open(s->options->csv);
    if (!output.file) return;
    fprintf(output.file, "stress,value,images,draws,mean,deviation,all\n");
    for (int i = 0; i < s->rows; ++i) {
        const stress_row *r = &s->row[i];
        fprintf(output.file, "%s,%g,%d,%d,%.4f,%.4f,", kinds[r->kind].name, r->value, s->test->count, r->draws, r->mean,
                r->deviation);
        if (r->kind == STRESS_RADIUS) fprintf(output.file, "%.4f", r->all);
        fputc('\n', output.file);
    }
    tool_output_commit(&output);
}

enum { PANEL_WIDTH = 380, PANEL_HEIGHT = 220, LEFT = 66, TOP = 64, ACROSS = 460, DOWN = 330 };

static int compare_values(const void *a, const void *b) {
    const double value_a = (*(const stress_row *const *)a)->value, value_b = (*(const stress_row *const *)b)->value;
    return (value_a > value_b) - (value_a < value_b);
}

/* The rows of one kind as a chart in place `panel`. Returns whether there are any. */
static int draw_kind(const stress *s, FILE *file, stress_kind kind, int panel) {
    double *columns = lgg_allocate(4 * (size_t)s->rows, sizeof *columns, "a chart");
    double *x = columns, *mean = x + s->rows, *deviation = mean + s->rows, *all = deviation + s->rows;
    const stress_row **row = lgg_allocate((size_t)s->rows + 1, sizeof *row, "a chart");
    int n = 0;
    for (int i = 0; i < s->rows; ++i) {
        if (s->row[i].kind == kind) row[n++] = &s->row[i];
    }
    qsort(row, (size_t)n, sizeof *row, compare_values); /* in whatever order they were asked for */
    for (int i = 0; i < n; ++i) {
        x[i] = row[i]->value;
        mean[i] = row[i]->mean;
        deviation[i] = row[i]->deviation;
        all[i] = row[i]->all;
    }
    free(row);
    tool_chart chart = {kinds[kind].title,
                        kinds[kind].x_label,
                        kinds[kind].y_label,
                        "alpha(r): in all draws",
                        n,
                        x,
                        mean,
                        deviation,
                        kind == STRESS_RADIUS ? all : NULL};
    if (n && file)
        tool_chart_draw(file, &chart, LEFT + ACROSS * (panel % 2), TOP + DOWN * (panel / 2), PANEL_WIDTH, PANEL_HEIGHT);
    free(columns);
    return n > 0;
}

static void draw(const stress *s) {
    int panels = 0, panel = 0;
    if (!s->options->svg) return;
    for (stress_kind kind = STRESS_SNR; kind < STRESS_KINDS; ++kind)
        panels += draw_kind(s, NULL, kind, 0);
    tool_output output = tool_output_open(s->options->svg);
    tool_svg_begin(output.file, panels > 1 ? 2 * ACROSS : ACROSS, DOWN * ((panels + 1) / 2), s->file[1]);
    for (stress_kind kind = STRESS_SNR; kind < STRESS_KINDS; ++kind)
        panel += draw_kind(s, output.file, kind, panel);
    tool_svg_end(output.file);
    tool_output_commit(&output);
}

/* ---- the command ---- */

static void stress_network(stress *s, const stress_plan *plan) {
    const stress_options *o = s->options;
    int w, h, c;
    tool_data *data = tool_data_read(s->file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", s->file[0]);
    s->model = tool_model_load(s->file[1], s->file[2], o->batch);
    tool_model_refuse_detection(s->model, "stress takes a classifier");
    int outputs = tool_model_size(s->model, tool_model_output_layer(s->model));
    if (outputs != data->classes)
        tool_fail("the network has %d outputs, %s has %d classes", outputs, s->file[0], data->classes);
    s->layer_count = o->layers ? tool_parse_layers(o->layers, tool_model_layers(s->model), &s->layers)
                               : tool_model_blocks(s->model, &s->layers);
    if (plan->count[STRESS_DROPOUT] && s->layer_count == 0)
        tool_fail("-dropout: the network has no blocks; name -layers");
    if (plan->count[STRESS_DROPOUT]) tool_model_drop(s->model, s->layers, s->layer_count, 0, 0, 0);
    tool_model_input_size(s->model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, o->test);
    s->test = test;
    s->ball = (attack_ball){w * h * c, strcmp(o->norm, "inf") == 0};
    s->decided = lgg_allocate((size_t)test->count, sizeof *s->decided, "results");
    s->predicted = lgg_allocate((size_t)test->count, sizeof *s->predicted, "results");
    s->x = lgg_allocate((size_t)o->batch * (size_t)s->ball.inputs, sizeof *s->x, "a batch of images");
    s->image = lgg_allocate((size_t)s->ball.inputs, sizeof *s->image, "an image");
    s->scores = lgg_allocate((size_t)o->batch * (size_t)outputs, sizeof *s->scores, "scores");
    run_plan(s, plan);
    print_table(s);
    write_csv(s);
    draw(s);
    free(s->decided);
    free(s->predicted);
    free(s->x);
    free(s->image);
    free(s->scores);
    free(s->row);
    free(s->layers);
    tool_images_free(test);
    tool_model_free(s->model);
    tool_data_free(data);
}

int command_stress(int argc, char **argv) {
    stress_options o = {.norm = "2", .draws = 40, .batch = 100, .seed = 1};
    const tool_option list[] = {
        {"snr", TOOL_STRING, &o.snr, 0, 0,
         "Gaussian noise, dB below each image: numbers with commas. Without any of these four: 15", NULL, NULL},
        {"dropout", TOOL_STRING, &o.dropout, 0, 0, "of the activations after each block: probabilities. Likewise .25",
         NULL, NULL},
        {"layers", TOOL_STRING, &o.layers, 0, 0,
         "where; default: each [shortcut], else each [convolutional] and [connected] but the last", NULL, NULL},
        {"bits", TOOL_STRING, &o.bits, 0, 0, "weights rounded to so many, 2 to 16, one step a layer. Likewise 5", NULL,
         NULL},
        {"radii", TOOL_STRING, &o.radii, 0, 0, "of the robustness curve, pixels being 0 to 1. Likewise .5,1,2,4", NULL,
         NULL},
        {"norm", TOOL_STRING, &o.norm, 0, 0, "of these radii", "2|inf", &o.norm_given},
        {"draws", TOOL_INT, &o.draws, 1, 1000000, "of noise, dropout and neighbours", NULL, &o.drawn_given},
        {"seed", TOOL_INT, &o.seed, 0, 2147483647, "of the draws; dropout also depends on -batch", NULL,
         &o.drawn_given},
        {"test", TOOL_INT, &o.test, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &o.batch, 1, 100000, "images run at once", NULL, NULL},
        {"csv", TOOL_STRING, &o.csv, 0, 0, "write the table", NULL, NULL},
        {"o", TOOL_STRING, &o.svg, 0, 0, "draw it, an SVG", NULL, NULL},
    };
    const char *file[3];
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof list[0], file, 3) != 3) {
        tool_fail("usage: ./darknet lgg stress data.cfg net.cfg net.weights [options]; -help lists them");
    }
    stress_plan plan = read_plan(&o);
    if (o.layers && !plan.count[STRESS_DROPOUT]) tool_fail("-layers %s: is of -dropout, which is not given", o.layers);
    if (o.norm_given && !plan.count[STRESS_RADIUS]) tool_fail("-norm %s: is of -radii, which is not given", o.norm);
    if (o.drawn_given && !plan.count[STRESS_SNR] && !plan.count[STRESS_DROPOUT] && !plan.count[STRESS_RADIUS])
        tool_note("-draws and -seed change nothing: they are of -snr, -dropout and -radii, none of which is given");
    tool_csv_check(o.csv);
    tool_picture_check(o.svg, 0);
    stress s = {.options = &o, .file = file};
    stress_network(&s, &plan);
    for (int kind = 0; kind < STRESS_KINDS; ++kind)
        free(plan.value[kind]);
    return 0;
}
