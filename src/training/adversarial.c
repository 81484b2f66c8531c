/* adversarial.c: see adversarial.h. */
#include "adversarial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "around.h"
#include "network_plan.h"
#include "parameters.h"
#include "random.h"

#define LGG_DEFAULT_EPSILON (8.f / 255)
#define LGG_DEFAULT_STEPS 7
#define LGG_PGD_REACH 2.5f /* lengths of all steps together, in epsilons */

static const char adversarial_memory[] = "adversarial images";

/* One of the arrays that a pass changes, and its copy. */
typedef struct {
    lgg_array array;
    float_buffer copy;
} kept_array;

struct lgg_adversarial_memory {
    /* (B, inputs), which grow where the images do ([net] random) */
    float_buffer images, delta, delta_gpu;
    function_set *functions; /* (layers) of our sections */
    kept_array *kept;
    int kept_count;
};

/* ---- options ---- */

static _Noreturn void refuse(const char *key, const char *value, const char *right) {
    fprintf(stderr, "[net]: %s=%s: must be %s\n", key, value, right);
    exit(EXIT_FAILURE);
}

/* "0.03" or "8/255". */
static float read_epsilon(const char *value) {
    char *end;
    float number = strtof(value, &end);
    if (end != value && *end == '/') number /= strtof(end + 1, &end);
    if (end == value || *end || !lgg_all_finite(&number, 1) || number <= 0 || number > 1)
        refuse("epsilon", value, "a number above 0 to 1, pixels being 0 to 1, such as 8/255");
    return number;
}

static int read_steps(const char *key, const char *value) {
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || *end || number < 1 || number > 1000) refuse(key, value, "a whole number from 1 to 1000");
    return (int)number;
}

/* The option that gives the steps of pgd, and in *value what it says; NULL without one. Under the policies steps and sgdr, `steps` is the
 * hosts' own: where the learning rate changes. */
static const char *find_steps(list *options, const char **value) {
    const char *policy = option_find(options, "policy");
    *value = option_find(options, "adversarial_steps");
    if (*value) return "adversarial_steps";
    if (!policy || (strcmp(policy, "steps") && strcmp(policy, "sgdr"))) *value = option_find(options, "steps");
    return *value ? "steps" : NULL;
}

lgg_adversarial parse_lgg_adversarial(list *options) {
    lgg_adversarial a = {0};
    const char *kind = option_find(options, "adversarial"), *epsilon = option_find(options, "epsilon");
    const char *steps = option_find(options, "adversarial_steps");
    if (!kind) {
        if (epsilon) refuse("epsilon", epsilon, "left out without adversarial=fgsm or pgd");
        if (steps) refuse("adversarial_steps", steps, "left out without adversarial=pgd");
        return a;
    }
    const int pgd = strcmp(kind, "pgd") == 0;
    if (!pgd && strcmp(kind, "fgsm")) refuse("adversarial", kind, "fgsm or pgd");
    if (!pgd && steps) refuse("adversarial_steps", steps, "left out: fgsm takes one step");
    a.epsilon = epsilon ? read_epsilon(epsilon) : LGG_DEFAULT_EPSILON;
    a.random_start = pgd;
    a.steps = pgd ? LGG_DEFAULT_STEPS : 1;
    const char *key = pgd ? find_steps(options, &steps) : NULL;
    if (key) a.steps = read_steps(key, steps);
    return a;
}

static const char *obstacle(layer *l) {
    layer *leaves[HOST_MAX_LEAVES];
    if (host_has_boxes(l)) return "finds objects: adversarial training is for classifiers";
    if (host_stops_gradients(l))
        return "stops gradients (stopbackward or onlyforward), and those of the images are wanted";
    if (l->batch_normalize > 1) return "averages its statistics over iterations (cbn), also those of the attack";
    if (l->type == CROP) return "is a [crop], which has no gradient; crop by pad_crop instead";
    if (host_leaf_layers(l, leaves) > 1)
        return "remembers from image to image: adversarial training is for other networks";
    return NULL;
}

/* What is wrong with the network as a whole; NULL if nothing is. */
static const char *obstacle_of_network(const network *net) {
    if (net->time_steps > 1) return "time_steps: adversarial training is for networks whose images are no sequence";
    return host_has_task_loss(net) ? NULL
                                   : "the network has no loss of its own, such as [softmax], that images could raise";
}

void check_lgg_adversarial(const lgg_adversarial *a, const network *net) {
    const char *of_network = a->steps ? obstacle_of_network(net) : NULL;
    for (int i = 0; i < net->n && a->steps; ++i) {
        const char *why = obstacle(&net->layers[i]);
        if (!why) continue;
        fprintf(stderr, "[net]: adversarial: layer %d %s\n", i, why);
        exit(EXIT_FAILURE);
    }
    if (!of_network) return;
    fprintf(stderr, "[net]: adversarial: %s\n", of_network);
    exit(EXIT_FAILURE);
}

/* ---- what a pass changes ---- */

static void keep(struct lgg_adversarial_memory *m, const lgg_array *array) {
    m->kept = lgg_grow(m->kept, (size_t)m->kept_count + 1, sizeof *m->kept, adversarial_memory);
    m->kept[m->kept_count++] = (kept_array){.array = *array};
}

