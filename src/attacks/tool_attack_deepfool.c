/* tool_attack_deepfool.c: DeepFool (Moosavi-Dezfooli et al. 2016): the smallest noise that changes the decision, if the network were linear
 * around each point on the way.
 *
 *   w_k = grad z_k - grad z_y,  f_k = z_k - z_y        y the decision at the image, k the classes next to it
 *   l   = arg min_k |f_k| / |w_k|_dual                 the nearest boundary
 *   r  += |f_l| / |w_l|_2^2 w_l,  or under the infinity norm |f_l| / |w_l|_1 sign(w_l)
 *   x'  = clamp(x + (1 + overshoot) r)                 until the decision is another
 *
 * An image on which the network errs already needs no noise. */
#include <math.h>
#include <string.h>

#include "tool_attack.h"

enum { TOTAL }; /* r */

static int begin_deepfool(const attack_settings *s, attack_slot *slot) {
    slot->wants_gradient = 1;
    memcpy(slot->point, slot->x, (size_t)s->ball.inputs * sizeof(float));
    memset(slot->kept[TOTAL], 0, (size_t)s->ball.inputs * sizeof(float));
    slot->fooled = slot->errs_clean;
    return slot->errs_clean;
}

/* The greatest logits first. */
static void choose_candidates(attack_slot *slot) {
    slot->candidates = 0;
    for (int c = 0; c < slot->classes; ++c) {
        int at = slot->candidates < ATTACK_CANDIDATES ? slot->candidates++ : ATTACK_CANDIDATES;
        for (; at > 0 && slot->logits[slot->candidate[at - 1]] < slot->logits[c]; --at) {
            if (at < ATTACK_CANDIDATES) slot->candidate[at] = slot->candidate[at - 1];
        }
        if (at < ATTACK_CANDIDATES) slot->candidate[at] = c;
    }
}

/* The r-th function is the logit of candidate r. */
static double candidate_logit(attack_slot *slot, int r, float *logit_gradient) {
    if (slot->k == 0 && r == 0) choose_candidates(slot);
    memset(logit_gradient, 0, (size_t)slot->classes * sizeof *logit_gradient);
    logit_gradient[slot->candidate[r]] = 1;
    return slot->logits[slot->candidate[r]];
}

/* |w_r| in the norm that is dual to the ball's. */
static double dual_norm(const attack_ball *ball, const attack_slot *slot, int r) {
    double sum = 0;
    for (int i = 0; i < ball->inputs; ++i) {
        double w = (double)slot->gradient[r][i] - slot->gradient[0][i];
        sum += ball->infinite ? fabs(w) : w * w;
    }
    return ball->infinite ? sum : sqrt(sum);
}

/* The candidate whose boundary is nearest and the distance to it; 0 where there is no gradient. */
static int nearest_boundary(const attack_ball *ball, const attack_slot *slot, double *distance, double *norm) {
    int nearest = 0;
    for (int r = 1; r < slot->candidates; ++r) {
        double w = dual_norm(ball, slot, r);
        double f = fabs((double)slot->logits[slot->candidate[r]] - slot->logits[slot->candidate[0]]);
        if (!(w > 0) || (nearest && f / w >= *distance)) continue;
        nearest = r;
        *distance = f / w;
        *norm = w;
    }
    return nearest;
}

static int step_deepfool(const attack_settings *s, attack_slot *slot) {
    double distance = 0, norm = 1;
    slot->fooled = slot->decision != slot->label;
    if (slot->fooled || slot->k++ == attack_steps(&attack_deepfool, s)) return 1;
    int nearest = nearest_boundary(&s->ball, slot, &distance, &norm);
    if (nearest == 0) return 1;
    for (int i = 0; i < s->ball.inputs; ++i) {
        double w = (double)slot->gradient[nearest][i] - slot->gradient[0][i];
        double direction = s->ball.infinite ? (w > 0) - (w < 0) : w / norm;
        slot->kept[TOTAL][i] = (float)(slot->kept[TOTAL][i] + distance * direction);
        slot->point[i] = (float)(slot->x[i] + (1 + s->overshoot) * slot->kept[TOTAL][i]);
    }
    attack_clamp(&s->ball, slot->point);
    return 0;
}

const attack_method attack_deepfool = {.name = "deepfool",
                                       .steps = 50,
                                       .gradients = ATTACK_CANDIDATES,
                                       .finds_smallest = 1,
                                       .begin = begin_deepfool,
                                       .loss = candidate_logit,
                                       .step = step_deepfool};
