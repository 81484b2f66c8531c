/* host_sections.h: sections that not every host has. */
#ifndef HOST_SECTIONS_H
#define HOST_SECTIONS_H

/* Whether the host under test has every section of a .cfg text; says that the test is skipped where it does not. */
int host_has_sections(const char *sections, const char *area, const char *name);

#endif