static void keep_leaf(struct lgg_adversarial_memory *m, const layer *leaf) {
    lgg_array arrays[LGG_MAX_ARRAYS];
    int n = lgg_leaf_updates(leaf, arrays);
    for (int i = 0; i < n; ++i)
        keep(m, &arrays[i]);
    n = lgg_leaf_parameters(leaf, arrays);
    for (int i = 0; i < n; ++i) {
        if (strncmp(arrays[i].name, "rolling", 7) == 0) keep(m, &arrays[i]);
    }
}

static void list_kept(struct lgg_adversarial_memory *m, network *net) {
    layer *leaves[HOST_MAX_LEAVES];
    m->kept_count = 0;
    for (int i = 0; i < net->n; ++i) {
        const int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j)
            keep_leaf(m, leaves[j]);
    }
}

static void copy_array(kept_array *kept, int back) {
    const size_t n = kept->array.n;
#ifdef GPU
    if (kept->array.gpu) {
        float *copy = device_floats_of(&kept->copy, n);
        host_copy_device((int)n, back ? copy : kept->array.gpu, back ? kept->array.gpu : copy);
        return;
    }
#endif
    float *copy = floats_of(&kept->copy, n);
    memcpy(back ? kept->array.cpu : copy, back ? copy : kept->array.cpu, n * sizeof(float));
}

static void pass_over(layer l, host_pass pass) {
    (void)l;
    (void)pass;
}

static void silence_sections(struct lgg_adversarial_memory *m, network *net, int silent) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        function_set *own = &m->functions[i];
        if (l->type != LGG) continue;
        if (silent) *own = (function_set){.forward = l->forward, .backward = l->backward};
        l->forward = silent ? pass_over : own->forward;
        l->backward = silent ? pass_over : own->backward;
#ifdef GPU
        if (silent) own->forward_gpu = l->forward_gpu, own->backward_gpu = l->backward_gpu;
        l->forward_gpu = silent ? pass_over : own->forward_gpu;
        l->backward_gpu = silent ? pass_over : own->backward_gpu;
#endif
    }
}

/* ---- the attack ---- */

static struct lgg_adversarial_memory *make_memory(network *net) {
    struct lgg_adversarial_memory *m = lgg_allocate(1, sizeof *m, adversarial_memory);
    m->functions = lgg_allocate((size_t)net->n, sizeof *m->functions, adversarial_memory);
    list_kept(m, net);
    return m;
}

static void find_delta(struct lgg_adversarial_memory *m, network *net, float *x, float *truth) {
    const size_t n = (size_t)net->inputs * (size_t)net->batch;
    float *delta = floats_of(&m->delta, n), *delta_gpu = NULL;
    memset(delta, 0, n * sizeof *delta);
#ifdef GPU
    if (gpu_index >= 0) {
        delta_gpu = device_floats_of(&m->delta_gpu, n);
        host_fill_device((int)n, 0, delta_gpu);
    }
#endif
    host_train_to_images(net, x, truth, delta, delta_gpu);
#ifdef GPU
    if (delta_gpu) cuda_pull_array(delta_gpu, delta, n);
#endif
}

static float nearest(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

/* Darknet's delta is the negative gradient of the loss. */
static void ascend(const lgg_adversarial *a, float *x, size_t n, float step) {
    const float *image = a->memory->images.memory, *delta = a->memory->delta.memory;
    for (size_t i = 0; i < n; ++i) {
        const float moved = x[i] - step * (float)((delta[i] > 0) - (delta[i] < 0));
        x[i] = nearest(nearest(moved, image[i] - a->epsilon, image[i] + a->epsilon), 0, 1);
    }
}

static void start_at_random(const lgg_adversarial *a, float *x, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const float draw = (float)(2 * (lgg_rand() / (double)RAND_MAX) - 1);
        x[i] = nearest(x[i] + a->epsilon * draw, 0, 1);
    }
}

void make_lgg_adversaries(lgg_adversarial *a, network *net, float *x, float *truth, uint64_t seed, uint64_t position) {
    const size_t n = (size_t)net->inputs * (size_t)net->batch;
    if (!a->memory) a->memory = make_memory(net);
    struct lgg_adversarial_memory *m = a->memory;
    lgg_random_begin(seed, LGG_ADVERSARY, position);
    memcpy(floats_of(&m->images, n), x, n * sizeof *x);
    if (a->random_start) start_at_random(a, x, n);
    for (int i = 0; i < m->kept_count; ++i)
        copy_array(&m->kept[i], 0);
    silence_sections(m, net, 1);
    want_gradient_of_images(net, 1);
    for (int step = 0; step < a->steps; ++step) {
        find_delta(m, net, x, truth);
        ascend(a, x, n, a->random_start ? LGG_PGD_REACH * a->epsilon / (float)a->steps : a->epsilon);
    }
    want_gradient_of_images(net, 0);
    silence_sections(m, net, 0);
    for (int i = 0; i < m->kept_count; ++i)
        copy_array(&m->kept[i], 1);
    lgg_random_end();
}

void free_lgg_adversarial(lgg_adversarial *a) {
    struct lgg_adversarial_memory *m = a->memory;
    if (!m) return;
    for (int i = 0; i < m->kept_count; ++i) {
#ifdef GPU
        if (m->kept[i].array.gpu) {
            cuda_free(m->kept[i].copy.memory);
            continue;
        }
#endif
        free(m->kept[i].copy.memory);
    }
#ifdef GPU
    if (m->delta_gpu.memory) cuda_free(m->delta_gpu.memory);
#endif
    free(m->kept);
    free(m->functions);
    free(m->images.memory);
    free(m->delta.memory);
    free(m);
}
