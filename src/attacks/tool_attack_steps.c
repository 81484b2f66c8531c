/* tool_attack_steps.c: the attacks of few lines.
 *
 *   fgsm     x' = clamp(x + epsilon d(g(x)))               Goodfellow et al. 2015; g the gradient of the true label's cross-entropy
 *   pgd      x <- project(x + step d(g(x))), `steps` times  Madry et al. 2018
 *   random   points of the ball's surface, `draws` of them: no gradient is asked for, so that none can be masked
 *   clean    the image itself
 *
 * fgsm and pgd are judged at the point where they end, the others at every point that they see. */
#include <string.h>

#include "tool_attack.h"

static double cross_entropy(attack_slot *slot, int r, float *logit_gradient) {
    (void)r;
    return tool_cross_entropy(slot->logits, slot->label, slot->classes, logit_gradient);
}

static int begin_at_image(const attack_settings *s, attack_slot *slot) {
    memcpy(slot->point, slot->x, (size_t)s->ball.inputs * sizeof(float));
    return 0;
}

static int judge(const attack_settings *s, attack_slot *slot) {
    (void)s;
    slot->fooled = slot->decision != slot->label;
    return 1;
}

static int begin_fgsm(const attack_settings *s, attack_slot *slot) {
    slot->wants_gradient = 1;
    return begin_at_image(s, slot);
}

static int step_fgsm(const attack_settings *s, attack_slot *slot) {
    if (slot->k++ == 1) return judge(s, slot);
    attack_ascend(&s->ball, slot->point, slot->gradient[0], slot->epsilon);
    attack_clamp(&s->ball, slot->point);
    slot->wants_gradient = 0;
    return 0;
}

static int begin_pgd(const attack_settings *s, attack_slot *slot) {
    slot->wants_gradient = 1;
    begin_at_image(s, slot);
    if (s->random_start) attack_random_start(&s->ball, slot->x, slot->point, slot->epsilon, &slot->random);
    return 0;
}

static int step_pgd(const attack_settings *s, attack_slot *slot) {
    int steps = attack_steps(&attack_pgd, s);
    if (slot->k == steps) return judge(s, slot);
    double share = s->step > 0 ? s->step : 2.5 / steps;
    attack_ascend(&s->ball, slot->point, slot->gradient[0], share * slot->epsilon);
    attack_project(&s->ball, slot->x, slot->point, slot->epsilon);
    slot->wants_gradient = ++slot->k < steps;
    return 0;
}

static int step_random(const attack_settings *s, attack_slot *slot) {
    judge(s, slot);
    if (slot->fooled || slot->k++ == s->draws) return 1;
    attack_random_direction(&s->ball, slot->x, slot->point, slot->epsilon, &slot->random);
    attack_clamp(&s->ball, slot->point);
    return 0;
}

const attack_method attack_clean = {.name = "clean", .begin = begin_at_image, .step = judge};
const attack_method attack_fgsm = {
    .name = "fgsm", .gradients = 1, .begin = begin_fgsm, .loss = cross_entropy, .step = step_fgsm};
const attack_method attack_pgd = {
    .name = "pgd", .steps = 10, .gradients = 1, .begin = begin_pgd, .loss = cross_entropy, .step = step_pgd};
const attack_method attack_random = {.name = "random", .begin = begin_at_image, .step = step_random};
