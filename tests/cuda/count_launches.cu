/* count_launches.cu: how many launches, copies, fills and products of a library an evaluation of a loss takes, at the shapes of the
 * benchmark (tests/gpu/bench_losses.cu). For the emulation, which counts them.
 *
 * Prints lines "launches_NAME N": of the second evaluation, as the first has to tell the device once where everything lies. Ends with 1
 * where there are more than there should be.
 */
#include "lgg_gpu.h"
#include <cuda_runtime.h>
#include <stdio.h>
#include <utility>
#include <vector>

namespace {

constexpr int classes = 10;

struct workload {
    const char *name;
    lgg_kind kind;
    size_t most;
    int k, batch;
    std::vector<int> student, teacher;
};

float *allocate(size_t count) {
    float *memory = nullptr;
    if (cudaMalloc((void **)&memory, count * sizeof(float)) != cudaSuccess) return nullptr;
    cudaMemsetAsync(memory, 0, count * sizeof(float), nullptr);
    return memory;
}

std::vector<lgg_representation> representations(int batch, const std::vector<int> &widths, bool gradients) {
    std::vector<lgg_representation> made;
    for (int d : widths) {
        const size_t count = (size_t)batch * (size_t)d;
        made.push_back({allocate(count), gradients ? allocate(count) : nullptr, d});
    }
    return made;
}

bool count(lgg_device *device, const workload &w) {
    const std::vector<lgg_representation> student = representations(w.batch, w.student, true),
                                          teacher = representations(w.batch, w.teacher, false);
    const float *labels = allocate((size_t)w.batch * classes);
    lgg_options options;
    lgg_loss_gpu *loss;
    lgg_options_default(w.kind, &options);
    options.graph.k = w.k;
    if (lgg_loss_create_gpu(&loss, device, w.kind, &options, (int)w.student.size(), w.batch, classes) != LGG_OK) {
        return false;
    }
    lgg_status status = LGG_OK;
    size_t before = 0;
    for (int run = 0; run < 2 && status == LGG_OK; run++) {
        before = emulation_launches();
        status = lgg_loss_evaluate_gpu(loss, w.batch, labels, student.data(), teacher.data(), -1);
    }
    const size_t launches = emulation_launches() - before;
    printf("launches_%s %zu\n", w.name, launches);
    if (launches > w.most) fprintf(stderr, "FAIL launches: %s takes %zu, at most %zu\n", w.name, launches, w.most);
    lgg_loss_free_gpu(loss);
    return status == LGG_OK && launches <= w.most;
}

} // namespace

int main() {
    const std::vector<int> wrn28_05 = {8192, 4096, 32}, wrn28_1 = {16384, 8192, 64};
    std::vector<int> preact18;
    for (const auto &[layers, d] : {std::pair(5, 65536), std::pair(4, 32768), std::pair(4, 16384), std::pair(4, 8192)})
        preact18.insert(preact18.end(), (size_t)layers, d);
    const workload workloads[] = {
        {"gkd_wrn28", LGG_GKD, 8, 0, 128, wrn28_05, wrn28_1},
        {"gkd_wrn28_k5", LGG_GKD, 8, 5, 128, wrn28_05, wrn28_1},
        {"rkd_distance_wrn28", LGG_RKD_DISTANCE, 8, 0, 128, wrn28_05, wrn28_1},
        {"rkd_angle_wrn28", LGG_RKD_ANGLE, 8, 0, 128, wrn28_05, wrn28_1},
        {"hkd", LGG_HKD, 3, 0, 128, {classes}, {classes}},
        {"label_variation_512", LGG_LABEL_VARIATION, 8, 0, 128, {512}, {}},
        {"smooth_preact18", LGG_SMOOTH, 12, 0, 100, preact18, {}},
    };
    lgg_device *device;
    if (lgg_device_create(&device, nullptr, LGG_PRODUCTS_BEST) != LGG_OK) return 1;
    bool held = true;
    for (const workload &w : workloads)
        held = count(device, w) && held;
    lgg_device_free(device);
    return held ? 0 : 1;
}
