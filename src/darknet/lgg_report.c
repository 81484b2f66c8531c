/* lgg_report.c: what the LGG sections of a network say of the current iteration. */
#include "lgg_report.h"

#include <math.h>

#include "lgg_section.h"

int count_lgg_terms(const network *net) {
    int count = 0;
    for (int i = 0; i < net->n; ++i)
        count += net->layers[i].type == LGG;
    return count;
}

lgg_term get_lgg_term(const network *net, int i) {
    const layer *l = net->layers;
    while (l->type != LGG || i-- > 0)
        ++l;
    const lgg_section *s = l->lgg;
#ifdef GPU
    collect_lgg_report(l->lgg);
#endif
    lgg_term term = {.section = s->place.type,
                     .layer = s->place.index,
                     .value = s->record.value,
                     .scaled = (double)s->lambda * s->record.value,
                     .sigma = s->record.sigma,
                     .tapped = s->tapped};
    if (s->kind == LGG_LABEL_VARIATION || s->kind == LGG_SMOOTH) term.sigmas = s->n;
    return term;
}

const char *name_of_lgg_section(const layer *l) {
    return l->lgg->place.type;
}

int lgg_is_finite(double x) {
    return isfinite(x);
}

/* "lgg_smooth 47: 1234.5 x 0.0001 = 0.12345 (sigma 14: 3.2, 28: 2.9)" */
static void print_term(const lgg_term *term, double lambda) {
    printf(" %s %d: %g x %g = %g", term->section, term->layer, term->value, lambda, term->scaled);
    for (int i = 0; i < term->sigmas; ++i) {
        printf("%s%d: %g", i ? ", " : " (sigma ", term->tapped[i], term->sigma[i]);
    }
    printf("%s;", term->sigmas ? ")" : "");
}

/* Images a second and the time left, from a running average that weighs as Darknet's average loss does. */
static void print_speed(lgg_network *shared, const network *net, int images) {
    double now = what_time_is_it_now(), elapsed = now - shared->printed_at;
    int is_first = shared->printed_at <= 0;
    shared->printed_at = now;
    if (is_first) return;
    shared->seconds = shared->seconds > 0 ? .9 * shared->seconds + .1 * elapsed : elapsed;
    printf(" %.0f images/s", images / shared->seconds);
    double left = (double)net->max_batches - (double)host_iteration(net);
    if (left < 0 || net->max_batches == 0) return;
    const double at_once =
        (double)images / ((double)net->batch * (double)net->subdivisions); /* iterations: as many as GPUs */
    long seconds = (long)(left / at_once * shared->seconds + .5);
    printf(", %ld:%02ld:%02ld left", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void print_lgg_progress(network *net, int images) {
    int terms = count_lgg_terms(net);
    if (!terms) return;
    lgg_section *section = NULL;
    printf("lgg:");
    for (int i = 0; i < terms; ++i) {
        lgg_term term = get_lgg_term(net, i);
        section = net->layers[term.layer].lgg;
        print_term(&term, (double)section->lambda);
    }
    print_speed(section->network, net, images);
    printf("\n");
}
