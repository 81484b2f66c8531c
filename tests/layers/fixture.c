/* fixture.c: small networks from text, for the tests of the layers. */
#include "fixture.h"
#include "../larger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

void report(const char *name, int good, const char *why) {
    if (good) {
        printf("PASS layers, %s\n", name);
    } else {
        printf("FAIL layers, %s: %s\n", name, why);
        ++failures;
    }
    fflush(stdout);
}

int count_failures(void) {
    return failures;
}

void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static float draw(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 24);
}

/* Darknet's own generator of normal numbers keeps one for the next call, whatever the seed. */
static void draw_weights(network *net) {
    unsigned state = 7;
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        int n = l->type == CONNECTED ? l->inputs * l->outputs : l->type == CONVOLUTIONAL ? l->nweights : 0;
        for (int j = 0; j < n; ++j)
            l->weights[j] = draw(&state) - .5f;
    }
}

network *read_text_network(const char *net_options, const char *sections) {
    char text[8192];
    snprintf(text, sizeof text, "[net]\n%s\n%s", net_options, sections);
    write_text("test.cfg", text);
    network *net = parse_network_cfg((char[]){"test.cfg"});
    draw_weights(net);
    return net;
}

void fill_batch(network *net, unsigned seed) {
    for (int i = 0; i < net->inputs * net->batch; ++i)
        net->input[i] = draw(&seed);
    memset(net->truth, 0, (size_t)(net->truths * net->batch) * sizeof(float));
    for (int b = 0; b < net->batch; ++b)
        net->truth[b * net->truths + b % net->truths] = 1;
}

void run_pass(network *net, unsigned seed) {
    fill_batch(net, seed);
    srand(2);
    net->train = 1;
    forward_network(net);
    backward_network(net);
}

float *predict(network *net, unsigned seed) {
    fill_batch(net, seed);
    return network_predict(net, net->input);
}

int same_number(double a, double b) {
    return fabs(a - b) <= 1e-5 * fmax(fabs(a), fabs(b));
}

int same_floats(const float *a, const float *b, int n) {
    double largest = 0, size = 0;
    for (int i = 0; i < n; ++i) {
        largest = larger(largest, fabs((double)a[i] - (double)b[i]));
        size = fmax(size, fabs((double)a[i]));
    }
    return largest <= 1e-5 * size;
}

int same_files(const char *a, const char *b) {
    FILE *first = fopen(a, "rb"), *second = fopen(b, "rb");
    int byte, same = first && second;
    while (same && (byte = fgetc(first)) != EOF)
        same = byte == fgetc(second);
    same = same && fgetc(second) == EOF;
    if (first) fclose(first);
    if (second) fclose(second);
    return same;
}

int run_apart(void (*run)(const char *text), const char *text, char *said, size_t size) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("said.txt", "w", stderr) || !freopen("/dev/null", "w", stdout)) _exit(99);
        run(text);
        exit(EXIT_SUCCESS);
    }
    int status;
    waitpid(child, &status, 0);
    FILE *file = fopen("said.txt", "r");
    size_t length = file ? fread(said, 1, size - 1, file) : 0;
    said[length] = '\0';
    if (file) fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
