/* costs_gpu.h: what a training step waits for on the GPU: nothing but the sum of its losses, once everything is enqueued up to the first layer's
 * gradient.
 *
 * The hosts fetch the losses of a [softmax] value by value and wait for them in the middle of a step, and pjreddie/darknet the outputs of the
 * network, too, and for its images to arrive: meanwhile the device runs dry. Here the losses are summed up there, the sum follows
 * into pinned memory, and is read when the backward pass is enqueued, which has no need of it. */
#ifndef COSTS_GPU_H
#define COSTS_GPU_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* To be called once every layer has its functions. Does nothing to a network whose backward pass ends before its first layer. */
void put_around_costs(network *net);

struct underway_cost;
void free_underway_cost(struct underway_cost *cost);

/* A training pass of this thread begins: nobody will look at its outputs. */
void begin_training_pass(void);

#ifdef GPU
/* cuda_pull_array, but for the outputs of a training pass, which is what is asked for first after it has begun. */
void pull_unless_training(float *from_gpu, float *to, size_t n);
#endif

#ifdef __cplusplus
}
#endif

#endif
