/* test_twins.cu: the CUDA twins against the C library, on a GPU or in the emulation, where golden cases do not reach: batches of more
 * than a block's threads and down to one sample, every k, soft labels, zero, coincident and nearly coincident points, gradients
 * that are added to, partial batches; products in float32 and on tensor cores; representations that move; and that two runs agree to the
 * bit.
 *
 * One line a case and way of products. usage: test_twins [-x [NAME] | -large]
 *
 * -x      ends at the first case that fails; of those whose names begin with NAME
 * -large  the cases of the paper's shapes in place of the small ones
 */
#include "products.h"
#include "twins.h"
#include <iterator>
#include <stdint.h>
#include <stdio.h>

namespace {

using namespace twins;

struct twin_case {
    const char *name;
    lgg_kind kind;
    void (*set)(lgg_options &);
    int batch;
    std::vector<int> d;
    int classes = 7;
    bool plain = false;  /* points that are not hard on it: with parallel ones label variation takes another way */
    bool shared = false; /* all pairs are of the first student's layer */
    bool faint = false;  /* edges between classes are of 1e-7, of one-hot labels */
    bool uneven =
        false; /* all samples but one are of one class, and near each other: what is left of large terms counts */
};

const twin_case cases[] = {
    {"hkd", LGG_HKD, [](lgg_options &) {}, 40, {200}},
    {"hkd of equal logits, huge over T", LGG_HKD, [](lgg_options &o) { o.temperature = 1e-15f; }, 40, {200}},
    {"label_variation", LGG_LABEL_VARIATION, [](lgg_options &) {}, 150, {40}},
    {"label_variation of wide points", LGG_LABEL_VARIATION, [](lgg_options &) {}, 70, {2100}},
    {"label_variation of one sample", LGG_LABEL_VARIATION, [](lgg_options &) {}, 1, {3}},
    {"label_variation k=1 power=3", LGG_LABEL_VARIATION, [](lgg_options &o) { o.graph.k = 1, o.power = 3; }, 150, {40}},
    {"label_variation k=B-2 exp",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) { o.graph.k = 148, o.graph.similarity = LGG_EXP, o.graph.alpha = .2f; },
     150,
     {40}},
    {"label_variation of 300 classes", LGG_LABEL_VARIATION, [](lgg_options &o) { o.power = 2; }, 40, {16}, 300},
    {"label_variation of plain points", LGG_LABEL_VARIATION, [](lgg_options &) {}, 70, {2100}, 7, true},
    {"label_variation of plain points and 20 classes",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) { o.power = 2, o.reduction = LGG_SUM; },
     150,
     {2070},
     20,
     true},
    {"label_variation of plain points, most of one class",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) { o.reduction = LGG_SUM; },
     150,
     {2070},
     7,
     true,
     false,
     false,
     true},
    {"label_variation power=2 log of faint edges",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) { o.graph.similarity = LGG_RBF, o.graph.alpha = .5f, o.power = 2, o.reduction = LGG_LOG; },
     150,
     {40},
     7,
     true,
     false,
     true},
    {"smooth power=3 of faint edges",
     LGG_SMOOTH,
     [](lgg_options &o) { o.graph.similarity = LGG_RBF, o.graph.alpha = .5f, o.power = 3; },
     130,
     {40, 30},
     7,
     true,
     false,
     true},
    {"gkd rbf of far points",
     LGG_GKD,
     [](lgg_options &o) { o.graph.similarity = LGG_RBF, o.graph.alpha = 5; },
     135,
     {40},
     7,
     true},
    {"smooth power=3 of plain points", LGG_SMOOTH, [](lgg_options &o) { o.power = 3; }, 130, {17, 2090, 5}, 7, true},
    {"smooth", LGG_SMOOTH, [](lgg_options &) {}, 130, {17, 300, 5}},
    {"smooth k=9 normalize sum power=1",
     LGG_SMOOTH,
     [](lgg_options &o) { o.graph.k = 9, o.graph.normalize = 1, o.reduction = LGG_SUM, o.power = 1; },
     150,
     {33, 9}},
    {"smooth rbf unit",
     LGG_SMOOTH,
     [](lgg_options &o) { o.graph.similarity = LGG_RBF, o.graph.unit = 1, o.graph.alpha = .5f; },
     140,
     {33, 9}},
    {"gkd", LGG_GKD, [](lgg_options &) {}, 150, {200, 3}},
    {"gkd of two samples", LGG_GKD, [](lgg_options &) {}, 2, {5}},
    {"gkd of one layer and two teachers", LGG_GKD, [](lgg_options &) {}, 70, {90, 90}, 7, true, true},
    {"rkd_distance of one layer and three teachers",
     LGG_RKD_DISTANCE,
     [](lgg_options &) {},
     70,
     {90, 90, 90},
     7,
     true,
     true},
    {"gkd k=5 neighbors=teacher frobenius",
     LGG_GKD,
     [](lgg_options &o) { o.graph.k = 5, o.neighbors = LGG_NEIGHBORS_TEACHER, o.distance = LGG_FROBENIUS; },
     150,
     {64}},
    {"gkd edges=inter power=3", LGG_GKD, [](lgg_options &o) { o.edges = LGG_EDGES_INTER, o.power = 3; }, 131, {64}},
    {"gkd edges=intra exp",
     LGG_GKD,
     [](lgg_options &o) { o.edges = LGG_EDGES_INTRA, o.graph.similarity = LGG_EXP, o.graph.alpha = .3f; },
     131,
     {64}},
    {"rkd_distance", LGG_RKD_DISTANCE, [](lgg_options &) {}, 150, {64, 8}},
    {"rkd_distance of one sample", LGG_RKD_DISTANCE, [](lgg_options &) {}, 1, {4}},
    {"rkd_angle", LGG_RKD_ANGLE, [](lgg_options &) {}, 135, {64}},
    {"rkd of similarities", LGG_RKD_SIMILARITY, [](lgg_options &) {}, 150, {64, 8}},
    {"rkd of probabilities", LGG_RKD_PROBABILITY, [](lgg_options &o) { o.reduction = LGG_SUM; }, 135, {64, 5}},
    {"label_variation log_rows normalize",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) {
         o.graph.similarity = LGG_EXP, o.graph.unit = 1, o.graph.normalize = 1, o.reduction = LGG_LOG_ROWS;
     },
     135,
     {40}},
    {"label_variation log, kept edges, alpha of the distances",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) {
         o.graph.similarity = LGG_RBF, o.graph.k = 9, o.graph.alpha_from = LGG_ALPHA_DEVIATION, o.reduction = LGG_LOG;
     },
     150,
     {40}},
    {"gkd alpha of the distances",
     LGG_GKD,
     [](lgg_options &o) { o.graph.similarity = LGG_EXP, o.graph.alpha_from = LGG_ALPHA_DEVIATION; },
     135,
     {64, 20}},
};

