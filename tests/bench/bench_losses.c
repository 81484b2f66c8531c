/* bench_losses.c: each loss, forward and backward, beside the matrix products that it cannot do without.
 *
 * The floor of a loss is made of one product X X' for each representation, the teacher's included, and one product with each
 * gradient of the student's: each the fastest of nine cblas_sgemm calls, on the same arrays and threads, taken in turn with the
 * loss. Prints lines "name value unit"; writes CSV rows "loss,B,d,ms,gflops,floor_ms,ratio" to the file named.
 *
 * usage: bench_losses losses.csv [quick]
 *        bench_losses trial    (prints how fast sgemm is with the kernels that OPENBLAS_CORETYPE names: "GFLOP/s kernels") */
#include "bench.h"
#include "lgg.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LAYERS = 17, CLASSES = 10 };

/* One loss on representations of given widths, with everything it needs. teacher_d NULL: it has no teacher. */
typedef struct {
    lgg_loss *loss;
    int batch, layers;
    lgg_representation student[MAX_LAYERS], teacher[MAX_LAYERS];
    float *labels, *gram, *weights;
} workload;

static float *allocate(size_t n) {
    float *x = malloc(n * sizeof *x);
    if (!x) {
        fprintf(stderr, "bench_losses: out of memory\n");
        exit(1);
    }
    return x;
}

/* (batch, d), non-negative as a rectifier's output is, half of it zero; another one for each seed. Equal layers would have equal
 * label variations, whose gradients cancel and need not be computed. */
static float *representation(int batch, int d, int seed) {
    size_t n = (size_t)batch * (size_t)d;
    float *x = allocate(n);
    unsigned state = 12345u + (unsigned)d + 7919u * (unsigned)seed;
    for (size_t i = 0; i < n; ++i) {
        state = state * 1664525u + 1013904223u;
        int value = (int)(state >> 9) - (1 << 22);
        x[i] = value > 0 ? (float)value / (float)(1 << 22) : 0;
    }
    return x;
}

static void make_workload(workload *w, lgg_kind kind, const lgg_options *options, int batch, int layers, const int *d,
                          const int *teacher_d) {
    memset(w, 0, sizeof *w);
    w->batch = batch;
    w->layers = layers;
    for (int i = 0; i < layers; ++i) {
        w->student[i] = (lgg_representation){representation(batch, d[i], i), NULL, d[i]};
        w->student[i].gradient = allocate((size_t)batch * (size_t)d[i]);
        memset(w->student[i].gradient, 0, (size_t)batch * (size_t)d[i] * sizeof(float));
        if (teacher_d)
            w->teacher[i] = (lgg_representation){representation(batch, teacher_d[i], layers + i), NULL, teacher_d[i]};
    }
    size_t square = (size_t)batch * (size_t)batch;
    w->gram = allocate(square);
    w->weights = allocate(square);
    w->labels = allocate((size_t)batch * CLASSES);
    for (size_t i = 0; i < square; ++i)
        w->weights[i] = 1e-3f * (float)(i % 7);
    for (int i = 0; i < batch * CLASSES; ++i)
        w->labels[i] = i % CLASSES == i / CLASSES % CLASSES;
    if (lgg_loss_create(&w->loss, kind, options, layers, batch, CLASSES) != LGG_OK) {
        fprintf(stderr, "bench_losses: a loss cannot be made\n");
        exit(1);
    }
}

static void free_workload(workload *w) {
    for (int i = 0; i < w->layers; ++i) {
        free((void *)w->student[i].x);
        free(w->student[i].gradient);
        free((void *)w->teacher[i].x);
    }
    free(w->gram);
    free(w->weights);
    free(w->labels);
    lgg_loss_free(w->loss);
}

static double time_loss(workload *w) {
    double value, start = bench_now();
    if (lgg_loss_evaluate(w->loss, w->batch, w->labels, w->student, w->teacher[0].x ? w->teacher : NULL, -1e-6f, &value,
                          NULL) != LGG_OK) {
        fprintf(stderr, "bench_losses: a loss fails\n");
        exit(1);
    }
    return bench_now() - start;
}

