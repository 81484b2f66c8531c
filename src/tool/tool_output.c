/* tool_output.c: files that appear under their name only when complete. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "file.h"
#include "tool.h"

int tool_output_is_stream(const char *path) {
    return lgg_file_is_stream(path);
}

tool_output tool_output_open(const char *path) {
    tool_output output = {0};
    if (!path) return output;
    if (tool_input_at(path))
        tool_fail("cannot write %s: this command reads it; another name for what it writes would be right", path);
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
    tool_output output = tool_output_open(path);
    lgg_file_abandon(output.aside);
    free(output.path);
}

void tool_svg_check(const char *path) {
    static const char *const others[] = {".png", ".jpg", ".jpeg", ".gif", ".pdf", ".eps", ".webp"};
    const char *dot = path ? strrchr(path, '.') : NULL;
    for (size_t i = 0; dot && i < sizeof others / sizeof *others; ++i) {
        if (strcasecmp(dot, others[i]) == 0)
            tool_fail("-o %s: what is written is SVG; a name that ends in .svg would be right", path);
    }
    tool_output_check(path);
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
