/* tool_attack_apgd.c: Auto-PGD, Algorithm 1 of Croce and Hein (2020), which has no step size to tune.
 *
 *   z       = P(x_k + eta d(g(x_k)))
 *   x_{k+1} = P(x_k + a (z - x_k) + (1 - a) (x_k - x_{k-1})),   a = 0.75
 *
 * eta starts at 2 epsilon. At the checkpoints w_j = ceil(p_j steps), p_0 = 0, p_1 = 0.22, p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06),
 * eta is halved and the run goes on from its best point, if since the last checkpoint the loss grew in less than 0.75 of the
 * iterations, or if neither eta nor the best loss has changed since. An image is done with as soon as the network errs at a point. */
#include <math.h>
#include <string.h>

#include "tool_attack.h"

#define MOMENTUM .75
#define FIRST_CHECKPOINT .22
#define GROWING_SHARE .75

/* x_{k-1}; where the loss was greatest, its gradient there; x_k while the next is made */
enum { BEFORE, BEST, BEST_GRADIENT, HERE };

static int iteration_of(double share, int steps) {
    return (int)ceil(share * steps - 1e-9);
}

static void copy(const attack_settings *s, float *to, const float *from) {
    memcpy(to, from, (size_t)s->ball.inputs * sizeof(float));
}

/* Another run, from another start. */
static void begin_run(const attack_settings *s, attack_slot *slot, int restart) {
    slot->k = 0;
    slot->apgd = (attack_apgd_state){.restart = restart, .step = 2 * slot->epsilon, .share = FIRST_CHECKPOINT};
    slot->apgd.at = iteration_of(FIRST_CHECKPOINT, attack_steps(&attack_apgd_ce, s));
    copy(s, slot->point, slot->x);
    if (s->random_start || restart > 0)
        attack_random_start(&s->ball, slot->x, slot->point, slot->epsilon, &slot->random);
}

static int begin_apgd(const attack_settings *s, attack_slot *slot) {
    slot->wants_gradient = 1;
    begin_run(s, slot, 0);
    if (!slot->errs_clean) return 0;
    copy(s, slot->point, slot->x);
    slot->fooled = 1;
    return 1;
}

static void keep_best(const attack_settings *s, attack_slot *slot) {
    slot->apgd.best_loss = slot->loss;
    copy(s, slot->kept[BEST], slot->point);
    copy(s, slot->kept[BEST_GRADIENT], slot->gradient[0]);
}

/* Conditions 1 and 2, at checkpoint w_j. */
static int should_halve(const attack_apgd_state *a) {
    if (a->increases < GROWING_SHARE * (a->at - a->last)) return 1;
    return !a->halved && a->best_loss <= a->best_loss_before;
}

static void begin_window(attack_apgd_state *a, int steps) {
    double next = a->share + fmax(a->share - a->share_before - .03, .06);
    a->share_before = a->share;
    a->share = next;
    a->last = a->at;
    a->at = iteration_of(next, steps);
    a->increases = 0;
    a->best_loss_before = a->best_loss;
}

/* x_{k+1} out of x_k = point, its gradient and x_{k-1}. */
static void move(const attack_settings *s, attack_slot *slot, const float *gradient) {
    float *before = slot->kept[BEFORE], *here = slot->kept[HERE], *point = slot->point;
    copy(s, here, point);
    attack_ascend(&s->ball, point, gradient, slot->apgd.step);
    attack_project(&s->ball, slot->x, point, slot->epsilon);
    if (slot->k > 0) {
        for (int i = 0; i < s->ball.inputs; ++i) {
            double to_z = (double)point[i] - here[i], momentum = (double)here[i] - before[i];
            point[i] = (float)(here[i] + MOMENTUM * to_z + (1 - MOMENTUM) * momentum);
        }
        attack_project(&s->ball, slot->x, point, slot->epsilon);
    }
    copy(s, before, here);
}

/* With x_k evaluated: the bookkeeping that ends iteration k - 1. Returns the gradient to go on with. */
static const float *end_iteration(const attack_settings *s, attack_slot *slot) {
    attack_apgd_state *a = &slot->apgd;
    const float *gradient = slot->gradient[0];
    double before = a->loss;
    a->loss = slot->loss;
    if (slot->k == 0) {
        keep_best(s, slot);
        a->best_loss_before = a->best_loss;
        return gradient;
    }
    if (slot->loss > a->best_loss) keep_best(s, slot);
    if (slot->k - 1 == a->at) {
        a->halved = should_halve(a);
        begin_window(a, attack_steps(&attack_apgd_ce, s));
        if (a->halved) {
            a->step /= 2;
            a->loss = a->best_loss;
            copy(s, slot->point, slot->kept[BEST]);
            gradient = slot->kept[BEST_GRADIENT];
        }
    }
    a->increases += a->loss > before;
    return gradient;
}

static int step_apgd(const attack_settings *s, attack_slot *slot) {
    slot->fooled = slot->decision != slot->label;
    if (slot->fooled) return 1;
    const float *gradient = end_iteration(s, slot);
    if (slot->k == attack_steps(&attack_apgd_ce, s)) {
        copy(s, slot->point, slot->kept[BEST]);
        if (slot->apgd.restart + 1 == s->restarts) return 1;
        begin_run(s, slot, slot->apgd.restart + 1);
        return 0;
    }
    move(s, slot, gradient);
    ++slot->k;
    return 0;
}

static double cross_entropy(attack_slot *slot, int r, float *logit_gradient) {
    (void)r;
    return tool_cross_entropy(slot->logits, slot->label, slot->classes, logit_gradient);
}

double attack_dlr(const float *logits, int label, int classes, float *gradient) {
    int rank[3] = {-1, -1, -1}, rival = -1; /* pi_1, pi_2, pi_3; the greatest but the label */
    for (int c = 0; c < classes; ++c) {
        if (c != label && (rival < 0 || logits[c] > logits[rival])) rival = c;
        int r = 3;
        while (r > 0 && (rank[r - 1] < 0 || logits[c] > logits[rank[r - 1]]))
            --r;
        for (int i = 2; i > r; --i)
            rank[i] = rank[i - 1];
        if (r < 3) rank[r] = c;
    }
    double margin = (double)logits[label] - logits[rival], scale = (double)logits[rank[0]] - logits[rank[2]];
    memset(gradient, 0, (size_t)classes * sizeof *gradient);
    if (scale <= 0) return 0;
    gradient[label] -= (float)(1 / scale);
    gradient[rival] += (float)(1 / scale);
    gradient[rank[0]] += (float)(margin / (scale * scale));
    gradient[rank[2]] -= (float)(margin / (scale * scale));
    return -margin / scale;
}

static double dlr(attack_slot *slot, int r, float *logit_gradient) {
    (void)r;
    return attack_dlr(slot->logits, slot->label, slot->classes, logit_gradient);
}

const attack_method attack_apgd_ce = {
    .name = "apgd-ce", .steps = 100, .gradients = 1, .begin = begin_apgd, .loss = cross_entropy, .step = step_apgd};
const attack_method attack_apgd_dlr = {
    .name = "apgd-dlr", .steps = 100, .gradients = 1, .begin = begin_apgd, .loss = dlr, .step = step_apgd};
