/* gradient.c: compares the gradients of a whole Darknet network with finite differences of its objective,
 *     J = mean task loss + sum of lambda * L,
 * over 200 weights (biases and scales among them) and 200 inputs of each network. Darknet's updates and deltas are -B times the
 * gradient of J.
 *
 * usage: gradient FOLDER [NAME]   works in FOLDER; with a name only the cases whose names contain it */
#define _GNU_SOURCE
#include "gradient.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "darknet.h"
#include "host_sections.h"
#include "lgg_report.h"
#include "lgg_section.h"
#include "command.h"

enum { coordinates = 200 };
static const double bound = 1e-2;
static const float usual_step = .04f;

static const char *const net_section =
    "[net]\nbatch=6\nheight=6\nwidth=6\nchannels=4\nlearning_rate=.1\nmax_batches=1\n\n";

/* Where one kind of parameter lies, and where Darknet gathers its update. */
typedef struct {
    float *value, *update;
    int n;
} parameters;

static unsigned generator = 1;

/* Uniform in -1 .. 1; rand() belongs to the network's dropouts. */
static float draw(void) {
    generator = generator * 1664525u + 1013904223u;
    return (float)(generator >> 8) / (float)(1 << 23) - 1.f;
}

static network *read_network(char *path, const char *sections) {
    FILE *file = fopen(path, "w");
    if (!file) exit(EXIT_FAILURE);
    fprintf(file, "%s%s", net_section, sections);
    fclose(file);
    srand(1);
    return parse_network_cfg(path);
}

/* The parameters of all layers of net; returns their number. Draws values for those that start as constants. */
static int find_parameters(network *net, parameters *found) {
    int n = 0;
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (!l->weight_updates && !l->scale_updates) continue;
        int channels = l->type == CONNECTED || l->type == LOCAL ? l->outputs : l->type == BATCHNORM ? l->c : l->n;
        int weights = l->type == CONNECTED ? l->inputs * l->outputs : l->nweights;
        if (l->type == LOCAL) weights = l->size * l->size * l->c * l->n * l->out_w * l->out_h;
        if (l->weight_updates) found[n++] = (parameters){l->weights, l->weight_updates, weights};
        if (l->bias_updates) found[n++] = (parameters){l->biases, l->bias_updates, channels};
        if (l->scale_updates && l->scales) found[n++] = (parameters){l->scales, l->scale_updates, channels};
        for (int j = 0; j < channels; ++j)
            l->biases[j] = .1f * draw();
        for (int j = 0; l->scales && j < channels; ++j)
            l->scales[j] = 1 + .2f * draw();
    }
    return n;
}

static void fill_batch(network *net, float size) {
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = size * draw();
    memset(net->truth, 0, (size_t)(net->truths * net->batch) * sizeof(float));
    for (int b = 0; b < net->batch; ++b)
        net->truth[b * net->truths + b % net->truths] = 1;
}

static int has_task(const network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].cost) return 1;
    }
    return 0;
}

/* J, after one forward and backward pass with the same dropout masks as ever. */
static double evaluate_objective(network *net) {
    srand(2);
    net->train = 1;
    forward_network(net);
    backward_network(net);
    double objective = (double)*net->cost / net->batch;
    for (int i = 0; has_task(net) && i < count_lgg_terms(net); ++i)
        objective += get_lgg_term(net, i).scaled;
    return objective;
}

static double difference(network *net, float *coordinate, float step) {
    float kept = *coordinate;
    *coordinate = kept + step;
    float above = *coordinate;
    double right = evaluate_objective(net);
    *coordinate = kept - step;
    double left = evaluate_objective(net), width = (double)above - (double)*coordinate;
    *coordinate = kept;
    return (right - left) / width;
}

/* dJ/dcoordinate to fourth order in the step (Richardson). */
static double differentiate(network *net, float *coordinate, float step) {
    return (4 * difference(net, coordinate, step / 2) - difference(net, coordinate, step)) / 3;
}

static void keep_output(layer l, host_pass pass) {
    (void)l;
    (void)pass;
}

/* What a teacher says is a constant to the student: from now on it does not follow the inputs. */
static void hold_teachers(network *net) {
    for (int i = 0; i < net->n; ++i) {
        lgg_teacher *teacher = net->layers[i].type == LGG ? net->layers[i].lgg->teacher : NULL;
        for (int j = 0; teacher && j < teacher->net->n; ++j)
            teacher->net->layers[j].forward = keep_output;
    }
}

