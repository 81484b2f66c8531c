/* test_product.cu: cosines and squared distances of vectors of 65,536 values, on a GPU or in the emulation, against double precision: their
 * error is what LGG_PRODUCT_ERROR says, by which vertices choose between neighbours that are equally near. The vectors are those whose
 * sums a careless order gets wrong: equal terms, of which each is rounded the same way, and small ones that come after a large one. What
 * one term after the other would make of those is measured, too, and what factors rounded to TF32 would: it must break the bound, or they
 * would test nothing. Equal vectors have equal cosines, to the bit.
 *
 * One line a kind of vectors and similarity, and of cosines for each way in which products are made.
 */
#include "lgg_graph_gpu.h"
#include "products.h"
#include <functional>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <vector>

namespace {

constexpr size_t n = 24, d = 65536;
constexpr size_t twin = 20; /* from this vector on they are those from the first on again */

struct random_numbers {
    uint64_t state;
    float uniform() { /* in [0, 1) */
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (float)(state >> 40) / (float)(1 << 24);
    }
};

struct vectors {
    const char *name;
    bool breaks; /* a sum of one term after the other, and TF32 */
    bool signs;  /* has both */
    /* Value t of a vector with numbers a, b of its own. */
    float (*value)(float a, float b, size_t t, random_numbers &random);
};

const vectors kinds[] = {
    {"two values", true, false, [](float a, float b, size_t t, random_numbers &) { return t % 2 ? b : a; }},
    {"a large one first", true, false, [](float a, float b, size_t t, random_numbers &) { return t ? b : 300 * a; }},
    {"growing", false, false, [](float a, float b, size_t t, random_numbers &) { return a + b * (float)t / (float)d; }},
    {"rectified", false, false,
     [](float a, float b, size_t, random_numbers &random) { return fmaxf(0, (a + b) * random.uniform() - b / 2); }},
    {"of both signs", false, true,
     [](float a, float, size_t, random_numbers &random) { return a * (2 * random.uniform() - 1); }},
};

double cosine(const float *x, const float *y) {
    double xy = 0, xx = 0, yy = 0;
    for (size_t t = 0; t < d; t++) {
        xy += (double)x[t] * (double)y[t];
        xx += (double)x[t] * (double)x[t];
        yy += (double)y[t] * (double)y[t];
    }
    return xy / sqrt(xx * yy);
}

double distance2(const float *x, const float *y) {
    double sum = 0;
    for (size_t t = 0; t < d; t++)
        sum += ((double)x[t] - (double)y[t]) * ((double)x[t] - (double)y[t]);
    return sum;
}

/* The same, one float32 term after the other. */
double careless_cosine(const float *x, const float *y) {
    float xy = 0, xx = 0, yy = 0;
    for (size_t t = 0; t < d; t++) {
        xy += x[t] * y[t];
        xx += x[t] * x[t];
        yy += y[t] * y[t];
    }
    return (double)xy / sqrt((double)xx * (double)yy);
}

/* Of x and y rounded to TF32, without any other error. */
double tf32_cosine(const float *x, const float *y) {
    std::vector<float> rounded[2];
    for (const float *from : {x, y}) {
        std::vector<float> &to = rounded[from == y];
        for (size_t t = 0; t < d; t++) {
            int exponent;
            const float significand = frexpf(from[t], &exponent);
            to.push_back(ldexpf(roundf(ldexpf(significand, 11)), exponent - 11));
        }
    }
    return cosine(rounded[0].data(), rounded[1].data());
}

/* S or D (n, n) of x (n, d), as a loss makes them. */
std::vector<float> on_gpu(lgg_device *device, const std::vector<float> &x, bool distances) {
    lgg_loss_gpu loss = {};
    lgg_graphs &graphs = loss.graphs;
    lgg_options &options = loss.options;
    lgg_arena arena = {};
    std::vector<lgg_vertices> vertices(2);
    std::vector<float> result(n * n, NAN);
    float *x_gpu = nullptr;
    loss.device = device;
    loss.vertices = vertices.data();
    cudaEventCreateWithFlags(&loss.reported, cudaEventDisableTiming);
    lgg_options_default(LGG_LABEL_VARIATION, &options);
    lgg_graphs_take_gpu(&graphs, &arena, &options, 1, 0, (int)n, distances);
    if (cudaMalloc((void **)&arena.base, arena.used) != cudaSuccess) return result;
    if (cudaMalloc((void **)&x_gpu, x.size() * sizeof(float)) != cudaSuccess) return result;
    arena.used = 0;
    lgg_graphs_take_gpu(&graphs, &arena, &options, 1, 0, (int)n, distances);
    cudaMemcpy(x_gpu, x.data(), x.size() * sizeof(float), cudaMemcpyHostToDevice);
    const lgg_representation representation = {x_gpu, nullptr, (int)d};
    lgg_graphs_forward_gpu(&loss, (int)n, &representation, nullptr);
    cudaMemcpy(result.data(), distances ? graphs.distance2 : graphs.similarity, result.size() * sizeof(float),
               cudaMemcpyDeviceToHost);
    cudaEventDestroy(loss.reported);
    cudaFree(arena.base);
    cudaFree(x_gpu);
    return result;
}

/* S (n, n) by the C library. */
std::vector<float> on_cpu(const std::vector<float> &x) {
    lgg_options options;
    lgg_graph *graph = nullptr;
    std::vector<float> result(n * n, NAN);
    lgg_options_default(LGG_LABEL_VARIATION, &options);
    if (lgg_graph_create(&graph, &options.graph, (int)n) != LGG_OK) return result;
    if (lgg_graph_build(graph, (int)n, (int)d, x.data()) == LGG_OK) {
        const float *adjacency = lgg_graph_adjacency(graph);
        result.assign(adjacency, adjacency + n * n);
    }
    lgg_graph_free(graph);
    return result;
}

/* The largest error of value(x_i, x_j, i, j), relative to the exact value for distances. */
double worst(const std::vector<float> &x, bool distances,
             const std::function<double(const float *, const float *, size_t, size_t)> &value) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            const float *x_i = &x[i * d], *x_j = &x[j * d];
            const double exact = distances ? distance2(x_i, x_j) : cosine(x_i, x_j);
            const double error = fabs(value(x_i, x_j, i, j) - exact) / (distances && exact > 0 ? exact : 1);
            if (!(error <= largest)) largest = error;
        }
    }
    return largest;
}

