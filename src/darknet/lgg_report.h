/* lgg_report.h: what the LGG sections of a network say of the current iteration, for whoever prints, logs or checks it. */
#ifndef LGG_REPORT_H
#define LGG_REPORT_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One section's term, as means over the forward passes of the iteration (the host's subdivisions). */
typedef struct {
    const char *section; /* "lgg_gkd" */
    int layer;           /* its index */
    double value;        /* L */
    double scaled;       /* lambda * L, what the objective gets */
    int sigmas;          /* tapped layers with a label variation of their own; 0 for distillation */
    const double *sigma; /* their label variations */
    const int *tapped;   /* their layer indices */
} lgg_term;

/* The number of LGG sections of net, and the i-th of them in layer order, valid until the next pass. */
int count_lgg_terms(const network *net);
lgg_term get_lgg_term(const network *net, int i);

/* Prints one line with every term of net's last iteration, images a second and the time left; nothing if net has no LGG
 * section. `images` is the number of images of an iteration, on all devices together. */
void print_lgg_progress(network *net, int images);

/* The type of an LGG section as the .cfg file has it, such as "lgg_gkd". */
const char *name_of_lgg_section(const layer *l);

/* Whether x is neither NaN nor infinite, also when called from code that is compiled to assume so. */
int lgg_is_finite(double x);

#ifdef __cplusplus
}
#endif

#endif
