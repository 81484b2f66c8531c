/* count_step.c: how many launches, copies, fills and library calls a training step of a .cfg file takes, how often the host waits for the
 * device meanwhile, and the memory that the device then holds, in a host built for the emulation, which counts them. Prints lines
 * "launches_NAME N", "waits_NAME N" and "bytes_NAME N".
 *
 * usage: LGG_EMULATION_DRY=1 count_step NAME CFG */
#include "host.h"

#ifndef HOST_ALEXEYAB_H
#include "cuda.h"
#endif
#include <stdio.h>

size_t emulation_launches(void);
size_t emulation_waits(void);

#ifdef HOST_ALEXEYAB_H
static void count(char *cfg, void (*begin)(void)) {
    network net = parse_network_cfg(cfg);
    const size_t batch = (size_t)net.batch;
    float *images = calloc(batch * (size_t)net.inputs, sizeof *images);
    float *truth = calloc(batch * (size_t)net.truths, sizeof *truth);
    for (int step = 0; step < 2 && images && truth; ++step) {
        begin();
        train_network_datum(net, images, truth);
        ++*net.cur_iteration;
        update_network_gpu(net);
    }
    free(images);
    free(truth);
}
#else
static void count(char *cfg, void (*begin)(void)) {
    network *net = parse_network_cfg(cfg);
    for (int step = 0; step < 2; ++step) {
        begin();
        train_network_datum(net);
    }
}
#endif

static size_t launches, waits;

static void begin_step(void) {
    launches = emulation_launches();
    waits = emulation_waits();
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: count_step NAME CFG\n");
        return 2;
    }
    cuda_set_device(0);
    count(argv[2], begin_step);
    launches = emulation_launches() - launches;
    waits = emulation_waits() - waits;
    size_t free_bytes, bytes;
    cudaMemGetInfo(&free_bytes, &bytes);
    printf("launches_%s %zu\nwaits_%s %zu\nbytes_%s %zu\n", argv[1], launches, argv[1], waits, argv[1],
           bytes - free_bytes);
    return 0;
}