static double time_gram(const workload *w, const lgg_representation *r) {
    double start = bench_now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, w->batch, w->batch, r->d, 1, r->x, r->d, r->x, r->d, 0,
                w->gram, w->batch);
    return bench_now() - start;
}

static double time_gradient(const workload *w, const lgg_representation *r) {
    double start = bench_now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, w->batch, r->d, w->batch, 1e-6f, w->weights, w->batch, r->x,
                r->d, 1, r->gradient, r->d);
    return bench_now() - start;
}

static void keep_least(double *least, double value) {
    if (value < *least) *least = value;
}

typedef struct {
    double ms, floor_ms, flops;
} figure;

/* The loss and its products in turn, BENCH_RUNS times after one run to warm up. */
static figure measure(workload *w) {
    double loss[BENCH_RUNS], products[3 * MAX_LAYERS];
    int n = 3 * w->layers;
    figure f = {0, 0, 0};
    for (int i = 0; i < n; ++i)
        products[i] = INFINITY;
    time_loss(w);
    for (int run = 0; run < BENCH_RUNS; ++run) {
        loss[run] = time_loss(w);
        for (int i = 0; i < w->layers; ++i) {
            keep_least(&products[3 * i], time_gram(w, &w->student[i]));
            keep_least(&products[3 * i + 1], time_gradient(w, &w->student[i]));
            if (w->teacher[i].x) keep_least(&products[3 * i + 2], time_gram(w, &w->teacher[i]));
        }
    }
    f.ms = bench_median(loss, BENCH_RUNS);
    double square = 2. * w->batch * w->batch;
    for (int i = 0; i < w->layers; ++i) {
        f.floor_ms += products[3 * i] + products[3 * i + 1] + (w->teacher[i].x ? products[3 * i + 2] : 0);
        f.flops += square * (2. * w->student[i].d + (w->teacher[i].x ? w->teacher[i].d : 0));
    }
    return f;
}

/* ---- What the processor can do ---- */

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

enum { PEAK_STEPS = 10000000, PEAK_SUMS = 12 };

/* Multiplies and adds in registers alone, PEAK_SUMS sums at a time; returns the operations. */
#define PEAK(set, vector, prefix)                                                                                      \
    __attribute__((target(set), noinline)) static double peak##prefix(void) {                                          \
        vector sum[PEAK_SUMS], a = prefix##_set1_ps(.5f), b = a;                                                       \
        for (int i = 0; i < PEAK_SUMS; ++i)                                                                            \
            sum[i] = prefix##_setzero_ps();                                                                            \
        for (int step = 0; step < PEAK_STEPS; ++step) {                                                                \
            for (int i = 0; i < PEAK_SUMS; ++i)                                                                        \
                sum[i] = prefix##_fmadd_ps(a, b, sum[i]);                                                              \
            __asm__ volatile("" : "+v"(a), "+v"(b)); /* may be others in the next step, for all the compiler knows */  \
        }                                                                                                              \
        for (int i = 0; i < PEAK_SUMS; ++i)                                                                            \
            __asm__ volatile("" ::"v"(sum[i])); /* and somebody wants to know */                                       \
        return 2. * PEAK_STEPS * PEAK_SUMS * sizeof(vector) / sizeof(float);                                           \
    }
PEAK("avx512f", __m512, _mm512)
PEAK("avx2,fma", __m256, _mm256)

