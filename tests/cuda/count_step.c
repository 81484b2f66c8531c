/* count_step.c: how many launches, copies, fills and library calls a training step of a .cfg file takes, in a host built for the
 * emulation, which counts them. Prints a line "launches_NAME N".
 *
 * usage: LGG_EMULATION_DRY=1 count_step NAME CFG */
#include "host.h"

#include "cuda.h"
#include <stdio.h>

size_t emulation_launches(void);

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: count_step NAME CFG\n");
        return 2;
    }
    size_t before = 0;
    cuda_set_device(0);
    network *net = parse_network_cfg(argv[2]);
    for (int step = 0; step < 2; ++step) {
        before = emulation_launches();
        train_network_datum(net);
    }
    printf("launches_%s %zu\n", argv[1], emulation_launches() - before);
    free_network(net);
    return 0;
}
