/* command_graph.c: `lgg graph`: the paper's Figure 2 for any network: a few images, one graph a layer, drawn side by side.
 *
 * Each panel places the vertices by Laplacian eigenmaps of its own graph, colours them by class and draws the edges between
 * distinct classes; under it stands the label variation, normalized so that 1 = every inter-class pair linked at weight 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "tool_drawing.h"
#include "tool_graph_files.h"

typedef struct {
    const char *layers, *classes, *list, *from, *output, *csv;
    int per_class, seed, images, all_edges, power;
    tool_graph_options graph;
} graph_options;

/* One layer's graph, ready to draw. */
typedef struct {
    int layer;
    const char *name;
    float *adjacency; /* (n, n) */
    double *x, *y;    /* (n), in [0, 1] */
    double variation;
    int edges, inter_class;
} panel;

typedef struct {
    tool_data *data;
    tool_images *images;
    float *pixels; /* (n, c, h, w) */
    int *mark;     /* (n), which of the drawn classes */
    int *classes;  /* (class_count), the drawn ones */
    int class_count;
    panel *panels;
    int panel_count;
    double side; /* of a panel, in user units */
    int columns;
} figure;

/* Lengths in user units; a row of panels has at most COLUMNS. */
enum { PANEL = 260, GAP = 28, TOP = 46, BOTTOM = 40, LEGEND = 44, LEGEND_ROW = 22, MARGIN = 26, COLUMNS = 5 };

/* ---- which images ---- */

static int find_class(const tool_data *data, const char *name) {
    for (int i = 0; i < data->classes; ++i) {
        if (strcmp(data->names[i], name) == 0) return i;
    }
    tool_fail("-classes %s: no such class; the first is '%s'", name, data->names[0]);
}

/* The classes asked for, or the first four. */
static int choose_classes(const tool_data *data, const char *text, int **classes) {
    if (!text) {
        int count = data->classes < 4 ? data->classes : 4;
        *classes = lgg_allocate((size_t)count, sizeof **classes, "classes");
        for (int i = 0; i < count; ++i)
            (*classes)[i] = i;
        return count;
    }
    char **names;
    int count = tool_split(text, ',', &names);
    *classes = lgg_allocate((size_t)count, sizeof **classes, "classes");
    for (int i = 0; i < count; ++i) {
        (*classes)[i] = find_class(data, names[i]);
        for (int j = 0; j < i; ++j) {
            if ((*classes)[i] == (*classes)[j]) tool_fail("-classes %s: %s is there twice", text, names[i]);
        }
        free(names[i]);
    }
    free(names);
    return count;
}

static void keep_image(tool_images *images, int *kept, int i) {
    char *path = images->path[i];
    images->path[i] = images->path[*kept];
    images->path[*kept] = path;
    int label = images->label[i];
    images->label[i] = images->label[*kept];
    images->label[(*kept)++] = label;
}

/* Draws per_class images of each class without replacement and moves them to the front, class by class. */
static void sample_images(tool_images *images, const tool_data *data, const int *classes, int count, int per_class,
                          int seed) {
    tool_random random = tool_random_seed((uint64_t)seed, 0);
    int kept = 0;
    for (int c = 0; c < count; ++c) {
        int there = 0;
        for (int i = kept; i < images->count; ++i)
            there += images->label[i] == classes[c];
        if (there < per_class) {
            tool_fail("class %s has %d images, -per_class asks for %d", data->names[classes[c]], there, per_class);
        }
        for (int taken = 0; taken < per_class; ++taken) {
            int skip = tool_random_below(&random, there - taken), i = kept;
            while (images->label[i] != classes[c] || skip-- > 0)
                ++i;
            keep_image(images, &kept, i);
        }
    }
    for (int i = kept; i < images->count; ++i)
        free(images->path[i]);
    images->count = kept;
}

/* The drawn classes of a list that the user chose himself. */
static void classes_of_images(figure *f) {
    f->classes = lgg_allocate((size_t)f->data->classes, sizeof *f->classes, "classes");
    f->class_count = 0;
    for (int c = 0; c < f->data->classes; ++c) {
        int there = 0;
        for (int i = 0; i < f->images->count; ++i)
            there |= f->images->label[i] == c;
        if (there) f->classes[f->class_count++] = c;
    }
}

