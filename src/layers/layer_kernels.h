/* layer_kernels.h: what is done on the device for many samples or many layers at once, where the host launches a kernel for each. */
#ifndef LAYER_KERNELS_H
#define LAYER_KERNELS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct CUstream_st;

/* to (rows, columns; to_stride) = from (rows, columns; from_stride); or += it. */
void copy_rows_gpu(size_t rows, size_t columns, const float *from, size_t from_stride, float *to, size_t to_stride,
                   struct CUstream_st *stream);
void add_rows_gpu(size_t rows, size_t columns, const float *from, size_t from_stride, float *to, size_t to_stride,
                  struct CUstream_st *stream);

/* small (planes, height, width) += scale times the sums of stride by stride values of large (planes, height stride, width stride), each in the same
 * order every time. */
void add_squares_gpu(size_t planes, size_t height, size_t width, size_t stride, float scale, const float *large,
                     float *small, struct CUstream_st *stream);

/* sum (1) = the sum of n values, in double precision and in the same order every time. */
void sum_values_gpu(size_t n, const float *values, float *sum, struct CUstream_st *stream);

/* Values that learn, and what their gradients have summed up to: n of each, on the device. */
typedef struct {
    float *values, *updates;
    size_t n;
    float rate_scale; /* of the layer's learning rate */
    int decays;
    int is_mended; /* first, updates that are no numbers become 0, and values that are none 1 / (1 + their index) */
} learning_tensor;

/* A step of all: the batch is that of all subdivisions, loss_scale a factor that updates carry. */
typedef struct {
    float rate, momentum, decay, loss_scale;
    int batch;
} update_step;

typedef struct tensor_table tensor_table;

/* A table of them on the current device; NULL if there is no memory. Belongs to the caller. */
tensor_table *make_tensor_table(const learning_tensor *tensors, size_t count);
void free_tensor_table(tensor_table *table);

/* For all of them: updates -= decay loss_scale batch values, where it decays; values += rate / loss_scale / batch updates; updates *= momentum.
 * The same to the bit as the host does it, a launch for each. */
void update_tensors_gpu(const tensor_table *table, const update_step *step, struct CUstream_st *stream);

#ifdef __cplusplus
}
#endif

#endif
