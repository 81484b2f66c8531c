/* training_pass_gpu.h: given by the build (-include) to that file of the host's which pushes a batch to the GPU: it may be made there
 * (gpu_data.h), and a training pass waits for nothing but its losses (costs_gpu.h). */
#ifndef TRAINING_PASS_GPU_H
#define TRAINING_PASS_GPU_H

#ifdef GPU

#ifdef LGG_IS_PJREDDIE
#include "cuda.h"
#else
#include "dark_cuda.h"
#endif
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void push_batch(float *to_gpu, float *from, size_t n);
float *make_batch(float *from, size_t n);
void pull_unless_training(float *from_gpu, float *to, size_t n);

#ifdef __cplusplus
}
#endif

#define cuda_push_array push_batch
#ifdef LGG_IS_PJREDDIE
#define cuda_pull_array pull_unless_training
#else
#define cuda_make_array make_batch
#endif

#endif

#endif