/* The paper's shapes: features of WideResNet28-1 at batch 128, of PreActResNet18 at batch 100; and a graph of 4,096 vertices. */
const twin_case large_cases[] = {
    {"hkd", LGG_HKD, [](lgg_options &) {}, 128, {10}},
    {"label_variation", LGG_LABEL_VARIATION, [](lgg_options &) {}, 128, {16384}, 10},
    {"label_variation of plain points", LGG_LABEL_VARIATION, [](lgg_options &) {}, 128, {16384}, 10, true},
    {"label_variation exp unit",
     LGG_LABEL_VARIATION,
     [](lgg_options &o) { o.graph.similarity = LGG_EXP, o.graph.unit = 1; },
     128,
     {16384},
     10},
    {"smooth", LGG_SMOOTH, [](lgg_options &) {}, 100, {65536, 32768}, 10},
    {"smooth of plain points", LGG_SMOOTH, [](lgg_options &) {}, 100, {65536, 32768}, 10, true},
    {"gkd", LGG_GKD, [](lgg_options &) {}, 128, {16384, 64}, 10},
    {"gkd k=5 edges=inter",
     LGG_GKD,
     [](lgg_options &o) { o.graph.k = 5, o.edges = LGG_EDGES_INTER; },
     128,
     {16384},
     10},
    {"gkd of plain points", LGG_GKD, [](lgg_options &) {}, 100, {65536}, 10, true},
    {"rkd_distance", LGG_RKD_DISTANCE, [](lgg_options &) {}, 128, {16384}, 10},
    {"rkd_distance", LGG_RKD_DISTANCE, [](lgg_options &) {}, 100, {65536}, 10},
    {"rkd_angle", LGG_RKD_ANGLE, [](lgg_options &) {}, 128, {16384}, 10},
    {"gkd k=5", LGG_GKD, [](lgg_options &o) { o.graph.k = 5; }, 4096, {64}, 10},
};

/* The same numbers on every machine. */
struct random_numbers {
    uint64_t state;
    float uniform() { /* in [-1, 1) */
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (float)(state >> 40) / (float)(1 << 23) - 1;
    }
};

/* x (n, d), mostly positive, the more so the larger `shift` is, and unless it is plain with the points that losses stumble over: zero
 * vectors, coincident ones, nearly coincident ones. */
