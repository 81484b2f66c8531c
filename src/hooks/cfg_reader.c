/* cfg_reader.c: what the host's reader of .cfg files asks, line by line and section by section. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "lgg_hooks.h"
#include "lgg_section_table.h"
#include "names.h"
#include "net_options.h"
#include "recipe.h"
#include "text_file.h"

void lgg_unknown_section(const char *cfg, int index, const char *type) {
    static const char *const of_host[] = {HOST_SECTIONS};
    enum { OF_HOST = sizeof of_host / sizeof *of_host, OURS = 16 };
    const char *names[OF_HOST + OURS + 1] = {NULL};
    char ours[OURS][32];
    memcpy(names, of_host, sizeof of_host);
    for (int i = 0; i < lgg_section_type_count && i < OURS; ++i) {
        snprintf(ours[i], sizeof ours[i], "[%s]", lgg_section_types[i].type);
        names[OF_HOST + i] = ours[i];
    }
    const char *near = lgg_similar_name(type, names);
    fprintf(stderr, "\n%s: section %d %s: there is no such section type%s%s%s\n", cfg, index, type,
            near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
    exit(EXIT_FAILURE);
}

void check_lgg_cfg_file(const char *path) {
    const char *fault = lgg_text_file_fault(path);
    if (!fault) return;
    fprintf(stderr, "%s: %s: give the .cfg file of a network\n", path, fault);
    exit(EXIT_FAILURE);
}

void refuse_lgg_first_line(const char *filename, int number) {
    fprintf(stderr, "%s: line %d: stands before the first section; the file must begin with [net]\n", filename, number);
    exit(EXIT_FAILURE);
}

/* Whether a value has blanks between two words, where Darknet makes them one. */
static int joins_words(const char *value) {
    char before = ',';
    for (const char *c = value; *c; ++c) {
        if (*c == '#') return 0; /* no comment to Darknet, and refused with the value */
        if (!isspace((unsigned char)*c)) {
            before = *c;
            continue;
        }
        while (isspace((unsigned char)*c))
            ++c;
        if (*c && *c != ',' && *c != '#' && before != ',') return 1;
        --c;
    }
    return 0;
}

/* Darknet takes all blanks out of a line: layers=0 2 would be layer 2. */
static void refuse_joined_words(const char *filename) {
    FILE *file = lgg_file_is_stream(filename) ? NULL : fopen(filename, "r");
    const lgg_section_type *section = NULL;
    char *line = NULL;
    size_t size = 0;
    int index = -2; /* of the layer; the first section is [net] */
    for (int number = 1; file && getline(&line, &size, file) >= 0; ++number) {
        const char *text = line + strspn(line, " \t"), *value = strchr(text, '=');
        for (size_t end = strlen(line); end && isspace((unsigned char)line[end - 1]); --end)
            line[end - 1] = '\0';
        if (*text == '[') {
            ++index;
            section = find_lgg_section_type(text);
        }
        if (!section || !value || strchr("[#;", *text) || !joins_words(value + 1 + strspn(value + 1, " \t"))) continue;
        const lgg_place place = {filename, section->type, index, 0};
        lgg_fail(&place,
                 "line %d: %s: Darknet takes out blanks and would read one word; commas between values, and names "
                 "of files without blanks, would be right",
                 number, text);
    }
    free(line);
    if (file) fclose(file);
}

void check_lgg_sections(const char *filename, int sections, const char *first, list *options, int batch) {
    const int is_net = first && (strcmp(first, "[net]") == 0 || strcmp(first, "[network]") == 0);
    if (is_net && sections > 1) {
        refuse_joined_words(filename);
        check_net_options(options, filename, batch);
        return;
    }
    if (!first)
        fprintf(stderr, "%s: no section; a network begins with [net]\n", filename);
    else if (!is_net)
        fprintf(stderr, "%s: begins with %s; a network begins with [net]\n", filename, first);
    else
        fprintf(stderr, "%s: no section after [net]; a network has a section for each layer\n", filename);
    exit(EXIT_FAILURE);
}

void refuse_lgg_line(const char *filename, int number, const char *type, int index, const char *line) {
    const lgg_section_type *section = find_lgg_section_type(type);
    if (!section) {
        refuse_lgg_recipe_line(filename, number, type, line);
        return;
    }
    lgg_place place = {filename, section->type, index, 0};
    lgg_fail(&place, "line %d: %s= has no value", number, line);
}
