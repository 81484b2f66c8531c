/* validation.c: see validation.h. */
#include "validation.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"

/* The outputs (batch, outputs) of the paths from `first` on. */
static struct {
    const network *net;
    int first, count;
    float *outputs;
} predicted;

static void predict_batch(network *net, char **paths, int first, int count, image_reader *read) {
    const size_t inputs = (size_t)net->inputs, outputs = (size_t)net->batch * (size_t)net->outputs;
    float *x = lgg_allocate((size_t)net->batch * inputs, sizeof *x, "a batch of images");
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < count; ++i)
        read(net, paths[first + i], x + (size_t)i * inputs);
    host_predict(net, x);
    free(x);
    predicted.outputs = lgg_grow(predicted.outputs, outputs, sizeof(float), "the outputs of a batch");
    memcpy(predicted.outputs, net->output, outputs * sizeof(float));
    predicted.net = net;
    predicted.first = first;
    predicted.count = count;
}

float *predict_path(network *net, char **paths, int count, int i, image_reader *read) {
    if (net != predicted.net || i < predicted.first || i >= predicted.first + predicted.count) {
        const int left = count - i;
        predict_batch(net, paths, i, left < net->batch ? left : net->batch, read);
    }
    return predicted.outputs + (size_t)(i - predicted.first) * (size_t)net->outputs;
}