std::vector<float> features(random_numbers &random, size_t n, size_t d, bool plain, float shift) {
    std::vector<float> x(n * d);
    for (float &value : x)
        value = random.uniform() + shift;
    if (plain) return x;
    const auto copy = [&](size_t from, size_t to, float noise, float scale_to = 1) {
        for (size_t t = 0; t < d && from < n && to < n; t++)
            x[to * d + t] = scale_to * x[from * d + t] + noise * random.uniform();
    };
    for (size_t t = 0; t < d && n > 12; t++)
        x[11 * d + t] = x[12 * d + t] = 0;
    copy(2, 5, 0);
    copy(2, 129, 0);
    copy(4, 131, 0);
    copy(134, 141, 1e-2f);
    copy(135, 143, 0);
    for (size_t i = 20; i + 1 < n; i += 9)
        copy(i, (i * 7) % n > 12 ? (i * 7) % n : i + 1, 1e-2f);
    /* 140 is near a first point that one thread of a block compares it with, and near a second of a later thread's next turn; 137 is
     * parallel to such two. */
    copy(0, 133, 1e-2f);
    copy(0, 140, 1e-2f);
    copy(1, 130, 1e-3f, 2);
    copy(1, 137, 1e-3f, 3);
    return x;
}

/* Logits so unlike from row to row that exp overflows unless each row's own maximum is taken out. */
void stretch(std::vector<float> &logits, size_t n) {
    for (size_t t = 0; t < logits.size(); t++)
        logits[t] *= 1 + 4000 * (float)(t * n / logits.size() % 3);
}

std::vector<float> one_hot_labels(size_t n, size_t classes) {
    std::vector<float> labels(n * classes);
    for (size_t i = 0; i < n; i++)
        labels[i * classes + i % classes] = 1;
    return labels;
}

/* The first class, but for the last sample. */
std::vector<float> uneven_labels(size_t n, size_t classes) {
    std::vector<float> labels(n * classes);
    for (size_t i = 0; i < n; i++)
        labels[i * classes + (i + 1 == n)] = 1;
    return labels;
}

/* Two logits before all others, the same. */
void lead_equally(std::vector<float> &logits, size_t n) {
    const size_t d = logits.size() / n;
    for (size_t i = 0; i < n; i++)
        logits[i * d] = logits[i * d + 1] = 20000;
}

/* A cluster for each class, so far from the others that the edges between them nearly fade under rbf with alpha .5. */
void draw_apart(std::vector<float> &x, const std::vector<float> &labels, size_t n, size_t classes) {
    const size_t d = x.size() / n;
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < d; t++)
            x[i * d + t] = .2f * x[i * d + t] + (t < classes ? 4 * labels[i * classes + t] : 0);
    }
}

/* Points around 1; the last, whose gradient is many times the others', so far out that theirs are what an error is measured by. */
void bring_near(std::vector<float> &x, size_t n, float shift) {
    for (size_t t = 0; t < x.size(); t++)
        x[t] *= (t * n / x.size() + 1 == n ? 1000 : 1) / shift;
}

/* One-hot rows, every third one soft. */
std::vector<float> soft_labels(random_numbers &random, size_t n, size_t classes) {
    std::vector<float> labels(n * classes);
    for (size_t i = 0; i < n; i++) {
        labels[i * classes + (i * 5) % classes] = i % 3 ? 1 : .75f;
        if (i % 3 == 0) labels[i * classes + (size_t)(fabsf(random.uniform()) * (float)(classes - 1))] += .25f;
    }
    return labels;
}

problem problem_of(const twin_case &c) {
    problem p;
    random_numbers random = {(uint64_t)(c.batch * 31 + c.d[0])};
    const size_t n = (size_t)c.batch;
    p.kind = c.kind;
    p.batch = c.batch;
    p.classes = c.classes;
    p.scale = -3;
    p.shared = c.shared;
    lgg_options_default(c.kind, &p.options);
    c.set(p.options);
    p.labels = c.uneven  ? uneven_labels(n, (size_t)c.classes)
               : c.faint ? one_hot_labels(n, (size_t)c.classes)
                         : soft_labels(random, n, (size_t)c.classes);
    for (int d : c.d) {
        /* Layers unlike each other: the difference of two sigmas that are nearly the same is mostly rounding. */
        const float shift = (c.uneven ? 60 : .3f) + .2f * (float)p.student.size();
        p.student.push_back(features(random, n, (size_t)d, c.plain, shift));
        p.teacher.push_back(features(random, n, (size_t)d, c.plain, shift));
        if (p.options.temperature < 1) lead_equally(p.student.back(), n);
        if (c.faint) draw_apart(p.student.back(), p.labels, n, (size_t)c.classes);
        if (c.uneven) bring_near(p.student.back(), n, shift);
        if (c.kind == LGG_HKD) stretch(p.student.back(), n);
        if (c.kind == LGG_HKD) stretch(p.teacher.back(), n);
        p.delta.push_back(std::vector<float>(n * (size_t)d));
        for (float &value : p.delta.back())
            value = 1e-2f * random.uniform();
    }
    return p;
}

