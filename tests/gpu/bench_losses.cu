/* bench_losses.cu: each loss on the GPU, forward and backward, beside what the device cannot do without: the larger of its matrix
 * products at the measured sgemm rate, float32's, and its bytes at the measured copy rate. What is timed is right: loss and gradients of that very
 * batch are the C library's.
 *
 * A loss reads each representation twice (the student's; once the teacher's) and reads and writes each gradient once; its
 * products are X X' for every representation and W X for every gradient, none for HKD. Over narrow representations what counts is
 * how long it takes to launch the kernels, and no floor says anything: there are microseconds instead. Prints lines
 * "name value unit", medians of device events; where products are made on tensor cores, those by float32 alone as gpu_NAME_float32. _value_error
 * is the share of the twins' bound; beyond it there is a line FAIL, and the exit status is 1.
 *
 * usage: bench_losses [-small] [NAME...]     NAME: of a loss, as in the lines without gpu_, for some alone; -small: once, at shapes for the
 * emulation
 */
#include "../cuda/products.h"
#include "../cuda/twins.h"
#include <algorithm>
#include <cublas_v2.h>
#include <functional>
#include <stdlib.h>
#include <string>

namespace {

constexpr int classes = 10;

/* How much is measured. */
struct measure {
    int runs, warm_up;
    size_t copied;
    int square;
    int wide;     /* d from which on there is a floor to be compared with */
    int narrower; /* widths are so many times smaller */
    int most;     /* samples of a batch */
};
constexpr measure full = {31, 3, (size_t)256 << 20, 4096, 8192, 1, 4096};
constexpr measure small = {1, 0, (size_t)1 << 20, 128, 32, 256, 40};

[[noreturn]] void fail(const char *what) {
    fprintf(stderr, "bench_losses: %s\n", what);
    exit(1);
}

float *allocate(size_t count) {
    float *memory = nullptr;
    if (cudaMalloc((void **)&memory, count * sizeof(float)) != cudaSuccess) fail("out of device memory");
    return memory;
}

/* (count), non-negative as a rectifier's output is, half of it zero in layer 0. Neighbouring layers are unlike each other, by turns: the sigmas of
 * smoothness go up and down. Never the same numbers twice. */
std::vector<float> representation(size_t count, size_t layer) {
    static unsigned made = 0;
    std::vector<float> x(count);
    const float shift = .1f * (float)(layer % 2) + .01f * (float)layer;
    unsigned state = 12345u + 2654435769u * ++made;
    for (float &value : x) {
        state = state * 1664525u + 1013904223u;
        value = std::max(0.f, shift + (float)((int)(state >> 9) - (1 << 22)) / (float)(1 << 22));
    }
    return x;
}

/* Median milliseconds of what `work` enqueues, between device events. */
double milliseconds(const measure &m, const std::function<void()> &work) {
    std::vector<float> times;
    cudaEvent_t start, end;
    cudaEventCreate(&start);
    cudaEventCreate(&end);
    for (int run = -m.warm_up; run < m.runs; run++) {
        float time = 0;
        cudaEventRecord(start, nullptr);
        work();
        cudaEventRecord(end, nullptr);
        if (cudaEventSynchronize(end) != cudaSuccess) fail("the device reports an error");
        cudaEventElapsedTime(&time, start, end);
        if (run >= 0) times.push_back(time);
    }
    cudaEventDestroy(start);
    cudaEventDestroy(end);
    std::nth_element(times.begin(), times.begin() + m.runs / 2, times.end());
    return (double)times[(size_t)m.runs / 2];
}

struct device_rates {
    double flops, bytes; /* a millisecond */
};

device_rates rates_of(const measure &m) {
    const int side = m.square;
    const std::vector<float> square = representation((size_t)side * (size_t)side, 0);
    float *a = twins::pushed(square), *b = twins::pushed(square), *c = allocate(m.copied / sizeof(float)),
          *d = allocate(m.copied / sizeof(float));
    cublasHandle_t blas;
    if (!a || !b) fail("out of device memory");
    if (cublasCreate(&blas) != CUBLAS_STATUS_SUCCESS) fail("no cuBLAS");
    const float one = 1, zero = 0;
    const double product = milliseconds(m, [&] {
        cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_N, side, side, side, &one, a, side, b, side, &zero, c, side);
    });
    const double copy = milliseconds(m, [&] { cudaMemcpyAsync(d, c, m.copied, cudaMemcpyDeviceToDevice, nullptr); });
    cublasDestroy(blas);
    for (float *memory : {a, b, c, d})
        cudaFree(memory);
    return {2. * side * side * side / product, 2. * (double)m.copied / copy};
}