static void choose_images(figure *f, const graph_options *options, int w, int h, int c) {
    if (options->list) {
        f->images = tool_images_from_list(options->list, f->data, w, h, c, 0);
        classes_of_images(f);
    } else {
        const char *list = strcmp(options->from, "valid") == 0 || !f->data->train ? f->data->valid : f->data->train;
        if (!list) tool_fail("the data file names no list of images (train=file, valid=file)");
        f->class_count = choose_classes(f->data, options->classes, &f->classes);
        f->images = tool_images_from_list(list, f->data, w, h, c, 0);
        sample_images(f->images, f->data, f->classes, f->class_count, options->per_class, options->seed);
    }
    int n = f->images->count;
    if (n < 3 || n > 2000) tool_fail("%d images: a figure takes 3 to 2000", n);
    f->mark = lgg_allocate((size_t)n, sizeof *f->mark, "classes");
    for (int i = 0; i < n; ++i) {
        while (f->classes[f->mark[i]] != f->images->label[i])
            ++f->mark[i];
    }
    f->pixels = lgg_allocate((size_t)(n * w * h * c), sizeof(float), "images");
    tool_images_read(f->images, 0, n, f->pixels);
}

/* ---- which layers ---- */

/* The input, a block's end half way, and the embedding. */
static int default_layers(const tool_model *model, int **indices) {
    int last = tool_model_embedding_layer(model), middle = last / 2;
    for (int distance = 0; distance < last / 3; ++distance) {
        int after = last / 2 + distance, before = last / 2 - distance;
        if (strstr(tool_model_layer_name(model, after), "shortcut")) {
            middle = after;
            break;
        }
        if (before >= 0 && strstr(tool_model_layer_name(model, before), "shortcut")) {
            middle = before;
            break;
        }
    }
    while (middle > 0 && tool_model_is_lgg(model, middle))
        --middle;
    int count = 0;
    *indices = lgg_allocate(3, sizeof **indices, "layers");
    (*indices)[count++] = TOOL_INPUT;
    if (middle != last && !tool_model_is_lgg(model, middle)) (*indices)[count++] = middle;
    (*indices)[count++] = last;
    return count;
}

/* ---- the graphs ---- */

static void count_edges(panel *p, const tool_images *images) {
    int n = images->count;
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < i; ++j) {
            if (p->adjacency[i * n + j] == 0) continue;
            ++p->edges;
            p->inter_class += images->label[i] != images->label[j];
        }
    }
}

static void build_panel(panel *p, figure *f, lgg_graph *graph, const float *labels, int d, const float *x, int power) {
    int n = f->images->count;
    lgg_status status = lgg_graph_build(graph, n, d, x);
    if (status == LGG_OK) {
        status = lgg_graph_variation(graph, labels, f->data->classes, power, LGG_MEAN, &p->variation);
    }
    if (status != LGG_OK) tool_fail("layer %s: %s", p->name, lgg_status_string(status));
    p->adjacency = lgg_allocate((size_t)(n * n), sizeof(float), "an adjacency");
    memcpy(p->adjacency, lgg_graph_adjacency(graph), (size_t)(n * n) * sizeof(float));
    p->x = lgg_allocate((size_t)n, sizeof(double), "places");
    p->y = lgg_allocate((size_t)n, sizeof(double), "places");
    tool_eigenmap(p->adjacency, n, p->x, p->y);
    count_edges(p, f->images);
}

static void build_panels(figure *f, tool_model *model, const graph_options *options) {
    int *layers, n = f->images->count;
    f->panel_count = options->layers ? tool_parse_layers(options->layers, tool_model_layers(model), &layers)
                                     : default_layers(model, &layers);
    f->panels = lgg_allocate((size_t)f->panel_count, sizeof(panel), "panels");
    tool_graph_doubts doubts = {0};
    tool_progress progress = tool_progress_begin("images, once a layer", (long)n * f->panel_count);
    float *labels = lgg_allocate((size_t)(n * f->data->classes), sizeof(float), "labels");
    for (int i = 0; i < n; ++i)
        labels[i * f->data->classes + f->images->label[i]] = 1;
    lgg_graph *graph;
    lgg_graph_options graph_option = tool_graph_options_get(&options->graph);
    lgg_status status = lgg_graph_create(&graph, &graph_option, n);
    if (status != LGG_OK) tool_fail("a graph of %d vertices: %s", n, lgg_status_string(status));
    for (int i = 0; i < f->panel_count; ++i) {
        if (tool_model_is_lgg(model, layers[i]))
            tool_fail("layer %d: an LGG section has no output of its own", layers[i]);
        f->panels[i].layer = layers[i];
        f->panels[i].name = tool_model_layer_name(model, layers[i]);
        float *x = tool_model_embed(model, f->images, layers[i], &progress);
        tool_graph_doubt(&doubts, f->panels[i].name, x, n, tool_model_size(model, layers[i]));
        build_panel(&f->panels[i], f, graph, labels, tool_model_size(model, layers[i]), x, options->power);
        free(x);
    }
    tool_progress_end(&progress);
    tool_graph_doubts_print(&doubts, &options->graph);
    lgg_graph_free(graph);
    free(labels);
    free(layers);
}

/* ---- the drawing ---- */

static int crowded(const figure *f) {
    return f->images->count > 60;
}

