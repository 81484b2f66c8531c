/* tool_attack_table.h: what several attacks have done to a set of images, as a table. */
#ifndef TOOL_ATTACK_TABLE_H
#define TOOL_ATTACK_TABLE_H

#include "tool_attack.h"

#define ATTACK_MOST 16

typedef struct {
    const attack_settings *settings;
    const attack_set *set;
    const char *norm;
    attack_result clean;
    const attack_method *method[ATTACK_MOST];
    attack_result result[ATTACK_MOST]; /* of each */
    int methods;
    char *worst; /* (images) whether any of them fools */
} attack_table;

void attack_table_print(const attack_table *table);
/* csv NULL: nowhere. */
void attack_table_write(const attack_table *table, const char *csv);

#endif
