/* layer_kernels.cu: see layer_kernels.h. */
#include "layer_kernels.h"
#include <cuda_runtime.h>
#include <stdlib.h>

/* Threads of a block. */
#define LAYER_THREADS 256

static unsigned blocks_of(size_t n) {
    return (unsigned)((n + LAYER_THREADS - 1) / LAYER_THREADS);
}

static __global__ void copy_rows_kernel(size_t count, size_t columns, const float *from, size_t from_stride, float *to,
                                        size_t to_stride) {
    const size_t i = (size_t)blockIdx.x * LAYER_THREADS + threadIdx.x, row = i / columns, column = i % columns;
    if (i < count) to[row * to_stride + column] = from[row * from_stride + column];
}

static __global__ void add_rows_kernel(size_t count, size_t columns, const float *from, size_t from_stride, float *to,
                                       size_t to_stride) {
    const size_t i = (size_t)blockIdx.x * LAYER_THREADS + threadIdx.x, row = i / columns, column = i % columns;
    if (i < count) to[row * to_stride + column] += from[row * from_stride + column];
}

void copy_rows_gpu(size_t rows, size_t columns, const float *from, size_t from_stride, float *to, size_t to_stride,
                   struct CUstream_st *stream) {
    const size_t count = rows * columns;
    copy_rows_kernel<<<blocks_of(count), LAYER_THREADS, 0, stream>>>(count, columns, from, from_stride, to, to_stride);
}

void add_rows_gpu(size_t rows, size_t columns, const float *from, size_t from_stride, float *to, size_t to_stride,
                  struct CUstream_st *stream) {
    const size_t count = rows * columns;
    add_rows_kernel<<<blocks_of(count), LAYER_THREADS, 0, stream>>>(count, columns, from, from_stride, to, to_stride);
}

static __global__ void add_squares_kernel(size_t count, size_t width, size_t stride, float scale, const float *large,
                                          float *small) {
    const size_t i = (size_t)blockIdx.x * LAYER_THREADS + threadIdx.x, row = i / width, column = i % width;
    if (i >= count) return;
    float sum = small[i];
    for (size_t y = row * stride; y < (row + 1) * stride; y++) {
        for (size_t x = column * stride; x < (column + 1) * stride; x++)
            sum += scale * large[y * width * stride + x];
    }
    small[i] = sum;
}

void add_squares_gpu(size_t planes, size_t height, size_t width, size_t stride, float scale, const float *large,
                     float *small, struct CUstream_st *stream) {
    const size_t count = planes * height * width; /* rows of all planes follow one another, in both */
    add_squares_kernel<<<blocks_of(count), LAYER_THREADS, 0, stream>>>(count, width, stride, scale, large, small);
}

/* One block. */
static __global__ void sum_values_kernel(size_t n, const float *values, float *sum) {
    __shared__ double parts[LAYER_THREADS];
    double part = 0;
    for (size_t i = threadIdx.x; i < n; i += LAYER_THREADS)
        part += values[i];
    parts[threadIdx.x] = part;
    __syncthreads();
    for (unsigned half = LAYER_THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) *sum = (float)parts[0];
}

void sum_values_gpu(size_t n, const float *values, float *sum, struct CUstream_st *stream) {
    sum_values_kernel<<<1, LAYER_THREADS, 0, stream>>>(n, values, sum);
}

/* A tensor, and the first of the blocks that deal with it. */
struct placed_tensor {
    learning_tensor tensor;
    unsigned first_block;
};

struct tensor_table {
    placed_tensor *tensors; /* (count) on the device */
    unsigned count, blocks;
};

tensor_table *make_tensor_table(const learning_tensor *tensors, size_t count) {
    tensor_table *table = (tensor_table *)calloc(1, sizeof(tensor_table));
    placed_tensor *placed = (placed_tensor *)calloc(count, sizeof(placed_tensor));
    bool made = table && placed && cudaMalloc((void **)&table->tensors, count * sizeof(placed_tensor)) == cudaSuccess;
    for (size_t t = 0; made && t < count; t++) {
        placed[t].tensor = tensors[t];
        placed[t].first_block = table->blocks;
        table->blocks += blocks_of(tensors[t].n);
    }
    if (made) {
        table->count = (unsigned)count;
        made =
            cudaMemcpy(table->tensors, placed, count * sizeof(placed_tensor), cudaMemcpyHostToDevice) == cudaSuccess &&
            cudaStreamSynchronize(nullptr) == cudaSuccess; /* until then it may be on its way still */
    }
    free(placed);
    if (made) return table;
    free_tensor_table(table);
    return nullptr;
}

void free_tensor_table(tensor_table *table) {
    if (!table) return;
    cudaFree(table->tensors);
    free(table);
}

/* The last of the tensors that begin at this block or before. */
static __device__ const placed_tensor &tensor_of_block(const placed_tensor *tensors, unsigned count) {
    unsigned first = 0, end = count;
    while (end - first > 1) {
        const unsigned middle = (first + end) / 2;
        if (tensors[middle].first_block <= blockIdx.x) {
            first = middle;
        } else {
            end = middle;
        }
    }
    return tensors[first];
}

static __global__ void update_tensors_kernel(const placed_tensor *tensors, unsigned count, update_step step) {
    const placed_tensor &placed = tensor_of_block(tensors, count);
    const learning_tensor &tensor = placed.tensor;
    const size_t i = (size_t)(blockIdx.x - placed.first_block) * LAYER_THREADS + threadIdx.x;
    if (i >= tensor.n) return;
    const float rate = step.rate * tensor.rate_scale / step.loss_scale / (float)step.batch;
    const float shrink = -step.decay * (float)step.batch * step.loss_scale;
    float value = tensor.values[i], update = tensor.updates[i];
    if (tensor.is_mended && !isfinite(update)) update = 0;
    if (tensor.is_mended && !isfinite(value)) value = 1.f / ((float)i + 1);
    if (tensor.decays) update += shrink * value;
    value += rate * update;
    tensor.values[i] = value;
    tensor.updates[i] = update * step.momentum;
}

void update_tensors_gpu(const tensor_table *table, const update_step *step, struct CUstream_st *stream) {
    update_tensors_kernel<<<table->blocks, LAYER_THREADS, 0, stream>>>(table->tensors, table->count, *step);
}
