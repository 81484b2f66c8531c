/* lgg_teacher.c: loads teacher networks, and runs them on the student's batch. */
#include "lgg_teacher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lgg_inference.h"
#include "allocate.h"
#include "lgg_section.h"
#include "text_file.h"
#include "weights.h"

lgg_shape lgg_shape_of(const network *net) {
    lgg_shape shape = {net->w, net->h, net->c, net->inputs};
    return shape;
}

static int same_shape(lgg_shape a, lgg_shape b) {
    return a.width == b.width && a.height == b.height && a.channels == b.channels && a.inputs == b.inputs;
}

/* The canonical path of a file that can be read. */
static char *find_file(const lgg_place *place, const char *option, const char *path) {
    char *canonical = realpath(path, NULL);
    if (!canonical || access(canonical, R_OK) != 0) {
        lgg_fail(place, "%s=%s: %s; give the path of a file, relative to where darknet is started", option, path,
                 strerror(errno));
    }
    struct stat status;
    if (stat(canonical, &status) == 0 && S_ISDIR(status.st_mode)) {
        lgg_fail(place, "%s=%s: is a folder; give the path of a file", option, path);
    }
    return canonical;
}

/* With several GPUs a thread trains each network, and parsing works on what the process has once: its random numbers. */
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local int is_reading;

int is_reading_lgg_teacher(void) {
    return is_reading;
}

/* Parses a network without drawing from the random numbers that the student's training goes on with. */
static network *parse_aside(const char *cfg, int batch) {
    char state[128];
    char *student = initstate(1, state, sizeof state);
    is_reading = 1;
    network *net = host_parse_network(cfg, batch);
    is_reading = 0;
    setstate(student);
    return net;
}

/* Brings the teacher to the size and the number that the student's images have now. */
static void follow_images(network *teacher, const network *student, int batch) {
    if (teacher->w == student->w && teacher->h == student->h && teacher->batch == batch) return;
    if (teacher->batch != batch) host_set_batch(teacher, batch);
    is_reading = 1;
    resize_network(teacher, student->w, student->h);
    is_reading = 0;
    free_training_buffers(teacher);
}

/* Of a .cfg without a section the host says nothing but its name. */
static void check_teacher_cfg(const lgg_place *place, const char *cfg) {
    const char *fault = lgg_text_file_fault(cfg);
    if (fault) lgg_fail(place, "teacher_cfg=%s: %s; give the .cfg file of a trained network", cfg, fault);
    FILE *file = fopen(cfg, "r");
    char line[256];
    int sections = 0;
    while (file && !sections && fgets(line, sizeof line, file))
        sections = line[strspn(line, " \t")] == '[';
    if (file) fclose(file);
    if (!sections) lgg_fail(place, "teacher_cfg=%s: has no [section]; give the .cfg file of a trained network", cfg);
}

/* A teacher runs on the student's stream. */
static void check_teacher_streams(const lgg_place *place, const char *cfg, const network *net) {
    const char *option;
    int value, i = host_streamed_layer(net, &option, &value);
    if (i < 0) return;
    lgg_fail(place, "teacher_cfg=%s: its layer %d has %s=%d, but a teacher runs on the student's stream; leave %s out",
             cfg, i, option, value, option);
}

static network *load_teacher(const lgg_place *place, const lgg_network *student, const char *cfg, const char *weights,
                             int batch) {
    check_teacher_cfg(place, cfg);
    network *net = parse_aside(cfg, batch);
    lgg_shape expected = student->input, given = lgg_shape_of(net);
    if (!same_shape(given, expected)) {
        lgg_fail(place,
                 "teacher_cfg=%s: takes images of %d x %d x %d (%d values), the student %d x %d x %d (%d values)", cfg,
                 given.width, given.height, given.channels, given.inputs, expected.width, expected.height,
                 expected.channels, expected.inputs);
    }
    check_teacher_streams(place, cfg, net);
    check_weights_file(place, "teacher_weights", weights, net);
#ifdef GPU
    if (gpu_index >= 0)
        cudaGetDevice(&net->gpu_index); /* with several GPUs, gpu_index may be another thread's by now */
#endif
    load_teacher_weights(place, net, weights);
    fold_batch_norms(net);
    free_training_buffers(net);
    return net;
}

lgg_teacher *find_lgg_teacher(const lgg_place *place, lgg_network *student, const char *cfg, const char *weights,
                              int batch) {
    char *cfg_path = find_file(place, "teacher_cfg", cfg);
    char *weights_path = find_file(place, "teacher_weights", weights);
    for (lgg_teacher *t = student->teachers; t; t = t->next) {
        if (strcmp(t->cfg, cfg_path) != 0 || strcmp(t->weights, weights_path) != 0) continue;
        free(cfg_path);
        free(weights_path);
        return t;
    }
    lgg_teacher *teacher = lgg_allocate(1, sizeof *teacher, "a teacher");
    teacher->cfg = cfg_path;
    teacher->weights = weights_path;
    pthread_mutex_lock(&loading);
    teacher->net = load_teacher(place, student, cfg, weights, batch);
    pthread_mutex_unlock(&loading);
    teacher->next = student->teachers;
    student->teachers = teacher;
    return teacher;
}

void run_lgg_teacher(lgg_teacher *teacher, const lgg_network *student, const host_pass *pass, int batch) {
    const network *net = host_network(student->net, pass);
    const int layers = teacher->net->n;
    if (teacher->pass == student->passes) return;
    follow_images(teacher->net, net, batch);
    teacher->net->n = teacher->last + 1;
#ifdef GPU
    if (gpu_index >= 0)
        host_predict_gpu(teacher->net, net);
    else
#endif
        host_predict(teacher->net, host_input(net));
    teacher->net->n = layers;
    teacher->pass = student->passes;
}

void free_lgg_teachers(lgg_teacher *teachers) {
    while (teachers) {
        lgg_teacher *next = teachers->next;
        host_free_network(teachers->net);
        free(teachers->cfg);
        free(teachers->weights);
        free(teachers);
        teachers = next;
    }
}
