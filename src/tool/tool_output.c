/* tool_output.c: files that appear under their name only when complete. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

enum { MOST_OPEN = 8 };

/* Temporary files that are open, for the program's end to remove: a command that fails or is stopped leaves none behind. */
static char *volatile unfinished[MOST_OPEN];

static void remove_unfinished(void) {
    for (int i = 0; i < MOST_OPEN; ++i) {
        if (unfinished[i]) unlink(unfinished[i]);
    }
}

static void stop(int signal_number) {
    remove_unfinished();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void clean_up_at_the_end(void) {
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    atexit(remove_unfinished);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; ++i) {
        if (signal(stops[i], stop) == SIG_IGN) signal(stops[i], SIG_IGN);
    }
}

static void remember(char *temporary) {
    static int registered;
    if (!registered) clean_up_at_the_end();
    registered = 1;
    for (int i = 0; i < MOST_OPEN; ++i) {
        if (unfinished[i]) continue;
        unfinished[i] = temporary;
        return;
    }
}

static void forget(const char *temporary) {
    for (int i = 0; i < MOST_OPEN; ++i) {
        if (unfinished[i] == temporary) unfinished[i] = NULL;
    }
}

/* Where the bytes go in the end: a link stays, and the file that it names is replaced. */
static char *target_of(const char *path) {
    char *target = realpath(path, NULL);
    return target ? target : lgg_copy_string(path);
}

/* /dev/stdout, a pipe: what is no file cannot be replaced by one. */
int tool_output_is_stream(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

tool_output tool_output_open(const char *path) {
    tool_output output = {0};
    if (!path) return output;
    if (tool_output_is_stream(path)) {
        output.path = lgg_copy_string(path);
        output.file = fopen(path, "wb");
        if (!output.file) tool_fail("cannot write %s: %s", path, strerror(errno));
        return output;
    }
    output.path = target_of(path);
    size_t size = strlen(output.path) + 32;
    output.temporary = lgg_allocate(size, 1, "a path");
    snprintf(output.temporary, size, "%s.%ld.tmp", output.path, (long)getpid());
    struct stat status;
    if (stat(output.path, &status) == 0 && S_ISDIR(status.st_mode)) tool_fail("cannot write %s: is a directory", path);
    remember(output.temporary);
    output.file = fopen(output.temporary, "wb");
    if (!output.file) tool_fail("cannot write %s: %s", path, strerror(errno));
    return output;
}

void tool_output_commit(tool_output *output) {
    if (!output->file) return;
    int bad = ferror(output->file);
    bad |= fclose(output->file) != 0;
    bad = bad || (output->temporary && rename(output->temporary, output->path) != 0);
    if (bad) tool_fail("cannot write %s: %s", output->path, strerror(errno));
    if (output->temporary) forget(output->temporary);
    free(output->path);
    free(output->temporary);
    *output = (tool_output){0};
}

void tool_output_check(const char *path) {
    tool_output output = {0};
    if (!path || tool_output_is_stream(path)) return;
    output = tool_output_open(path);
    fclose(output.file);
    remove(output.temporary);
    forget(output.temporary);
    free(output.path);
    free(output.temporary);
}

void tool_csv_text(FILE *file, const char *text) {
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; ++text) {
        if (*text == '"') fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

void tool_make_directory(const char *path) {
    if (mkdir(path, 0777) != 0 && errno != EEXIST) tool_fail("cannot create %s: %s", path, strerror(errno));
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) tool_fail("%s: is no directory", path);
}
