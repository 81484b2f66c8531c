/* command_attack.c: `lgg attack`: error under adversarial noise that the network's own gradient chooses.
 *
 *   fgsm:  x' = clamp(x + epsilon d(g))           g the gradient of the true label's cross-entropy at x
 *   pgd:   x <- clamp(project(x + step d(g(x)))), `steps` times, from a random start in the ball
 *
 * d(g) is sign(g) under the infinity norm and g / |g| under the 2-norm; pixels are clamped to [0, 1]. With -snr the noise of each
 * image is that many dB below it: epsilon = |x| / (sqrt(n) 10^(snr/20)) for its n values under the infinity norm, sqrt(n) times
 * that under the 2-norm. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host_image.h"
#include "tool_classifier.h"

typedef struct {
    const char *method, *norm, *csv, *save;
    double epsilon, snr, step;
    int steps, batch, test, seed, random_start;
    int epsilon_given, snr_given, step_given;
} attack_options;

typedef struct {
    const attack_options *options;
    tool_model *model;
    const tool_images *test;
    const tool_data *data;
    int inputs;                      /* n */
    float *x, *adversary, *gradient; /* (batch, n) */
    double *epsilon;                 /* (batch) */
    int clean_errors, attacked_errors;
    double epsilon_sum;
    double snr_sum; /* of the noise as it is after clamping */
    int noisy;      /* images that have any */
    FILE *list;
} attack;

