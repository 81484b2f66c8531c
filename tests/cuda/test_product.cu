/* test_product.cu: cosines and squared distances of vectors of 65,536 values, on a GPU or in the emulation, against double precision: their
 * error is what LGG_PRODUCT_ERROR says, by which vertices choose between neighbours that are equally near. The vectors are those whose
 * sums a careless order gets wrong: equal terms, of which each is rounded the same way, and small ones that come after a large one. What
 * one term after the other would make of those is measured, too: it must break the bound, or they would test nothing.
 *
 * One line a kind of vectors and similarity.
 */
#include "lgg_graph_gpu.h"
#include <functional>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <vector>

namespace {

constexpr size_t n = 24, d = 65536;

struct random_numbers {
    uint64_t state;
    float uniform() { /* in [0, 1) */
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (float)(state >> 40) / (float)(1 << 24);
    }
};

struct vectors {
    const char *name;
    bool breaks; /* a sum of one term after the other */
    /* Value t of a vector with numbers a, b of its own. */
    float (*value)(float a, float b, size_t t, random_numbers &random);
};

const vectors kinds[] = {
    {"two values", true, [](float a, float b, size_t t, random_numbers &) { return t % 2 ? b : a; }},
    {"a large one first", true, [](float a, float b, size_t t, random_numbers &) { return t ? b : 300 * a; }},
    {"growing", false, [](float a, float b, size_t t, random_numbers &) { return a + b * (float)t / (float)d; }},
    {"rectified", false,
     [](float a, float b, size_t, random_numbers &random) { return fmaxf(0, (a + b) * random.uniform() - b / 2); }},
    {"of both signs", false,
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

/* S or D (n, n) of x (n, d), as a loss makes them. */
std::vector<float> on_gpu(lgg_device *device, const std::vector<float> &x, bool distances) {
    lgg_options options;
    lgg_graphs graphs = {};
    lgg_arena arena = {};
    std::vector<lgg_vertices> vertices(2);
    std::vector<float> result(n * n, NAN);
    float *x_gpu = nullptr;
    lgg_options_default(LGG_LABEL_VARIATION, &options);
    lgg_graphs_take_gpu(&graphs, &arena, &options, 1, 0, (int)n, distances);
    if (cudaMalloc((void **)&arena.base, arena.used) != cudaSuccess) return result;
    if (cudaMalloc((void **)&x_gpu, x.size() * sizeof(float)) != cudaSuccess) return result;
    arena.used = 0;
    lgg_graphs_take_gpu(&graphs, &arena, &options, 1, 0, (int)n, distances);
    cudaMemcpy(x_gpu, x.data(), x.size() * sizeof(float), cudaMemcpyHostToDevice);
    const lgg_representation representation = {x_gpu, nullptr, (int)d};
    lgg_graphs_forward_gpu(&graphs, &options, device, vertices.data(), (int)n, &representation, nullptr);
    cudaMemcpy(result.data(), distances ? graphs.distance2 : graphs.similarity, result.size() * sizeof(float),
               cudaMemcpyDeviceToHost);
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
            const double error = fabs(value(x_i, x_j, i, j) - exact) / (distances ? exact : 1);
            if (!(error <= largest)) largest = error;
        }
    }
    return largest;
}

bool check(lgg_device *device, const vectors &kind, bool distances) {
    random_numbers random = {12};
    std::vector<float> x(n * d);
    for (size_t i = 0; i < n; i++) {
        const float a = .1f + random.uniform(), b = .1f + random.uniform();
        for (size_t t = 0; t < d; t++)
            x[i * d + t] = kind.value(a, b, t, random);
    }
    const std::vector<float> made = on_gpu(device, x, distances);
    const double bound = LGG_PRODUCT_ERROR,
                 error = worst(x, distances, [&](const float *, const float *, size_t i, size_t j) {
                     return (double)made[i * n + j];
                 });
    const char *what = distances ? "squared distances" : "cosines";
    bool held = error <= bound;
    printf("%s product: %s of 65,536 values, %s: error %.1e of at most %.1e\n", held ? "PASS" : "FAIL", what, kind.name,
           error, bound);
    if (distances || !kind.breaks) return held;
    const std::vector<float> by_library = on_cpu(x);
    const double library_error = worst(
        x, false, [&](const float *, const float *, size_t i, size_t j) { return (double)by_library[i * n + j]; });
    printf("%s product: %s by the C library, %s: error %.1e of at most %.1e\n",
           library_error <= bound ? "PASS" : "FAIL", what, kind.name, library_error, bound);
    held = held && library_error <= bound;
    const double careless =
        worst(x, false, [&](const float *x_i, const float *x_j, size_t, size_t) { return careless_cosine(x_i, x_j); });
    if (careless <= bound) printf("FAIL product: %s are too easy: %.1e\n", kind.name, careless);
    return held && careless > bound;
}

} // namespace

int main() {
    lgg_device *device;
    bool held = true;
    if (lgg_device_create(&device, nullptr, 0) != LGG_OK) {
        printf("FAIL product: no device\n");
        return 1;
    }
    for (const vectors &kind : kinds) {
        held = check(device, kind, false) && held;
        held = check(device, kind, true) && held;
    }
    lgg_device_free(device);
    return held ? 0 : 1;
}
