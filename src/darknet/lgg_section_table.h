/* lgg_section_table.h: the sections and their options as data. What reads them, refuses others and explains them asks here. */
#ifndef LGG_SECTION_TABLE_H
#define LGG_SECTION_TABLE_H

#include <stddef.h>

#include "lgg_section.h"

typedef enum {
    LGG_VALUE_WHOLE,       /* int, `least` to `most` */
    LGG_VALUE_POSITIVE,    /* float above 0 */
    LGG_VALUE_NONNEGATIVE, /* float, 0 or more */
    LGG_VALUE_ALPHA,       /* float above 0, or two from first to last iteration, or a word for where it comes from */
    LGG_VALUE_CHOICE,      /* int or enum: `least` for the first of `choices`, one more for the next */
    LGG_VALUE_LAYERS,      /* indices of layers; read with the taps and the teacher */
    LGG_VALUE_FILE         /* a path; read with the teacher */
} lgg_value;

/* An option: of which sections (a bit each, in the order of lgg_section_types), and where its value goes. Its default is what a new
 * section has there, unless `otherwise` says it in words. */
typedef struct {
    const char *name;
    unsigned sections;
    lgg_value value;
    size_t at; /* offset in lgg_section */
    int least, most;
    const char *const *choices; /* ends with NULL */
    const char *otherwise, *help;
} lgg_option;

typedef struct {
    const char *type; /* "lgg_gkd" */
    lgg_kind kind;
    float lambda;            /* the default */
    int fewest, most;        /* tapped layers, or pairs of them */
    const char *right;       /* what to do about another number of layers */
    const char *what, *loss; /* in a few words; the formula of L */
} lgg_section_type;

extern const lgg_section_type lgg_section_types[];
extern const int lgg_section_type_count;
extern const lgg_option lgg_section_options[];
extern const int lgg_section_option_count;

/* The type of a section's header, such as "[rkd]"; NULL if it is none of ours. */
const lgg_section_type *find_lgg_section_type(const char *header);

/* Whether sections of this type have a teacher. */
int lgg_section_has_teacher(const lgg_section_type *type);

/* Whether the section compares with the labels of the batch. */
int lgg_section_needs_labels(const lgg_section *section);

/* Whether the order of a layer's values matters: to graphs of images it does not. */
int lgg_section_minds_order(const lgg_section *section);

/* Whether it compares graphs: all do but HKD, which compares logits. */
int lgg_section_has_graphs(const lgg_section *section);

int lgg_section_has_option(const lgg_section_type *type, const lgg_option *option);

/* Gives section the kind and the defaults of its type. */
void default_lgg_section(const lgg_section_type *type, lgg_section *section);

/* Fails on an option that the section does not have, or has twice; reads all that are numbers or words into section, which has the
 * defaults. */
void read_lgg_options(const lgg_cfg *cfg, const lgg_section_type *type, lgg_section *section);

#endif
