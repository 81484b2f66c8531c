/* tool_cfg.h: the text of a .cfg file, section by section, to be changed and written again with its comments. */
#ifndef TOOL_CFG_H
#define TOOL_CFG_H

#include <stdio.h>

/* A line as it stands in the file, and what Darknet reads in it: both NULL in a comment, an empty line or a section's header. */
typedef struct {
    char *text, *key, *value;
} tool_cfg_line;

/* Comments and empty lines before a section's header belong to it. */
typedef struct {
    char type[40]; /* "convolutional" */
    tool_cfg_line *line;
    int lines;
} tool_cfg_section;

typedef struct {
    tool_cfg_section *section; /* [net], then one for each layer */
    int count;
} tool_cfg;

/* Fails with one line where the file cannot be read or has no section. */
tool_cfg *tool_cfg_read(const char *path);
void tool_cfg_free(tool_cfg *cfg);
void tool_cfg_write(const tool_cfg *cfg, FILE *file);

/* Appends a section, new and empty but for its header, or a copy of another; valid until the next one is appended. */
tool_cfg_section *tool_cfg_append(tool_cfg *cfg, const char *type);
tool_cfg_section *tool_cfg_append_copy(tool_cfg *cfg, const tool_cfg_section *section);

/* The value of an option, the first where it is given twice, as Darknet takes it; NULL where it is not given. */
const char *tool_cfg_get(const tool_cfg_section *section, const char *key);
/* Gives an option another value, or adds it at the end. */
void tool_cfg_set(tool_cfg_section *section, const char *key, const char *value);
void tool_cfg_set_int(tool_cfg_section *section, const char *key, int value);
/* Removes an option wherever it is given; returns how often it was. */
int tool_cfg_remove(tool_cfg_section *section, const char *key);
/* Adds a line "# text" before the header. */
void tool_cfg_comment(tool_cfg_section *section, const char *text);

#endif
