/* test_cfg.c: the networks of cfg/ are the paper's: numbers of weights as PyTorch counts them, and taps of the sizes that
 * the authors' code taps. Parsed by the patched host itself.
 *
 *   test_cfg DIR      DIR: for a random teacher's weights and copies of the distilling cfg files that name it
 */
#include <darknet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed;

static void check(const char *name, long got, long expected) {
    failed |= got != expected;
    if (got == expected)
        printf("PASS %s\n", name);
    else
        printf("FAIL %s: %ld, expected %ld\n", name, got, expected);
}

/* Weights that PyTorch's networks have as well: biases of convolutions without batch normalization do not count. */
static long count_weights(const network *net) {
    long count = 0;
    for (int i = 0; i < net->n; ++i) {
        const layer *l = net->layers + i;
        if (l->type == CONVOLUTIONAL)
            count += (long)l->n * (l->c / l->groups) * l->size * l->size + (l->batch_normalize ? 2 * l->n : 0);
        if (l->type == CONNECTED) count += (long)l->inputs * l->outputs + l->outputs;
        if (l->type == BATCHNORM) count += 2L * l->c;
    }
    return count;
}

static long rectified(const network *net, int i) {
    return net->layers[i].activation == RELU;
}

/* Parses a copy of cfg/<cfg>.cfg in dir that differs in its batch, 1 to save memory, and in the teacher's weights. */
static network *parse(const char *dir, const char *cfg) {
    char line[512], from[512], to[512];
    snprintf(from, sizeof from, "cfg/%s.cfg", cfg);
    snprintf(to, sizeof to, "%s/%s.cfg", dir, cfg);
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    if (!in || !out) exit(1);
    while (fgets(line, sizeof line, in))
        if (strncmp(line, "teacher_weights=", 16) == 0)
            fprintf(out, "teacher_weights=%s/teacher.weights\n", dir);
        else if (strncmp(line, "batch=", 6) == 0)
            fputs("batch=1\n", out);
        else
            fputs(line, out);
    fclose(in);
    if (fclose(out) != 0) exit(1);
    return parse_network_cfg(to);
}

static void check_weights(const char *dir, const char *cfg, long expected) {
    char name[256];
    network *net = parse(dir, cfg);
    snprintf(name, sizeof name, "cfg_%s_has_%ld_weights", cfg, expected);
    check(name, count_weights(net), expected);
    free_network(net);
}

/* A tap of the WideResNets ends a group: rectified sum of two paths, or the pooling. */
static void check_group_taps(const char *dir, const char *cfg, const int taps[3], const long sizes[3]) {
    char name[256];
    network *net = parse(dir, cfg);
    for (int i = 0; i < 3; ++i) {
        const layer *l = net->layers + taps[i];
        snprintf(name, sizeof name, "cfg_%s_tap_%d_ends_a_group", cfg, taps[i]);
        check(name, i < 2 ? l->type == SHORTCUT && rectified(net, taps[i]) : l->type == AVGPOOL, 1);
        snprintf(name, sizeof name, "cfg_%s_tap_%d_has_%ld_values", cfg, taps[i], sizes[i]);
        check(name, l->outputs, sizes[i]);
    }
    free_network(net);
}

/* PreActResNet18: both ReLUs of the eight blocks and the final one, and no other layer is rectified. */
static void check_preact_taps(const char *dir) {
    static const int taps[] = {2, 3, 7, 8, 12, 13, 19, 20, 24, 25, 31, 32, 36, 37, 43, 44, 47};
    static const int values[] = {65536, 65536, 65536, 65536, 65536, 32768, 32768, 32768, 32768,
                                 16384, 16384, 16384, 16384, 8192,  8192,  8192,  8192};
    network *net = parse(dir, "preact_resnet18");
    int right = 0, all = 0;
    for (int i = 0; i < net->n; ++i)
        all += rectified(net, i) && net->layers[i].type != SOFTMAX;
    for (int i = 0; i < 17; ++i)
        right += rectified(net, taps[i]) && net->layers[taps[i]].outputs == values[i];
    check("cfg_preact_resnet18_taps_are_17_relus_of_the_right_sizes", right, 17);
    check("cfg_preact_resnet18_has_no_other_relu", all, 17);
    free_network(net);
}

/* The network below an LGG section is the one without it, layer by layer. */
static void check_same_network(const char *dir, const char *base, const char *cfg) {
    char name[256];
    network *a = parse(dir, base), *b = parse(dir, cfg);
    int same = 0;
    for (int i = 0; i < a->n && i < b->n; ++i)
        same += a->layers[i].type == b->layers[i].type && a->layers[i].outputs == b->layers[i].outputs;
    snprintf(name, sizeof name, "cfg_%s_is_%s_below_its_section", cfg, base);
    check(name, same, a->n);
    free_network(a);
    free_network(b);
}

int main(int argc, char **argv) {
    static const int teacher_taps[] = {12, 26, 41}, student_taps[] = {14, 28, 43};
    static const long teacher_sizes[] = {16384, 8192, 64}, student_sizes[] = {8192, 4096, 32};
    const char *dir = argc == 2 ? argv[1] : ".";
    char weights[512];
    setvbuf(stdout, NULL, _IOLBF, 0);

    char *base = basecfg("cfg/wrn28-0.5-gkd.cfg");
    check("cfg_weights_are_named_after_the_whole_cfg_file", strcmp(base, "wrn28-0.5-gkd"), 0);
    free(base);
    check_weights(dir, "wrn28-1", 369690);
    check_weights(dir, "wrn28-0.5", 94154);
    check_weights(dir, "resnet18", 11173962);
    check_weights(dir, "preact_resnet18", 11171146);
    check_group_taps(dir, "wrn28-1", teacher_taps, teacher_sizes);
    check_group_taps(dir, "wrn28-0.5", student_taps, student_sizes);
    check_preact_taps(dir);

    network *teacher = parse(dir, "wrn28-1");
    snprintf(weights, sizeof weights, "%s/teacher.weights", dir);
    save_weights(teacher, weights);
    free_network(teacher);
    check_same_network(dir, "wrn28-0.5", "wrn28-0.5-gkd");
    check_same_network(dir, "wrn28-0.5", "wrn28-0.5-rkd");
    check_same_network(dir, "wrn28-0.5", "wrn28-0.5-hkd");
    check_same_network(dir, "preact_resnet18", "preact_resnet18-smooth");
    check_weights(dir, "resnet18-label_variation", 11173962 - 5130 + 32 * 512 + 32);
    return failed;
}
