/* bench_step.c: whole training steps of a .cfg file, on invented images.
 *
 * Prints the median step, what of it the LGG sections take, their teacher's forward pass apart, their share of the
 * step without the teacher, and the peak memory of the process.
 *
 * usage: bench_step NAME CFG */
#include "bench.h"
#include "lgg_section.h"
#include "command.h"

#include <stdio.h>
#include <sys/resource.h>

/* Milliseconds of what is done, or on a GPU enqueued, between its start and its end. */
typedef struct {
    double start, ms;
#ifdef GPU
    cudaEvent_t first, last; /* of the device's own clock */
    int ran;
#endif
} stopwatch;

static stopwatch whole, lgg[64], teacher;
static host_function *lgg_backward[64];
static host_function *teacher_first, *teacher_last;

static void start_watch(stopwatch *watch) {
#ifdef GPU
    if (gpu_index >= 0) {
        if (!watch->first) cudaEventCreate(&watch->first);
        if (!watch->last) cudaEventCreate(&watch->last);
        cudaEventRecord(watch->first, NULL);
        return;
    }
#endif
    watch->start = bench_now();
}

static void stop_watch(stopwatch *watch) {
#ifdef GPU
    if (gpu_index >= 0) {
        cudaEventRecord(watch->last, NULL);
        watch->ran = 1;
        return;
    }
#endif
    watch->ms += bench_now() - watch->start;
}

/* What the watch has measured since it was read last. */
static double read_watch(stopwatch *watch) {
#ifdef GPU
    if (watch->ran) {
        float ms = 0;
        cudaEventSynchronize(watch->last);
        cudaEventElapsedTime(&ms, watch->first, watch->last);
        watch->ms = (double)ms;
        watch->ran = 0;
    }
#endif
    double ms = watch->ms;
    watch->ms = 0;
    return ms;
}

/* These stand in for functions of layers, to time them: the backward function of an LGG layer, and the forward functions of the
 * teacher's first and last layer. */
static void timed_backward(layer l, host_pass pass) {
    start_watch(&lgg[l.lgg->place.index % 64]);
    lgg_backward[l.lgg->place.index % 64](l, pass);
    stop_watch(&lgg[l.lgg->place.index % 64]);
}

static void timed_teacher_first(layer l, host_pass pass) {
    start_watch(&teacher);
    teacher_first(l, pass);
}

static void timed_teacher_last(layer l, host_pass pass) {
    teacher_last(l, pass);
    stop_watch(&teacher);
}

/* The functions that a pass calls. */
static host_function **backward_of(layer *l) {
#ifdef GPU
    if (gpu_index >= 0) return &l->backward_gpu;
#endif
    return &l->backward;
}
static host_function **forward_of(layer *l) {
#ifdef GPU
    if (gpu_index >= 0) return &l->forward_gpu;
#endif
    return &l->forward;
}

static void time_lgg_layers(network *net) {
    for (int i = 0; i < net->n; ++i) {
        if (net->layers[i].type != LGG) continue;
        lgg_backward[i % 64] = *backward_of(&net->layers[i]);
        *backward_of(&net->layers[i]) = timed_backward;
    }
}

/* After a first step, which loads it. */
static void time_teacher(network *net) {
    for (int i = 0; i < net->n && !teacher_first; ++i) {
        if (net->layers[i].type != LGG || !net->layers[i].lgg->teacher) continue;
        network *teaching = net->layers[i].lgg->teacher->net;
        layer *first = &teaching->layers[0], *last = &teaching->layers[teaching->n - 1];
        teacher_first = *forward_of(first);
        teacher_last = *forward_of(last);
        *forward_of(first) = timed_teacher_first;
        *forward_of(last) = timed_teacher_last;
    }
}

/* The LGG sections' own time of the last step. */
static double read_lgg_watches(void) {
    double sum = 0;
    for (int i = 0; i < 64; ++i)
        sum += read_watch(&lgg[i]);
    return sum;
}

static void print_memory(const char *name) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("memory_%s %.1f MB\n", name, (double)usage.ru_maxrss / 1024);
#ifdef GPU
    size_t left = 0, all = 0;
    if (gpu_index >= 0 && cudaMemGetInfo(&left, &all) == cudaSuccess)
        printf("device_memory_%s %.1f MB\n", name, (double)(all - left) / (1 << 20));
#endif
}

/* GFLOP of the convolutions and connected layers of a batch: forward and, where the network learns, twice as much backward, but for
 * the gradient of the images. */
static double count_arithmetic(const network *net, int learns) {
    double sum = 0;
    for (int i = 0; i < net->n; ++i) {
        const layer *l = &net->layers[i];
        const double pixels = (double)l->out_w * l->out_h, pass = 2e-9 * net->batch;
        const int passes = !learns ? 1 : i == 0 ? 2 : 3;
        if (l->type == CONVOLUTIONAL) sum += passes * pass * l->nweights * pixels;
        if (l->type == CONNECTED) sum += passes * pass * l->inputs * l->outputs;
    }
    return sum;
}

static const network *find_teacher(const network *net) {
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].type == LGG && net->layers[i].lgg->teacher) return net->layers[i].lgg->teacher->net;
    return NULL;
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
    double step[BENCH_RUNS], losses[BENCH_RUNS], taught[BENCH_RUNS];
    srand(1);
    note_darknet_command(3, (char *[]){"darknet", "classifier", "train"});
    network *net = parse_network_cfg(argv[2]);
    invent_batch(net);
    time_lgg_layers(net);
    for (int run = -2; run < BENCH_RUNS; ++run) {
        start_watch(&whole);
        train_network_datum(net);
        stop_watch(&whole);
        double all = read_watch(&whole), of_teacher = read_watch(&teacher), of_lgg = read_lgg_watches();
        if (run < 0) {
            time_teacher(net);
            continue;
        }
        step[run] = all;
        losses[run] = of_lgg - of_teacher;
        taught[run] = of_teacher;
    }
    double all = bench_median(step, BENCH_RUNS), loss = bench_median(losses, BENCH_RUNS),
           teaching = bench_median(taught, BENCH_RUNS);
    printf("step_%s %.4g ms\nstep_%s_arithmetic %.4g GFLOP\n", argv[1], all, argv[1], count_arithmetic(net, 1));
    if (find_teacher(net))
        printf("step_%s_teacher_arithmetic %.4g GFLOP\n", argv[1], count_arithmetic(find_teacher(net), 0));
    if (loss > 0) {
        printf("step_%s_lgg %.4g ms\n", argv[1], loss);
        if (teaching > 0) printf("step_%s_teacher %.4g ms\n", argv[1], teaching);
        printf("step_%s_lgg_share %.2f %%\n", argv[1], 100 * loss / (all - teaching));
    }
    print_memory(argv[1]);
    free_network(net);
    return 0;
}
