/* test_tap.cu: the kernels that bring a gradient through a softmax, a logistic layer and a dropout, against their formulas. */
#include "lgg_tap_kernels.h"
#include <cuda_runtime.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <vector>

namespace {

constexpr int batch = 5, stride = 400, size = 333, offset = 41;
constexpr size_t count = batch * stride;
constexpr float temperature = 2.5f, probability = .4f, scale = 1.25f;

std::vector<float> random_values() {
    std::vector<float> values(count);
    for (float &value : values)
        value = (float)rand() / (float)RAND_MAX;
    return values;
}

float *pushed(const std::vector<float> &host) {
    float *memory = nullptr;
    if (cudaMalloc((void **)&memory, count * sizeof(float)) != cudaSuccess) exit(1);
    cudaMemcpy(memory, host.data(), count * sizeof(float), cudaMemcpyHostToDevice);
    return memory;
}

/* Runs `kernels` on copies of p and gradient, and compares the gradient that they leave. */
template <typename Kernels>
int check(const char *name, const std::vector<float> &p, const std::vector<float> &gradient,
          const std::vector<float> &expected, Kernels kernels) {
    float *device_p = pushed(p), *device_gradient = pushed(gradient);
    std::vector<float> result(count);
    double worst = 0;
    kernels(device_p, device_gradient);
    cudaMemcpy(result.data(), device_gradient, count * sizeof(float), cudaMemcpyDeviceToHost);
    for (size_t i = 0; i < count; i++) {
        const double error = fabs((double)result[i] - (double)expected[i]);
        if (!(error <= worst)) worst = error;
    }
    cudaFree(device_p);
    cudaFree(device_gradient);
    printf("%s tap: %s: largest error %.1e\n", worst <= 1e-6 ? "PASS" : "FAIL", name, worst);
    return worst <= 1e-6 ? 0 : 1;
}

std::vector<float> through_softmax(const std::vector<float> &p, std::vector<float> gradient) {
    for (int b = 0; b < batch; b++) {
        const size_t row = (size_t)(b * stride + offset);
        double mean = 0;
        for (size_t i = row; i < row + size; i++)
            mean += (double)p[i] * (double)gradient[i];
        for (size_t i = row; i < row + size; i++)
            gradient[i] = (float)((double)p[i] * ((double)gradient[i] - mean) / (double)temperature);
    }
    return gradient;
}

} // namespace

int main() {
    const std::vector<float> gradient = random_values();
    std::vector<float> p = random_values(), logistic = gradient, dropped = gradient, probabilities = p;
    for (float &value : probabilities)
        value *= 2.f / size;
    for (size_t i = 0; i < count; i++) {
        logistic[i] *= p[i] * (1 - p[i]);
        dropped[i] *= p[i] < probability ? 0 : scale;
    }
    int failed = 0;
    failed += check("softmax", probabilities, gradient, through_softmax(probabilities, gradient),
                    [](const float *x, float *g) {
                        softmax_gradient_gpu(batch, stride, size, temperature, x + offset, g + offset, nullptr);
                    });
    failed += check("logistic", p, gradient, logistic,
                    [](const float *x, float *g) { logistic_gradient_gpu(count, x, g, nullptr); });
    failed += check("dropout", p, gradient, dropped,
                    [](const float *x, float *g) { drop_gradient_gpu(count, x, probability, scale, g, nullptr); });
    failed += check("clear", p, gradient, std::vector<float>(count),
                    [](const float *, float *g) { clear_gradient_gpu(count, g, nullptr); });
    return failed ? 1 : 0;
}
