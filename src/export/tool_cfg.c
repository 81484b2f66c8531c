/* tool_cfg.c: see tool_cfg.h. */
#include "tool_cfg.h"

#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const char what[] = "the sections of a cfg";

static char *copy(const char *text) {
    return text ? lgg_copy_string(text) : NULL;
}

static void free_line(tool_cfg_line *line) {
    free(line->text);
    free(line->key);
    free(line->value);
}

/* Inserts a line of this text before line `at`. */
static tool_cfg_line *insert_line(tool_cfg_section *s, int at, const char *text) {
    s->line = lgg_grow(s->line, (size_t)s->lines + 1, sizeof *s->line, what);
    memmove(s->line + at + 1, s->line + at, (size_t)(s->lines - at) * sizeof *s->line);
    ++s->lines;
    s->line[at] = (tool_cfg_line){.text = lgg_copy_string(text)};
    return &s->line[at];
}

static void set_line(tool_cfg_line *line, const char *key, const char *value) {
    const size_t size = strlen(key) + strlen(value) + 2;
    char *text = lgg_allocate(size, 1, what);
    snprintf(text, size, "%s=%s", key, value);
    tool_cfg_line changed = {text, lgg_copy_string(key), lgg_copy_string(value)};
    free_line(line);
    *line = changed;
}

/* What Darknet leaves of a line: blanks and line ends are gone. */
static char *stripped(const char *text) {
    char *clean = lgg_copy_string(text), *to = clean;
    for (const char *from = text; *from; ++from) {
        if (*from != ' ' && *from != '\t' && *from != '\n' && *from != '\r') *to++ = *from;
    }
    *to = '\0';
    return clean;
}

static int is_comment(const char *clean) {
    return *clean == '\0' || *clean == '#' || *clean == ';';
}

/* Appends a line of a file to a section. */
static void add_line(tool_cfg_section *s, const char *text) {
    char *clean = stripped(text);
    tool_cfg_line *line = insert_line(s, s->lines, text);
    char *equals = strchr(clean, '=');
    if (!is_comment(clean) && *clean != '[' && equals) {
        *equals = '\0';
        line->key = lgg_copy_string(clean);
        line->value = lgg_copy_string(equals + 1);
    }
    free(clean);
}

static tool_cfg_section *append(tool_cfg *cfg) {
    cfg->section = lgg_grow(cfg->section, (size_t)cfg->count + 1, sizeof *cfg->section, what);
    tool_cfg_section *s = &cfg->section[cfg->count++];
    memset(s, 0, sizeof *s);
    return s;
}

static int is_header(const char *text) {
    return text[strspn(text, " \t")] == '[';
}

/* Moves the comments at the end of a section to the next one. */
static void move_comments(tool_cfg_section *from, tool_cfg_section *to) {
    int first = from->lines;
    while (!from->line[first - 1].key && !is_header(from->line[first - 1].text))
        --first;
    for (int i = first; i < from->lines; ++i) {
        insert_line(to, to->lines, from->line[i].text);
        free_line(&from->line[i]);
    }
    from->lines = first;
}

static void begin_section(tool_cfg *cfg, tool_cfg_section *head, const char *line) {
    tool_cfg_section *s = append(cfg);
    char *clean = stripped(line);
    snprintf(s->type, sizeof s->type, "%.*s", (int)strcspn(clean + 1, "]"), clean + 1);
    free(clean);
    if (cfg->count > 1) {
        move_comments(s - 1, s);
    } else {
        s->line = head->line;
        s->lines = head->lines;
        *head = (tool_cfg_section){0};
    }
    insert_line(s, s->lines, line);
}

tool_cfg *tool_cfg_read(const char *path) {
    FILE *file = tool_open_text(path);
    tool_cfg *cfg = lgg_allocate(1, sizeof *cfg, what);
    tool_cfg_section head = {0}; /* what comes before the first section */
    char *line = NULL;
    size_t size = 0;
    while (tool_getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (is_header(line)) {
            begin_section(cfg, &head, line);
        } else {
            add_line(cfg->count ? &cfg->section[cfg->count - 1] : &head, line);
        }
    }
    free(line);
    fclose(file);
    if (cfg->count < 2) tool_fail("%s: no layers in it", path);
    return cfg;
}

void tool_cfg_free(tool_cfg *cfg) {
    for (int i = 0; i < cfg->count; ++i) {
        for (int j = 0; j < cfg->section[i].lines; ++j)
            free_line(&cfg->section[i].line[j]);
        free(cfg->section[i].line);
    }
    free(cfg->section);
    free(cfg);
}

void tool_cfg_write(const tool_cfg *cfg, FILE *file) {
    for (int i = 0; i < cfg->count; ++i) {
        const tool_cfg_section *s = &cfg->section[i];
        if (i > 0 && s->lines && s->line[0].text[0] != '\0') fputc('\n', file);
        for (int j = 0; j < s->lines; ++j)
            fprintf(file, "%s\n", s->line[j].text);
    }
}

tool_cfg_section *tool_cfg_append(tool_cfg *cfg, const char *type) {
    tool_cfg_section *s = append(cfg);
    char header[48];
    snprintf(s->type, sizeof s->type, "%s", type);
    snprintf(header, sizeof header, "[%s]", s->type);
    insert_line(s, 0, header);
    return s;
}

tool_cfg_section *tool_cfg_append_copy(tool_cfg *cfg, const tool_cfg_section *section) {
    tool_cfg_section *s = append(cfg);
    memcpy(s->type, section->type, sizeof s->type);
    for (int i = 0; i < section->lines; ++i) {
        tool_cfg_line *line = insert_line(s, i, section->line[i].text);
        line->key = copy(section->line[i].key);
        line->value = copy(section->line[i].value);
    }
    return s;
}

static tool_cfg_line *find(const tool_cfg_section *section, const char *key) {
    for (int i = 0; i < section->lines; ++i) {
        if (section->line[i].key && strcmp(section->line[i].key, key) == 0) return &section->line[i];
    }
    return NULL;
}

const char *tool_cfg_get(const tool_cfg_section *section, const char *key) {
    const tool_cfg_line *line = find(section, key);
    return line ? line->value : NULL;
}

void tool_cfg_set(tool_cfg_section *section, const char *key, const char *value) {
    tool_cfg_line *line = find(section, key);
    if (!line) {
        int at = section->lines;
        while (at > 1 && section->line[at - 1].text[0] == '\0')
            --at;
        line = insert_line(section, at, "");
    }
    set_line(line, key, value);
}

void tool_cfg_set_int(tool_cfg_section *section, const char *key, int value) {
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    tool_cfg_set(section, key, text);
}

int tool_cfg_remove(tool_cfg_section *section, const char *key) {
    char *name = copy(key); /* which may be that of a line */
    int removed = 0;
    for (tool_cfg_line *line; (line = find(section, name)) != NULL; ++removed) {
        const int at = (int)(line - section->line);
        free_line(line);
        memmove(line, line + 1, (size_t)(section->lines - at - 1) * sizeof *line);
        --section->lines;
    }
    free(name);
    return removed;
}

void tool_cfg_comment(tool_cfg_section *section, const char *text) {
    const size_t size = strlen(text) + 3;
    char *comment = lgg_allocate(size, 1, what);
    int header = 0;
    while (!is_header(section->line[header].text))
        ++header;
    snprintf(comment, size, "# %s", text);
    insert_line(section, header, comment);
    free(comment);
}
