/* checkpoints.c: a training that is killed at any system call of its saving, however often, loses nothing.
 *
 * usage: checkpoints FOLDER    (emptied)
 *
 * A run is a forked process that starts from the backup that it finds, trains one iteration and saves. It is traced, and killed at the entry
 * of its n-th system call that changes a file, for every n. What it leaves on the disk is where the next run starts, and so on until no
 * new contents of the folder turn up: whatever the number and the places of the kills, the files they can leave have been tried. From
 * every one of them, runs that are left alone must end in the very bytes of one process that trains through. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "darknet.h"
#include "checkpoint.h"
#include "training.h"

enum { ITERATIONS = 2, MOST_FILES = 16, MOST_FOLDERS = 4096, RUN_FAILED = 3 };

static const char cfg_text[] =
    "[net]\nbatch=2\nheight=3\nwidth=3\nchannels=1\nlearning_rate=0.1\nmomentum=0.9\nmax_batches=9\nseed=1\n"
    "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=3\npad=1\nactivation=leaky\n"
    "[connected]\noutput=2\nactivation=linear\n[softmax]\n";
static const char backup[] = "backup/net.backup", state[] = "backup/net.backup.state";

static network *net;
static int failures;

static void check(const char *name, int good, const char *why) {
    printf("%s %s%s%s\n", good ? "PASS" : "FAIL", name, good ? "" : ": ", good ? "" : why);
    failures += !good;
}

/* The k-th rename from now on fails; 0: none does. In the place of the C library's for the code under test. */
static int renames_until_failure;
int rename(const char *from, const char *to) {
    if (renames_until_failure && --renames_until_failure == 0) {
        errno = EIO;
        return -1;
    }
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* So many seconds later than it is, likewise. */
static time_t later;
time_t time(time_t *now) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (now) *now = t.tv_sec + later;
    return t.tv_sec + later;
}

/* ---- folders ---- */

typedef struct {
    char name[64];
    size_t size;
    char *bytes; /* NULL: not looked at */
} named_bytes;

typedef struct folder {
    named_bytes files[MOST_FILES];
    int n;
    int before, killed_at; /* the folder that a killed run started from, and where it was killed */
} folder;

static folder folders[MOST_FOLDERS];
static int folder_count;

static int ends_with(const char *name, const char *end) {
    const size_t length = strlen(name), n = strlen(end);
    return length >= n && strcmp(name + length - n, end) == 0;
}

static char *bytes_of(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    struct stat st;
    fstat(fileno(file), &st);
    *size = (size_t)st.st_size;
    char *bytes = malloc(*size + 1);
    *size = fread(bytes, 1, *size, file);
    fclose(file);
    return bytes;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const named_bytes *)a)->name, ((const named_bytes *)b)->name);
}

/* Unfinished files are opened empty: that they are there is all that can matter of them. A lock's file says nothing, only the lock does. */
static folder read_folder(void) {
    folder f = {.n = 0};
    DIR *directory = opendir("backup");
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        named_bytes *file = &f.files[f.n];
        if (entry->d_name[0] == '.' || ends_with(entry->d_name, ".lock") || f.n == MOST_FILES) continue;
        ++f.n;
        char path[128];
        snprintf(file->name, sizeof file->name, "%.63s", entry->d_name);
        snprintf(path, sizeof path, "backup/%s", file->name);
        if (!ends_with(file->name, ".tmp")) file->bytes = bytes_of(path, &file->size);
    }
    if (directory) closedir(directory);
    qsort(f.files, (size_t)f.n, sizeof *f.files, by_name);
    return f;
}

static void free_folder(folder *f) {
    for (int i = 0; i < f->n; ++i)
        free(f->files[i].bytes);
}

static void clear(void) {
    folder f = read_folder();
    for (int i = 0; i < f.n; ++i) {
        char path[128];
        snprintf(path, sizeof path, "backup/%s", f.files[i].name);
        unlink(path);
    }
    free_folder(&f);
}

static void write_bytes(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
}

