/* host_sections.c: see host_sections.h. */
#include "host_sections.h"

#include <stdio.h>
#include <string.h>

#ifndef HOST_LACKS
#define HOST_LACKS "[none]" /* the first host has every section of the tests */
#endif

int host_has_sections(const char *sections, const char *area, const char *name) {
    static const char *const lacking[] = {HOST_LACKS};
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; ++i) {
        if (!strstr(sections, lacking[i])) continue;
        printf("SKIPPED %s, %s: this host has no %s\n", area, name, lacking[i]);
        return 0;
    }
    return 1;
}
