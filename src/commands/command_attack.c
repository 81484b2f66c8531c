/* command_attack.c: `lgg attack`: error under adversarial noise, by one attack or the worst of several, image by image.
 *
 * The noise of an image stays in a ball, |x' - x| <= epsilon in the infinity norm or the 2-norm, and pixels in [0, 1]. With -snr
 * epsilon is that of noise so many dB below the image: |x| / (sqrt(n) 10^(snr/20)) for its n values under the infinity norm, sqrt(n)
 * times that under the 2-norm. The attacks: tool_attack_steps.c, tool_attack_apgd.c, tool_attack_deepfool.c.
 *
 * Where APGD attacks, two checks tell whether the network hides its gradient instead of being robust (Athalye et al. 2018): APGD must
 * fool no fewer images than FGSM, and random directions none that APGD leaves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "host_image.h"
#include "tool_attack_table.h"

typedef struct {
    const char *method, *loss, *norm, *csv, *save;
    double epsilon, snr, step, overshoot;
    int steps, restarts, draws, batch, test, seed, random_start, check;
    int epsilon_given, snr_given, loss_given, start_given, draws_given, overshoot_given;
} attack_options;

typedef struct {
    const attack_options *options;
    const tool_data *data;
    attack_settings settings;
    attack_set set;
    attack_table table;
    tool_output list;
    int takes_loss; /* an apgd whose loss -loss chooses */
} attack;

/* ---- which attacks ---- */

static void add_method(attack *a, const char *name) {
    char full[32];
    snprintf(full, sizeof full, strcmp(name, "apgd") == 0 ? "%.16s-%.8s" : "%.31s", name, a->options->loss);
    const attack_method *method = attack_find(full);
    a->takes_loss |= strcmp(name, "apgd") == 0;
    if (!method || method == &attack_clean) {
        tool_fail("-method %s: no attack '%s'; there are fgsm, pgd, apgd, apgd-ce, apgd-dlr, deepfool and random",
                  a->options->method, name);
    }
    if (a->table.methods == ATTACK_MOST) tool_fail("-method %s: at most %d attacks", a->options->method, ATTACK_MOST);
    for (int i = 0; i < a->table.methods; ++i) {
        if (a->table.method[i] == method) tool_fail("-method %s: has %s twice", a->options->method, full);
    }
    a->table.method[a->table.methods++] = method;
}

static void choose_methods(attack *a) {
    char **names;
    int count = tool_split(a->options->method, ',', &names);
    for (int i = 0; i < count; ++i) {
        add_method(a, names[i]);
        free(names[i]);
    }
    free(names);
}

static int is_apgd(const attack_method *method) {
    return method == &attack_apgd_ce || method == &attack_apgd_dlr;
}

static int is_deepfool(const attack_method *method) {
    return method == &attack_deepfool;
}

static const attack_result *result_of(const attack *a, const attack_method *method) {
    for (int i = 0; i < a->table.methods; ++i) {
        if (a->table.method[i] == method) return &a->table.result[i];
    }
    return NULL;
}

/* What the field bounds its noise by, where APGD or DeepFool attack and the user says nothing; else that of the paper. */
static void choose_bound(attack *a) {
    const attack_options *o = a->options;
    int field = 0;
    for (int i = 0; i < a->table.methods; ++i)
        field |= is_apgd(a->table.method[i]) || is_deepfool(a->table.method[i]);
    a->set.snr = o->snr;
    a->set.epsilon = o->epsilon_given ? o->epsilon : -1;
    if (field && !o->epsilon_given && !o->snr_given) a->set.epsilon = a->settings.ball.infinite ? 8. / 255 : .5;
}

/* ---- running them ---- */

/* The class stands in the path, as Darknet looks for it; one with a slash, such as /cat/, is a folder. */
static char *image_path(const attack *a, int image, char *path, size_t size) {
    const char *name = a->data->names[a->set.images->label[image]];
    if (strchr(name, '/')) {
        snprintf(path, size, "%s/%.80s/%05d.png", a->options->save, name, image);
    } else {
        snprintf(path, size, "%s/%05d_%.80s.png", a->options->save, image, name);
    }
    return path;
}

