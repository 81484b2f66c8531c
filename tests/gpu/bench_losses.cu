/* bench_losses.cu: each loss on the GPU, forward and backward, beside what the device cannot do without: the larger of its matrix
 * products at the measured sgemm rate and its bytes at the measured copy rate.
 *
 * A loss reads each representation twice (the student's; once the teacher's) and reads and writes each gradient once; its
 * products are X X' for every representation and W X for every gradient, none for HKD. Over narrow representations what counts is
 * how long it takes to launch the kernels, and no floor says anything: there are microseconds instead. Prints lines
 * "name value unit", medians of device events.
 */
#include "lgg_gpu.h"
#include <algorithm>
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <functional>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <vector>

namespace {

constexpr int runs = 31, classes = 10;
constexpr size_t copied = (size_t)256 << 20;
constexpr int square = 4096;
constexpr int wide = 8192; /* d from which on there is a floor to be compared with */

[[noreturn]] void fail(const char *what) {
    fprintf(stderr, "bench_losses: %s\n", what);
    exit(1);
}

float *allocate(size_t count) {
    float *memory = nullptr;
    if (cudaMalloc((void **)&memory, count * sizeof(float)) != cudaSuccess) fail("out of device memory");
    return memory;
}

/* (count), non-negative as a rectifier's output is, half of it zero; never the same numbers twice. */
float *representation(size_t count) {
    static unsigned made = 0;
    std::vector<float> x(count);
    unsigned state = 12345u + 2654435769u * ++made;
    for (float &value : x) {
        state = state * 1664525u + 1013904223u;
        const int number = (int)(state >> 9) - (1 << 22);
        value = number > 0 ? (float)number / (float)(1 << 22) : 0;
    }
    float *memory = allocate(count);
    cudaMemcpy(memory, x.data(), count * sizeof(float), cudaMemcpyHostToDevice);
    return memory;
}

/* Median milliseconds of what `work` enqueues, between device events. */
double milliseconds(const std::function<void()> &work) {
    std::vector<float> times;
    cudaEvent_t start, end;
    cudaEventCreate(&start);
    cudaEventCreate(&end);
    for (int run = -3; run < runs; run++) {
        float time = 0;
        cudaEventRecord(start, nullptr);
        work();
        cudaEventRecord(end, nullptr);
        if (cudaEventSynchronize(end) != cudaSuccess) fail("the device reports an error");
        cudaEventElapsedTime(&time, start, end);
        if (run >= 0) times.push_back(time);
    }
    std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
    return (double)times[runs / 2];
}

struct device_rates {
    double flops, bytes; /* a millisecond */
};

device_rates measure() {
    const size_t count = (size_t)square * square;
    float *a = representation(count), *b = representation(count), *c = allocate(copied / sizeof(float)),
          *d = allocate(copied / sizeof(float));
    cublasHandle_t blas;
    if (cublasCreate(&blas) != CUBLAS_STATUS_SUCCESS) fail("no cuBLAS");
    const float one = 1, zero = 0;
    const double product = milliseconds([&] {
        cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_N, square, square, square, &one, a, square, b, square, &zero, c,
                    square);
    });
    const double copy = milliseconds([&] { cudaMemcpyAsync(d, c, copied, cudaMemcpyDeviceToDevice, nullptr); });
    cublasDestroy(blas);
    for (float *memory : {a, b, c, d})
        cudaFree(memory);
    return {2. * square * square * square / product, 2. * (double)copied / copy};
}

struct workload {
    const char *name;
    lgg_kind kind;
    int k, batch;
    std::vector<int> student, teacher;
};

void bench(lgg_device *device, const device_rates &rates, const workload &w) {
    const size_t n = (size_t)w.batch;
    double flops = 0, bytes = 0;
    std::vector<lgg_representation> student, teacher;
    const bool products = w.kind != LGG_HKD;
    for (int d : w.student) {
        student.push_back({representation(n * (size_t)d), representation(n * (size_t)d), d});
        flops += products ? 4. * (double)n * (double)n * d : 0;
        bytes += 4. * sizeof(float) * (double)n * d;
    }
    for (int d : w.teacher) {
        teacher.push_back({representation(n * (size_t)d), nullptr, d});
        flops += products ? 2. * (double)n * (double)n * d : 0;
        bytes += sizeof(float) * (double)n * d;
    }
    std::vector<float> one_hot(n * classes);
    for (size_t i = 0; i < n; i++)
        one_hot[i * classes + i % classes] = 1;
    float *labels = allocate(one_hot.size());
    cudaMemcpy(labels, one_hot.data(), one_hot.size() * sizeof(float), cudaMemcpyHostToDevice);

    lgg_options options;
    lgg_loss_gpu *loss;
    lgg_options_default(w.kind, &options);
    options.graph.k = w.k;
    if (lgg_loss_create_gpu(&loss, device, w.kind, &options, (int)w.student.size(), w.batch, classes) != LGG_OK) {
        fail("a loss could not be set up");
    }
    /* scale 0 leaves the backward pass out; a tiny one keeps the gradients from growing over the runs */
    const auto time = [&](float scale) {
        return milliseconds([&] {
            const lgg_status status =
                lgg_loss_evaluate_gpu(loss, w.batch, labels, student.data(), teacher.data(), scale);
            if (status == LGG_OK) return;
            fail(
                (std::string(w.name) + ": " + lgg_status_string(status) + ": " + cudaGetErrorString(cudaGetLastError()))
                    .c_str());
        });
    };
    const double forward = time(0), both = time(1e-20f), floor = std::max(flops / rates.flops, bytes / rates.bytes);
    const bool narrow = *std::max_element(w.student.begin(), w.student.end()) < wide;
    const double unit = narrow ? 1e3 : 1;
    const char *unit_name = narrow ? "us" : "ms";
    printf("gpu_%s %.4g %s\n", w.name, unit * both, unit_name);
    printf("gpu_%s_forward %.4g %s\n", w.name, unit * forward, unit_name);
    printf("gpu_%s_backward %.4g %s\n", w.name, unit * (both - forward), unit_name);
    printf("gpu_%s_flops %.4g GFLOP\n", w.name, flops / 1e9);
    printf("gpu_%s_bytes %.4g MB\n", w.name, bytes / 1e6);
    if (!narrow) printf("gpu_%s_over_floor %.2f ratio\n", w.name, both / floor);

    lgg_loss_free_gpu(loss);
    for (const lgg_representation &r : student) {
        cudaFree((void *)r.x);
        cudaFree(r.gradient);
    }
    for (const lgg_representation &r : teacher)
        cudaFree((void *)r.x);
    cudaFree(labels);
}

} // namespace

int main() {
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
    lgg_device *device;
    if (lgg_device_create(&device, nullptr, LGG_PRODUCTS_BEST) != LGG_OK) fail("no device");
    const device_rates rates = measure();
    printf("gpu_sgemm %.4g TFLOP/s\n", rates.flops / 1e9);
    printf("gpu_copy %.4g GB/s\n", rates.bytes / 1e6);
    for (const workload &w : workloads)
        bench(device, rates, w);
    lgg_device_free(device);
    return 0;
}
