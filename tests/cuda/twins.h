/* twins.h (test only): a loss by the C library and by its CUDA twin, on a GPU or in the emulation, and how far they are apart. */
#ifndef TWINS_H
#define TWINS_H

#include "lgg_gpu.h"
#include <cuda_runtime.h>
#include <math.h>
#include <string.h>
#include <vector>

namespace twins {

/* Relative, as for golden cases. Both sides compute in float32, over points that are hard on it. */
constexpr double bound = 1e-4;

/* What both sides get. */
struct problem {
    lgg_kind kind;
    lgg_options options;
    int batch, classes;
    float scale;
    bool shared; /* all pairs are of the first student's layer */
    std::vector<float> labels;
    std::vector<std::vector<float>> student, teacher, delta; /* delta: what gradients are added to */
    size_t layers() const {
        return student.size();
    }
    int width(const std::vector<float> &x) const {
        return (int)(x.size() / (size_t)batch);
    }
};

struct result {
    double value = 0, zero_share = 0;
    std::vector<double> sigma;
    std::vector<std::vector<float>> gradient;
};

inline lgg_status on_cpu(const problem &p, result &r) {
    lgg_loss *loss;
    lgg_status status = lgg_loss_create(&loss, p.kind, &p.options, (int)p.layers(), p.batch, p.classes);
    if (status != LGG_OK) return status;
    std::vector<lgg_representation> student, teacher;
    r.gradient = p.delta;
    r.sigma.resize(p.layers());
    for (size_t l = 0; l < p.layers(); l++) {
        const size_t own = p.shared ? 0 : l;
        student.push_back({p.student[own].data(), r.gradient[own].data(), p.width(p.student[own])});
    }
    for (const std::vector<float> &x : p.teacher)
        teacher.push_back({x.data(), nullptr, p.width(x)});
    status = lgg_loss_evaluate(loss, p.batch, p.labels.data(), student.data(), teacher.data(), p.scale, &r.value,
                               r.sigma.data());
    r.zero_share = lgg_loss_zero_share(loss);
    lgg_loss_free(loss);
    return status;
}

inline float *pushed(const std::vector<float> &host) {
    float *memory = nullptr;
    const size_t bytes = host.size() * sizeof(float);
    if (cudaMalloc((void **)&memory, bytes) != cudaSuccess) return nullptr;
    cudaMemcpy(memory, host.data(), bytes, cudaMemcpyHostToDevice);
    return memory;
}

/* The representations and labels of a problem on the device, while it lives. */
struct pushed_problem {
    std::vector<lgg_representation> student, teacher;
    float *labels;
    explicit pushed_problem(const problem &p) : labels(pushed(p.labels)) {
        for (size_t l = 0; l < p.layers(); l++)
            student.push_back({pushed(p.student[l]), pushed(p.delta[l]), p.width(p.student[l])});
        for (const std::vector<float> &x : p.teacher)
            teacher.push_back({pushed(x), nullptr, p.width(x)});
    }
    pushed_problem(const pushed_problem &) = delete;
    ~pushed_problem() {
        for (const auto *all : {&student, &teacher}) {
            for (const lgg_representation &r : *all) {
                cudaFree((void *)r.x);
                cudaFree(r.gradient);
            }
        }
        cudaFree(labels);
    }
};

/* Room for more samples than there are, so that a loss sized for them is used on a partial batch. */
inline lgg_status on_gpu(lgg_device *device, const problem &p, result &r) {
    lgg_loss_gpu *loss;
    lgg_status status = lgg_loss_create_gpu(&loss, device, p.kind, &p.options, (int)p.layers(), p.batch + 3, p.classes);
    if (status != LGG_OK) return status;
    const pushed_problem there(p);
    std::vector<lgg_representation> seen;
    for (size_t l = 0; l < p.layers(); l++)
        seen.push_back(there.student[p.shared ? 0 : l]);
    status = lgg_loss_evaluate_gpu(loss, p.batch, there.labels, seen.data(), there.teacher.data(), p.scale);
    r.gradient = p.delta;
    r.sigma.resize(p.layers());
    if (status == LGG_OK) status = lgg_loss_read_gpu(loss, &r.value, r.sigma.data(), &r.zero_share);
    for (size_t l = 0; l < p.layers(); l++) {
        cudaMemcpy(r.gradient[l].data(), there.student[l].gradient, r.gradient[l].size() * sizeof(float),
                   cudaMemcpyDeviceToHost);
    }
    lgg_loss_free_gpu(loss);
    return status;
}

/* ||a - b|| / ||b - start||: how far a is from b, measured by what was added to start. */
inline double gradient_error(const std::vector<float> &a, const std::vector<float> &b,
                             const std::vector<float> &start) {
    double difference = 0, size = 0;
    for (size_t t = 0; t < a.size(); t++) {
        difference += pow((double)a[t] - (double)b[t], 2);
        size += pow((double)b[t] - (double)start[t], 2);
    }
    return sqrt(difference) / (sqrt(size) + 1e-2);
}

inline double scalar_error(double a, double b) {
    return fabs(a - b) / (fabs(b) + 1e-2);
}

/* The worst relative error of anything in a, b being right; NaN if there is one. */
inline double worst_error(const problem &p, const result &a, const result &b) {
    std::vector<double> errors = {scalar_error(a.value, b.value), scalar_error(a.zero_share, b.zero_share)};
    for (size_t l = 0; l < p.layers(); l++) {
        errors.push_back(scalar_error(a.sigma[l], b.sigma[l]));
        errors.push_back(gradient_error(a.gradient[l], b.gradient[l], p.delta[l]));
    }
    double worst = 0;
    for (double error : errors) {
        if (!(error <= worst)) worst = error;
        if (isnan(worst)) break;
    }
    return worst;
}

inline bool same_bits(const result &a, const result &b) {
    bool same = !memcmp(&a.value, &b.value, sizeof a.value);
    for (size_t l = 0; l < a.gradient.size(); l++) {
        same = same && !memcmp(&a.sigma[l], &b.sigma[l], sizeof(double)) &&
               !memcmp(a.gradient[l].data(), b.gradient[l].data(), a.gradient[l].size() * sizeof(float));
    }
    return same;
}

} // namespace twins

#endif