/* The folders that images of classes with slashes lie in. */
static void make_folders(const char *path, const char *directory) {
    char *folder = lgg_copy_string(path);
    for (char *slash = strchr(folder + strlen(directory) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        tool_make_directory(folder);
        *slash = '/';
    }
    free(folder);
}

/* The first point that fools is the one that stays. */
static void save_image(void *context, int image, const float *point, int fooled) {
    (void)fooled;
    const attack *a = context;
    if (a->table.worst[image]) return;
    size_t size = strlen(a->options->save) + 128;
    char *path = lgg_allocate(size, 1, "a path");
    make_folders(image_path(a, image, path, size), a->options->save);
    tool_image_write(path, point, a->set.images->w, a->set.images->h, a->set.images->c);
    free(path);
}

/* Whatever is written must not be there: an image that is attacked, or what another run has saved. */
static void refuse_to_replace(const attack *a) {
    const char *directory = a->options->save;
    size_t size = strlen(directory) + 128;
    char *path = lgg_allocate(size, 1, "a path");
    for (int i = -1; i < a->set.images->count; ++i) {
        if (i < 0) snprintf(path, size, "%s/images.list", directory);
        if (i >= 0) image_path(a, i, path, size);
        tool_refuse_input(path);
        if (access(path, F_OK) == 0)
            tool_fail("-save %s: %s is there already; a folder without it would be right", directory, path);
    }
    free(path);
}

static tool_output open_list(const char *directory) {
    size_t size = strlen(directory) + 16;
    char *path = lgg_allocate(size, 1, "a path");
    tool_make_directory(directory);
    snprintf(path, size, "%s/images.list", directory);
    tool_output_check(path);
    tool_output list = tool_output_open(path);
    free(path);
    return list;
}

static void write_list(attack *a) {
    size_t size = strlen(a->options->save) + 128;
    char *path = lgg_allocate(size, 1, "a path");
    for (int i = 0; i < a->set.images->count; ++i)
        fprintf(a->list.file, "%s\n", image_path(a, i, path, size));
    tool_output_commit(&a->list);
    free(path);
}

static void run_attacks(attack *a) {
    int count = a->set.images->count;
    a->table.worst = lgg_allocate((size_t)count, 1, "results");
    if (a->options->save) a->list = open_list(a->options->save);
    a->table.clean = attack_run(&a->set, &attack_clean, NULL);
    a->set.errs_clean = a->table.clean.fooled;
    a->set.context = a;
    if (a->options->save) a->set.found = save_image;
    for (int m = 0; m < a->table.methods; ++m) {
        a->table.result[m] = attack_run(&a->set, a->table.method[m], NULL);
        for (int i = 0; i < count; ++i)
            a->table.worst[i] = a->table.worst[i] || a->table.result[m].fooled[i];
    }
    a->set.found = NULL;
    if (a->options->save) write_list(a);
    for (int i = 0; i < count && a->table.methods > 1; ++i)
        a->table.worst[i] = a->table.worst[i] || a->table.clean.fooled[i];
}

/* ---- does the network hide its gradient? ---- */

static void check_against_fgsm(attack *a, int m) {
    const attack_result *given = result_of(a, &attack_fgsm);
    attack_result own = {0};
    if (!given) own = attack_run(&a->set, &attack_fgsm, NULL);
    int fgsm = attack_count_fooled(given ? given : &own), apgd = attack_count_fooled(&a->table.result[m]);
    printf("check: fgsm fools %d images, %s %d\n", fgsm, a->table.method[m]->name, apgd);
    if (fgsm > apgd) {
        tool_note("warning: one step fools more images (%d) than %s does (%d): the gradient is masked, and the "
                  "accuracy above is no robustness",
                  fgsm, a->table.method[m]->name, apgd);
    }
    attack_result_free(&own);
}

static void check_against_random(attack *a, int m) {
    int count = a->set.images->count, left = 0;
    char *only = lgg_allocate((size_t)count, 1, "results");
    for (int i = 0; i < count; ++i)
        left += only[i] = !a->table.result[m].fooled[i];
    attack_result own = attack_run(&a->set, &attack_random, only);
    int fooled = attack_count_fooled(&own);
    printf("check: %d random directions each fool %d of the %d images that %s leaves\n", a->options->draws, fooled,
           left, a->table.method[m]->name);
    if (fooled > 0) {
        tool_note("warning: random directions, which need no gradient, fool %d images that %s does not: the gradient "
                  "is masked, and the accuracy above is no robustness",
                  fooled, a->table.method[m]->name);
    }
    attack_result_free(&own);
    free(only);
}

static void check_masking(attack *a) {
    for (int m = 0; m < a->table.methods && a->options->check; ++m) {
        if (is_apgd(a->table.method[m])) {
            check_against_fgsm(a, m);
            check_against_random(a, m);
        }
        if (a->table.result[m].flat == 0) continue;
        tool_note("warning: at %d images %s meets a gradient of 0: the gradient is masked there",
                  a->table.result[m].flat, a->table.method[m]->name);
    }
}

/* ---- the command ---- */

static void check_network(const tool_model *model, const tool_data *data, const char *path, const attack *a) {
    tool_model_refuse_detection(model, "attack takes a classifier");
    int outputs = tool_model_size(model, tool_model_output_layer(model));
    if (outputs != data->classes)
        tool_fail("the network has %d outputs, %s has %d classes", outputs, path, data->classes);
    for (int m = 0; m < a->table.methods; ++m) {
        if (a->table.method[m] != &attack_apgd_dlr || outputs >= 3) continue;
        tool_fail("-method %s: the difference of logits ratio takes three classes or more; use apgd-ce",
                  a->options->method);
    }
}

static int uses(const attack *a, int (*is)(const attack_method *)) {
    for (int m = 0; m < a->table.methods; ++m) {
        if (is(a->table.method[m])) return 1;
    }
    return 0;
}

static int is_pgd(const attack_method *method) {
    return method == &attack_pgd;
}

static int starts_at_random(const attack_method *method) {
    return is_pgd(method) || is_apgd(method);
}

static int is_random(const attack_method *method) {
    return method == &attack_random;
}

static int takes_steps(const attack_method *method) {
    return method->steps > 0;
}

static int is_bounded(const attack_method *method) {
    return !method->finds_smallest;
}

/* What would change nothing, or cannot be meant. */
static void check_options(const attack *a) {
    const attack_options *o = a->options;
    if (o->loss_given && !a->takes_loss)
        tool_fail("-loss %s: is for -method apgd alone; apgd-ce and apgd-dlr have theirs", o->loss);
    if (o->restarts > 1 && !uses(a, is_apgd)) tool_fail("-restarts %d: apgd alone has restarts", o->restarts);
    if (o->step > 0 && !uses(a, is_pgd)) tool_fail("-step %g: pgd alone has a step of a given length", o->step);
    if (o->steps > 0 && !uses(a, takes_steps))
        tool_fail("-steps %d: pgd, apgd and deepfool take steps; -method names none of them", o->steps);
    if (o->start_given && !uses(a, starts_at_random))
        tool_fail("-random_start %d: pgd and apgd alone start at random", o->random_start);
    if (o->overshoot_given && !uses(a, is_deepfool)) tool_fail("-overshoot %g: deepfool alone has one", o->overshoot);
    if (o->draws_given && !uses(a, is_random) && !(o->check && uses(a, is_apgd)))
        tool_fail("-draws %d: are of -method random, and of the check of apgd", o->draws);
    if (o->epsilon_given && o->epsilon > 1 && strcmp(o->norm, "inf") == 0 && uses(a, is_bounded))
        tool_fail("-epsilon %g: pixels are 0 to 1; 8/255 would be 8 grey levels", o->epsilon);
}

static void attack_network(attack *a, const char *const file[3]) {
    const attack_options *o = a->options;
    tool_data *data = tool_data_read(file[0]);
    if (!data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    tool_model *model = tool_model_load(file[1], file[2], o->batch);
    check_network(model, data, file[0], a);
    tool_model_prepare_gradient(model);
    int w, h, c;
    tool_model_input_size(model, &w, &h, &c);
    tool_images *test = tool_images_from_list(data->valid, data, w, h, c, o->test);
    a->data = data;
    a->settings = (attack_settings){.ball = {w * h * c, strcmp(o->norm, "inf") == 0},
                                    .steps = o->steps,
                                    .step = o->step,
                                    .restarts = o->restarts,
                                    .random_start = o->random_start,
                                    .draws = o->draws,
                                    .overshoot = o->overshoot,
                                    .seed = (uint64_t)o->seed};
    a->set = (attack_set){.settings = &a->settings, .model = model, .images = test};
    choose_bound(a);
    if (o->save) refuse_to_replace(a);
    a->table.settings = &a->settings;
    a->table.set = &a->set;
    a->table.norm = o->norm;
    run_attacks(a);
    attack_table_print(&a->table);
    attack_table_write(&a->table, o->csv);
    check_masking(a);
    attack_result_free(&a->table.clean);
    for (int m = 0; m < a->table.methods; ++m)
        attack_result_free(&a->table.result[m]);
    free(a->table.worst);
    tool_images_free(test);
    tool_model_free(model);
    tool_data_free(data);
}

int command_attack(int argc, char **argv) {
    attack_options o = {.method = "fgsm",
                        .loss = "ce",
                        .norm = "inf",
                        .snr = 33,
                        .overshoot = .02,
                        .restarts = 1,
                        .draws = 20,
                        .batch = 100,
                        .seed = 1,
                        .random_start = 1,
                        .check = 1};
    const tool_option list[] = {
        {"method", TOOL_STRING, &o.method, 0, 0,
         "attacks, with commas: fgsm, pgd, apgd-ce, apgd-dlr, apgd (with -loss), deepfool, random; of several also the "
         "worst case",
         NULL, NULL},
        {"loss", TOOL_STRING, &o.loss, 0, 0, "of apgd: cross-entropy, or difference of logits ratio", "ce|dlr",
         &o.loss_given},
        {"norm", TOOL_STRING, &o.norm, 0, 0, "that bounds the noise", "inf|2", NULL},
        {"epsilon", TOOL_DOUBLE, &o.epsilon, 0, 1e9,
         "bound of the noise, pixels being 0 to 1, such as 8/255; instead of -snr, and the default for apgd and "
         "deepfool: "
         "8/255, or .5 under the 2-norm",
         NULL, &o.epsilon_given},
        {"snr", TOOL_DOUBLE, &o.snr, -200, 200, "bound of the noise, dB below each image", NULL, &o.snr_given},
        {"steps", TOOL_INT, &o.steps, 0, 100000, "0: pgd 10, apgd 100, deepfool at most 50", NULL, NULL},
        {"step", TOOL_DOUBLE, &o.step, 0, 1e9, "length of a pgd step in epsilons, 0: 2.5 / steps", NULL, NULL},
        {"restarts", TOOL_INT, &o.restarts, 1, 100000, "runs of apgd, each from a start of its own", NULL, NULL},
        {"random_start", TOOL_INT, &o.random_start, 0, 1, "1: pgd and apgd start at random in the ball", NULL,
         &o.start_given},
        {"draws", TOOL_INT, &o.draws, 1, 1000000, "random directions for each image", NULL, &o.draws_given},
        {"overshoot", TOOL_DOUBLE, &o.overshoot, 0, 10, "of deepfool, past the boundary", NULL, &o.overshoot_given},
        {"check", TOOL_INT, &o.check, 0, 1,
         "1: warn where a gradient is 0; where apgd attacks, look whether fgsm or random directions fool more", NULL,
         NULL},
        {"seed", TOOL_INT, &o.seed, 0, 2147483647, "of the random starts and directions", NULL, NULL},
        {"test", TOOL_INT, &o.test, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &o.batch, 1, 100000, "images run at once", NULL, NULL},
        {"save", TOOL_STRING, &o.save, 0, 0,
         "directory for the adversarial images, 8-bit PNG, and their list; it has none of another run", NULL, NULL},
        {"csv", TOOL_STRING, &o.csv, 0, 0, "write the table", NULL, NULL},
    };
    const char *file[3];
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof list[0], file, 3) != 3) {
        tool_fail("usage: ./darknet lgg attack data.cfg net.cfg net.weights [options]; -help lists them");
    }
    if (o.epsilon_given && o.snr_given) tool_fail("-epsilon and -snr both bound the noise; give one");
    tool_csv_check(o.csv);
    attack a = {.options = &o};
    choose_methods(&a);
    check_options(&a);
    attack_network(&a, file);
    return 0;
}
