/* command_graph.c: `lgg graph`: the paper's Figure 2 for any network: a few images, one graph a layer, drawn side by side.
 *
 * Each panel places the vertices by Laplacian eigenmaps of its own graph, colours them by class and draws the edges between
 * distinct classes; under it stands the label variation, normalized so that 1 = every inter-class pair linked at weight 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "tool_drawing.h"
#include "tool_figure.h"
#include "tool_graph_files.h"

typedef struct {
    const char *layers, *classes, *list, *from, *output, *csv;
    int per_class, seed, images, all_edges, power, draw_given, from_given;
    tool_graph_options graph;
} graph_options;

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
static void classes_of_images(tool_figure *f) {
    f->classes = lgg_allocate((size_t)f->data->classes, sizeof *f->classes, "classes");
    f->class_count = 0;
    for (int c = 0; c < f->data->classes; ++c) {
        int there = 0;
        for (int i = 0; i < f->images->count; ++i)
            there |= f->images->label[i] == c;
        if (there) f->classes[f->class_count++] = c;
    }
}

static void choose_images(tool_figure *f, const graph_options *options, int w, int h, int c) {
    if (options->list) {
        f->images = tool_images_from_list(options->list, f->data, w, h, c, 0);
        classes_of_images(f);
    } else {
        const int other = !f->data->train && !options->from_given;
        const char *list = strcmp(options->from, "valid") == 0 || other ? f->data->valid : f->data->train;
        if (!list && options->from_given) tool_fail("-from %s: the data file names no such list", options->from);
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
    if (!options->images) return;
    f->pixels = lgg_allocate((size_t)n * (size_t)(w * h * c), sizeof(float), "images");
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
    while (middle > 0 && !tool_model_is_readable(model, middle))
        --middle;
    int count = 0;
    *indices = lgg_allocate(3, sizeof **indices, "layers");
    (*indices)[count++] = TOOL_INPUT;
    if (middle != last && tool_model_is_readable(model, middle)) (*indices)[count++] = middle;
    (*indices)[count++] = last;
    return count;
}

/* ---- the graphs ---- */

static void count_edges(tool_panel *p, const tool_images *images) {
    int n = images->count;
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < i; ++j) {
            if (p->adjacency[i * n + j] == 0) continue;
            ++p->edges;
            p->inter_class += images->label[i] != images->label[j];
        }
    }
}

