/* geometry.c: what label variation says of embeddings that are known, and of trained ones: can the loss tell clusters from an even spread?
 *
 *   geometry OUT [NAME EMBEDDING]...     EMBEDDING: what `lgg embed` has written (EMBEDDING.npy, EMBEDDING.csv)
 *
 * For each kernel, vectors of length 1, and batches of 60 images of ten classes, sigma (reduction=mean) of
 *
 *     simplex   every image of a class on its corner of a regular simplex (9 values or more; with fewer: the best that gradient descent finds)
 *     spread    every image in a direction of its own, drawn uniformly
 *     groups    five classes on one point, the others on the opposite one
 *     NAME      a trained embedding
 *
 * and the gain from the spread to the simplex over the slope of the loss at the distance sqrt(2), which is what a step sees: L_spread - L_simplex
 * over -dL/d(distance), for the mean and for its logarithm. Writes OUT.md and OUT.csv. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "tool_embedding.h"
#include "tool_npy.h"

enum { CLASSES = 10, EACH = 6, BATCH = CLASSES * EACH, BATCHES = 20, MOST_TRAINED = 16, NAME = 64 };

static const int sizes[] = {3, 5, 10, 16, 32, 64, 128};
enum { SIZES = sizeof sizes / sizeof *sizes };

typedef struct {
    const char *name;
    lgg_graph_options options;
} kernel;

static const kernel kernels[] = {
    {"cosine", {.similarity = LGG_COSINE, .alpha = 1}},
    {"exp .1", {.similarity = LGG_EXP, .alpha = .1f, .unit = 1}},
    {"exp .25", {.similarity = LGG_EXP, .alpha = .25f, .unit = 1}},
    {"exp 1", {.similarity = LGG_EXP, .alpha = 1, .unit = 1}},
    {"exp 2", {.similarity = LGG_EXP, .alpha = 2, .unit = 1}},
    {"exp 4", {.similarity = LGG_EXP, .alpha = 4, .unit = 1}},
    {"exp 8", {.similarity = LGG_EXP, .alpha = 8, .unit = 1}},
    {"exp auto_size", {.similarity = LGG_EXP, .alpha = 1, .alpha_from = LGG_ALPHA_SIZE, .unit = 1}},
    {"rbf .5", {.similarity = LGG_RBF, .alpha = .5f, .unit = 1}},
    {"rbf 2", {.similarity = LGG_RBF, .alpha = 2, .unit = 1}},
    {"rbf auto_deviation", {.similarity = LGG_RBF, .alpha = 1, .alpha_from = LGG_ALPHA_DEVIATION, .unit = 1}},
};
enum { KERNELS = sizeof kernels / sizeof *kernels };

/* A trained embedding: rows of `d` values and their classes. */
typedef struct {
    char name[NAME];
    tool_npy npy;
    int d;
    long rows;
    int *label; /* (rows) */
} trained;

static float labels[BATCH * CLASSES];

static void check(lgg_status status) {
    if (status != LGG_OK) tool_fail("%s", lgg_status_string(status));
}

/* sigma of a batch x (BATCH, d) of classes in turn. */
static double sigma_of(const kernel *k, const float *x, int d) {
    lgg_graph *graph;
    double sigma;
    check(lgg_graph_create(&graph, &k->options, BATCH));
    check(lgg_graph_build(graph, BATCH, d, x));
    check(lgg_graph_variation(graph, labels, CLASSES, 1, LGG_MEAN, &sigma));
    lgg_graph_free(graph);
    return sigma;
}

/* ---- embeddings that are known ---- */

/* Ten directions as far apart as gradient descent on exp 2 finds them: a regular simplex where there are nine values or more. */
static void find_corners(float *corner, int d) {
    const size_t values = CLASSES * (size_t)d;
    float *gradient = lgg_allocate(values, sizeof *gradient, "a gradient");
    float own[CLASSES * CLASSES] = {0};
    lgg_options options;
    lgg_loss *loss;
    lgg_options_default(LGG_LABEL_VARIATION, &options);
    options.graph = kernels[4].options;
    options.reduction = LGG_LOG;
    for (int c = 0; c < CLASSES; ++c)
        own[c * CLASSES + c] = 1;
    check(lgg_loss_create(&loss, LGG_LABEL_VARIATION, &options, 1, CLASSES, CLASSES));
    tool_random draws = tool_random_seed(1, (uint64_t)d);
    for (size_t t = 0; t < values; ++t)
        corner[t] = (float)tool_random_normal(&draws);
    for (int step = 0; step < 5000; ++step) {
        const lgg_representation x = {corner, gradient, d};
        memset(gradient, 0, values * sizeof *gradient);
        check(lgg_loss_evaluate(loss, CLASSES, own, &x, NULL, 1, NULL, NULL));
        for (size_t t = 0; t < values; ++t)
            corner[t] -= gradient[t];
        for (int c = 0; c < CLASSES; ++c) {
            double square = 0;
            for (int t = 0; t < d; ++t)
                square += (double)corner[c * d + t] * (double)corner[c * d + t];
            for (int t = 0; t < d; ++t)
                corner[c * d + t] = (float)((double)corner[c * d + t] / sqrt(square));
        }
    }
    lgg_loss_free(loss);
    free(gradient);
}

