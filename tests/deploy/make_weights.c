/* make_weights.c: weights for a network as a training might have left them: batch norms with means, variances, scales and biases of
 * their own. Built against our Darknet.
 *
 * usage: make_weights CFG OUT */
#include "host.h"
#include <math.h>

#include "parameters.h"
#include "parseval.h"

static float draw(float low, float high) {
    static unsigned state = 3;
    state = state * 1664525u + 1013904223u;
    return low + (high - low) * (float)(state >> 8) / (float)(1 << 24);
}

/* Weights of Parseval networks are divided in use. */
static void fill(const lgg_array *array, float scale) {
    float low = -.1f, high = .1f;
    for (size_t i = 0; strcmp(array->name, "weights") == 0 && i < array->n; ++i)
        array->cpu[i] *= scale;
    if (strcmp(array->name, "rolling variance") == 0) low = .05f, high = .3f;
    if (strcmp(array->name, "scales") == 0) low = .5f, high = 1.5f;
    if (strcmp(array->name, "weights") == 0) return;
    for (size_t i = 0; i < array->n; ++i)
        array->cpu[i] = draw(low, high);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    srand(1);
    network *net = host_parse_network(argv[1], 1);
    for (int i = 0; i < net->n; ++i) {
        layer *leaves[HOST_MAX_LEAVES];
        const int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            lgg_array arrays[LGG_MAX_ARRAYS];
            const int m = lgg_leaf_parameters(leaves[j], arrays);
            for (int k = 0; k < m; ++k)
                fill(&arrays[k], has_lgg_parseval(net) && leaves[j]->size
                                     ? sqrtf(2.f * (float)(leaves[j]->size * leaves[j]->size) + 1.f)
                                     : 1);
        }
    }
    FILE *file = fopen(argv[2], "wb");
    if (!file) return 2;
    host_write_weights(net, file, net->n);
    return fclose(file) != 0;
}
