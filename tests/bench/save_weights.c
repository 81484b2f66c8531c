/* save_weights.c: writes the weights of an untrained network.
 *
 * usage: save_weights CFG WEIGHTS */
#include "network.h"
#include "host.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    srand(1);
    network *net = host_parse_network(argv[1], 1);
    save_weights(net, argv[2]);
    free_network(net);
    return 0;
}