struct workload {
    const char *name;
    lgg_kind kind;
    int k, batch;
    std::vector<int> student, teacher;
};

/* What the device cannot do without. */
struct demand {
    double flops, bytes;
};

demand demand_of(const twins::problem &p) {
    const double n = p.batch, products = p.kind == LGG_HKD ? 0 : 2 * n;
    demand all = {0, 0};
    for (const std::vector<float> &x : p.student) {
        all.flops += 2 * products * (double)x.size();
        all.bytes += 4. * sizeof(float) * (double)x.size();
    }
    for (const std::vector<float> &x : p.teacher) {
        all.flops += products * (double)x.size();
        all.bytes += sizeof(float) * (double)x.size();
    }
    return all;
}

/* Gradients are added to zeros, and large enough to be compared. */
twins::problem problem_of(const measure &m, const workload &w) {
    twins::problem p = {};
    const size_t n = (size_t)std::min(w.batch, m.most);
    p.kind = w.kind;
    p.batch = (int)n;
    p.classes = classes;
    p.scale = -1e6f;
    lgg_options_default(w.kind, &p.options);
    p.options.graph.k = w.k;
    p.labels.resize(n * classes);
    for (size_t i = 0; i < n; i++)
        p.labels[i * classes + i % classes] = 1;
    const auto width = [&](int d) { return (size_t)std::max(d / m.narrower, std::min(d, classes)); };
    for (size_t l = 0; l < w.student.size(); l++) {
        p.student.push_back(representation(n * width(w.student[l]), l));
        p.delta.push_back(std::vector<float>(p.student[l].size()));
    }
    for (size_t l = 0; l < w.teacher.size(); l++)
        p.teacher.push_back(representation(n * width(w.teacher[l]), l));
    return p;
}

/* Milliseconds of an evaluation, without and with the backward pass. */
struct pass_times {
    double forward, both;
};

pass_times times_of(const measure &m, lgg_device *device, const char *name, const twins::problem &p) {
    const twins::pushed_problem there(p);
    lgg_loss_gpu *loss;
    if (lgg_loss_create_gpu(&loss, device, p.kind, &p.options, (int)p.layers(), p.batch, classes) != LGG_OK) {
        fail("a loss could not be set up");
    }
    /* scale 0 leaves the backward pass out; a tiny one keeps the gradients from growing over the runs */
    const auto time = [&](float scale) {
        return milliseconds(m, [&] {
            const lgg_status status =
                lgg_loss_evaluate_gpu(loss, p.batch, there.labels, there.student.data(), there.teacher.data(), scale);
            if (status == LGG_OK) return;
            fail((std::string(name) + ": " + lgg_status_string(status) + ": " + cudaGetErrorString(cudaGetLastError()))
                     .c_str());
        });
    };
    const pass_times times = {time(0), time(1e-20f)};
    lgg_loss_free_gpu(loss);
    return times;
}