static void restore(const folder *f) {
    clear();
    for (int i = 0; i < f->n; ++i) {
        char path[128];
        snprintf(path, sizeof path, "backup/%s", f->files[i].name);
        write_bytes(path, f->files[i].bytes ? f->files[i].bytes : "half", f->files[i].bytes ? f->files[i].size : 4);
    }
}

static int same_folder(const folder *a, const folder *b) {
    int same = a->n == b->n;
    for (int i = 0; same && i < a->n; ++i) {
        const named_bytes *x = &a->files[i], *y = &b->files[i];
        same = strcmp(x->name, y->name) == 0 && x->size == y->size && !x->bytes == !y->bytes &&
               (!x->bytes || memcmp(x->bytes, y->bytes, x->size) == 0);
    }
    return same;
}

/* What is in the folder now, if it has not been there before, is a place to start from. */
static void add_folder(int before, int killed_at) {
    folder f = read_folder();
    for (int i = 0; i < folder_count; ++i) {
        if (!same_folder(&f, &folders[i])) continue;
        free_folder(&f);
        return;
    }
    if (folder_count == MOST_FOLDERS) abort();
    f.before = before;
    f.killed_at = killed_at;
    folders[folder_count++] = f;
}

static int same_bytes(const char *path, const char *expected, size_t size) {
    size_t n = 0;
    char *bytes = bytes_of(path, &n);
    const int same = bytes && n == size && memcmp(bytes, expected, n) == 0;
    free(bytes);
    return same;
}

/* ---- runs ---- */

/* The batch of an iteration depends on how many images have been seen, as with a seeded loader. */
static void fill_batch(void) {
    uint32_t seed = (uint32_t)*net->seen + 1;
    for (int i = 0; i < net->inputs * net->batch; ++i) {
        seed = seed * 1664525u + 1013904223u;
        net->input[i] = (float)(seed >> 8) / (1 << 24);
    }
    memset(net->truth, 0, (size_t)(net->truths * net->batch) * sizeof(float));
    for (int b = 0; b < net->batch; ++b)
        net->truth[b * net->truths + b] = 1;
}

static void train(int iterations) {
    const int resumed = access(backup, F_OK) == 0;
    static char path[] = "backup/net.backup", directory[] = "backup", base[] = "net";
    if (resumed) load_weights(net, path);
    float average = start_lgg_training(&net, 1, resumed ? path : NULL, 0, directory, base);
    for (int i = 0; i < iterations; ++i) {
        fill_batch();
        net->train = 1;
        const float loss = train_network_datum(net);
        average = average < 0 ? loss : average * .9f + loss * .1f;
        step_lgg_training(loss, average);
        if (i < iterations - 1) backup_lgg_training();
    }
    finish_lgg_training();
    exit(0);
}

static int changes_files(uint64_t call) {
    static const uint64_t calls[] = {
#ifdef SYS_open
        SYS_open,     SYS_creat,   SYS_mkdir,     SYS_rename,   SYS_unlink, SYS_link,      SYS_chmod,
#endif
#ifdef SYS_renameat
        SYS_renameat,
#endif
        SYS_openat,   SYS_mkdirat, SYS_renameat2, SYS_unlinkat, SYS_linkat, SYS_symlinkat, SYS_fchmod,
        SYS_fchmodat, SYS_write,   SYS_writev,    SYS_pwrite64, SYS_fsync,  SYS_fdatasync, SYS_ftruncate,
        SYS_fallocate};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i)
        if (calls[i] == call) return 1;
    return 0;
}

/* Lets a stopped run go on and kills it at the entry of call `kill_at` that changes a file. Returns waitpid's status of its end. */
static int kill_at_call(pid_t run, int kill_at) {
    int status, calls = 0, signal_number = 0;
    waitpid(run, &status, 0);
    ptrace(PTRACE_SETOPTIONS, run, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    for (;;) {
        ptrace(PTRACE_SYSCALL, run, 0, signal_number);
        if (waitpid(run, &status, 0) < 0 || !WIFSTOPPED(status)) return status;
        signal_number = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        struct ptrace_syscall_info info;
        if (signal_number || ptrace(PTRACE_GET_SYSCALL_INFO, run, sizeof info, &info) <= 0) continue;
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_files(info.entry.nr) && ++calls == kill_at)
            kill(run, SIGKILL);
    }
}

