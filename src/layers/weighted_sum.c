/* weighted_sum.c: see weighted_sum.h. */
#include "weighted_sum.h"

#include "around.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#if HOST_WEIGHS_SUMS
static void backward_on_one_thread(layer l, host_pass pass) {
#ifdef _OPENMP
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
#endif
    l.functions->inner[AROUND_SUM].backward(l, pass);
#ifdef _OPENMP
    omp_set_num_threads(threads);
#endif
}

void put_around_weighted_sum(layer *l) {
    const int adds_up = (l->type == SHORTCUT && l->nweights > 0) || l->type == SCALE_CHANNELS;
    const int overlaps = l->type == MAXPOOL && (l->size > l->stride_x || l->size > l->stride_y);
    if (!adds_up && !overlaps) return;
    begin_around(l, AROUND_SUM);
    l->backward = backward_on_one_thread;
}
#endif
