/* tool_attack.c: an attack on a set of images, in slots. */
#include "tool_attack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is at hand while an attack runs. */
typedef struct {
    const attack_set *set;
    const attack_method *method;
    const char *only;
    attack_result *result;
    int slots, inputs, classes, gradients;
    attack_slot *slot;     /* (slots) */
    char *busy;            /* (slots) */
    float *memory;         /* of the slots: (slots, 1 + ATTACK_KEPT, n) */
    float *points;         /* (slots, n), which the network takes in */
    float *logit_gradient; /* (slots, classes) */
    float *gradient;       /* (gradients, slots, n) */
    float *copies;         /* (slots, n), of points; NULL where an attack takes one gradient */
    int next, begun, done;
} attack_pass;

const attack_method *attack_find(const char *name) {
    static const attack_method *const methods[] = {&attack_clean,    &attack_fgsm,     &attack_pgd,   &attack_apgd_ce,
                                                   &attack_apgd_dlr, &attack_deepfool, &attack_random};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; ++i) {
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    }
    return NULL;
}

int attack_steps(const attack_method *method, const attack_settings *settings) {
    return method->steps && settings->steps ? settings->steps : method->steps;
}

static double epsilon_of(const attack_set *set, const float *x) {
    if (set->epsilon >= 0) return set->epsilon;
    const attack_ball *ball = &set->settings->ball;
    double noise = attack_length(x, ball->inputs) / pow(10, set->snr / 20);
    return ball->infinite ? noise / sqrt(ball->inputs) : noise;
}

/* ---- what came of an image ---- */

static void record(attack_pass *p, const attack_slot *slot) {
    attack_result *r = p->result;
    const attack_ball *ball = &p->set->settings->ball;
    int image = slot->image;
    double distance = attack_distance(ball, slot->x, slot->point);
    r->fooled[image] = slot->fooled != 0;
    r->distance[image] = distance;
    r->moved[image] = slot->fooled && !slot->errs_clean && distance > 0;
    /* float32 puts points of the ball's surface a little beside it */
    if (p->method->finds_smallest && distance > slot->epsilon * (1 + 1e-6)) r->fooled[image] = 0;
    r->epsilon_sum += slot->epsilon;
    attack_ball euclidean = {.inputs = ball->inputs};
    double noise = attack_distance(&euclidean, slot->x, slot->point);
    if (noise > 0 && attack_length(slot->x, ball->inputs) > 0) {
        r->snr_sum += 20 * log10(attack_length(slot->x, ball->inputs) / noise);
        ++r->noisy;
    }
    /* noise that was only found beyond epsilon is none */
    const float *found = p->method->finds_smallest && !r->fooled[image] ? slot->x : slot->point;
    if (p->set->found) p->set->found(p->set->context, image, found, r->fooled[image]);
    ++p->done;
}

/* ---- slots ---- */

/* Gives the slot the next image that needs a network to be attacked. */
static void fill(attack_pass *p, int i) {
    const attack_set *set = p->set;
    attack_slot *slot = &p->slot[i];
    p->busy[i] = 0;
    while (!p->busy[i] && p->next < set->images->count) {
        int image = p->next++;
        if (p->only && !p->only[image]) continue;
        tool_images_read(set->images, image, 1, slot->x);
        slot->image = image;
        slot->label = set->images->label[image];
        slot->epsilon = epsilon_of(set, slot->x);
        slot->errs_clean = set->errs_clean && set->errs_clean[image];
        slot->random = tool_random_seed(set->settings->seed, (uint64_t)image);
        slot->k = slot->wants_gradient = slot->fooled = 0;
        if (p->method->begin(set->settings, slot)) {
            record(p, slot);
        } else {
            p->busy[i] = 1;
        }
    }
}

static int count_busy(const attack_pass *p, int *wanting) {
    int busy = 0;
    *wanting = 0;
    for (int i = 0; i < p->slots; ++i) {
        busy += p->busy[i];
        *wanting += p->busy[i] && p->slot[i].wants_gradient;
    }
    return busy;
}

/* The loss of a slot's r-th function, and its gradient with respect to the logits in row `row`. */
static void aim(attack_pass *p, attack_slot *slot, int r, int row) {
    double value = p->method->loss(slot, r, p->logit_gradient + (size_t)row * (size_t)p->classes);
    if (r == 0) slot->loss = value;
}

/* One pass back for each function, all slots at once. */
static void find_gradients(attack_pass *p) {
    size_t n = (size_t)p->inputs, slots = (size_t)p->slots;
    for (int r = 0; r < p->gradients; ++r) {
        memset(p->logit_gradient, 0, slots * (size_t)p->classes * sizeof(float));
        for (int i = 0; i < p->slots; ++i) {
            attack_slot *slot = &p->slot[i];
            if (!p->busy[i] || !slot->wants_gradient) continue;
            aim(p, slot, r, i);
            slot->gradient[r] = p->gradient + ((size_t)r * slots + (size_t)i) * n;
        }
        tool_model_backward(p->set->model, p->logit_gradient, p->slots, p->gradient + (size_t)r * slots * n);
    }
}

/* The last images leave most slots empty: each has a row of the batch for each of its functions, and one pass is enough. */
static void find_gradients_of_few(attack_pass *p) {
    size_t n = (size_t)p->inputs;
    int row = 0;
    memset(p->logit_gradient, 0, (size_t)p->slots * (size_t)p->classes * sizeof(float));
    for (int i = 0; i < p->slots; ++i) {
        attack_slot *slot = &p->slot[i];
        if (!p->busy[i] || !slot->wants_gradient) continue;
        for (int r = 0; r < p->gradients; ++r, ++row) {
            aim(p, slot, r, row);
            memcpy(p->copies + (size_t)row * n, slot->point, n * sizeof(float));
            slot->gradient[r] = p->gradient + (size_t)row * n;
        }
    }
    tool_model_forward_for_gradient(p->set->model, p->copies, p->slots);
    tool_model_backward(p->set->model, p->logit_gradient, p->slots, p->gradient);
}