static double sigma_of_simplex(const kernel *k, const float *corner, int d) {
    float *x = lgg_allocate((size_t)BATCH * (size_t)d, sizeof *x, "an embedding");
    for (int i = 0; i < BATCH; ++i)
        memcpy(x + (size_t)i * (size_t)d, corner + (size_t)(i % CLASSES) * (size_t)d, (size_t)d * sizeof *x);
    const double sigma = sigma_of(k, x, d);
    free(x);
    return sigma;
}

static double sigma_of_groups(const kernel *k, int d) {
    float *x = lgg_allocate((size_t)BATCH * (size_t)d, sizeof *x, "an embedding");
    for (int i = 0; i < BATCH; ++i)
        x[i * d] = i % CLASSES < CLASSES / 2 ? 1 : -1;
    const double sigma = sigma_of(k, x, d);
    free(x);
    return sigma;
}

static double sigma_of_spread(const kernel *k, int d) {
    const size_t values = (size_t)BATCH * (size_t)d;
    float *x = lgg_allocate(values, sizeof *x, "an embedding");
    tool_random draws = tool_random_seed(2, (uint64_t)d);
    double sum = 0;
    for (int batch = 0; batch < BATCHES; ++batch) {
        for (size_t t = 0; t < values; ++t)
            x[t] = (float)tool_random_normal(&draws);
        sum += sigma_of(k, x, d);
    }
    free(x);
    return sum / BATCHES;
}

/* ---- trained ones ---- */

static trained open_trained(const char *name, const char *path) {
    trained t = {.d = 0};
    char file[4096], *line = NULL;
    size_t size = 0;
    snprintf(t.name, sizeof t.name, "%s", name);
    snprintf(file, sizeof file, "%s.npy", path);
    t.npy = tool_npy_open(file);
    if (strcmp(t.npy.type, "<f4") != 0 || t.npy.dimensions != 2) tool_fail("%s: should hold rows of floats", file);
    t.rows = t.npy.shape[0];
    t.d = (int)t.npy.shape[1];
    t.label = lgg_allocate((size_t)t.rows, sizeof *t.label, "labels");
    snprintf(file, sizeof file, "%s.csv", path);
    FILE *csv = tool_open_text(file);
    char known[CLASSES][NAME];
    int classes = 0;
    tool_getline(&line, &size, csv);
    for (long i = 0; i < t.rows; ++i) {
        const char *label = NULL, *image;
        if (tool_getline(&line, &size, csv) < 0 || !tool_embedding_split(line, &label, &image))
            tool_fail("%s: has no row %ld", file, i);
        int c = 0;
        while (c < classes && strcmp(known[c], label) != 0)
            ++c;
        if (c == CLASSES) tool_fail("%s: has more than %d classes", file, CLASSES);
        if (c == classes) snprintf(known[classes++], NAME, "%s", label);
        t.label[i] = c;
    }
    free(line);
    fclose(csv);
    return t;
}

/* Batches of the next images of each class; *within and *between: mean distance of two unit vectors of one class, and of two. */
static double sigma_of_trained(const kernel *k, const trained *t, double *within, double *between) {
    const size_t d = (size_t)t->d;
    const float *all = (const float *)(const void *)t->npy.data;
    float *x = lgg_allocate(BATCH * d, sizeof *x, "an embedding");
    long next[CLASSES] = {0};
    double sum = 0, distances[2] = {0, 0}, pairs[2] = {0, 0};
    int batches = 0;
    for (; batches < BATCHES; ++batches) {
        int filled = 0;
        for (int i = 0; i < BATCH; ++i) {
            const int c = i % CLASSES;
            while (next[c] < t->rows && t->label[next[c]] != c)
                ++next[c];
            if (next[c] == t->rows) break;
            memcpy(x + (size_t)i * d, all + (size_t)next[c]++ * d, d * sizeof *x);
            ++filled;
        }
        if (filled < BATCH) break;
        sum += sigma_of(k, x, t->d);
        for (int i = 0; i < BATCH; ++i) {
            for (int j = 0; j < i; ++j) {
                double dot = 0, a = 0, b = 0;
                for (size_t s = 0; s < d; ++s) {
                    const double u = (double)x[(size_t)i * d + s], v = (double)x[(size_t)j * d + s];
                    dot += u * v, a += u * u, b += v * v;
                }
                const int other = i % CLASSES != j % CLASSES;
                distances[other] += a > 0 && b > 0 ? sqrt(fmax(2 - 2 * dot / sqrt(a * b), 0)) : 0;
                ++pairs[other];
            }
        }
    }
    if (batches == 0) tool_fail("%s: has too few images of a class", t->name);
    free(x);
    *within = distances[0] / pairs[0];
    *between = distances[1] / pairs[1];
    return sum / batches;
}

