/* tool_output.c: files that appear under their name only when complete. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

tool_output tool_output_open(const char *path) {
    tool_output output = {0};
    if (!path) return output;
    size_t size = strlen(path) + 32;
    output.path = tool_copy_string(path);
    output.temporary = tool_alloc(size, 1, "a path");
    snprintf(output.temporary, size, "%s.%ld.tmp", path, (long)getpid());
    output.file = fopen(output.temporary, "wb");
    if (!output.file) tool_fail("cannot write %s: %s", path, strerror(errno));
    return output;
}

void tool_output_commit(tool_output *output) {
    if (!output->file) return;
    int bad = ferror(output->file);
    bad |= fclose(output->file) != 0;
    bad = bad || rename(output->temporary, output->path) != 0;
    if (bad) {
        int reason = errno;
        remove(output->temporary);
        tool_fail("cannot write %s: %s", output->path, strerror(reason));
    }
    free(output->path);
    free(output->temporary);
    *output = (tool_output){0};
}

void tool_make_directory(const char *path) {
    if (mkdir(path, 0777) != 0 && errno != EEXIST) tool_fail("cannot create %s: %s", path, strerror(errno));
}