struct measured {
    const char *what, *by;
    double error;
};

/* Prints a line; whether the bound is held. */
bool holds(const vectors &kind, const measured &m) {
    const double bound = LGG_PRODUCT_ERROR;
    const bool held = m.error <= bound;
    printf("%s product: %s of 65,536 values by %s, %s: error %.2f of at most %.0f FLT_EPSILON\n",
           held ? "PASS" : "FAIL", m.what, m.by, kind.name, m.error / (double)FLT_EPSILON, bound / (double)FLT_EPSILON);
    fflush(stdout);
    return held;
}

/* Whether what is known to be wrong breaks the bound. */
bool breaks(const vectors &kind, const char *what, double error) {
    const bool broken = error > LGG_PRODUCT_ERROR;
    printf("%s product: cosines by %s, %s, would break it: %.0f FLT_EPSILON\n", broken ? "PASS" : "FAIL", what,
           kind.name, error / (double)FLT_EPSILON);
    return broken;
}

/* Whether the matrix is symmetric, and rows of equal vectors are equal: to the bit. */
bool is_symmetric(const std::vector<float> &made) {
    bool same = true;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            same = same && made[i * n + j] == made[j * n + i];
            if (i >= twin && j != i && j != i - twin) same = same && made[i * n + j] == made[(i - twin) * n + j];
        }
    }
    return same;
}

/* S or D by products made in that way: the largest error. */
bool check_products(const vectors &kind, const std::vector<float> &x, bool distances, const products_way &way) {
    const char *what = distances ? "squared distances" : "cosines";
    lgg_device *device;
    if (lgg_device_create(&device, nullptr, way.by) != LGG_OK) return false;
    const std::vector<float> made = on_gpu(device, x, distances);
    lgg_device_free(device);
    const double error =
        worst(x, distances, [&](const float *, const float *, size_t i, size_t j) { return (double)made[i * n + j]; });
    const bool held = holds(kind, {what, way.name, error}), symmetric = is_symmetric(made);
    if (!symmetric) printf("FAIL product: %s by %s, %s: equal vectors have others\n", what, way.name, kind.name);
    return held && symmetric;
}

bool check(const vectors &kind, bool on_tensor_cores) {
    random_numbers random = {12};
    std::vector<float> x(n * d);
    for (size_t i = 0; i < n; i++) {
        const float a = .1f + random.uniform(), b = .1f + random.uniform();
        for (size_t t = 0; t < d; t++)
            x[i * d + t] = i < twin ? kind.value(a, b, t, random) : x[(i - twin) * d + t];
    }
    bool held = check_products(kind, x, true, products_ways[0]);
    for (const products_way &way : products_ways) {
        if (way.by == LGG_PRODUCTS_3XTF32 && !on_tensor_cores) continue;
        held = check_products(kind, x, false, way) && held;
    }
    if (!kind.breaks) return held;
    const std::vector<float> by_library = on_cpu(x);
    const double library_error = worst(
        x, false, [&](const float *, const float *, size_t i, size_t j) { return (double)by_library[i * n + j]; });
    held = holds(kind, {"cosines", "the C library", library_error}) && held;
    const double careless =
        worst(x, false, [&](const float *x_i, const float *x_j, size_t, size_t) { return careless_cosine(x_i, x_j); });
    held = breaks(kind, "one term after the other", careless) && held;
    const double rounded =
        worst(x, false, [&](const float *x_i, const float *x_j, size_t, size_t) { return tf32_cosine(x_i, x_j); });
    return breaks(kind, "TF32 alone", rounded) && held;
}

} // namespace

int main() {
    bool held = true;
    if (!has_products_way(LGG_PRODUCTS_FLOAT32)) {
        printf("FAIL product: no device\n");
        return 1;
    }
    const bool on_tensor_cores = has_tensor_products("product");
    for (const vectors &kind : kinds)
        held = check(kind, on_tensor_cores && (kind.breaks || kind.signs)) && held;
    return held ? 0 : 1;
}
