/* record_network.c: trains a network of AlexeyAB/darknet for two iterations and then predicts, and writes down what came of it: LGG losses,
 * every layer's outputs and updates, its weights after each iteration. A GPU build of this host cannot compute on the CPU, so that this is
 * built twice, and compare_records.c looks at both records. The CPU's program writes the weights that both begin with, and those of a
 * teacher that the sections name.
 *
 * usage: record_network CFG RECORD WEIGHTS [TEACHER_CFG TEACHER_WEIGHTS] */
#include "lgg_report.h"
#include "record.h"

#include <math.h>

#ifdef GPU
enum { ON_GPU = 1 };
#define THERE(l, array) ((l)->array##_gpu)
#else
enum { ON_GPU = 0 };
#define THERE(l, array) ((l)->array)
#endif

static FILE *record;

/* Any failure ends the program. */
static void *claim(void *memory) {
    if (!memory) exit(1);
    return memory;
}

static void write_record(const char *what, int layer, int n, double floor, const float *values) {
    record_head head = {.layer = layer, .n = n, .floor = floor};
    snprintf(head.what, sizeof head.what, "%s", what);
    if (fwrite(&head, sizeof head, 1, record) != 1 || fwrite(values, sizeof *values, (size_t)n, record) != (size_t)n)
        exit(1);
}

/* An array of the side that computes; nothing where there is none. */
static void record_array(const char *what, int layer, int n, double floor, float *values) {
    if (!values || n <= 0) return;
#ifdef GPU
    float *pulled = claim(malloc((size_t)n * sizeof *pulled));
    cuda_pull_array(values, pulled, (size_t)n);
    write_record(what, layer, n, floor, pulled);
    free(pulled);
#else
    write_record(what, layer, n, floor, values);
#endif
}

static network parse_from(char *cfg, char *weights) {
    srand(1);
    network net = parse_network_cfg(cfg);
    if (ON_GPU) {
        load_weights(&net, weights);
        *net.seen = 0;
        *net.cur_iteration = 0;
    } else {
        save_weights(net, weights);
    }
    return net;
}

/* The numbers of a box in the truth; 0 where that is a class vector. */
static int box_size(const network *net) {
    for (int i = 0; i < net->n; ++i)
        if (host_has_boxes(&net->layers[i])) return net->layers[i].truth_size;
    return 0;
}

/* Two boxes in each image: x, y, width, height, class. Otherwise one class after the other. */
static void invent_truth(const network *net, float *truth) {
    static const float boxes[2][5] = {{.3f, .4f, .3f, .2f, 0}, {.7f, .6f, .2f, .5f, 1}};
    const int box = box_size(net), truths = net->truths;
    for (int b = 0; b < net->batch; ++b) {
        if (!box) truth[b * truths + b % truths] = 1;
        for (int i = 0; box && i < 2; ++i)
            memcpy(truth + b * truths + i * box, boxes[i], sizeof boxes[i]);
    }
}

static float *invent_images(const network *net, unsigned seed) {
    const size_t n = (size_t)get_network_input_size(*net) * (size_t)net->batch;
    float *images = claim(calloc(n, sizeof *images));
    srand(seed);
    for (size_t i = 0; i < n; ++i)
        images[i] = (float)rand() / (float)RAND_MAX;
    return images;
}

static float pass(network *net, unsigned seed) {
    float *images = invent_images(net, seed);
    float *truth = claim(calloc((size_t)(net->truths * net->batch), sizeof *truth));
    invent_truth(net, truth);
    const float cost = train_network_datum(*net, images, truth);
    free(images);
    free(truth);
    return cost;
}

static void update(network *net) {
    ++*net->cur_iteration;
#ifdef GPU
    update_network_gpu(*net);
#else
    update_network(*net);
#endif
}

static int weights_of(const layer *l) {
    return l->type == CONNECTED ? l->inputs * l->outputs : l->nweights;
}

/* Others, such as [yolo], have arrays of the same names on one side only. */
static int learns(const layer *l) {
    return l->type == CONVOLUTIONAL || l->type == CONNECTED || l->type == BATCHNORM;
}

static int filters_of(const layer *l) {
    return l->type == CONNECTED ? l->outputs : l->type == BATCHNORM ? l->c : l->n;
}

/* The root mean square of a layer's updates, on the CPU, where they are. */
static double size_of_updates(const layer *l) {
    double squares = 0;
    int count = 0;
#ifdef GPU
    (void)l;
#else
    const struct {
        int n;
        const float *values;
    } updates[] = {
        {weights_of(l), l->weight_updates}, {filters_of(l), l->scale_updates}, {filters_of(l), l->bias_updates}};
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; updates[i].values && j < updates[i].n; ++j, ++count)
            squares += pow((double)updates[i].values[j], 2);
    }
#endif
    return count ? sqrt(squares / count) : 0;
}

/* Of a prediction: with cuDNN the backward pass of a batch normalization takes its output for something else. */
static void record_outputs(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        record_array("output", i, l->batch * l->outputs, 0, THERE(l, output));
    }
}

static void record_terms(const network *net, float cost) {
    for (int i = 0; i < count_lgg_terms(net); ++i) {
        const float value = (float)get_lgg_term(net, i).value;
        write_record("loss", get_lgg_term(net, i).layer, 1, 1e-6, &value);
    }
    write_record("cost", -1, 1, 1e-6, &cost);
}

static void record_updates(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (!learns(l)) continue;
        const double floor = size_of_updates(l);
        record_array("weight updates", i, weights_of(l), floor, THERE(l, weight_updates));
        record_array("scale updates", i, filters_of(l), floor, THERE(l, scale_updates));
        record_array("bias updates", i, filters_of(l), floor, THERE(l, bias_updates));
    }
}

static void record_weights(const network *net) {
    const double rate = (double)net->learning_rate / (net->batch * net->subdivisions);
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        if (!learns(l)) continue;
        const double floor = rate * size_of_updates(l);
        record_array("weights", i, weights_of(l), floor, THERE(l, weights));
        record_array("scales", i, filters_of(l), floor, THERE(l, scales));
        record_array("biases", i, filters_of(l), floor, THERE(l, biases));
        record_array("rolling mean", i, filters_of(l), floor, THERE(l, rolling_mean));
        record_array("rolling variance", i, filters_of(l), floor, THERE(l, rolling_variance));
    }
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: record_network CFG RECORD WEIGHTS [TEACHER_CFG TEACHER_WEIGHTS]\n");
        return 2;
    }
    gpu_index = ON_GPU - 1;
    if (argc == 6 && !ON_GPU) {
        network teacher = parse_network_cfg(argv[4]);
        save_weights(teacher, argv[5]);
    }
    record = claim(fopen(argv[2], "wb"));
    network net = parse_from(argv[1], argv[3]);
    for (unsigned iteration = 0; iteration < 2; ++iteration) {
        float cost = 0;
        for (unsigned i = 0; i < (unsigned)net.subdivisions; ++i) {
            net.current_subdivision = (int)i;
            cost = pass(&net, iteration * (unsigned)net.subdivisions + i);
        }
        record_terms(&net, cost);
        record_updates(&net);
        update(&net);
        record_weights(&net);
        if (net.layers[net.n - 1].random > 0) resize_network(&net, net.w + 16, net.h + 8);
    }
    float *images = invent_images(&net, 99);
    network_predict(net, images);
    record_outputs(&net);
    return fclose(record) ? 1 : 0;
}