/* A loss by products made in one way, its lines beginning with `name`; `cpu` is what is right. Whether it is. */
bool bench(const measure &m, const device_rates &rates, const std::string &name, const twins::problem &p,
           const twins::result &cpu, lgg_products_by by) {
    lgg_device *device;
    twins::result gpu;
    if (lgg_device_create(&device, nullptr, by) != LGG_OK) fail("no device");
    if (twins::on_gpu(device, p, gpu) != LGG_OK) fail((name + ": an error was reported").c_str());
    const double error = twins::worst_error(p, gpu, cpu) / twins::bound;
    const pass_times times = times_of(m, device, name.c_str(), p);
    lgg_device_free(device);
    int widest = 0;
    for (const std::vector<float> &x : p.student)
        widest = std::max(widest, p.width(x));
    const bool narrow = widest < m.wide, right = error <= 1;
    const double unit = narrow ? 1e3 : 1;
    const char *unit_name = narrow ? "us" : "ms";
    printf("%s %.4g %s\n", name.c_str(), unit * times.both, unit_name);
    printf("%s_forward %.4g %s\n", name.c_str(), unit * times.forward, unit_name);
    printf("%s_backward %.4g %s\n", name.c_str(), unit * (times.both - times.forward), unit_name);
    printf("%s_value_error %.3g of_bound\n", name.c_str(), error);
    if (!right) printf("FAIL %s: what it computes is not what the C library does\n", name.c_str());
    if (by != LGG_PRODUCTS_BEST) return right;
    const demand needs = demand_of(p);
    printf("%s_flops %.4g GFLOP\n", name.c_str(), needs.flops / 1e9);
    printf("%s_bytes %.4g MB\n", name.c_str(), needs.bytes / 1e6);
    const double floor = std::max(needs.flops / rates.flops, needs.bytes / rates.bytes);
    if (!narrow) printf("%s_over_floor %.2f ratio\n", name.c_str(), times.both / floor);
    return right;
}

} // namespace

int main(int argc, char **argv) {
    const std::vector<int> wrn28_05 = {8192, 4096, 32}, wrn28_1 = {16384, 8192, 64};
    std::vector<int> preact18;
    for (const auto &[count, d] : {std::pair(5, 65536), std::pair(4, 32768), std::pair(4, 16384), std::pair(4, 8192)})
        preact18.insert(preact18.end(), (size_t)count, d);
    const workload workloads[] = {
        {"gkd_wrn28", LGG_GKD, 0, 128, wrn28_05, wrn28_1},
        {"gkd_wrn28_k5", LGG_GKD, 5, 128, wrn28_05, wrn28_1},
        {"rkd_distance_wrn28", LGG_RKD_DISTANCE, 0, 128, wrn28_05, wrn28_1},
        {"rkd_angle_wrn28", LGG_RKD_ANGLE, 0, 128, wrn28_05, wrn28_1},
        {"hkd", LGG_HKD, 0, 128, {classes}, {classes}},
        {"label_variation_512", LGG_LABEL_VARIATION, 0, 128, {512}, {}},
        {"label_variation_65536", LGG_LABEL_VARIATION, 0, 128, {65536}, {}},
        {"smooth_preact18", LGG_SMOOTH, 0, 100, preact18, {}},
        {"gkd_b4096", LGG_GKD, 5, 4096, {8192}, {8192}},
    };
    const bool is_small = argc > 1 && !strcmp(argv[1], "-small");
    const measure &m = is_small ? small : full;
    const std::vector<std::string> wanted(argv + 1 + is_small, argv + argc);
    if (!has_products_way(LGG_PRODUCTS_BEST)) fail("no device");
    const bool on_tensor_cores = has_products_way(LGG_PRODUCTS_3XTF32);
    const device_rates rates = rates_of(m);
    bool right = true;
    printf("products are made by %s\n", products_ways[on_tensor_cores].name);
    printf("gpu_sgemm %.4g TFLOP/s\n", rates.flops / 1e9);
    printf("gpu_copy %.4g GB/s\n", rates.bytes / 1e6);
    for (const workload &w : workloads) {
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), w.name) == wanted.end()) continue;
        const twins::problem p = problem_of(m, w);
        const std::string name = std::string("gpu_") + w.name;
        twins::result cpu;
        if (twins::on_cpu(p, cpu) != LGG_OK) fail("the C library reports an error");
        right = bench(m, rates, name, p, cpu, LGG_PRODUCTS_BEST) && right;
        if (!on_tensor_cores || !loss_has_products(p.kind, p.options)) continue;
        right = bench(m, rates, name + "_float32", p, cpu, LGG_PRODUCTS_FLOAT32) && right;
    }
    return right ? 0 : 1;
}
