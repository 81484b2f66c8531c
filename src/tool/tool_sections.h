/* tool_sections.h: what a .cfg says about each layer, where the host's layer structure does not. */
#ifndef TOOL_SECTIONS_H
#define TOOL_SECTIONS_H

typedef struct tool_sections tool_sections;

tool_sections *tool_sections_read(const char *cfg);
void tool_sections_free(tool_sections *sections);
int tool_sections_is_lgg(const tool_sections *sections, int layer);
/* "12 shortcut" */
const char *tool_sections_type(const tool_sections *sections, int layer);
/* The layer that the last LGG section taps last; -1 without one. */
int tool_sections_last_tap(const tool_sections *sections);

#endif
