/* bench_step.c: whole training steps of a .cfg file, on invented images.
 *
 * Prints the median step, what of it the LGG sections take, their teacher's forward pass apart, their share of the
 * step without the teacher, and the peak memory of the process.
 *
 * usage: bench_step NAME CFG */
#include "bench.h"
#include "lgg_section.h"

#include <stdio.h>
#include <sys/resource.h>

static double lgg_ms, teacher_start, teacher_ms;
static void (*lgg_backward[64])(layer, network);
static void (*teacher_first)(layer, network), (*teacher_last)(layer, network);

/* These stand in for functions of layers, to time them: the backward function of an LGG layer, and the forward functions of the
 * teacher's first and last layer. */
static void timed_backward(layer l, network net) {
    double start = bench_now();
    lgg_backward[net.index % 64](l, net);
    lgg_ms += bench_now() - start;
}

static void timed_teacher_first(layer l, network net) {
    teacher_start = bench_now();
    teacher_first(l, net);
}

static void timed_teacher_last(layer l, network net) {
    teacher_last(l, net);
    teacher_ms += bench_now() - teacher_start;
}

static void time_lgg_layers(network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type != LGG) continue;
        lgg_backward[i % 64] = net->layers[i].backward;
        net->layers[i].backward = timed_backward;
    }
}

/* After a first step, which loads it. */
static void time_teacher(network *net) {
    for (int i = 0; i < net->n && !teacher_first; ++i) {
        if (net->layers[i].type != LGG || !net->layers[i].lgg->teacher) continue;
        network *teacher = net->layers[i].lgg->teacher->net;
        layer *first = &teacher->layers[0], *last = &teacher->layers[teacher->n - 1];
        teacher_first = first->forward;
        teacher_last = last->forward;
        first->forward = timed_teacher_first;
        last->forward = timed_teacher_last;
    }
}

static void invent_batch(network *net) {
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = (float)rand() / (float)RAND_MAX;
    for (int i = 0; i < net->truths * net->batch; ++i)
        net->truth[i] = i % net->truths == i / net->truths % net->truths;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: bench_step NAME CFG\n");
        return 2;
    }
    double step[BENCH_RUNS], lgg[BENCH_RUNS], taught[BENCH_RUNS];
    srand(1);
    network *net = parse_network_cfg(argv[2]);
    invent_batch(net);
    time_lgg_layers(net);
    for (int run = -2; run < BENCH_RUNS; ++run) {
        lgg_ms = teacher_ms = 0;
        double start = bench_now();
        train_network_datum(net);
        if (run < 0) {
            time_teacher(net);
            continue;
        }
        step[run] = bench_now() - start;
        lgg[run] = lgg_ms - teacher_ms;
        taught[run] = teacher_ms;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double all = bench_median(step, BENCH_RUNS), loss = bench_median(lgg, BENCH_RUNS),
           teacher = bench_median(taught, BENCH_RUNS);
    printf("step_%s %.4g ms\n", argv[1], all);
    if (loss > 0) {
        printf("step_%s_lgg %.4g ms\n", argv[1], loss);
        if (teacher > 0) printf("step_%s_teacher %.4g ms\n", argv[1], teacher);
        printf("step_%s_lgg_share %.2f %%\n", argv[1], 100 * loss / (all - teacher));
    }
    printf("memory_%s %.1f MB\n", argv[1], (double)usage.ru_maxrss / 1024);
    free_network(net);
    return 0;
}
