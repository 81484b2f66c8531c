/* emulated_events.h (test only): device events for the rehearsal of the report, where nothing is timed: an event that was made later
 * takes less. */
#ifndef EMULATED_EVENTS_H
#define EMULATED_EVENTS_H

#include "cuda_runtime.h"

static inline cudaError_t cudaEventCreate(cudaEvent_t *event) {
    return cudaEventCreateWithFlags(event, 0);
}

static inline cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end) {
    (void)end;
    *ms = 10 / (float)start;
    return cudaSuccess;
}

#endif
