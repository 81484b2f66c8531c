/* tool_common.c: errors and progress of the commands. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"
#include "tool.h"

static const char *command_name = "", *command_arguments = "";

void tool_set_command(const char *command, const char *arguments) {
    command_name = command;
    command_arguments = arguments;
}

void tool_print_usage(FILE *file) {
    fprintf(file, "usage: ./darknet lgg %s %s [options]\n", command_name, command_arguments);
}

/* A line of progress stands on the terminal, to be renewed. */
static int has_progress_line;

static void clear_progress_line(void) {
    if (has_progress_line) fprintf(stderr, "\r\033[K");
    has_progress_line = 0;
}

/* Whole, whichever threads have something to say. */
static void print_line(const char *format, va_list arguments) {
    flockfile(stderr);
    clear_progress_line();
    fprintf(stderr, "lgg %s: ", command_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
}

_Noreturn void tool_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
    lgg_exit(EXIT_FAILURE);
}

void tool_note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
}

ssize_t tool_getline(char **line, size_t *size, FILE *file) {
    errno = 0;
    ssize_t length = getline(line, size, file);
    if (length < 0 && errno == ENOMEM) lgg_out_of_memory("a line of a file", (double)*size);
    return length;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

tool_progress tool_progress_begin(const char *what, long total) {
    double t = now();
    return (tool_progress){.what = what, .total = total, .start = t, .last = t};
}

/* On a terminal one line that renews itself; in a log a line every ten seconds. */
void tool_progress_step(tool_progress *progress, long done) {
    double t = now();
    int terminal = isatty(STDERR_FILENO);
    progress->done = done;
    if (!progress->what) return;
    if (t - progress->last < (terminal ? 0.2 : 10)) return;
    progress->last = t;
    double left = done > 0 ? (t - progress->start) * (double)(progress->total - done) / (double)done : 0;
    long seconds = (long)(left + .5);
    fprintf(stderr,
            terminal ? "\r%s: %ld of %ld, %ld:%02ld:%02ld left \033[K" : "%s: %ld of %ld, %ld:%02ld:%02ld left\n",
            progress->what, done, progress->total, seconds / 3600, seconds / 60 % 60, seconds % 60);
    has_progress_line = terminal;
    fflush(stderr);
}

void tool_progress_end(tool_progress *progress) {
    if (!progress->what) return;
    double seconds = now() - progress->start;
    clear_progress_line();
    fprintf(stderr, "%s: %ld in %.1f s\n", progress->what, progress->done, seconds);
}