/* GFLOP/s of all cores together when memory, caches and loops cost nothing; 0: not known. */
static double peak_rate(void) {
    const int wide = __builtin_cpu_supports("avx512f"),
              known = wide || (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
    double best = 0;
    for (int run = 0; known && run < BENCH_RUNS; ++run) {
        double operations = 0, start = bench_now();
#pragma omp parallel reduction(+ : operations)
        operations += wide ? peak_mm512() : peak_mm256();
        best = fmax(best, operations / (bench_now() - start) * 1e-6);
    }
    return best;
}

#else

static double peak_rate(void) {
    return 0;
}

#endif

/* GKD cannot be faster than what it multiplies, half of each Gram matrix and its gradient's products, at the peak's rate. */
static void print_bound(const char *name, const workload *w) {
    const double peak = peak_rate(), square = (double)w->batch * w->batch;
    double flops = 0;
    if (peak == 0) return;
    for (int i = 0; i < w->layers; ++i)
        flops += square * (3. * w->student[i].d + w->teacher[i].d);
    printf("peak_rate %.4g GFLOP/s\n%s_at_peak_rate %.4g ms\n", peak, name, flops / peak * 1e-6);
}

/* The figures that the aims name: GKD between WideResNet28-1 and -0.5, smoothness over the 17 rectifiers of PreActResNet18. */
static void print_named(const char *name, figure f) {
    printf("%s %.4g ms\n%s_floor %.4g ms\n%s_over_floor %.3f ratio\n%s_rate %.1f GFLOP/s\n", name, f.ms, name,
           f.floor_ms, name, f.ms / f.floor_ms, name, f.flops / f.ms * 1e-6);
    fflush(stdout);
}

static void named_figures(void) {
    static const int student[3] = {8192, 4096, 32}, teacher[3] = {16384, 8192, 64};
    static const int rectifiers[MAX_LAYERS] = {65536, 65536, 65536, 65536, 65536, 32768, 32768, 32768, 32768,
                                               16384, 16384, 16384, 16384, 8192,  8192,  8192,  8192};
    lgg_options options;
    workload w;
    lgg_options_default(LGG_GKD, &options);
    make_workload(&w, LGG_GKD, &options, 128, 3, student, teacher);
    print_named("gkd_wrn28", measure(&w));
    print_bound("gkd_wrn28", &w);
    free_workload(&w);
    options.graph.k = 5;
    make_workload(&w, LGG_GKD, &options, 128, 3, student, teacher);
    print_named("gkd_wrn28_k5", measure(&w));
    free_workload(&w);
    lgg_options_default(LGG_SMOOTH, &options);
    make_workload(&w, LGG_SMOOTH, &options, 100, MAX_LAYERS, rectifiers, NULL);
    print_named("smooth_preact18", measure(&w));
    free_workload(&w);
}

static const int batches[] = {64, 128, 256, 512, 1024}, widths[] = {64, 512, 4096, 16384, 65536};
enum { BATCHES = 5, WIDTHS = 5, B_OF_WIDTHS = 1, D_OF_BATCHES = 2 };

/* The sweep's losses; taught: with a teacher. */
static const struct {
    const char *name;
    lgg_kind kind;
    int layers, taught;
} swept[] = {{"label_variation", LGG_LABEL_VARIATION, 1, 0},
             {"lgg_smooth", LGG_SMOOTH, 2, 0},
             {"lgg_gkd", LGG_GKD, 1, 1},
             {"rkd_distance", LGG_RKD_DISTANCE, 1, 1},
             {"rkd_angle", LGG_RKD_ANGLE, 1, 1}};
enum { SWEPT = sizeof swept / sizeof swept[0] };

/* About what a point of the sweep costs: its products, their floor, and the angles of RKD-A. */
static double work_of(int loss, int batch, int width) {
    const double square = (double)batch * batch, angles = swept[loss].kind == LGG_RKD_ANGLE ? 500. * batch : 0;
    return square * (4. * swept[loss].layers * width + angles);
}

/* Says on a terminal how far the sweep is; done: all of its work until now. */
static void show_progress(int loss, int batch, int width, double done, double start) {
    double all = 0;
    if (!isatty(2)) return;
    for (int l = 0; l < SWEPT; ++l)
        for (int b = 0; b < BATCHES; ++b)
            for (int d = 0; d < WIDTHS; ++d)
                all += work_of(l, batches[b], widths[d]);
    fprintf(stderr, "\rsweep: %s, B = %d, d = %d; %.0f %%, %.0f s left      ", swept[loss].name, batch, width,
            100 * done / all, done > 0 ? (bench_now() - start) * 1e-3 * (all - done) / done : 0);
}

static double slope(int n, const double *x, const double *y) {
    double mx = 0, my = 0, xx = 0, xy = 0;
    for (int i = 0; i < n; ++i) {
        mx += log(x[i]) / n;
        my += log(y[i]) / n;
    }
    for (int i = 0; i < n; ++i) {
        xx += (log(x[i]) - mx) * (log(x[i]) - mx);
        xy += (log(x[i]) - mx) * (log(y[i]) - my);
    }
    return xy / xx;
}

/* Fits ms ~ B^a at the width D_OF_BATCHES and ms ~ d^b at the batch B_OF_WIDTHS, where products rule. */
static void print_exponents(const char *name, double ms[BATCHES][WIDTHS]) {
    double x[BATCHES], y[BATCHES];
    int n = 0;
    for (int b = 1; b < BATCHES; ++b) {
        if (ms[b][D_OF_BATCHES] <= 0) continue;
        x[n] = batches[b];
        y[n++] = ms[b][D_OF_BATCHES];
    }
    if (n > 1) printf("%s_exponent_B %.2f exponent\n", name, slope(n, x, y));
    n = 0;
    for (int d = 2; d < WIDTHS; ++d) {
        if (ms[B_OF_WIDTHS][d] <= 0) continue;
        x[n] = widths[d];
        y[n++] = ms[B_OF_WIDTHS][d];
    }
    if (n > 1) printf("%s_exponent_d %.2f exponent\n", name, slope(n, x, y));
    fflush(stdout);
}

/* All points of one loss; *done grows with their work. */
static void sweep(FILE *csv, int loss, double *done, double start) {
    double ms[BATCHES][WIDTHS] = {{0}}, floor_ms[BATCHES][WIDTHS] = {{0}};
    const char *name = swept[loss].name;
    lgg_options options;
    lgg_options_default(swept[loss].kind, &options);
    for (int b = 0; b < BATCHES; ++b) {
        for (int d = 0; d < WIDTHS; ++d) {
            const int width[2] = {widths[d], widths[d]};
            workload w;
            show_progress(loss, batches[b], widths[d], *done, start);
            make_workload(&w, swept[loss].kind, &options, batches[b], swept[loss].layers, width,
                          swept[loss].taught ? width : NULL);
            figure f = measure(&w);
            ms[b][d] = f.ms;
            floor_ms[b][d] = f.floor_ms;
            fprintf(csv, "%s,%d,%d,%.4g,%.4g,%.4g,%.4g\n", name, batches[b], widths[d], f.ms, f.flops / f.ms * 1e-6,
                    f.floor_ms, f.ms / f.floor_ms);
            fflush(csv);
            free_workload(&w);
            *done += work_of(loss, batches[b], widths[d]);
        }
    }
    printf("%s_B128_d16384 %.4g ms\n%s_B128_d16384_over_floor %.3f ratio\n", name, ms[1][3], name,
           ms[1][3] / floor_ms[1][3]);
    print_exponents(name, ms);
    if (swept[loss].kind == LGG_GKD) print_exponents("gkd_floor", floor_ms);
}

/* The products of smoothness and GKD, as those kernels of OpenBLAS do them that this process has taken. */
static void print_trial(void) {
    static const int d[2] = {65536, 8192};
    lgg_options options;
    workload w;
    double ms[4] = {INFINITY, INFINITY, INFINITY, INFINITY}, total = 0;
    lgg_options_default(LGG_SMOOTH, &options);
    make_workload(&w, LGG_SMOOTH, &options, 128, 2, d, NULL);
    for (int run = 0; run < BENCH_RUNS; ++run) {
        for (int i = 0; i < 2; ++i) {
            keep_least(&ms[2 * i], time_gram(&w, &w.student[i]));
            keep_least(&ms[2 * i + 1], time_gradient(&w, &w.student[i]));
        }
    }
    for (int i = 0; i < 4; ++i)
        total += ms[i];
    printf("%.1f %s\n", 4. * w.batch * w.batch * (d[0] + d[1]) / total * 1e-6, openblas_get_corename());
    free_workload(&w);
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "trial")) {
        print_trial();
        return 0;
    }
    FILE *csv = argc > 1 ? fopen(argv[1], "w") : NULL;
    if (!csv) {
        fprintf(stderr, "usage: bench_losses losses.csv [quick]\n");
        return 2;
    }
    fprintf(csv, "loss,B,d,ms,gflops,floor_ms,over_floor\n");
    named_figures();
    const double start = bench_now();
    double done = 0;
    for (int loss = 0; argc == 2 && loss < SWEPT; ++loss)
        sweep(csv, loss, &done, start);
    if (isatty(2)) fprintf(stderr, "\n");
    return fclose(csv) != 0;
}
