/* lgg_section_help.h: what the sections and their options are, in words: for the terminal and for cfg/README.md. */
#ifndef LGG_SECTION_HELP_H
#define LGG_SECTION_HELP_H

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a section header, such as "[lgg_gkd]", is one of ours. */
int is_lgg_section(const char *header);

/* One line a section. */
void list_lgg_sections(FILE *file);

/* The options of one section, such as "lgg_gkd" or "[lgg_gkd]"; returns 0 if there is no such section. */
int explain_lgg_section(FILE *file, const char *type);

/* The tables of all sections and of all options, in Markdown. */
void print_lgg_section_tables(FILE *file);

#ifdef __cplusplus
}
#endif

#endif
