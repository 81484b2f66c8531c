/* golden_cuda.cu: evaluates golden cases with the CUDA twins, on a GPU or in the emulation; where it has tensor cores, those with cosines by them,
 * too. */
#include "products.h"
extern "C" {
#include "golden.h"
}
#include <cuda_runtime.h>
#include <vector>

namespace {

/* A matrix on the device. */
struct device_matrix {
    float *value = nullptr;
    size_t bytes = 0;
    device_matrix() = default;
    device_matrix(const device_matrix &) = delete;
    ~device_matrix() {
        cudaFree(value);
    }
    bool copy_from(const float *host, size_t count) {
        bytes = count * sizeof(float);
        return cudaMalloc((void **)&value, bytes) == cudaSuccess &&
               cudaMemcpy(value, host, bytes, cudaMemcpyHostToDevice) == cudaSuccess;
    }
    bool copy_to(float *host) const {
        return cudaMemcpy(host, value, bytes, cudaMemcpyDeviceToHost) == cudaSuccess;
    }
};

bool push(device_matrix &to, const golden_matrix &from) {
    return !from.value || to.copy_from(from.value, (size_t)from.rows * (size_t)from.columns);
}

lgg_status evaluate(lgg_device *device, const golden_case *c, const float *labels, const lgg_representation *student,
                    const lgg_representation *teacher, double *value) {
    lgg_loss_gpu *loss;
    lgg_status status = lgg_loss_create_gpu(&loss, device, c->kind, &c->options, c->layers, c->batch, c->classes);
    if (status != LGG_OK) return status;
    status = lgg_loss_evaluate_gpu(loss, c->batch, labels, student, teacher, 1);
    if (status == LGG_OK) status = lgg_loss_read_gpu(loss, value, nullptr, nullptr);
    lgg_loss_free_gpu(loss);
    return status;
}

lgg_status golden_cuda_evaluate(lgg_products_by products, const golden_case *c, double *value, float **gradient) {
    const size_t layers = (size_t)c->layers;
    std::vector<device_matrix> student(layers), teacher(layers), delta(layers);
    std::vector<lgg_representation> students(layers), teachers(layers);
    std::vector<device_matrix> x(layers), dx(layers), taught(layers); /* of vertices that are positions */
    device_matrix labels, position;
    if (c->position && !position.copy_from((const float *)c->position, (size_t)c->batch)) return LGG_ERROR_DEVICE;
    if (!labels.copy_from(c->labels, (size_t)c->batch * (size_t)c->classes)) return LGG_ERROR_DEVICE;
    for (size_t i = 0; i < layers; i++) {
        const size_t count = (size_t)c->student[i].rows * (size_t)c->student[i].columns;
        if (!push(student[i], c->student[i]) || !push(teacher[i], c->teacher[i])) return LGG_ERROR_DEVICE;
        if (!delta[i].copy_from(gradient[i], count)) return LGG_ERROR_DEVICE;
        students[i] = {student[i].value, delta[i].value, c->student[i].columns};
        teachers[i] = {teacher[i].value, nullptr, c->teacher[i].columns};
        if (!c->position) continue;
        const size_t n = (size_t)c->batch * (size_t)c->student_map[i].c,
                     m = (size_t)c->batch * (size_t)c->teacher_map[i].c;
        const std::vector<float> zeros(n > m ? n : m);
        if (!x[i].copy_from(zeros.data(), n) || !dx[i].copy_from(zeros.data(), n) ||
            !taught[i].copy_from(zeros.data(), m))
            return LGG_ERROR_DEVICE;
        lgg_vertices_gather_gpu(nullptr, c->batch, (const int *)position.value, c->grid_h, c->grid_w, c->student_map[i],
                                student[i].value, x[i].value);
        lgg_vertices_gather_gpu(nullptr, c->batch, (const int *)position.value, c->grid_h, c->grid_w, c->teacher_map[i],
                                teacher[i].value, taught[i].value);
        students[i] = {x[i].value, dx[i].value, c->student_map[i].c};
        teachers[i] = {taught[i].value, nullptr, c->teacher_map[i].c};
    }

    lgg_device *device;
    lgg_status status = lgg_device_create(&device, nullptr, products);
    if (status != LGG_OK) return status;
    status = evaluate(device, c, labels.value, students.data(), teachers.data(), value);
    lgg_device_free(device);
    for (size_t i = 0; status == LGG_OK && i < layers; i++) {
        if (c->position)
            status = lgg_vertices_scatter_gpu(nullptr, c->batch, (const int *)position.value, c->grid_h, c->grid_w,
                                              c->student_map[i], dx[i].value, delta[i].value);
        if (!delta[i].copy_to(gradient[i])) status = LGG_ERROR_DEVICE;
    }
    return status;
}

lgg_status evaluate_float32(const golden_case *c, double *value, float **gradient) {
    return golden_cuda_evaluate(LGG_PRODUCTS_FLOAT32, c, value, gradient);
}

lgg_status evaluate_3xtf32(const golden_case *c, double *value, float **gradient) {
    return golden_cuda_evaluate(LGG_PRODUCTS_3XTF32, c, value, gradient);
}

int takes_3xtf32(const golden_case *c) {
    static const bool has = has_products_way(LGG_PRODUCTS_3XTF32);
    return has && loss_has_products(c->kind, c->options);
}

#ifdef EMULATION_CUDA_RUNTIME_H
#define DEVICE "emulated GPU"
#else
#define DEVICE "GPU"
#endif
const golden_backend by_float32 = {DEVICE, "", nullptr, evaluate_float32},
                     by_3xtf32 = {DEVICE, ", 3xTF32", takes_3xtf32, evaluate_3xtf32};

} // namespace

extern "C" const golden_backend *const golden_backends[GOLDEN_MOST_BACKENDS] = {&by_float32, &by_3xtf32};
