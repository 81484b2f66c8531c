/* tool_sections.c: reads the section names of a .cfg and the `layers` option of our own sections. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lgg_section_help.h"
#include "tool.h"
#include "tool_sections.h"

typedef struct {
    char name[56]; /* "12 shortcut" */
    char type[40]; /* "shortcut" */
    int last_layer;
    int has_layers;
    int is_lgg;
} section;

struct tool_sections {
    section *section;
    int count;
};

static void strip_spaces(char *line) {
    char *to = line;
    for (char *from = line; *from; ++from) {
        if (!isspace((unsigned char)*from)) *to++ = *from;
    }
    *to = '\0';
}

static void add_section(tool_sections *sections, const char *line) {
    sections->section =
        lgg_grow(sections->section, (size_t)sections->count + 1, sizeof(section), "the sections of a cfg");
    section *s = &sections->section[sections->count];
    memset(s, 0, sizeof *s);
    int length = (int)strcspn(line + 1, "]");
    snprintf(s->type, sizeof s->type, "%.*s", length, line + 1);
    s->is_lgg = is_lgg_section(line);
    /* the first section is [net]; layer 0 comes after it */
    snprintf(s->name, sizeof s->name, "%d %s", sections->count - 1, s->type);
    ++sections->count;
}

/* What a line without blanks names that the network is made of, too, or would be in training: nothing is written over it. */
static void add_named_input(const char *line) {
    static const char *const keys[] = {"tree=", "map=", "teacher_cfg=", "teacher_weights=", NULL};
    for (int i = 0; keys[i]; ++i) {
        if (strncmp(line, keys[i], strlen(keys[i])) == 0) tool_add_input(line + strlen(keys[i]));
    }
}

tool_sections *tool_sections_read(const char *cfg) {
    FILE *file = tool_open_text(cfg);
    tool_sections *sections = lgg_allocate(1, sizeof *sections, "the sections of a cfg");
    char *line = NULL;
    size_t size = 0;
    while (tool_getline(&line, &size, file) >= 0) {
        strip_spaces(line);
        if (line[0] == '[') add_section(sections, line);
        add_named_input(line);
        if (sections->count == 0 || strncmp(line, "layers=", 7) != 0) continue;
        section *s = &sections->section[sections->count - 1];
        const char *comma = strrchr(line, ',');
        s->last_layer = atoi(comma ? comma + 1 : line + 7);
        s->has_layers = 1;
    }
    free(line);
    fclose(file);
    if (sections->count < 2) tool_fail("%s: no layers in it", cfg);
    return sections;
}

void tool_sections_free(tool_sections *sections) {
    free(sections->section);
    free(sections);
}

int tool_sections_is_lgg(const tool_sections *sections, int layer) {
    return sections->section[layer + 1].is_lgg;
}

const char *tool_sections_type(const tool_sections *sections, int layer) {
    return sections->section[layer + 1].name;
}

/* The default tap: the nearest earlier layer that is none of ours; for [hkd] what the nearest earlier softmax takes in. */
static int default_tap(const tool_sections *sections, int layer) {
    int i = layer - 1;
    if (strcmp(sections->section[layer + 1].type, "hkd") == 0) {
        while (i >= 0 && strncmp(sections->section[i + 1].type, "soft", 4) != 0) /* or [softmax] */
            --i;
        --i;
    }
    while (i >= 0 && tool_sections_is_lgg(sections, i))
        --i;
    return i;
}

int tool_sections_last_tap(const tool_sections *sections) {
    for (int layer = sections->count - 2; layer >= 0; --layer) {
        if (!tool_sections_is_lgg(sections, layer)) continue;
        const section *s = &sections->section[layer + 1];
        if (!s->has_layers) return default_tap(sections, layer);
        return s->last_layer < 0 ? layer + s->last_layer : s->last_layer;
    }
    return -1;
}