static double length(const float *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

static int infinite(const attack *a) {
    return strcmp(a->options->norm, "inf") == 0;
}

static double epsilon_of(const attack *a, const float *x) {
    if (a->options->epsilon_given) return a->options->epsilon;
    double noise = length(x, a->inputs) / pow(10, a->options->snr / 20);
    return infinite(a) ? noise / sqrt(a->inputs) : noise;
}

static float clamp(double v) {
    return v < 0 ? 0 : v > 1 ? 1 : (float)v;
}

/* adversary + amount d(g), for one image. */
static void ascend(const attack *a, float *adversary, const float *gradient, double amount) {
    double norm = length(gradient, a->inputs);
    for (int i = 0; i < a->inputs; ++i) {
        double direction = infinite(a) ? (gradient[i] > 0) - (gradient[i] < 0) : norm > 0 ? gradient[i] / norm : 0;
        adversary[i] = (float)(adversary[i] + amount * direction);
    }
}

/* Back into the ball of radius epsilon around x, and into the pixels' range. */
static void project(const attack *a, const float *x, float *adversary, double epsilon) {
    double scale = 1;
    if (!infinite(a)) {
        double sum = 0;
        for (int i = 0; i < a->inputs; ++i)
            sum += ((double)adversary[i] - x[i]) * ((double)adversary[i] - x[i]);
        if (sqrt(sum) > epsilon) scale = epsilon / sqrt(sum);
    }
    for (int i = 0; i < a->inputs; ++i) {
        double noise = scale * ((double)adversary[i] - x[i]);
        if (infinite(a)) noise = fmin(fmax(noise, -epsilon), epsilon);
        adversary[i] = clamp(x[i] + noise);
    }
}

/* Uniform in the cube; under the 2-norm a random direction of a length that fills the ball. */
static void start_at_random(const attack *a, const float *x, float *adversary, double epsilon, int image) {
    tool_random random = tool_random_seed((uint64_t)a->options->seed, (uint64_t)image);
    if (infinite(a)) {
        for (int i = 0; i < a->inputs; ++i)
            adversary[i] = clamp(x[i] + epsilon * (2 * tool_random_uniform(&random) - 1));
        return;
    }
    double *noise = lgg_allocate((size_t)a->inputs, sizeof *noise, "noise"), sum = 0;
    for (int i = 0; i < a->inputs; ++i) {
        noise[i] = tool_random_normal(&random);
        sum += noise[i] * noise[i];
    }
    double radius = epsilon * pow(tool_random_uniform(&random), 1. / a->inputs) / sqrt(sum);
    for (int i = 0; i < a->inputs; ++i)
        adversary[i] = clamp(x[i] + radius * noise[i]);
    free(noise);
}

static int count_errors(attack *a, int first, int count) {
    int output = tool_model_output_layer(a->model), classes = a->data->classes, errors = 0;
    const float *scores = tool_model_output(a->model, output);
    for (int i = 0; i < count; ++i) {
        errors += tool_argmax(scores + i * classes, classes) != a->test->label[first + i];
    }
    return errors;
}

static void attack_fgsm(attack *a, int count) {
    for (int i = 0; i < count; ++i) {
        size_t at = (size_t)i * (size_t)a->inputs;
        ascend(a, a->adversary + at, a->gradient + at, a->epsilon[i]);
        for (int j = 0; j < a->inputs; ++j)
            a->adversary[at + (size_t)j] = clamp(a->adversary[at + (size_t)j]);
    }
}

static void attack_pgd(attack *a, const int *label, int first, int count) {
    double share = a->options->step_given ? a->options->step : 2.5 / a->options->steps;
    for (int i = 0; i < count && a->options->random_start; ++i) {
        size_t at = (size_t)i * (size_t)a->inputs;
        start_at_random(a, a->x + at, a->adversary + at, a->epsilon[i], first + i);
    }
    for (int s = 0; s < a->options->steps; ++s) {
        if (s > 0 || a->options->random_start) {
            tool_model_input_gradient(a->model, a->adversary, label, count, a->gradient);
        }
        for (int i = 0; i < count; ++i) {
            size_t at = (size_t)i * (size_t)a->inputs;
            ascend(a, a->adversary + at, a->gradient + at, share * a->epsilon[i]);
            project(a, a->x + at, a->adversary + at, a->epsilon[i]);
        }
    }
}

static void measure_noise(attack *a, int count) {
    for (int i = 0; i < count; ++i) {
        const float *x = a->x + (size_t)i * (size_t)a->inputs,
                    *adversary = a->adversary + (size_t)i * (size_t)a->inputs;
        double noise = 0;
        for (int j = 0; j < a->inputs; ++j)
            noise += ((double)adversary[j] - x[j]) * ((double)adversary[j] - x[j]);
        a->epsilon_sum += a->epsilon[i];
        if (noise == 0) continue;
        a->snr_sum += 20 * log10(length(x, a->inputs) / sqrt(noise));
        ++a->noisy;
    }
}

static void save_images(attack *a, int first, int count) {
    size_t size = strlen(a->options->save) + 128;
    char *path = lgg_allocate(size, 1, "a path");
    for (int i = 0; i < count; ++i) {
        snprintf(path, size, "%s/%05d_%.80s.png", a->options->save, first + i,
                 a->data->names[a->test->label[first + i]]);
        tool_image_write(path, a->adversary + (size_t)i * (size_t)a->inputs, a->test->w, a->test->h, a->test->c);
        fprintf(a->list, "%s\n", path);
    }
    free(path);
}

static void attack_batch(attack *a, int first, int count) {
    const int *label = a->test->label + first;
    tool_images_read(a->test, first, count, a->x);
    memcpy(a->adversary, a->x, (size_t)count * (size_t)a->inputs * sizeof(float));
    for (int i = 0; i < count; ++i)
        a->epsilon[i] = epsilon_of(a, a->x + (size_t)i * (size_t)a->inputs);
    tool_model_input_gradient(a->model, a->x, label, count, a->gradient);
    a->clean_errors += count_errors(a, first, count);
    if (strcmp(a->options->method, "fgsm") == 0) {
        attack_fgsm(a, count);
    } else {
        attack_pgd(a, label, first, count);
    }
    tool_model_forward(a->model, a->adversary, count);
    a->attacked_errors += count_errors(a, first, count);
    measure_noise(a, count);
    if (a->list) save_images(a, first, count);
}

static void run_attack(attack *a) {
    size_t values = (size_t)a->options->batch * (size_t)a->inputs;
    a->x = lgg_allocate(values, sizeof(float), "images");
    a->adversary = lgg_allocate(values, sizeof(float), "images");
    a->gradient = lgg_allocate(values, sizeof(float), "gradients");
    a->epsilon = lgg_allocate((size_t)a->options->batch, sizeof(double), "epsilons");
    tool_progress progress = tool_progress_begin("attacked images", a->test->count);
    for (int first = 0; first < a->test->count; first += a->options->batch) {
        int left = a->test->count - first;
        int count = left < a->options->batch ? left : a->options->batch;
        attack_batch(a, first, count);
        tool_progress_step(&progress, first + count);
    }
    tool_progress_end(&progress);
    free(a->x);
    free(a->adversary);
    free(a->gradient);
    free(a->epsilon);
}

static void report(const attack *a) {
    const attack_options *o = a->options;
    double n = a->test->count, clean = 100 * a->clean_errors / n, attacked = 100 * a->attacked_errors / n;
    double snr = a->noisy ? a->snr_sum / a->noisy : INFINITY;
    char name[64], strength[64];
    if (strcmp(o->method, "pgd") == 0) {
        snprintf(name, sizeof name, "pgd, %d steps, %s norm", o->steps, o->norm);
    } else {
        snprintf(name, sizeof name, "fgsm, %s norm", o->norm);
    }
    if (o->epsilon_given) {
        snprintf(strength, sizeof strength, "epsilon %g", o->epsilon);
    } else {
        snprintf(strength, sizeof strength, "%g dB", o->snr);
    }
    printf("%-36s %7s %9s %10s %13s %10s\n", "", "images", "error%", "accuracy%", "mean epsilon", "mean SNR");
    printf("%-36s %7.0f %9.2f %10.2f %13s %10s\n", "clean", n, clean, 100 - clean, "0", "inf");
    snprintf(name + strlen(name), sizeof name - strlen(name), ", %.24s", strength);
    printf("%-36s %7.0f %9.2f %10.2f %13.6f %7.2f dB\n", name, n, attacked, 100 - attacked, a->epsilon_sum / n, snr);

    tool_output output = tool_output_open(o->csv);
    if (!output.file) return;
    fprintf(output.file, "method,norm,steps,images,error,accuracy,mean_epsilon,mean_snr\n");
    fprintf(output.file, "clean,%s,0,%.0f,%.4f,%.4f,0,inf\n", o->norm, n, clean, 100 - clean);
    fprintf(output.file, "%s,%s,%d,%.0f,%.4f,%.4f,%.9g,%.6g\n", o->method, o->norm,
            strcmp(o->method, "pgd") == 0 ? o->steps : 1, n, attacked, 100 - attacked, a->epsilon_sum / n, snr);
    tool_output_commit(&output);
}

static tool_output open_list(const char *directory) {
    size_t size = strlen(directory) + 16;
    char *path = lgg_allocate(size, 1, "a path");
    tool_make_directory(directory);
    snprintf(path, size, "%s/images.list", directory);
    tool_output list = tool_output_open(path);
    free(path);
    return list;
}

int command_attack(int argc, char **argv) {
    attack_options o = {
        .method = "fgsm", .norm = "inf", .snr = 33, .steps = 10, .batch = 100, .seed = 1, .random_start = 1};
    const tool_option list[] = {
        {"method", TOOL_STRING, &o.method, 0, 0, "attack", "fgsm|pgd", NULL},
        {"norm", TOOL_STRING, &o.norm, 0, 0, "that bounds the noise", "inf|2", NULL},
        {"epsilon", TOOL_DOUBLE, &o.epsilon, 0, 1e9, "bound of the noise, pixels being 0 to 1; instead of -snr", NULL,
         &o.epsilon_given},
        {"snr", TOOL_DOUBLE, &o.snr, -200, 200, "bound of the noise, dB below each image", NULL, &o.snr_given},
        {"steps", TOOL_INT, &o.steps, 1, 100000, "of pgd", NULL, NULL},
        {"step", TOOL_DOUBLE, &o.step, 1e-9, 1e9, "length of a pgd step in epsilons, default 2.5 / steps", NULL,
         &o.step_given},
        {"random_start", TOOL_INT, &o.random_start, 0, 1, "1: pgd starts at random in the ball", NULL, NULL},
        {"seed", TOOL_INT, &o.seed, 0, 2147483647, "of the random start", NULL, NULL},
        {"test", TOOL_INT, &o.test, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &o.batch, 1, 100000, "images run at once", NULL, NULL},
        {"save", TOOL_STRING, &o.save, 0, 0, "directory for the adversarial images, 8-bit PNG, and their list", NULL,
         NULL},
        {"csv", TOOL_STRING, &o.csv, 0, 0, "write the table", NULL, NULL},
    };
    const char *file[3];
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof list[0], file, 3) != 3) {
        tool_fail("usage: ./darknet lgg attack data.cfg net.cfg net.weights [options]; -help lists them");
    }
    if (o.epsilon_given && o.snr_given) tool_fail("-epsilon and -snr both bound the noise; give one");
    tool_output_check(o.csv);
    tool_data *data = tool_data_read(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    tool_model *model = tool_model_load(file[1], file[2], o.batch);
    tool_model_refuse_detection(model, "attack takes a classifier");
    int output = tool_model_output_layer(model), w, h, c;
    if (tool_model_size(model, output) != data->classes) {
        tool_fail("the network has %d outputs, %s has %d classes", tool_model_size(model, output), file[0],
                  data->classes);
    }
    tool_model_prepare_gradient(model);
    tool_model_input_size(model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, o.test);
    attack a = {.options = &o, .model = model, .test = test, .data = data, .inputs = w * h * c};
    tool_output images = {0};
    if (o.save) images = open_list(o.save);
    a.list = images.file;
    run_attack(&a);
    if (o.save) tool_output_commit(&images);
    report(&a);
    tool_images_free(test);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