static void build_panel(tool_panel *p, tool_figure *f, lgg_graph *graph, const float *labels, int d, const float *x,
                        int power) {
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

/* figure.svg and layer 12 give figure-12.graphml and figure-12.mtx. */
static char *graph_path(const char *output, int layer, const char *end) {
    size_t stem = strlen(output), size = stem + 64;
    if (stem > 4 && strcasecmp(output + stem - 4, ".svg") == 0) stem -= 4;
    char *path = lgg_allocate(size, 1, "a path"), index[16];
    tool_layer_index(layer, index);
    snprintf(path, size, "%.*s-%s%s", (int)stem, output, index, end);
    return path;
}

static void check_graphs(const int *layers, int count, const char *output) {
    static const struct {
        const char *end, *begins, *kind;
    } files[] = {{".graphml", "<?xml", "GraphML"}, {".mtx", "%%MatrixMarket", "Matrix Market file"}};
    for (int i = 0; i < count && !tool_output_is_stream(output); ++i) {
        int first = 0;
        while (layers[first] != layers[i])
            ++first;
        for (int e = 0; e < 2 && first == i; ++e) {
            char *path = graph_path(output, layers[i], files[e].end);
            tool_output_check_kind(path, files[e].begins, files[e].kind);
            free(path);
        }
    }
}

static void build_panels(tool_figure *f, tool_model *model, const graph_options *options) {
    int *layers, n = f->images->count;
    f->panel_count = options->layers ? tool_parse_layers(options->layers, tool_model_layers(model), &layers)
                                     : default_layers(model, &layers);
    f->panels = lgg_allocate((size_t)f->panel_count, sizeof *f->panels, "panels");
    check_graphs(layers, f->panel_count, options->output);
    tool_graph_doubts doubts = {0};
    tool_progress progress = tool_progress_begin("images, once a layer", (long)n * f->panel_count);
    float *labels = lgg_allocate((size_t)n * (size_t)f->data->classes, sizeof(float), "labels");
    for (int i = 0; i < n; ++i)
        labels[i * f->data->classes + f->images->label[i]] = 1;
    lgg_graph *graph;
    lgg_graph_options graph_option = tool_graph_options_get(&options->graph);
    lgg_status status = lgg_graph_create(&graph, &graph_option, n);
    if (status != LGG_OK) tool_fail("a graph of %d vertices: %s", n, lgg_status_string(status));
    for (int i = 0; i < f->panel_count; ++i) {
        tool_model_refuse_unreadable(model, layers[i]);
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

/* ---- other files ---- */

static void write_graphs(const tool_figure *f, const char *output) {
    if (tool_output_is_stream(output)) return;
    for (int i = 0; i < f->panel_count; ++i) {
        const tool_panel *p = &f->panels[i];
        const tool_graph_file graph = {.n = f->images->count,
                                       .adjacency = p->adjacency,
                                       .label = f->images->label,
                                       .class_names = f->data->names,
                                       .vertex_names = f->images->path,
                                       .x = p->x,
                                       .y = p->y,
                                       .variation = p->variation};
        char *path = graph_path(output, p->layer, ".graphml");
        tool_write_graphml(path, &graph);
        free(path);
        path = graph_path(output, p->layer, ".mtx");
        tool_write_matrix_market(path, &graph);
        free(path);
    }
}

static void write_csv(const tool_figure *f, const char *csv) {
    tool_output output = tool_output_open(csv);
    if (!output.file) return;
    fprintf(output.file, "layer,label_variation,vertices,edges,inter_class_edges\n");
    for (int i = 0; i < f->panel_count; ++i) {
        const tool_panel *p = &f->panels[i];
        char layer[16];
        tool_layer_index(p->layer, layer);
        fprintf(output.file, "%s,%.9g,%d,%d,%d\n", layer, p->variation, f->images->count, p->edges, p->inter_class);
    }
    tool_output_commit(&output);
}

static void print_panels(const tool_figure *f, const char *output) {
    printf("%-22s %16s %8s %8s %14s\n", "layer", "label variation", "vertices", "edges", "inter-class");
    for (int i = 0; i < f->panel_count; ++i) {
        const tool_panel *p = &f->panels[i];
        printf("%-22s %16.6f %8d %8d %14d\n", p->name, p->variation, f->images->count, p->edges, p->inter_class);
    }
    if (!tool_output_is_stream(output)) printf("wrote %s, and each graph as .graphml and .mtx next to it\n", output);
}

static void free_figure(tool_figure *f) {
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
        {"classes", TOOL_STRING, &options.classes, 0, 0, "names: cat,dog; default: the first four", NULL,
         &options.draw_given},
        {"per_class", TOOL_INT, &options.per_class, 1, 1000, "images of each class", NULL, &options.draw_given},
        {"from", TOOL_STRING, &options.from, 0, 0, "list to draw images from", "train|valid", &options.from_given},
        {"list", TOOL_STRING, &options.list, 0, 0, "take exactly the images of this list", NULL, NULL},
        {"seed", TOOL_INT, &options.seed, 0, 2147483647, "of the draw", NULL, &options.draw_given},
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
    if (options.list && (options.draw_given || options.from_given))
        tool_fail("-list takes the images of its list, whatever class; -classes, -per_class, -from and -seed go "
                  "without it");
    tool_picture_check(options.output, 0);
    tool_csv_check(options.csv);
    tool_figure f = {.data = tool_data_read(file[0])};
    int w, h, c;
    tool_model *model = tool_model_load(file[1], file[2], 100);
    if (!options.layers) tool_model_refuse_detection(model, "-layers names the layers to look at all the same");
    tool_model_input_size(model, &w, &h, &c);
    choose_images(&f, &options, w, h, c);
    build_panels(&f, model, &options);
    tool_figure_draw(&f, options.output,
                     &(tool_figure_options){.thumbnails = options.images, .all_edges = options.all_edges});
    write_graphs(&f, options.output);
    write_csv(&f, options.csv);
    print_panels(&f, options.output);
    tool_model_free(model);
    free_figure(&f);
    return 0;
}
