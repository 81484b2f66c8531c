/* save_network.c: reads a .cfg as a training does, loads weights into it where some are given, and saves them. Built against stock
 * Darknet and against ours, of either host.
 *
 * usage: save_network CFG WEIGHTS|- OUT */
#include <stdlib.h>
#include <string.h>

#include "darknet.h"
#ifdef SECOND_HOST
#include "dark_cuda.h"
#include "parser.h"
#endif

#ifdef GPU
#error "the weights are to be those of the CPU"
#endif

/* Weights that are loaded or thrown away again need no good random numbers: most of the time would go into them. */
float rand_normal(void);
float rand_uniform(float low, float high);

static float draw(void) {
    static unsigned state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (float)(1 << 24);
}

float rand_normal(void) {
    return draw() - .5f;
}

float rand_uniform(float low, float high) {
    return low + (high - low) * draw();
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
#ifdef SECOND_HOST
    network loaded = parse_network_cfg(argv[1]), *net = &loaded;
#else
    network *net = parse_network_cfg(argv[1]);
#endif
    if (strcmp(argv[2], "-")) load_weights(net, argv[2]);
    *net->seen = 0;
#ifdef SECOND_HOST
    *net->cur_iteration = 0;
    save_weights(*net, argv[3]);
#else
    save_weights(net, argv[3]);
#endif
    return 0;
}
