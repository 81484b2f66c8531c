/* command_sections.c: `lgg sections`: what the sections of a .cfg are, and the options of one of them. */
#include "commands.h"
#include "lgg_section_help.h"
#include "tool.h"

int command_sections(int argc, char **argv) {
    int markdown = 0;
    const char *section;
    const tool_option list[] = {
        {"markdown", TOOL_FLAG, &markdown, 0, 0, "the tables of all sections, as cfg/README.md has them", NULL, NULL}};
    const int named = tool_parse_options(argc, argv, list, 1, &section, 1);
    if (markdown && named) tool_fail("-markdown has the tables of all sections: leave out '%s'", section);
    if (markdown) {
        print_lgg_section_tables(stdout);
    } else if (!named) {
        list_lgg_sections(stdout);
        printf("./darknet lgg sections SECTION lists its options.\n");
    } else if (!explain_lgg_section(stdout, section)) {
        tool_fail("no section '%s'; ./darknet lgg sections lists them", section);
    }
    return 0;
}