static int is_flat(const float *gradient, int n) {
    for (int i = 0; i < n; ++i) {
        if (gradient[i] < 0 || gradient[i] > 0) return 0;
    }
    return 1;
}

/* The network at every slot's point, then each slot's step. */
static void evaluate(attack_pass *p, int wanting) {
    tool_model *model = p->set->model;
    int few = p->copies && wanting * p->gradients <= p->slots;
    if (wanting && !few) {
        tool_model_forward_for_gradient(model, p->points, p->slots);
    } else {
        tool_model_forward(model, p->points, p->slots);
    }
    const float *logits = tool_model_logits(model);
    for (int i = 0; i < p->slots; ++i) {
        p->slot[i].logits = logits + (size_t)i * (size_t)p->classes;
        p->slot[i].decision = tool_argmax(p->slot[i].logits, p->classes);
    }
    if (wanting && few) {
        find_gradients_of_few(p);
    } else if (wanting) {
        find_gradients(p);
    }
    for (int i = 0; i < p->slots; ++i) {
        attack_slot *slot = &p->slot[i];
        if (!p->busy[i]) continue;
        if (slot->wants_gradient && slot->k == 0 && slot->apgd.restart == 0)
            p->result->flat += is_flat(slot->gradient[0], p->inputs);
        if (!p->method->step(p->set->settings, slot)) continue;
        record(p, slot);
        fill(p, i);
    }
}

static void begin_pass(attack_pass *p) {
    size_t n = (size_t)p->inputs, slots = (size_t)p->slots;
    p->slot = lgg_allocate(slots, sizeof *p->slot, "images under attack");
    p->busy = lgg_allocate(slots, 1, "images under attack");
    p->memory = lgg_allocate(slots * (1 + ATTACK_KEPT) * n, sizeof(float), "images under attack");
    p->points = lgg_allocate(slots * n, sizeof(float), "images under attack");
    p->logit_gradient = lgg_allocate(slots * (size_t)p->classes, sizeof(float), "gradients of the logits");
    p->gradient = lgg_allocate((size_t)p->gradients * slots * n, sizeof(float), "gradients");
    if (p->gradients > 1) p->copies = lgg_allocate(slots * n, sizeof(float), "images under attack");
    for (size_t i = 0; i < slots; ++i) {
        attack_slot *slot = &p->slot[i];
        slot->classes = p->classes;
        slot->point = p->points + i * n;
        slot->x = p->memory + i * (1 + ATTACK_KEPT) * n;
        for (size_t j = 0; j < ATTACK_KEPT; ++j)
            slot->kept[j] = slot->x + (1 + j) * n;
    }
}

static void end_pass(attack_pass *p) {
    free(p->slot);
    free(p->busy);
    free(p->memory);
    free(p->points);
    free(p->logit_gradient);
    free(p->gradient);
    free(p->copies);
}

static int count_wanted(const attack_set *set, const char *only) {
    int wanted = 0;
    for (int i = 0; i < set->images->count; ++i)
        wanted += !only || only[i];
    return wanted;
}

attack_result attack_run(const attack_set *set, const attack_method *method, const char *only) {
    int count = set->images->count, classes = tool_model_size(set->model, tool_model_output_layer(set->model)), wanting;
    attack_result result = {.count = count};
    result.fooled = lgg_allocate((size_t)count, 1, "results");
    result.moved = lgg_allocate((size_t)count, 1, "results");
    result.distance = lgg_allocate((size_t)count, sizeof(double), "results");
    attack_pass p = {.set = set, .method = method, .only = only, .result = &result};
    p.slots = tool_model_batch(set->model);
    p.inputs = set->settings->ball.inputs;
    p.classes = classes;
    p.gradients = method->gradients < classes ? method->gradients : classes;
    char what[64];
    snprintf(what, sizeof what, "images, %s", method->name);
    tool_progress progress = tool_progress_begin(what, count_wanted(set, only));
    begin_pass(&p);
    for (int i = 0; i < p.slots; ++i)
        fill(&p, i);
    while (count_busy(&p, &wanting) > 0) {
        int before = p.done;
        evaluate(&p, wanting);
        if (p.done > before) tool_progress_step(&progress, p.done);
    }
    progress.done = p.done;
    tool_progress_end(&progress);
    end_pass(&p);
    return result;
}

/* ---- results ---- */

void attack_result_free(attack_result *result) {
    free(result->fooled);
    free(result->moved);
    free(result->distance);
    *result = (attack_result){0};
}

int attack_count_fooled(const attack_result *result) {
    int fooled = 0;
    for (int i = 0; i < result->count; ++i)
        fooled += result->fooled[i];
    return fooled;
}

static int compare(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void attack_distances(const attack_result *result, double *mean, double *median) {
    double *sorted = lgg_allocate((size_t)result->count, sizeof *sorted, "distances"), sum = 0;
    int n = 0;
    for (int i = 0; i < result->count; ++i) {
        if (!result->moved[i]) continue;
        sorted[n++] = result->distance[i];
        sum += result->distance[i];
    }
    qsort(sorted, (size_t)n, sizeof *sorted, compare);
    *mean = n ? sum / n : NAN;
    *median = n ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : NAN;
    free(sorted);
}
