/* lgg_section_help.c: what the sections and their options are, in words: for the terminal and for cfg/README.md. */
#include "lgg_section_help.h"

#include <limits.h>
#include <string.h>

#include "lgg_section_table.h"

int is_lgg_section(const char *header) {
    return find_lgg_section_type(header) != NULL;
}

/* The words of the tables are Markdown: a terminal gets them without backquotes, a table's column with its bars escaped. */
static void print_words(FILE *file, const char *words, int is_markdown) {
    for (; *words; ++words) {
        if (*words == '`' && !is_markdown) continue;
        if (*words == '|' && is_markdown) fputc('\\', file);
        fputc(*words, file);
    }
}

static void print_value(FILE *file, const lgg_option *option, int is_markdown) {
    const char *quote = is_markdown ? "`" : "";
    switch (option->value) {
    case LGG_VALUE_WHOLE:
        if (option->most < INT_MAX)
            fprintf(file, "whole number, %d to %d", option->least, option->most);
        else
            fprintf(file, "whole number, %d or more", option->least);
        break;
    case LGG_VALUE_POSITIVE:
        fprintf(file, "number above 0");
        break;
    case LGG_VALUE_ALPHA:
        fprintf(file, "number above 0, two of them, %sauto%s, %sauto_size%s or %sauto_deviation%s", quote, quote, quote,
                quote, quote, quote);
        break;
    case LGG_VALUE_NONNEGATIVE:
        fprintf(file, "number, 0 or more");
        break;
    case LGG_VALUE_CHOICE:
        for (int i = 0; option->choices[i]; ++i) {
            const char *between = i == 0 ? "" : option->choices[i + 1] ? ", " : " or ";
            fprintf(file, "%s%s%s%s", between, quote, option->choices[i], quote);
        }
        break;
    case LGG_VALUE_LAYERS:
        fprintf(file, "layer indices");
        break;
    case LGG_VALUE_FILE:
        fprintf(file, "file");
        break;
    }
}

/* The default of an option in sections of this type, as a .cfg file would give it. */
static void write_default(const lgg_section_type *type, const lgg_option *option, char text[32]) {
    lgg_section section = {0};
    default_lgg_section(type, &section);
    const void *at = (const char *)&section + option->at;
    const int *whole = at;
    const float *number = at;
    if (option->value == LGG_VALUE_CHOICE)
        snprintf(text, 32, "%s", option->choices[*whole - option->least]);
    else if (option->value == LGG_VALUE_WHOLE)
        snprintf(text, 32, "%d", *whole);
    else
        snprintf(text, 32, "%g", (double)*number);
}

/* The default, and the sections that have another than the first. */
static void print_defaults(FILE *file, const lgg_option *option) {
    char first[32] = "", text[32];
    int others = 0;
    if (option->otherwise) {
        print_words(file, option->otherwise, 1);
        return;
    }
    for (int i = 0; i < lgg_section_type_count; ++i) {
        const lgg_section_type *type = &lgg_section_types[i];
        if (!lgg_section_has_option(type, option)) continue;
        write_default(type, option, text);
        if (!*first) {
            strcpy(first, text);
            fprintf(file, "%s", first);
        } else if (strcmp(first, text) != 0) {
            fprintf(file, "%s`[%s]`: %s", others++ ? ", " : " (", type->type, text);
        }
    }
    if (others) fputc(')', file);
}

void list_lgg_sections(FILE *file) {
    for (int i = 0; i < lgg_section_type_count; ++i)
        fprintf(file, "  %-17s %s\n", lgg_section_types[i].type, lgg_section_types[i].what);
}

static void explain_option(FILE *file, const lgg_section_type *type, const lgg_option *option) {
    char text[32];
    fprintf(file, "  %-16s ", option->name);
    print_words(file, option->help, 0);
    fprintf(file, "\n  %-16s ", "");
    print_value(file, option, 0);
    fprintf(file, "; default: ");
    if (!option->otherwise) write_default(type, option, text);
    print_words(file, option->otherwise ? option->otherwise : text, 0);
    fputc('\n', file);
}

int explain_lgg_section(FILE *file, const char *name) {
    char header[64];
    snprintf(header, sizeof header, name[0] == '[' ? "%s" : "[%s]", name);
    const lgg_section_type *type = find_lgg_section_type(header);
    if (!type) return 0;
    fprintf(file, "[%s]  %s\n  L = ", type->type, type->what);
    print_words(file, type->loss, 0);
    fputc('\n', file);
    for (int i = 0; i < lgg_section_option_count; ++i) {
        const lgg_option *option = &lgg_section_options[i];
        if (lgg_section_has_option(type, option)) explain_option(file, type, option);
    }
    return 1;
}

static void print_sections_of(FILE *file, const lgg_option *option) {
    int have = 0, printed = 0;
    for (int i = 0; i < lgg_section_type_count; ++i)
        have += lgg_section_has_option(&lgg_section_types[i], option);
    if (have == lgg_section_type_count) fprintf(file, "all");
    for (int i = 0; i < lgg_section_type_count && have < lgg_section_type_count; ++i) {
        if (!lgg_section_has_option(&lgg_section_types[i], option)) continue;
        fprintf(file, "%s`[%s]`", printed++ ? ", " : "", lgg_section_types[i].type);
    }
}

static void print_option_row(FILE *file, const lgg_option *option) {
    fprintf(file, "| `%s` | ", option->name);
    print_sections_of(file, option);
    fprintf(file, " | ");
    print_value(file, option, 1);
    fprintf(file, " | ");
    print_defaults(file, option);
    fprintf(file, " | ");
    print_words(file, option->help, 1);
    fprintf(file, " |\n");
}

void print_lgg_section_tables(FILE *file) {
    fprintf(file, "| section | its loss |\n| --- | --- |\n");
    for (int i = 0; i < lgg_section_type_count; ++i) {
        fprintf(file, "| `[%s]` | ", lgg_section_types[i].type);
        print_words(file, lgg_section_types[i].loss, 1);
        fprintf(file, " |\n");
    }
    fprintf(file, "\n| option | of | value | default | meaning |\n| --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < lgg_section_option_count; ++i)
        print_option_row(file, &lgg_section_options[i]);
}