/* One run, killed at call `kill_at` (0: left alone): 1 if it was killed, 0 if it came to its end; another end fails the test. */
static int run_once(int iterations, int kill_at) {
    fflush(stdout);
    const pid_t run = fork();
    if (run == 0) {
        if (kill_at) {
            if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(RUN_FAILED);
            raise(SIGSTOP);
        }
        train(iterations);
    }
    int status;
    if (kill_at)
        status = kill_at_call(run, kill_at);
    else
        waitpid(run, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return 1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    printf("FAIL a_run_ends_or_is_killed: status %d\n", status);
    exit(1);
}

static int can_trace(void) {
    const pid_t run = fork();
    if (run == 0) _exit(ptrace(PTRACE_TRACEME, 0, 0, 0) ? 1 : 0);
    int status;
    waitpid(run, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The iterations that the weights in the folder have seen. */
static int iterations_done(void) {
    size_t size;
    char *bytes = bytes_of(backup, &size);
    uint64_t seen = 0;
    if (bytes) memcpy(&seen, bytes + 3 * sizeof(int32_t), sizeof seen);
    free(bytes);
    return (int)(seen / 2);
}

static void print_kills(int i) {
    for (; i > 0; i = folders[i].before)
        fprintf(stderr, "killed at call %d, in the run before: ", folders[i].killed_at);
    fprintf(stderr, "nothing\n");
}

/* ---- the tests ---- */

static void kill_everywhere(const char *weights, size_t weights_size, const char *momentum, size_t momentum_size) {
    int kills = 0, lost = 0;
    clear();
    add_folder(0, 0);
    for (int i = 0; i < folder_count; ++i) {
        restore(&folders[i]);
        if (iterations_done() == ITERATIONS) {
            const int same = same_bytes(backup, weights, weights_size) &&
                             (same_bytes(state, momentum, momentum_size) ||
                              same_bytes("backup/net.backup.state.old", momentum, momentum_size));
            if (!same) print_kills(i);
            lost += !same;
            continue;
        }
        for (int at = 1; run_once(1, at); ++at) {
            add_folder(i, at);
            ++kills;
            restore(&folders[i]);
        }
        add_folder(i, 0);
    }
    char why[128];
    snprintf(why, sizeof why, "%d of %d folders hold other bytes, after %d kills", lost, folder_count, kills);
    check("killed_at_any_calls_of_its_saving_a_training_ends_in_the_bytes_of_an_uninterrupted_one", lost == 0, why);
    check("and_the_kills_were_many_enough", kills > 100, "fewer than a hundred kills");
    fprintf(stderr, "%d kills, %d folders\n", kills, folder_count);
}

/* Ten minutes after the last backup the next iteration ends with one, and not before. */
static void back_up_after_ten_minutes(void) {
    clear();
    fflush(stdout);
    const pid_t run = fork();
    if (run == 0) {
        static char directory[] = "backup", base[] = "net";
        start_lgg_training(&net, 1, NULL, 0, directory, base);
        int is_there[3];
        for (int i = 0; i < 3; ++i) {
            fill_batch();
            net->train = 1;
            const float loss = train_network_datum(net);
            later = (time_t[]){0, 540, 600}[i];
            step_lgg_training(loss, loss);
            is_there[i] = access(backup, F_OK) == 0 && access(state, F_OK) == 0;
        }
        _exit(is_there[0] || is_there[1] || !is_there[2]);
    }
    int status;
    waitpid(run, &status, 0);
    check("ten_minutes_after_the_last_backup_there_is_one",
          WIFEXITED(status) && WEXITSTATUS(status) == 0 && iterations_done() == 3, "there is none, or one too early");
}

/* Whether what is in the folder now goes on with its momentum, and leaves nothing unfinished. */
static int is_whole(void) {
    folder f = read_folder();
    int whole = 1;
    for (int i = 0; i < f.n; ++i)
        whole = whole && !ends_with(f.files[i].name, ".tmp");
    free_folder(&f);
    float average;
    static char path[] = "backup/net.backup";
    load_weights(net, path);
    return whole && lgg_checkpoint_load(&net, 1, path, &average);
}

static void fail_each_rename(void) {
    int good = 1, failed = 0;
    for (int k = 1; k <= 4; ++k) {
        clear();
        run_once(1, 0);
        static char path[] = "backup/net.backup";
        float average;
        load_weights(net, path);
        lgg_checkpoint_load(&net, 1, path, &average);
        fill_batch();
        train_network_datum(net);
        renames_until_failure = k;
        failed += lgg_checkpoint_save(net, backup, 1) != 0;
        renames_until_failure = 0;
        good = good && is_whole();
    }
    check("a_file_that_cannot_be_put_in_place_leaves_weights_with_their_state_and_nothing_unfinished",
          good && failed >= 2, failed < 2 ? "it was not noticed" : "they are not");
}

static uint64_t add_to_sum(uint64_t sum, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; ++i)
        sum = (sum ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* The state of a training as it was written before: its header ends after `header` bytes, where `cut` more follow now. */
static void load_old_format(const char *magic, size_t header, size_t cut, const char *weights, size_t weights_size) {
    clear();
    run_once(1, 0);
    size_t size;
    char *bytes = bytes_of(state, &size), name[128];
    memcpy(bytes, magic, 8);
    memmove(bytes + header, bytes + header + cut, size - header - cut);
    size -= cut;
    const uint64_t sum = add_to_sum(0, bytes, size - sizeof sum);
    memcpy(bytes + size - sizeof sum, &sum, sizeof sum);
    write_bytes(state, bytes, size);
    free(bytes);
    for (int i = 1; i < ITERATIONS; ++i)
        run_once(1, 0);
    snprintf(name, sizeof name, "a_state_in_the_format_%s_goes_on_to_the_same_bytes", magic);
    check(name, same_bytes(backup, weights, weights_size), "other bytes");
}

#ifdef SECOND_HOST
/* By these numbers [yolo] tells bad labels. */
static void keep_thresholds(void) {
    float average, *kept[] = {net->badlabels_reject_threshold, net->delta_rolling_max, net->delta_rolling_avg,
                              net->delta_rolling_std};
    int good = 1;
    clear();
    for (int i = 0; i < 4; ++i)
        *kept[i] = (float)i + 1;
    lgg_checkpoint_save(net, backup, 1);
    for (int i = 0; i < 4; ++i)
        *kept[i] = 0;
    lgg_checkpoint_load(&net, 1, backup, &average);
    for (int i = 0; i < 4; ++i)
        good &= *kept[i] == (float)i + 1;
    check("the_thresholds_of_bad_labels_are_in_the_state", good, "they are not");
}
#endif

int main(int argc, char **argv) {
    if (argc != 2 || chdir(argv[1])) return 1;
    mkdir("backup", 0777);
    write_bytes("net.cfg", cfg_text, sizeof cfg_text - 1);
    gpu_index = -1;
    srand(1);
    static char cfg[] = "net.cfg";
    net = parse_network_cfg(cfg);
    back_up_after_ten_minutes();
    clear();
    run_once(ITERATIONS, 0);
    size_t weights_size, momentum_size;
    char *weights = bytes_of(backup, &weights_size), *momentum = bytes_of(state, &momentum_size);
    if (!can_trace())
        printf("SKIPPED killed_at_any_calls_of_its_saving_…: no process may be traced here\n");
    else
        kill_everywhere(weights, weights_size, momentum, momentum_size);
    load_old_format("LGGSTAT1", 40, 128 + 16, weights, weights_size); /* without its arithmetic */
    load_old_format("LGGSTAT2", 168, 16, weights, weights_size);      /* nor the network's memory */
#ifdef SECOND_HOST
    keep_thresholds();
#endif
    fail_each_rename();
    return failures != 0;
}
