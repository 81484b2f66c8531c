/* training_log.c: see training_log.h. */
#include "training_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "allocate.h"
#include "lgg_report.h"
#include "network.h"

struct lgg_log {
    FILE *file; /* NULL before the first row */
    char *path, *header;
    size_t iteration; /* those before the first row */
    int failed;       /* said once */
};

static _Noreturn void cannot_write(const char *path) {
    fprintf(stderr, "[net]: lgg_log=%s: cannot be written: %s\n", path, strerror(errno));
    exit(EXIT_FAILURE);
}

/* One column for each term, and for each layer whose label variation a term knows. */
static void print_columns(FILE *file, network *net) {
    fprintf(file, "iteration,images,learning_rate,task_loss");
    for (int i = 0; i < count_lgg_terms(net); ++i) {
        const lgg_term term = get_lgg_term(net, i);
        fprintf(file, ",%s_%d,%s_%d_scaled", term.section, term.layer, term.section, term.layer);
        for (int j = 0; j < term.sigmas; ++j)
            fprintf(file, ",%s_%d_sigma_%d", term.section, term.layer, term.tapped[j]);
    }
    fprintf(file, "\n");
}

/* print_columns to a string, which the caller frees. */
static char *columns(network *net) {
    char *line = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&line, &length);
    if (!file) return NULL;
    print_columns(file, net);
    fclose(file);
    return line;
}

/* Copies header and rows up to `iteration` to log, as far as they are whole; 0 if the columns are others. */
static int keep_rows(FILE *old, FILE *log, const char *header, size_t iteration) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, old);
    const int same = length > 0 && strcmp(line, header) == 0;
    if (same) fputs(header, log);
    size_t last = 0;
    while (same && (length = getline(&line, &size, old)) > 0) {
        const size_t row = strtoull(line, NULL, 10);
        if (line[length - 1] != '\n' || row <= last || row > iteration) break;
        fputs(line, log);
        last = row;
    }
    free(line);
    return same;
}

static void keep_as_old(const char *path) {
    /* none of those before is lost */
    char *old = lgg_path_with(path, ".old"), suffix[24];
    for (int i = 2; old && access(old, F_OK) == 0; ++i) {
        free(old);
        snprintf(suffix, sizeof suffix, ".old.%d", i);
        old = lgg_path_with(path, suffix);
    }
    if (!old) cannot_write(path);
    if (rename(path, old) == 0) fprintf(stderr, "lgg_log: the log of another training is kept as %s\n", old);
    free(old);
}

/* Cuts what is past the iteration, through a file that replaces the log when whole. */
static void prepare(const char *path, const char *header, size_t iteration) {
    FILE *old = fopen(path, "r");
    if (!old) return;
    lgg_file *kept = lgg_file_begin(path);
    if (!kept) cannot_write(path);
    const int same = keep_rows(old, kept->stream, header, iteration);
    fclose(old);
    if (lgg_file_sync(kept)) cannot_write(path);
    if (!same || iteration == 0) {
        lgg_file_abandon(kept);
        keep_as_old(path);
    } else if (lgg_file_replace(kept)) {
        cannot_write(path);
    }
}

/* Whether it could be written, without a change to it. */
static void try_log(const char *path) {
    const int is_new = access(path, F_OK) != 0;
    FILE *file = fopen(path, "a");
    if (!file) cannot_write(path);
    fclose(file);
    if (is_new) remove(path);
}

lgg_log *lgg_log_open(const char *path, network *net, size_t iteration) {
    lgg_log *log = lgg_allocate(1, sizeof *log, "the log");
    log->header = columns(net);
    log->path = lgg_path_with(path, "");
    log->iteration = iteration;
    if (!log->header || !log->path) cannot_write(path);
    try_log(path);
    return log;
}

/* What is there is cut or put aside only now that the training has begun: what refuses one after lgg_log_open leaves it alone. */
static void begin_log(lgg_log *log) {
    struct stat st;
    if (stat(log->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        prepare(log->path, log->header, log->iteration);
    log->file = fopen(log->path, "a");
    if (!log->file) cannot_write(log->path);
    fseek(log->file, 0, SEEK_END);
    if (ftell(log->file) <= 0) fputs(log->header, log->file);
    if (fflush(log->file)) cannot_write(log->path);
}

void lgg_log_row(lgg_log *log, network *net, size_t iteration, float loss) {
    if (!log->file) begin_log(log);
    fprintf(log->file, "%zu,%zu,%.7g,%.9g", iteration, *net->seen, (double)host_learning_rate(net), (double)loss);
    for (int i = 0; i < count_lgg_terms(net); ++i) {
        const lgg_term term = get_lgg_term(net, i);
        fprintf(log->file, ",%.9g,%.9g", term.value, term.scaled);
        for (int j = 0; j < term.sigmas; ++j)
            fprintf(log->file, ",%.9g", term.sigma[j]);
    }
    fputc('\n', log->file);
    if (fflush(log->file) && !log->failed) {
        fprintf(stderr, "lgg_log: %s is not whole from iteration %zu on: %s\n", log->path, iteration, strerror(errno));
        log->failed = 1;
    }
}

void lgg_log_close(lgg_log *log) {
    if (!log) return;
    if (log->file) fclose(log->file);
    free(log->header);
    free(log->path);
    free(log);
}