/* How far apart the middles of two vertices should be at least. */
static double separation(const figure *f, int thumbnails) {
    return (thumbnails ? 30 : 13) / (crowded(f) ? 1.8 : 1);
}

/* Panels grow with their vertices, so that these cover less than half of them; rows are about equally long. */
static void plan_layout(figure *f, int thumbnails) {
    double room = separation(f, thumbnails) * sqrt(2.5 * f->images->count);
    f->side = fmax(PANEL, 2 * MARGIN + ceil(room));
    int rows = (f->panel_count + COLUMNS - 1) / COLUMNS;
    f->columns = (f->panel_count + rows - 1) / rows;
}

static double row_height(const figure *f) {
    return TOP + f->side + BOTTOM;
}

/* Place of a vertex on the page; (left, top) is the panel's corner. */
static double page_x(const figure *f, const panel *p, double left, int i) {
    return left + MARGIN + (f->side - 2 * MARGIN) * p->x[i];
}

static double page_y(const figure *f, const panel *p, double top, int i) {
    return top + MARGIN + (f->side - 2 * MARGIN) * p->y[i];
}

static void draw_edges(FILE *file, const figure *f, const panel *p, double left, double top, int all) {
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

static void draw_vertices(FILE *file, const figure *f, const panel *p, double left, double top, int thumbnails) {
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

static void draw_panel(FILE *file, const figure *f, const panel *p, int index, const graph_options *options) {
    double left = GAP + index % f->columns * (f->side + GAP), middle = left + f->side / 2;
    double top = TOP + index / f->columns * row_height(f), bottom = top + f->side;
    char text[96];
    snprintf(text, sizeof text, p->layer == TOOL_INPUT ? "%s" : "layer %s", p->name);
    tool_svg_text(file, middle, top - 14, 15, "middle", "font-weight=\"bold\"", text);
    fprintf(file,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%g\" height=\"%g\" rx=\"6\" fill=\"#fbfbfa\" stroke=\"#d5d5d0\"/>\n",
            left, top, f->side, f->side);
    tool_spread(p->x, p->y, f->images->count, separation(f, options->images) / (f->side - 2 * MARGIN), options->images);
    draw_edges(file, f, p, left, top, options->all_edges);
    draw_vertices(file, f, p, left, top, options->images);
    snprintf(text, sizeof text, "label variation %.4f", p->variation);
    tool_svg_text(file, middle, bottom + 20, 14, "middle", "", text);
    snprintf(text, sizeof text, "%d of %d edges between classes", p->inter_class, p->edges);
    tool_svg_text(file, middle, bottom + 36, 11, "middle", "fill=\"#666\"", text);
}

static double legend_width(const figure *f, int i) {
    return 34 + 7.6 * (double)strlen(f->data->names[f->classes[i]]);
}

/* The first class after those that fit into a line of the legend with class `first`. */
static int legend_line(const figure *f, int first, double width, double *used) {
    int i = first;
    *used = 0;
    while (i < f->class_count && (i == first || *used + legend_width(f, i) < width - GAP))
        *used += legend_width(f, i++);
    return i;
}

static int legend_lines(const figure *f, double width) {
    int lines = 0;
    double used;
    for (int i = 0; i < f->class_count; i = legend_line(f, i, width, &used))
        ++lines;
    return lines;
}

static void draw_legend(FILE *file, const figure *f, double width, double y) {
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

static void draw_figure(figure *f, const graph_options *options) {
    plan_layout(f, options->images);
    int rows = (f->panel_count + f->columns - 1) / f->columns;
    double width = GAP + f->columns * (f->side + GAP), bottom = rows * row_height(f);
    double height = bottom + LEGEND + (legend_lines(f, width) - 1) * LEGEND_ROW;
    tool_output output = tool_output_open(options->output);
    tool_svg_begin(output.file, width, height, "Latent geometry graphs, layer by layer");
    fprintf(output.file, "<style>image{image-rendering:pixelated}</style>\n");
    for (int i = 0; i < f->panel_count; ++i)
        draw_panel(output.file, f, &f->panels[i], i, options);
    draw_legend(output.file, f, width, bottom + 26);
    tool_svg_end(output.file);
    tool_output_commit(&output);
}

/* ---- other files ---- */

/* figure.svg and layer 12 give figure-12.graphml and figure-12.mtx. */
static void write_graphs(const figure *f, const char *output) {
    if (tool_output_is_stream(output)) return;
    size_t stem = strlen(output), size = stem + 64;
    if (stem > 4 && strcmp(output + stem - 4, ".svg") == 0) stem -= 4;
    char *path = lgg_allocate(size, 1, "a path");
    for (int i = 0; i < f->panel_count; ++i) {
        const panel *p = &f->panels[i];
        const tool_graph_file graph = {.n = f->images->count,
                                       .adjacency = p->adjacency,
                                       .label = f->images->label,
                                       .class_names = f->data->names,
                                       .vertex_names = f->images->path,
                                       .x = p->x,
                                       .y = p->y,
                                       .variation = p->variation};
        char layer[16];
        tool_layer_index(p->layer, layer);
        snprintf(path, size, "%.*s-%s.graphml", (int)stem, output, layer);
        tool_write_graphml(path, &graph);
        snprintf(path, size, "%.*s-%s.mtx", (int)stem, output, layer);
        tool_write_matrix_market(path, &graph);
    }
    free(path);
}

static void write_csv(const figure *f, const char *csv) {
    tool_output output = tool_output_open(csv);
    if (!output.file) return;
    fprintf(output.file, "layer,label_variation,vertices,edges,inter_class_edges\n");
    for (int i = 0; i < f->panel_count; ++i) {
        const panel *p = &f->panels[i];
        char layer[16];
        tool_layer_index(p->layer, layer);
        fprintf(output.file, "%s,%.9g,%d,%d,%d\n", layer, p->variation, f->images->count, p->edges, p->inter_class);
    }
    tool_output_commit(&output);
}

static void print_panels(const figure *f, const char *output) {
    printf("%-22s %16s %8s %8s %14s\n", "layer", "label variation", "vertices", "edges", "inter-class");
    for (int i = 0; i < f->panel_count; ++i) {
        const panel *p = &f->panels[i];
        printf("%-22s %16.6f %8d %8d %14d\n", p->name, p->variation, f->images->count, p->edges, p->inter_class);
    }
    if (!tool_output_is_stream(output)) printf("wrote %s, and each graph as .graphml and .mtx next to it\n", output);
}

static void free_figure(figure *f) {
    for (int i = 0; i < f->panel_count; ++i) {
        free(f->panels[i].adjacency);
        free(f->panels[i].x);
        free(f->panels[i].y);
    }
    free(f->panels);
    free(f->pixels);
    free(f->mark);
    free(f->classes);
    tool_images_free(f->images);
    tool_data_free(f->data);
}

int command_graph(int argc, char **argv) {
    graph_options options = {.from = "train", .output = "lgg_graph.svg", .per_class = 5, .seed = 1, .power = 1};
    tool_graph_options_default(&options.graph);
    options.graph.k = 5;
    tool_option list[TOOL_GRAPH_OPTIONS + 11] = {
        {"layers", TOOL_STRING, &options.layers, 0, 0,
         "indices, 'input' among them; default: input, a block half way, the embedding", NULL, NULL},
        {"classes", TOOL_STRING, &options.classes, 0, 0, "names: cat,dog; default: the first four", NULL, NULL},
        {"per_class", TOOL_INT, &options.per_class, 1, 1000, "images of each class", NULL, NULL},
        {"from", TOOL_STRING, &options.from, 0, 0, "list to draw images from", "train|valid", NULL},
        {"list", TOOL_STRING, &options.list, 0, 0, "take exactly the images of this list", NULL, NULL},
        {"seed", TOOL_INT, &options.seed, 0, 2147483647, "of the draw", NULL, NULL},
        {"images", TOOL_FLAG, &options.images, 0, 0, "draw the images themselves", NULL, NULL},
        {"all_edges", TOOL_FLAG, &options.all_edges, 0, 0, "draw edges within a class too", NULL, NULL},
        {"power", TOOL_INT, &options.power, 1, 100, "of the Laplacian in the label variation", NULL, NULL},
        {"o", TOOL_STRING, &options.output, 0, 0, "figure to write", NULL, NULL},
        {"csv", TOOL_STRING, &options.csv, 0, 0, "write the table", NULL, NULL},
    };
    tool_graph_option_list(&options.graph, list + 11);
    const char *file[3];
    if (tool_parse_options(argc, argv, list, TOOL_GRAPH_OPTIONS + 11, file, 3) != 3) {
        tool_fail("usage: ./darknet lgg graph data.cfg net.cfg net.weights [options]; -help lists them");
    }
    if (options.list && options.classes)
        tool_fail("-list takes the images of its list, whatever class; -classes goes without it");
    tool_output_check(options.output);
    tool_output_check(options.csv);
    figure f = {.data = tool_data_read(file[0])};
    int w, h, c;
    tool_model *model = tool_model_load(file[1], file[2], 100);
    if (!options.layers) tool_model_refuse_detection(model, "-layers names the layers to look at all the same");
    tool_model_input_size(model, &w, &h, &c);
    choose_images(&f, &options, w, h, c);
    build_panels(&f, model, &options);
    draw_figure(&f, &options);
    write_graphs(&f, options.output);
    write_csv(&f, options.csv);
    print_panels(&f, options.output);
    tool_model_free(model);
    free_figure(&f);
    return 0;
}
