/* cuda_runtime.h (test only): as much of CUDA's run time as src/lgg's .cu files use, on the CPU, so that the very same kernels run
 * where there is no GPU.
 *
 * The blocks of a grid run one after another, in random order. The threads of a block are fibers: from one barrier to the next each
 * runs alone, in random order. So whatever a kernel gets right only by luck, a read before the barrier that makes it safe, or
 * a sum whose order is not fixed, differs from run to run; threads that wait at different barriers, or leave while others wait,
 * end the program. "Device" memory starts as NaN and is checked for writes past its end.
 *
 * LGG_EMULATION_SEED=n       another order
 * LGG_SKIP_BARRIER=file:line takes out the __syncthreads...() of that line
 *
 * A launch kernel<<<blocks, threads, shared, stream>>>(...) reaches the compiler as emulate(blocks, threads, shared, stream,
 * kernel)(...): see cuda.mk.
 */
#ifndef EMULATION_CUDA_RUNTIME_H
#define EMULATION_CUDA_RUNTIME_H

#include <functional>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __device__
#define __shared__ static /* one block runs at a time */

struct emulation_index {
    unsigned x;
};
extern emulation_index threadIdx, blockIdx;

/* Waits until every thread of the block has come to this barrier; returns the number of threads whose predicate holds. */
int emulation_barrier(const char *file, int line, bool predicate);
#define __syncthreads() ((void)emulation_barrier(__FILE__, __LINE__, false))
#define __syncthreads_count(predicate) emulation_barrier(__FILE__, __LINE__, predicate)
#define __syncthreads_or(predicate) (emulation_barrier(__FILE__, __LINE__, predicate) != 0)

void emulation_run(unsigned blocks, unsigned threads, const std::function<void()> &kernel);

template <typename Kernel> struct emulation_launch {
    unsigned blocks, threads;
    Kernel kernel;
    template <typename... Arguments> void operator()(Arguments... arguments) const {
        emulation_run(blocks, threads, [&] { kernel(arguments...); });
    }
};

static inline uint32_t __float_as_uint(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double __dmul_rn(double a, double b) {
    return a * b;
}

typedef struct CUstream_st *cudaStream_t;
typedef int cudaEvent_t;
enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaEventDisableTiming };

template <typename Kernel>
emulation_launch<Kernel> emulate(unsigned blocks, unsigned threads, size_t shared, cudaStream_t stream, Kernel kernel) {
    (void)shared;
    (void)stream;
    return {blocks, threads, kernel};
}

cudaError_t cudaMalloc(void **memory, size_t size);
cudaError_t cudaFree(void *memory);
cudaError_t cudaMallocHost(void **memory, size_t size);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemcpy(void *to, const void *from, size_t size, cudaMemcpyKind kind);
cudaError_t cudaMemsetAsync(void *memory, int value, size_t size, cudaStream_t stream);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, int flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaGetLastError();

#endif
