/* tool_inputs.c: what a command reads and what it means to write, so that no file is both, whichever of the two is known first. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text_file.h"
#include "tool.h"

/* A file, whatever its name. */
typedef struct {
    dev_t device;
    ino_t inode;
} identity;

/* The files that the command reads. */
static identity *inputs;
static size_t input_count, input_capacity;

/* Lists whose images are such files too; those before `lists_read` have been read. That waits for something that could be written over an
 * image. */
static char **lists;
static size_t list_count, lists_read;

/* The files that the command means to write. */
static char **outputs;
static size_t output_count;

static int identify(const char *path, identity *file) {
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    *file = (identity){status.st_dev, status.st_ino};
    return 1;
}

static int is_same(identity a, identity b) {
    return a.device == b.device && a.inode == b.inode;
}

int tool_is_same_file(const char *a, const char *b) {
    identity one, other;
    return strcmp(a, b) == 0 || (identify(a, &one) && identify(b, &other) && is_same(one, other));
}

static int keep_input(const char *path) {
    identity file;
    if (!identify(path, &file)) return 0;
    if (input_count == input_capacity) {
        input_capacity = input_capacity ? 2 * input_capacity : 64;
        inputs = lgg_grow(inputs, input_capacity, sizeof *inputs, "the files that are read");
    }
    inputs[input_count++] = file;
    return 1;
}

static void keep_images(const char *list) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    FILE *file = fopen(list, "r");
    while (file && (length = tool_getline(&line, &size, file)) >= 0) {
        while (length > 0 && isspace((unsigned char)line[length - 1]))
            line[--length] = '\0';
        keep_input(line);
    }
    free(line);
    if (file) fclose(file);
}

int tool_is_input(const char *path) {
    identity file;
    if (!identify(path, &file)) return 0;
    while (lists_read < list_count)
        keep_images(lists[lists_read++]);
    for (size_t i = 0; i < input_count; ++i) {
        if (is_same(inputs[i], file)) return 1;
    }
    return 0;
}

void tool_refuse_input(const char *path) {
    if (tool_is_input(path))
        tool_fail("cannot write %s: this command reads it; another name for what it writes would be right", path);
}

void tool_add_input(const char *path) {
    if (!keep_input(path)) return;
    for (size_t i = 0; i < output_count; ++i) {
        if (tool_is_same_file(outputs[i], path)) tool_refuse_input(outputs[i]);
    }
}

FILE *tool_open_text(const char *path) {
    const char *fault = lgg_text_file_fault(path);
    FILE *file = fault ? NULL : fopen(path, "r");
    if (!file) tool_fail("cannot open %s: %s", path, fault ? fault : strerror(errno));
    tool_add_input(path);
    return file;
}

void tool_add_images(const char *list) {
    tool_add_input(list);
    identity file;
    if (!identify(list, &file)) return; /* a pipe can be read once */
    for (size_t i = 0; i < list_count; ++i) {
        if (tool_is_same_file(lists[i], list)) return;
    }
    lists = lgg_grow(lists, list_count + 1, sizeof *lists, "the names of files");
    lists[list_count++] = lgg_copy_string(list);
    for (size_t i = 0; i < output_count; ++i)
        tool_refuse_input(outputs[i]);
}

/* The one name of a file, which need not be there, new; NULL: its folder is not there. */
static char *real_path(const char *path) {
    char *real = realpath(path, NULL);
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    if (real) return real;
    char *folder = lgg_copy_string(slash ? path : ".");
    if (slash) folder[slash == path ? 1 : slash - path] = '\0';
    char *real_folder = realpath(folder, NULL);
    free(folder);
    if (!real_folder) return NULL;
    const size_t size = strlen(real_folder) + strlen(base) + 2;
    real = lgg_allocate(size, 1, "a path");
    snprintf(real, size, "%s/%s", real_folder, base);
    free(real_folder);
    return real;
}

void tool_forget_files(void) {
    while (list_count > 0)
        free(lists[--list_count]);
    while (output_count > 0)
        free(outputs[--output_count]);
    input_count = lists_read = 0;
}

void tool_add_output(const char *path) {
    char *real = real_path(path);
    for (size_t i = 0; i < output_count; ++i) {
        char *other = real_path(outputs[i]);
        const int is_twice = real && other && strcmp(real, other) == 0;
        free(other);
        if (is_twice)
            tool_fail("cannot write %s: two outputs of this command would be that file; two names would be right",
                      path);
    }
    free(real);
    outputs = lgg_grow(outputs, output_count + 1, sizeof *outputs, "the names of files");
    outputs[output_count++] = lgg_copy_string(path);
}
