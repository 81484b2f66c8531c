/* tool_attack.h: attacks on images: noise within a ball around each, chosen so that the network errs.
 *
 * Images are attacked in slots, as many at once as the network takes in a batch: an attack says for each slot where the network is to be
 * evaluated next, and looks at what came of it. A slot whose image is done with takes the next one, so that batches stay full. */
#ifndef TOOL_ATTACK_H
#define TOOL_ATTACK_H

#include "tool.h"

/* The ball: |x' - x| <= epsilon and pixels in [0, 1]. */
typedef struct {
    int inputs;   /* n */
    int infinite; /* the infinity norm; else the 2-norm */
} attack_ball;

/* ---- geometry (tool_attack_geometry.c); x, point, gradient (n) ---- */

double attack_distance(const attack_ball *ball, const float *x, const float *point);
/* |x|, the 2-norm. */
double attack_length(const float *x, int n);
/* point += amount d(gradient): d is the sign, or the gradient over its length. Not clamped. */
void attack_ascend(const attack_ball *ball, float *point, const float *gradient, double amount);
/* The nearest point of the ball, and then of the pixels' range. */
void attack_project(const attack_ball *ball, const float *x, float *point, double epsilon);
/* Pixels in their range. */
void attack_clamp(const attack_ball *ball, float *point);
/* Uniform in the cube; under the 2-norm a random direction and a length that fills the ball. */
void attack_random_start(const attack_ball *ball, const float *x, float *point, double epsilon, tool_random *random);
/* On the ball's surface: a corner of the cube, or a random direction of length epsilon. Not clamped. */
void attack_random_direction(const attack_ball *ball, const float *x, float *point, double epsilon,
                             tool_random *random);

/* ---- attacks ---- */

typedef struct {
    attack_ball ball;
    int steps;        /* 0: the attack's own default */
    double step;      /* of pgd, in epsilons; 0: 2.5 / steps */
    int restarts;     /* of apgd: runs, each from a start of its own */
    int random_start; /* of pgd and apgd */
    int draws;        /* of random */
    double overshoot; /* of deepfool */
    uint64_t seed;
} attack_settings;

/* What APGD keeps of an image. */
typedef struct {
    int restart;
    double step, loss, best_loss, best_loss_before;
    int checkpoint, at, last; /* the next checkpoint: its number, its iteration and that of the one before */
    double share, share_before;
    int increases, halved;
} attack_apgd_state;

#define ATTACK_KEPT 4
#define ATTACK_CANDIDATES 10 /* classes that deepfool looks at */

/* An image under attack. */
typedef struct {
    int image, label;
    double epsilon;
    int errs_clean;
    float *x, *point;         /* (n); the network is evaluated at `point` */
    float *kept[ATTACK_KEPT]; /* (n) each, the attack's own */
    tool_random random;
    int k; /* points of this run before this one; the attack counts */
    int wants_gradient;
    attack_apgd_state apgd;
    int candidate[ATTACK_CANDIDATES], candidates;
    /* of the evaluation at `point` */
    const float *logits; /* (classes) */
    int classes, decision;
    double loss;
    const float *gradient[ATTACK_CANDIDATES]; /* (n) each; of the loss is the first */
    /* in the end `point` is what was found */
    int fooled;
} attack_slot;

typedef struct attack_method {
    const char *name;
    int steps;          /* its default, 0: it takes none */
    int gradients;      /* for each evaluation */
    int finds_smallest; /* 1: it looks for the smallest noise, whatever epsilon */
    /* Sets `point` and wants_gradient for the first evaluation. Returns 1 where the image is done with at once. */
    int (*begin)(const attack_settings *settings, attack_slot *slot);
    /* The loss at the logits; writes the gradient of the r-th function with respect to them, (classes). NULL: no gradient is wanted. */
    double (*loss)(attack_slot *slot, int r, float *logit_gradient);
    /* Looks at the evaluation and sets `point` for the next. Returns 1 where the image is done with. */
    int (*step)(const attack_settings *settings, attack_slot *slot);
} attack_method;

/* By its name, fgsm, pgd, apgd-ce, apgd-dlr, deepfool, random or clean (no noise); NULL: there is no such attack. */
const attack_method *attack_find(const char *name);
int attack_steps(const attack_method *method, const attack_settings *settings);

/* (z_y - max_{i != y} z_i) / (z_1st - z_3rd), negated: the difference of logits ratio of Croce and Hein; and its gradient. */
double attack_dlr(const float *logits, int label, int classes, float *gradient);

extern const attack_method attack_clean, attack_fgsm, attack_pgd, attack_random; /* tool_attack_steps.c */
extern const attack_method attack_apgd_ce, attack_apgd_dlr;                      /* tool_attack_apgd.c */
extern const attack_method attack_deepfool;                                      /* tool_attack_deepfool.c */

/* ---- a set of images (tool_attack.c) ---- */

/* What an attack has done to each of `count` images. */
typedef struct {
    int count;
    char *fooled;     /* the network errs within epsilon */
    char *moved;      /* there is noise that makes the network err, of any size, and it did not err without */
    double *distance; /* of that noise, in the ball's norm */
    double epsilon_sum;
    double snr_sum; /* dB, of the noise as it is after clamping */
    int noisy;      /* images that have any */
    int flat;       /* images without any gradient at the first evaluation that wanted one */
} attack_result;

typedef struct {
    const attack_settings *settings;
    tool_model *model; /* after tool_model_prepare_gradient */
    const tool_images *images;
    const char *errs_clean; /* (count); NULL where that is found out */
    double epsilon, snr;    /* the noise's bound: epsilon, or where that is negative so many dB below each image */
    /* Called with each image's point, or NULL. */
    void (*found)(void *context, int image, const float *point, int fooled);
    void *context;
} attack_set;

/* Attacks the images with only[i] set, NULL: all. */
attack_result attack_run(const attack_set *set, const attack_method *method, const char *only);
void attack_result_free(attack_result *result);
int attack_count_fooled(const attack_result *result);
/* Mean and median of `distance` over what moved; NaN where nothing did. */
void attack_distances(const attack_result *result, double *mean, double *median);

#endif