/* |numerical - analytical| / |numerical| over the coordinates. */
static double relative_error(network *net, float **coordinate, const double *analytical, float step) {
    double error = 0, norm = 0;
    for (int i = 0; i < coordinates; ++i) {
        double numerical = differentiate(net, coordinate[i], step);
        error += (numerical - analytical[i]) * (numerical - analytical[i]);
        norm += numerical * numerical;
    }
    return norm > 0 ? sqrt(error / norm) : 1;
}

static int pick(int n) {
    return (int)((draw() + 1) / 2 * (float)n) % n;
}

/* What a pass before has left in the deltas must not matter. */
static void soil_deltas(network *net) {
    for (int i = 0; i < net->n; ++i)
        for (int j = 0; net->layers[i].delta && j < net->layers[i].outputs * net->batch; ++j)
            net->layers[i].delta[j] = 7;
}

/* Runs one backward pass for the updates and the input's delta, and picks coordinates of both. */
static void gather(network *net, const parameters *p, int n, float **weight, double *weight_gradient, float **input,
                   double *input_gradient) {
    size_t size = (size_t)(net->inputs * net->batch);
    net->delta = calloc(size, sizeof(float));
    for (int i = 0; i < n; ++i)
        memset(p[i].update, 0, (size_t)p[i].n * sizeof(float));
    soil_deltas(net);
    evaluate_objective(net);
    hold_teachers(net);
    for (int i = 0; i < coordinates; ++i) {
        const parameters *q = &p[i % n];
        int j = pick(q->n), k = pick((int)size);
        weight[i] = &q->value[j];
        weight_gradient[i] = -(double)q->update[j] / net->batch;
        input[i] = &net->input[k];
        input_gradient[i] = -(double)net->delta[k] / net->batch;
    }
    free(net->delta);
    net->delta = NULL;
}

/* Prints one line; returns whether both errors are within the bound. */
static int run_case(const gradient_case *c) {
    float *weight[coordinates], *input[coordinates];
    double weight_gradient[coordinates], input_gradient[coordinates];
    parameters found[64];
    generator = 1;
    network *net = read_network("gradient.cfg", c->sections);
    int n = find_parameters(net, found);
    fill_batch(net, c->input_size > 0 ? c->input_size : 1);
    gather(net, found, n, weight, weight_gradient, input, input_gradient);
    float step = c->step > 0 ? c->step : usual_step;
    double of_weights = relative_error(net, weight, weight_gradient, step);
    double of_inputs = relative_error(net, input, input_gradient, c->input_size > 0 ? step * c->input_size : step);
    int good = of_weights <= bound && of_inputs <= bound;
    printf("%s %s%s, %s: relative error %.1e of weights, %.1e of inputs\n", good ? "PASS" : "FAIL",
           program_invocation_short_name, darknet_is_training() ? " in training" : "", c->name, of_weights, of_inputs);
    fflush(stdout);
    free_network(net);
    return good;
}

static int run_cases(const gradient_case *c, const char *name) {
    int failures = 0;
    for (; c->name; ++c) {
        if (name && !strstr(c->name, name)) continue;
        if (host_has_sections(c->sections, program_invocation_short_name, c->name)) failures += !run_case(c);
    }
    return failures;
}

/* teacher.cfg and teacher.weights, with rolling statistics that are not those of a new network. */
static void make_teacher(void) {
    parameters found[64];
    network *net = read_network("teacher.cfg", teacher_sections);
    find_parameters(net, found);
    fill_batch(net, 1);
    for (int i = 0; i < 20; ++i)
        evaluate_objective(net);
    save_weights(net, "teacher.weights");
    free_network(net);
}

int main(int argc, char **argv) {
    if (argc < 2 || chdir(argv[1]) != 0) return EXIT_FAILURE;
    gpu_index = -1;
    const char *name = argc > 2 ? argv[2] : NULL;
    make_teacher();
    int failures = run_cases(consumer_cases, name) + run_cases(section_cases, name);
    /* once more as `classifier train` has them: with what is planned for networks that nothing else looks into */
    note_darknet_command(3, (char *[]){"darknet", "classifier", "train"});
    failures += run_cases(consumer_cases, name) + run_cases(section_cases, name);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
