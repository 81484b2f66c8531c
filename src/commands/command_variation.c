/* command_variation.c: `lgg variation`: label variation of each layer's graph over the test list, in whole batches, so that one
 * sees it fall with depth. Normalized so that 1 = every inter-class pair linked at weight 1 (the paper's Appendix B). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "tool.h"

typedef struct {
    tool_model *model;
    const tool_images *test;
    lgg_graph *graph;
    const int *layer; /* (layers) */
    int layers, classes, power;
    tool_graph_doubts doubts;
    float *labels;        /* (batch, classes), one-hot */
    double *sum, *square; /* (layers), over batches */
    int batches, uniform; /* uniform: of one class alone */
} measurement;

static void one_hot(const int *label, int count, int classes, float *labels) {
    memset(labels, 0, (size_t)(count * classes) * sizeof *labels);
    for (int i = 0; i < count; ++i)
        labels[i * classes + label[i]] = 1;
}

static int are_of_one_class(const int *label, int count) {
    for (int i = 1; i < count; ++i) {
        if (label[i] != label[0]) return 0;
    }
    return 1;
}

/* A last batch that is not full is left out: graphs of different sizes do not compare. */
static void measure_batch(void *context, tool_model *model, int first, int count) {
    measurement *m = context;
    if (count < tool_model_batch(model)) return;
    m->uniform += are_of_one_class(m->test->label + first, count);
    one_hot(m->test->label + first, count, m->classes, m->labels);
    for (int i = 0; i < m->layers; ++i) {
        double sigma = 0;
        int d = tool_model_size(model, m->layer[i]);
        lgg_status status = lgg_graph_build(m->graph, count, d, tool_model_output(model, m->layer[i]));
        if (status == LGG_OK) {
            status = lgg_graph_variation(m->graph, m->labels, m->classes, m->power, LGG_MEAN, &sigma);
        }
        if (status != LGG_OK) tool_fail("layer %d: %s", m->layer[i], lgg_status_string(status));
        if (m->batches == 0) {
            tool_graph_doubt(&m->doubts, tool_model_layer_name(model, m->layer[i]),
                             tool_model_output(model, m->layer[i]), count, d);
        }
        m->sum[i] += sigma;
        m->square[i] += sigma * sigma;
    }
    ++m->batches;
}

/* All layers and the input, without our own sections and [cost]. */
static int all_layers(const tool_model *model, int **indices) {
    int count = 0, layers = tool_model_layers(model);
    *indices = lgg_allocate((size_t)layers + 1, sizeof **indices, "layers");
    (*indices)[count++] = TOOL_INPUT;
    for (int i = 0; i < layers; ++i) {
        if (tool_model_is_readable(model, i)) (*indices)[count++] = i;
    }
    return count;
}

static double mean(const measurement *m, int i) {
    return m->sum[i] / m->batches;
}

/* Of the batches around their mean, n - 1 of n. */
static double deviation(const measurement *m, int i) {
    if (m->batches < 2) return 0;
    double centred = m->square[i] - m->batches * mean(m, i) * mean(m, i);
    return centred > 0 ? sqrt(centred / (m->batches - 1)) : 0;
}

static void print_variation(const measurement *m) {
    printf("%-22s %12s %12s   over %d batches of %d\n", "layer", "mean", "deviation", m->batches,
           tool_model_batch(m->model));
    for (int i = 0; i < m->layers; ++i) {
        printf("%-22s %12.6f %12.6f\n", tool_model_layer_name(m->model, m->layer[i]), mean(m, i), deviation(m, i));
    }
}

static void print_doubts(const measurement *m, const char *list) {
    const int left = m->test->count % tool_model_batch(m->model);
    if (m->uniform) {
        tool_note(
            "warning: %d of %d batches hold images of one class alone, and add 0: nothing links two classes there; "
            "mix the list: shuf %s",
            m->uniform, m->batches, list);
    }
    if (left) tool_note("the last %d images fill no batch, and are left out", left);
}

static void write_csv(const char *path, const measurement *m) {
    tool_output output = tool_output_open(path);
    if (!output.file) return;
    fprintf(output.file, "layer,mean,deviation\n");
    for (int i = 0; i < m->layers; ++i) {
        char name[16];
        tool_layer_index(m->layer[i], name);
        fprintf(output.file, "%s,%.9g,%.9g\n", name, mean(m, i), deviation(m, i));
    }
    tool_output_commit(&output);
}

int command_variation(int argc, char **argv) {
    tool_graph_options graph;
    tool_graph_options_default(&graph);
    const char *layers = NULL, *csv = NULL;
    int batch = 100, power = 1, limit = 0;
    tool_option list[TOOL_GRAPH_OPTIONS + 5] = {
        {"layers", TOOL_STRING, &layers, 0, 0, "indices, 'input' among them: input,12,26,41; default: all", NULL, NULL},
        {"batch", TOOL_INT, &batch, 2, 100000, "images of a graph", NULL, NULL},
        {"power", TOOL_INT, &power, 1, 1000, "of the Laplacian", NULL, NULL},
        {"test", TOOL_INT, &limit, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"csv", TOOL_STRING, &csv, 0, 0, "write layer,mean,deviation", NULL, NULL},
    };
    tool_graph_option_list(&graph, list + 5);
    const char *file[3];
    if (tool_parse_options(argc, argv, list, TOOL_GRAPH_OPTIONS + 5, file, 3) != 3) {
        tool_fail("usage: ./darknet lgg variation data.cfg net.cfg net.weights [options]; -help lists them");
    }
    tool_csv_check(csv);
    tool_data *data = tool_data_read(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    tool_model *model = tool_model_load(file[1], file[2], batch);
    if (!layers) tool_model_refuse_detection(model, "-layers names the layers to look at all the same");
    int w, h, c, *indices;
    tool_model_input_size(model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, limit);
    if (test->count < batch) {
        tool_fail("%d images of %s are not one batch of %d; -batch %d would be", test->count, data->valid, batch,
                  test->count);
    }

    measurement m = {.model = model, .test = test, .classes = data->classes, .power = power};
    m.layers = layers ? tool_parse_layers(layers, tool_model_layers(model), &indices) : all_layers(model, &indices);
    m.layer = indices;
    for (int i = 0; i < m.layers; ++i)
        tool_model_refuse_unreadable(model, indices[i]);
    m.labels = lgg_allocate((size_t)(batch * data->classes), sizeof(float), "labels");
    m.sum = lgg_allocate((size_t)m.layers, sizeof(double), "sums");
    m.square = lgg_allocate((size_t)m.layers, sizeof(double), "sums");
    lgg_graph_options options = tool_graph_options_get(&graph);
    lgg_status status = lgg_graph_create(&m.graph, &options, batch);
    if (status != LGG_OK) tool_fail("a graph of %d vertices: %s", batch, lgg_status_string(status));

    tool_progress progress = tool_progress_begin("test images", test->count);
    tool_model_run(model, test, &progress, measure_batch, &m);
    tool_progress_end(&progress);
    tool_graph_doubts_print(&m.doubts, &graph);
    print_doubts(&m, data->valid);
    print_variation(&m);
    write_csv(csv, &m);

    lgg_graph_free(m.graph);
    free(m.labels);
    free(m.sum);
    free(m.square);
    free(indices);
    tool_images_free(test);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