/* ---- the tables ---- */

/* -dS/d(distance) at sqrt(2), or 0 where there is no such number: a cosine is taken as 1 - distance^2 / 2. */
static double slope_of(const kernel *k, int d) {
    const double alpha = k->options.alpha_from == LGG_ALPHA_SIZE ? 1 / sqrt(d) : (double)k->options.alpha,
                 root = sqrt(2);
    if (k->options.alpha_from == LGG_ALPHA_DEVIATION) return 0;
    if (k->options.similarity == LGG_COSINE) return root;
    return k->options.similarity == LGG_EXP ? alpha * exp(-alpha * root) : 2 * alpha * root * exp(-2 * alpha);
}

static void write_known(FILE *md, FILE *csv) {
    fprintf(md, "| values | kernel | σ of the simplex | σ of an even spread | of two opposite groups | gain over "
                "slope, mean | log |\n"
                "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (int s = 0; s < SIZES; ++s) {
        const int d = sizes[s];
        float *corner = lgg_allocate(CLASSES * (size_t)d, sizeof *corner, "corners");
        find_corners(corner, d);
        for (int k = 0; k < KERNELS; ++k) {
            const double simplex = sigma_of_simplex(&kernels[k], corner, d), spread = sigma_of_spread(&kernels[k], d);
            const double slope = slope_of(&kernels[k], d);
            char mean[32] = "", logs[32] = "";
            if (slope > 0) snprintf(mean, sizeof mean, "%.4f", (spread - simplex) / slope);
            if (slope > 0 && simplex > 0) snprintf(logs, sizeof logs, "%.4f", log(spread / simplex) / (slope / spread));
            fprintf(md, "| %d | %s | %.5f | %.5f | %.5f | %s | %s |\n", d, kernels[k].name, simplex, spread,
                    sigma_of_groups(&kernels[k], d), mean, logs);
            fprintf(csv, "simplex,%d,%s,%.7g\nspread,%d,%s,%.7g\n", d, kernels[k].name, simplex, d, kernels[k].name,
                    spread);
        }
        free(corner);
    }
}

static void write_trained(FILE *md, FILE *csv, const trained *all, int count) {
    fprintf(md, "\n| trained | values | distance within a class | between | kernel | σ | of the way from the spread to "
                "the simplex, %% |\n"
                "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < count; ++i) {
        const int d = all[i].d;
        float *corner = lgg_allocate(CLASSES * (size_t)d, sizeof *corner, "corners");
        find_corners(corner, d);
        for (int k = 0; k < KERNELS; ++k) {
            double within, between;
            const double sigma = sigma_of_trained(&kernels[k], &all[i], &within, &between);
            const double simplex = sigma_of_simplex(&kernels[k], corner, d), spread = sigma_of_spread(&kernels[k], d);
            fprintf(md, "| %s | %d | %.4f | %.4f | %s | %.5f | %.1f |\n", all[i].name, d, within, between,
                    kernels[k].name, sigma, 100 * (spread - sigma) / (spread - simplex));
            fprintf(csv, "%s,%d,%s,%.7g\n", all[i].name, d, kernels[k].name, sigma);
        }
        free(corner);
    }
}

int main(int argc, char **argv) {
    static trained all[MOST_TRAINED];
    char path[4096];
    tool_set_command("geometry", "OUT [NAME EMBEDDING]...");
    if (argc < 2 || argc % 2 || argc / 2 - 1 > MOST_TRAINED)
        tool_fail("takes OUT and up to %d pairs NAME EMBEDDING", MOST_TRAINED);
    const int count = argc / 2 - 1;
    for (int i = 0; i < count; ++i)
        all[i] = open_trained(argv[2 + 2 * i], argv[3 + 2 * i]);
    for (int i = 0; i < BATCH; ++i)
        labels[i * CLASSES + i % CLASSES] = 1;
    snprintf(path, sizeof path, "%s.md", argv[1]);
    tool_output md = tool_output_open(path);
    snprintf(path, sizeof path, "%s.csv", argv[1]);
    tool_output csv = tool_output_open(path);
    fprintf(md.file,
            "# What label variation can tell\n\nWritten by `make geometry` (experiments/paper/geometry.c): σ "
            "(reduction=mean) of batches of %d images "
            "of ten classes, vectors of length 1. Gain over slope: by how much the loss falls from the spread to the "
            "simplex, over its slope at the "
            "distance √2.\n\n",
            BATCH);
    fprintf(csv.file, "embedding,values,kernel,sigma\n");
    write_known(md.file, csv.file);
    if (count) write_trained(md.file, csv.file, all, count);
    tool_output_commit(&md);
    tool_output_commit(&csv);
    for (int i = 0; i < count; ++i) {
        tool_npy_close(&all[i].npy);
        free(all[i].label);
    }
    return 0;
}
