/* cuda_runtime.h (test only): as much of CUDA's run time as Darknet and src/lgg use, on the CPU, so that the very same kernels run
 * where there is no GPU.
 *
 * The blocks of a grid run one after another, in random order. The threads of a block run in random order too, each alone from one
 * barrier to the next. So whatever a kernel gets right only by luck, a read before the barrier that makes it safe, or
 * a sum whose order is not fixed, differs from run to run; threads that wait at different barriers, or leave while others wait,
 * end the program.
 *
 * Memory is as strict as a GPU's. What is allocated on the device starts as NaN, is NaN again once freed, is checked for writes past
 * its end, and belongs to one of two devices. The program ends when the host's own code touches it, and when a kernel,
 * a copy or a library gets a pointer that is not the current device's, also in a structure, or in a table that is copied asynchronously. What is copied asynchronously to the host is there only after
 * somebody has waited for it.
 *
 * LGG_EMULATION_SEED=n       another order
 * LGG_EMULATION_DEVICES=n    0 or 1 of the devices
 * LGG_EMULATION_DRY=1        kernels and libraries are counted, and do nothing
 * LGG_SKIP_BARRIER=file:line takes out the __syncthreads...() of that line
 *
 * A launch kernel<<<blocks, threads, shared, stream>>>(...) reaches the compiler as emulation_launch_of("kernel",
 * blocks, threads, shared, stream, kernel)(...): see launches.pl.
 */
#ifndef EMULATION_CUDA_RUNTIME_H
#define EMULATION_CUDA_RUNTIME_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CUstream_st *cudaStream_t;
typedef int cudaEvent_t;
typedef enum {
    cudaSuccess,
    cudaErrorMemoryAllocation,
    cudaErrorInvalidConfiguration,
    cudaErrorInvalidDevice
} cudaError_t;
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaEventDisableTiming };

typedef struct dim3 {
    unsigned x, y, z;
#ifdef __cplusplus
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {
    }
#endif
} dim3;

cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaDeviceSynchronize(void);
cudaError_t cudaMalloc(void **memory, size_t size);
cudaError_t cudaFree(void *memory);
cudaError_t cudaMallocHost(void **memory, size_t size);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaMemGetInfo(size_t *available, size_t *total);
cudaError_t cudaMemcpy(void *to, const void *from, size_t size, enum cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, enum cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void *memory, int value, size_t size, cudaStream_t stream);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, int flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaGetLastError(void);
cudaError_t cudaPeekAtLastError(void);
const char *cudaGetErrorString(cudaError_t error);

/* The launches, copies, fills and products of a library so far: what a device is asked to do, one by one. */
size_t emulation_launches(void);

#ifdef __cplusplus
}

/* ---- kernels ---- */

#include <algorithm>
#include <functional>
#include <type_traits>

using std::min;

struct float3 {
    float x, y, z;
};
static inline float3 make_float3(float x, float y, float z) {
    return {x, y, z};
}

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)
#define __shared__ static /* one block runs at a time */

struct emulation_index {
    unsigned x, y, z;
};
extern emulation_index threadIdx, blockIdx, blockDim, gridDim;

/* Waits until every thread of the block has come to this barrier; returns the number of threads whose predicate holds. */
int emulation_barrier(const char *file, int line, bool predicate);
#define __syncthreads() ((void)emulation_barrier(__FILE__, __LINE__, false))
#define __syncthreads_count(predicate) emulation_barrier(__FILE__, __LINE__, predicate)
#define __syncthreads_or(predicate) (emulation_barrier(__FILE__, __LINE__, predicate) != 0)

/* Ends the program unless the current device may work on that memory; NULL is none. */
void emulation_check_argument(const char *kernel, const void *memory);
/* Likewise, if any of these words can be nothing but a pointer to memory of the host's, or of another device. */
void emulation_check_words(const char *who, const void *words, size_t size);
template <typename T> void emulation_check_argument(const char *kernel, const T &argument) {
    if (std::is_class<T>::value) emulation_check_words(kernel, &argument, sizeof argument);
}
template <typename T> void emulation_check_argument(const char *kernel, T *memory) {
    emulation_check_argument(kernel, (const void *)memory);
}

void emulation_run(dim3 blocks, dim3 threads, const std::function<void()> &kernel);

template <typename... Parameters> struct emulation_launch {
    dim3 blocks, threads;
    const char *name;
    void (*kernel)(Parameters...);
    void operator()(Parameters... arguments) const {
        (emulation_check_argument(name, arguments), ...);
        emulation_run(blocks, threads, [&] { kernel(arguments...); });
    }
};

template <typename... Parameters>
emulation_launch<Parameters...> emulation_launch_of(const char *name, dim3 blocks, dim3 threads, size_t, cudaStream_t,
                                                    void (*kernel)(Parameters...)) {
    return {blocks, threads, name, kernel};
}

template <typename... Parameters>
emulation_launch<Parameters...> emulation_launch_of(const char *name, dim3 blocks, dim3 threads,
                                                    void (*kernel)(Parameters...)) {
    return {blocks, threads, name, kernel};
}

static inline float atomicAdd(float *to, float value) {
    const float before = *to;
    *to += value;
    return before;
}

static inline uint32_t __float_as_uint(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float __ldg(const float *value) {
    return *value;
}
static inline double __dmul_rn(double a, double b) {
    return a * b;
}

#endif
#endif
