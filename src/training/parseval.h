/* parseval.h: Parseval networks (Cisse et al., 2017), the baseline of the paper's Table 3, by `parseval=b` in [net].
 *
 *   in use, every convolution's weights W (n, c size^2) are divided by sqrt(2 size^2 + 1),
 *   a residual sum is 0.5 a + 0.5 b,
 *   and after each update every weight matrix takes a step towards an orthonormal frame:  W <- (1+b) W - b W W' W.
 *
 * Weights files hold W itself. Without the option nothing of this runs. */
#ifndef PARSEVAL_H
#define PARSEVAL_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lgg_parseval lgg_parseval;

/* Whether its [net] has parseval. */
int has_lgg_parseval(const network *net);
/* To be called once all layers of net have their functions: puts the scaling around its convolutions, the step after the updates of
 * all weight matrices, and halves its residual sums, should its [net] have parseval. */
void make_lgg_parseval(network *net);
void free_lgg_parseval(lgg_parseval *parseval);

#ifdef __cplusplus
}
#endif

#endif
