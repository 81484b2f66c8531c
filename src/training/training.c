/* training.c: see training.h. */
#include "allocate.h"
#include "training.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint.h"
#include "exit.h"
#include "file.h"
#include "training_log.h"
#include "parameters.h"
#include "recipe.h"
#include "lgg_report.h"
#include "lgg_section.h"
#include "network.h"
#include "weights_path.h"

#define LGG_SECONDS_BETWEEN_BACKUPS 600
#define LGG_BAD_LOSSES_IN_A_ROW 10 /* end a training whose host repairs what they do */

static struct {
    network **nets;
    int n;
    int going_on;
    char *backup;
    char *lock_path; /* held while going on */
    int lock;
    char *last_good; /* the file saved or loaded last, NULL: none */
    size_t last_good_iteration;
    time_t backed_up;
    int clear; /* 1: with -clear */
    float average_loss;
    int bad_losses; /* in a row */
    int warned_of_losses;
    lgg_log *log;
} training;

static volatile sig_atomic_t told_to_stop;

/* The first asks for a clean stop, at the end of the iteration; again Ctrl-C or a second SIGTERM end the program at once. A terminal that
 * closes sends SIGHUP twice and means one; a scheduler sends SIGTERM to all processes of a job, and what started us passes its own on. SIGPIPE
 * asks for it where it is our output that nobody reads; one who looked at the training over the network may leave. */
static void note_signal(int signal_number) {
    if (signal_number == SIGPIPE && !lgg_output_is_unread()) return;
    static volatile sig_atomic_t first; /* seconds */
    const sig_atomic_t now = (sig_atomic_t)time(NULL);
    if (told_to_stop == signal_number && (signal_number == SIGINT || (signal_number == SIGTERM && now - first > 1)))
        lgg_file_stop(signal_number);
    if (!told_to_stop) first = now;
    told_to_stop = signal_number;
}

