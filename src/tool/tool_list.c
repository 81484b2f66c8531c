/* tool_list.c: a list of images that is read as it is needed, however long it is. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct tool_list {
    FILE *file;
    char *path, *line;
    size_t size; /* of line */
    long count;
};

/* The next line that is not empty, without its end, or NULL; belongs to the list. */
static const char *next_line(tool_list *list) {
    ssize_t length;
    while ((length = tool_getline(&list->line, &list->size, list->file)) >= 0) {
        while (length > 0 && isspace((unsigned char)list->line[length - 1]))
            list->line[--length] = '\0';
        if (length > 0) return list->line;
    }
    return NULL;
}

tool_list *tool_list_open(const char *path, long limit) {
    tool_list *list = lgg_allocate(1, sizeof *list, "a list of images");
    list->path = lgg_copy_string(path);
    list->file = tool_open_text(path);
    tool_add_images(path);
    while ((limit == 0 || list->count < limit) && next_line(list))
        ++list->count;
    if (list->count == 0) tool_fail("%s: no images in it", path);
    tool_list_seek(list, 0);
    return list;
}

void tool_list_seek(tool_list *list, long image) {
    if (fseek(list->file, 0, SEEK_SET) != 0) tool_fail("%s: should be a file: it is gone through twice", list->path);
    for (long i = 0; i < image; ++i)
        tool_list_next(list);
}

long tool_list_count(const tool_list *list) {
    return list->count;
}

const char *tool_list_next(tool_list *list) {
    const char *line = next_line(list);
    if (!line) tool_fail("%s: has become shorter", list->path);
    return line;
}

void tool_list_close(tool_list *list) {
    fclose(list->file);
    free(list->path);
    free(list->line);
    free(list);
}
