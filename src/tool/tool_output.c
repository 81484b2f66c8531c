/* tool_output.c: files that appear under their name only when complete. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "tool.h"

int tool_output_is_stream(const char *path) {
    return lgg_file_is_stream(path);
}

tool_output tool_output_open(const char *path) {
    tool_output output = {0};
    if (!path) return output;
    tool_refuse_input(path);
    output.path = lgg_copy_string(path);
    output.aside = lgg_file_begin(path);
    if (!output.aside && errno == EISDIR) tool_fail("cannot write %s: is a directory", path);
    if (!output.aside) tool_fail("cannot write %s: %s", path, strerror(errno));
    output.file = output.aside->stream;
    return output;
}

void tool_output_commit(tool_output *output) {
    if (!output->file) return;
    if (lgg_file_sync(output->aside) || lgg_file_replace(output->aside))
        tool_fail("cannot write %s: %s", output->path, strerror(errno));
    free(output->path);
    *output = (tool_output){0};
}

void tool_output_check(const char *path) {
    if (!path || tool_output_is_stream(path)) return;
    tool_add_output(path);
    tool_output output = tool_output_open(path);
    lgg_file_abandon(output.aside);
    free(output.path);
}

/* How many bytes a file begins with, at most size - 1, and these as a string; 0 where it is empty, or not there, or a stream. */
static size_t read_beginning(const char *path, char text[], size_t size) {
    FILE *file = tool_output_is_stream(path) ? NULL : fopen(path, "rb");
    const size_t bytes = file ? fread(text, 1, size - 1, file) : 0;
    text[bytes] = '\0';
    if (file) fclose(file);
    return bytes;
}

int tool_begins_with(const char *path, const char *text) {
    FILE *file = tool_output_is_stream(path) ? NULL : fopen(path, "rb");
    int same = file != NULL;
    for (; same && *text; ++text)
        same = getc(file) == (unsigned char)*text;
    if (file) fclose(file);
    return same;
}

/* Whether a file is empty or begins with a line of text that has a comma. */
static int is_table(const char *path) {
    char line[4096];
    const size_t bytes = read_beginning(path, line, sizeof line), length = strcspn(line, "\n");
    for (size_t i = 0; i < length; ++i) {
        if (iscntrl((unsigned char)line[i]) && line[i] != '\t' && line[i] != '\r') return 0;
    }
    return bytes == 0 || (memchr(line, ',', length) && (line[length] == '\n' || length == bytes));
}

void tool_csv_check(const char *path) {
    tool_output_check(path);
    if (path && !is_table(path))
        tool_fail("-csv %s: is there, and is no table, which would be lost; another name would be right", path);
}

static const char *ending(const char *path) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    return dot ? dot : "";
}

void tool_picture_check(const char *path, int may_be_page) {
    tool_output_check(path);
    if (!path) return;
    char begins[16];
    const char *end = ending(path);
    const int is_page = may_be_page && strcmp(end, ".html") == 0;
    if (*end && strcasecmp(end, ".svg") != 0 && !is_page) {
        tool_fail("-o %s: what is written is SVG%s; a name that ends in .svg would be right", path,
                  may_be_page ? ", or a page, .html" : "");
    }
    if (read_beginning(path, begins, sizeof begins) == 0 || strncmp(begins, "<svg", 4) == 0) return;
    if (strncmp(begins, is_page ? "<!DOCTYPE" : "<?xml", is_page ? 9 : 5) != 0) {
        tool_fail("-o %s: is there, and is no %s, which would be lost; another name would be right", path,
                  is_page ? "page" : "SVG");
    }
}

void tool_output_check_kind(const char *path, const char *begins, const char *kind) {
    char text[32];
    tool_output_check(path);
    if (read_beginning(path, text, sizeof text) == 0) return;
    if (begins && strncmp(text, begins, strlen(begins)) == 0) return;
    tool_fail("-o: %s is there, and is no %s, which would be lost; another name would be right", path, kind);
}

void tool_model_check(const char *path) {
    const char *end = ending(path);
    if (*end && strcasecmp(end, ".onnx") != 0 && !tool_output_is_stream(path))
        tool_fail("-o %s: what is written is ONNX; a name that ends in .onnx would be right", path);
    /* the version of the format, its first field */
    tool_output_check_kind(path, "\010", "ONNX model");
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