static void catch_signal(int signal_number) {
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* Ctrl-C, kill, and nobody left to read the output (which libraries ignore for the whole program); and, unless they are ignored, as
 * SIGHUP is under nohup: a terminal that closes, a scheduler's warning. */
static void catch_signals(void) {
    static const int unless_ignored[] = {SIGHUP, SIGUSR1};
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    catch_signal(SIGPIPE);
    for (size_t i = 0; i < sizeof unless_ignored / sizeof *unless_ignored; ++i) {
        struct sigaction before;
        if (sigaction(unless_ignored[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            catch_signal(unless_ignored[i]);
    }
}

static void remember_good(const network *net, const char *path) {
    free(training.last_good);
    training.last_good = lgg_copy_string(path);
    training.last_good_iteration = host_iteration(net);
}

static _Noreturn void cannot_save_there(void) {
    fprintf(stderr, "Cannot save to %s: %s: no training without a place for its weights\n", training.backup,
            strerror(errno));
    exit(EXIT_FAILURE);
}

static void name_backup(const char *directory, const char *base) {
    char *folder = lgg_path_with(directory, "/");
    char *name = folder ? lgg_path_with(folder, base) : NULL;
    training.backup = name ? lgg_path_with(name, ".backup") : NULL;
    training.lock_path = training.backup ? lgg_path_with(training.backup, ".lock") : NULL;
    free(folder);
    free(name);
    if (training.lock_path) return;
    fprintf(stderr, "Out of memory\n");
    exit(EXIT_FAILURE);
}

/* Two trainings that save to the same files would each go on with what the other has left. Where not even a lock can be created, what
 * follows says why. */
static void lock_backup(void) {
    pid_t holder;
    training.lock = lgg_lock(training.lock_path, &holder);
    if (training.lock >= 0 || errno != EBUSY) return;
    fprintf(stderr, "%s: another training saves there, ", training.backup);
    if (holder > 0)
        fprintf(stderr, "process %ld", (long)holder);
    else
        fprintf(stderr, "on another machine or in another container");
    fprintf(stderr, ": wait for its end, or give this one another backup= folder or its .cfg another name\n");
    exit(EXIT_FAILURE);
}

/* Finds out now, not after hours, that the backup could not be written. */
static void try_backup(void) {
    lgg_file *file = lgg_file_begin(training.backup);
    if (!file || lgg_file_sync(file)) cannot_save_there();
    lgg_file_abandon(file);
}

static void print_layer(network *net, int i) {
    const layer *l = &net->layers[i];
    fprintf(stderr, "layer %d [%s]", i, l->type == LGG ? name_of_lgg_section(l) : get_layer_string(l->type));
}

/* Without max_batches a training has no end, policy=poly no rate, and policy=sgdr no cycle unless it is given. */
static void check_iterations(const network *net) {
    if (net->max_batches < 0) {
        fprintf(stderr,
                "[net]: max_batches=%d: must be a whole number, 1 or more, or 0 for a training without an end\n",
                net->max_batches);
    } else if (net->max_batches == 0 && net->policy == POLY) {
        fprintf(stderr, "[net]: policy=poly needs max_batches: the learning rate falls to 0 by then\n");
    } else if (host_lacks_cycle(net)) {
        fprintf(stderr, "[net]: policy=sgdr needs max_batches, or sgdr_cycle and sgdr_mult of 1 or more\n");
    } else {
        return;
    }
    exit(EXIT_FAILURE);
}

/* The hosts have Adam for the GPU alone. */
static void warn_of_adam(const network *net) {
    if (net->adam && gpu_index < 0)
        fprintf(stderr, "[net]: adam=1 is for a GPU: on the CPU Darknet trains by gradient descent with momentum, at "
                        "this learning rate\n");
}

float start_lgg_training(network **nets, int n, char *weightfile, int clear, char *backup_directory, char *base) {
    float average_loss = -1;
    network *net = nets[0];
    lgg_check_exit();
    lgg_seed_host(host_recipe(net)); /* which the trainer has just seeded by the clock */
    if (host_recipe(net)) check_lgg_adversarial(&host_recipe(net)->adversarial, net);
    check_iterations(net);
    warn_of_adam(net);
    check_weights_paths(backup_directory, base);
    training.nets = nets;
    training.n = n;
    training.clear = clear;
    training.backed_up = time(NULL);
    name_backup(backup_directory, base);
    if (mkdir(backup_directory, 0777)) errno = 0; /* there already; if not, what follows says why */
    lock_backup();
    try_backup();
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

/* The layer whose loss is NaN or infinite; -1 if none is. */
static int layer_of_bad_loss(network *net) {
    for (int i = 0; i < net->n; ++i)
        if (net->layers[i].cost && !lgg_is_finite((double)net->layers[i].cost[0])) return i;
    for (int i = 0; i < count_lgg_terms(net); ++i) {
        const lgg_term term = get_lgg_term(net, i);
        if (!lgg_is_finite(term.value)) return term.layer;
    }
    return -1;
}

/* The first section whose teacher gives values that are not finite, and in *layer which of the teacher's; NULL if none does. */
static const lgg_section *section_of_bad_teacher(network *net, int *teacher_layer) {
    for (int i = 0; i < net->n; ++i) {
        const lgg_section *s = net->layers[i].type == LGG ? net->layers[i].lgg : NULL;
        for (int j = 0; s && s->teacher && j < s->n; ++j) {
            layer l = s->teacher->net->layers[s->teacher_layers[j]];
            const size_t n = (size_t)l.outputs * (size_t)l.batch;
#ifdef GPU
            if (gpu_index >= 0 && l.output && l.output_gpu) cuda_pull_array(l.output_gpu, l.output, n);
#endif
            *teacher_layer = s->teacher_layers[j];
            if (l.output && !lgg_all_finite(l.output, n)) return s;
        }
    }
    return NULL;
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

/* Weights of layers 0..cutoff-1 with NaN or infinity are saved under no name. */
static void refuse_to_save_rubbish(network *net, const char *path, int cutoff) {
    const char *array;
    const int i = lgg_first_rubbish(net, cutoff, &array);
    if (i < 0) return;
    fflush(stdout);
    if (training.going_on)
        fprintf(stderr, "Training stops at iteration %zu: the %s of ", host_iteration(net), array);
    else
        fprintf(stderr, "Cannot save %s: the %s of ", path, array);
    print_layer(net, i);
    fprintf(stderr, " are no longer finite numbers");
    if (training.going_on) stop_without_saving();
    fprintf(stderr, "\n");
    exit(EXIT_FAILURE);
}

static _Noreturn void stop_for_loss(network *net, int bad_loss) {
    host_select_device(net);
    fprintf(stderr, "Training stops at iteration %zu: the loss", host_iteration(net));
    if (bad_loss >= 0) {
        fprintf(stderr, " of ");
        print_layer(net, bad_loss);
    }
    fprintf(stderr, " is no finite number");
    int teacher_layer = -1;
    const lgg_section *taught = section_of_bad_teacher(net, &teacher_layer);
    const int bad_output = taught ? -1 : layer_of_bad_output(net);
    if (taught) {
        fprintf(
            stderr,
            " (its teacher's layer %d gives values that are no finite numbers (teacher_cfg=%s, teacher_weights=%s))",
            teacher_layer, taught->teacher_cfg, taught->teacher_weights);
    }
    if (bad_output >= 0) {
        fprintf(stderr, " (the first output with such values is that of ");
        print_layer(net, bad_output);
        fprintf(stderr, ")");
    }
    stop_without_saving();
}

/* Whether such a loss is one that the host repairs: that is said once. */
static int is_repaired(network *net, int bad_loss) {
    const char *array;
    if (!host_repairs_losses(net) || ++training.bad_losses >= LGG_BAD_LOSSES_IN_A_ROW) return 0;
    if (lgg_first_rubbish(net, net->n, &array) >= 0) return 0;
    if (!training.warned_of_losses) {
        fprintf(stderr, "warning: iteration %zu: the loss", host_iteration(net));
        if (bad_loss >= 0) {
            fprintf(stderr, " of ");
            print_layer(net, bad_loss);
        }
        fprintf(stderr,
                " is no finite number; Darknet repairs that and the training goes on, unless it has %d in a row\n",
                LGG_BAD_LOSSES_IN_A_ROW);
    }
    training.warned_of_losses = 1;
    return 1;
}

static void check_losses(network *net, float loss) {
    const int bad_loss = layer_of_bad_loss(net);
    if (bad_loss < 0 && lgg_is_finite((double)loss)) {
        training.bad_losses = 0;
        return;
    }
    fflush(stdout);
    if (!is_repaired(net, bad_loss)) stop_for_loss(net, bad_loss);
}

static int is_backed_up(void) {
    return training.last_good && training.last_good_iteration == host_iteration(training.nets[0]) &&
           strcmp(training.last_good, training.backup) == 0;
}

void backup_lgg_training(void) {
    network *net = training.nets[0];
#ifdef GPU
    if (training.n > 1) host_synchronize(training.nets, training.n);
#endif
    training.backed_up = time(NULL);
    if (is_backed_up()) return;
    refuse_to_save_rubbish(net, training.backup, net->n);
    if (lgg_checkpoint_save(net, training.backup, training.average_loss) == 0) remember_good(net, training.backup);
}

static void close_training(void) {
    lgg_log_close(training.log);
    training.log = NULL;
    training.going_on = 0;
    if (training.lock >= 0) lgg_unlock(training.lock, training.lock_path);
    training.lock = -1;
}

/* Saves what there is and ends as a process that was told to stop does, whatever became of its output. */
static _Noreturn void stop_for_signal(network *net) {
    backup_lgg_training();
    const int saved = is_backed_up();
    close_training();
    if (!saved) exit(EXIT_FAILURE);
    fflush(stdout);
    fprintf(stderr, "Stopped at iteration %zu. To go on: the same command with %s as its weights%s\n",
            host_iteration(net), training.backup, training.clear ? ", without -clear" : "");
    fflush(NULL);
    _exit(128 + told_to_stop);
}

void step_lgg_training(float loss, float average_loss) {
    network *net = training.nets[0];
    check_losses(net, loss);
    training.average_loss = average_loss;
    if (training.log) lgg_log_row(training.log, net, host_iteration(net), loss);
    if (told_to_stop) stop_for_signal(net);
    if (time(NULL) - training.backed_up >= LGG_SECONDS_BETWEEN_BACKUPS) backup_lgg_training();
}

void end_lgg_iteration(network *net, int images, float loss, float average_loss) {
    print_lgg_progress(net, images);
    if (training.going_on) step_lgg_training(loss, average_loss);
}

void finish_lgg_training(void) {
    backup_lgg_training();
    if (!is_backed_up()) lgg_fail_exit();
    close_training();
}

void lgg_save_weights(network *net, const char *name, int cutoff) {
    const char *path = whole_name(name);
    if (path != name) fprintf(stderr, "Its whole name is %s\n", path);
    refuse_to_save_rubbish(net, path, cutoff);
    if (lgg_checkpoint_save_weights(net, path, cutoff) == 0)
        remember_good(net, path);
    else if (!training.going_on)
        exit(EXIT_FAILURE);
}