/* Against what the library computes, by products made in one way. */
bool check_products(const twin_case &c, const problem &p, const result &cpu, const products_way &way) {
    lgg_device *device;
    result gpu, again;
    if (lgg_device_create(&device, nullptr, way.by) != LGG_OK || on_gpu(device, p, gpu) != LGG_OK ||
        on_gpu(device, p, again) != LGG_OK) {
        printf("FAIL twins: %s: an error was reported\n", c.name);
        return false;
    }
    lgg_device_free(device);
    const double error = worst_error(p, gpu, cpu);
    const bool repeatable = same_bits(gpu, again), held = error <= bound && repeatable;
    printf("%s twins: %s%s%s, B = %d, d = %d: relative error %.1e%s%s\n", held ? "PASS" : "FAIL", c.name,
           loss_has_products(p.kind, p.options) ? ", " : "", loss_has_products(p.kind, p.options) ? way.name : "",
           c.batch, c.d[0], error, error <= bound ? "" : " (bound 1e-4)", repeatable ? "" : ", two runs differ");
    fflush(stdout);
    return held;
}

bool check(const twin_case &c, bool on_tensor_cores) {
    const problem p = problem_of(c);
    result cpu;
    bool held = true;
    if (on_cpu(p, cpu) != LGG_OK) {
        printf("FAIL twins: %s: the library reports an error\n", c.name);
        return false;
    }
    for (const products_way &way : products_ways) {
        const bool is_other = way.by == LGG_PRODUCTS_3XTF32;
        if (is_other && !(on_tensor_cores && loss_has_products(p.kind, p.options))) continue;
        held = check_products(c, p, cpu, way) && held;
    }
    return held;
}

bool has_gradient(const lgg_representation &r, const std::vector<float> &gradient) {
    std::vector<float> there(gradient.size());
    cudaMemcpy(there.data(), r.gradient, there.size() * sizeof(float), cudaMemcpyDeviceToHost);
    return !memcmp(there.data(), gradient.data(), there.size() * sizeof(float));
}

/* Representations that lie elsewhere each time, asked for while those before may still be worked on. */
bool check_unread() {
    const problem p = problem_of({"gkd", LGG_GKD, [](lgg_options &) {}, 20, {16}});
    const pushed_problem first(p), second(p);
    lgg_device *device = nullptr;
    lgg_loss_gpu *loss = nullptr;
    result alone;
    bool held = lgg_device_create(&device, nullptr, LGG_PRODUCTS_FLOAT32) == LGG_OK &&
                on_gpu(device, p, alone) == LGG_OK &&
                lgg_loss_create_gpu(&loss, device, p.kind, &p.options, 1, p.batch, p.classes) == LGG_OK;
    for (const pushed_problem *asked : {&first, &second}) {
        held = held && lgg_loss_evaluate_gpu(loss, p.batch, asked->labels, asked->student.data(), asked->teacher.data(),
                                             p.scale) == LGG_OK;
    }
    held =
        held && has_gradient(first.student[0], alone.gradient[0]) && has_gradient(second.student[0], alone.gradient[0]);
    lgg_loss_free_gpu(loss);
    lgg_device_free(device);
    printf("%s twins: representations that move before the loss is read\n", held ? "PASS" : "FAIL");
    fflush(stdout);
    return held;
}

} // namespace

int main(int argc, char **argv) {
    const bool stop = argc > 1 && !strcmp(argv[1], "-x"), large = argc > 1 && !strcmp(argv[1], "-large");
    const char *const name = stop && argc > 2 ? argv[2] : "";
    const std::vector<twin_case> checked = large
                                               ? std::vector<twin_case>(std::begin(large_cases), std::end(large_cases))
                                               : std::vector<twin_case>(std::begin(cases), std::end(cases));
    int failed = 0;
    if (!has_products_way(LGG_PRODUCTS_FLOAT32)) {
        printf("FAIL twins: no device\n");
        return 1;
    }
    const bool on_tensor_cores = has_tensor_products("twins");
    if (!stop && !large) failed += !check_unread();
    for (const twin_case &c : checked) {
        if (strncmp(c.name, name, strlen(name))) continue;
        failed += !check(c, on_tensor_cores);
        if (failed && stop) break;
    }
    return failed ? 1 : 0;
}
