/* lgg_training.c: see lgg_training.h. */
#include "lgg_training.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lgg_checkpoint.h"
#include "lgg_file.h"
#include "lgg_hooks.h"
#include "lgg_log.h"
#include "lgg_parameters.h"
#include "lgg_recipe.h"
#include "lgg_report.h"
#include "network.h"

#define LGG_SECONDS_BETWEEN_BACKUPS 600

static struct {
    network **nets;
    int n;
    int going_on;
    char *backup;
    char *last_good; /* the file saved or loaded last, NULL: none */
    size_t last_good_iteration;
    time_t backed_up;
    float average_loss;
    lgg_log *log;
} training;

static volatile sig_atomic_t told_to_stop;

static void note_signal(int signal_number) {
    told_to_stop = signal_number;
}

/* The first signal asks for a clean stop; the second one finds the default action again. */
static void catch_signals(void) {
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void remember_good(const network *net, const char *path) {
    free(training.last_good);
    training.last_good = lgg_path_with(path, "");
    training.last_good_iteration = host_iteration(net);
}

/* Finds out now, not after hours, that the backup could not be written. */
static void try_backup_directory(const char *directory) {
    if (mkdir(directory, 0777) && errno != EEXIST && errno != EROFS) errno = 0;
    FILE *file = lgg_file_begin(training.backup);
    if (file && lgg_file_sync(file, training.backup) == 0) {
        lgg_file_abandon(training.backup);
        return;
    }
    fprintf(stderr, "Cannot save to %s: %s: no training without a place for its weights\n", training.backup,
            strerror(errno));
    exit(EXIT_FAILURE);
}

float start_lgg_training(network **nets, int n, char *weightfile, int clear, char *backup_directory, char *base) {
    float average_loss = -1;
    network *net = nets[0];
    check_lgg_memory(net);
    training.nets = nets;
    training.n = n;
    training.backed_up = time(NULL);
    char *folder = lgg_path_with(backup_directory, "/");
    char *name = lgg_path_with(folder, base);
    training.backup = lgg_path_with(name, ".backup");
    free(folder);
    free(name);
    try_backup_directory(backup_directory);
    if (weightfile && weightfile[0]) {
        remember_good(net, weightfile);
        if (!clear && lgg_checkpoint_load(nets, n, weightfile, &average_loss))
            fprintf(stderr, "Going on at iteration %zu with the momentum of %s.state\n", host_iteration(net),
                    weightfile);
    }
    if (host_recipe(net) && host_recipe(net)->log)
        training.log = lgg_log_open(host_recipe(net)->log, net, host_iteration(net));
    training.average_loss = average_loss;
    training.going_on = 1;
    catch_signals();
    return average_loss;
}

static int is_finite(double x) {
    const float single = (float)x;
    return lgg_all_finite(&single, 1);
}

/* The layer whose loss is NaN or infinite; -1 if none is. */
static int layer_of_bad_loss(network *net) {
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].cost && !is_finite((double)net->layers[i].cost[0])) return i;
    for (int i = 0; i < count_lgg_terms(net); ++i) {
        const lgg_term term = get_lgg_term(net, i);
        if (!is_finite(term.value)) return term.layer;
    }
    return -1;
}

/* The first layer whose output is not finite; -1 if none is. */
static int layer_of_bad_output(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer l = net->layers[i];
        const size_t n = (size_t)l.outputs * (size_t)l.batch;
#ifdef GPU
        if (gpu_index >= 0 && l.output && l.output_gpu) cuda_pull_array(l.output_gpu, l.output, n);
#endif
        if (l.output && !lgg_all_finite(l.output, n)) return i;
    }
    return -1;
}

static _Noreturn void stop_without_saving(void) {
    if (training.last_good)
        fprintf(stderr, "; nothing is saved of it: the last good weights are %s (iteration %zu)\n", training.last_good,
                training.last_good_iteration);
    else
        fprintf(stderr, "; nothing is saved of it, and nothing was before\n");
    exit(EXIT_FAILURE);
}

static void print_layer(network *net, int i) {
    const layer *l = &net->layers[i];
    fprintf(stderr, "layer %d [%s]", i, l->type == LGG ? lgg_section_type(l) : get_layer_string(l->type));
}

void lgg_training_is_rubbish(network *net, int i, const char *array) {
    fflush(stdout);
    fprintf(stderr, "Training stops at iteration %zu: the %s of ", host_iteration(net), array);
    print_layer(net, i);
    fprintf(stderr, " are no longer finite numbers");
    stop_without_saving();
}

static void check_losses(network *net, float loss) {
    const int bad_loss = layer_of_bad_loss(net);
    if (bad_loss < 0 && is_finite((double)loss)) return;
    fflush(stdout);
    fprintf(stderr, "Training stops at iteration %zu: the loss", host_iteration(net));
    if (bad_loss >= 0) {
        fprintf(stderr, " of ");
        print_layer(net, bad_loss);
    }
    fprintf(stderr, " is no finite number");
    const int bad_output = layer_of_bad_output(net);
    if (bad_output >= 0) {
        fprintf(stderr, " (the first output with such values is that of ");
        print_layer(net, bad_output);
        fprintf(stderr, ")");
    }
    stop_without_saving();
}

/* Saves what there is and ends as a process that was told to stop does. */
static void stop_for_signal(network *net) {
    const int stopped_by = told_to_stop;
    signal(stopped_by, SIG_DFL);
    backup_lgg_training();
    fflush(stdout);
    lgg_log_close(training.log);
    if (!training.last_good || training.last_good_iteration != host_iteration(net)) exit(EXIT_FAILURE);
    fprintf(stderr, "Stopped at iteration %zu. To go on: the same command with %s as its weights\n",
            host_iteration(net), training.backup);
    exit(128 + stopped_by);
}

void step_lgg_training(float loss, float average_loss) {
    network *net = training.nets[0];
    check_losses(net, loss);
    training.average_loss = average_loss;
    if (training.log) lgg_log_row(training.log, net, host_iteration(net), loss);
    if (told_to_stop) stop_for_signal(net);
    if (time(NULL) - training.backed_up >= LGG_SECONDS_BETWEEN_BACKUPS) backup_lgg_training();
}

void backup_lgg_training(void) {
#ifdef GPU
    if (training.n > 1) host_synchronize(training.nets, training.n);
#endif
    training.backed_up = time(NULL);
    if (training.last_good && training.last_good_iteration == host_iteration(training.nets[0]) &&
        strcmp(training.last_good, training.backup) == 0) {
        return;
    }
    lgg_checkpoint_save(training.nets[0], training.backup, training.average_loss);
}

void finish_lgg_training(void) {
    backup_lgg_training();
    lgg_log_close(training.log);
    training.log = NULL;
    training.going_on = 0;
}

int lgg_training_goes_on(void) {
    return training.going_on;
}

void lgg_training_saved(const network *net, const char *path) {
    remember_good(net, path);
}
