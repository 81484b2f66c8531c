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
 * a copy or a library gets a pointer that is not the current device's, also in a structure, or in a table of them that is copied asynchronously. What is
 * copied asynchronously to the host is there only after somebody has waited for it. Streams are as strict (queues.h): the program ends when memory
 * is worked on by one stream while another may still be working on it, although all runs in one order here.
 *
 * The threads of a warp exchange values in the same way: each comes to the exchange alone, and none goes on before all that have not ended are
 * there. There are no tensor cores for libraries, and so this is CUDA 9; our own kernels may have some (tensor_cores.h).
 *
 * LGG_EMULATION_SEED=n       another order
 * LGG_EMULATION_DEVICES=n    0 or 1 of the devices
 * LGG_EMULATION_BYTES=n      the memory of a device, which is else 8 GB
 * LGG_EMULATION_FREE=n       what others have left of it
 * LGG_EMULATION_NAME=text    the name of the first device, which is else emulation; the second's goes on with II
 * LGG_EMULATION_PAGEABLE=1   devices read memory that is not pinned by themselves, while the host goes on
 * LGG_EMULATION_PTX=80       what kernels are compiled for, which is else 70: from 80 on they use tensor cores
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

#define CUDART_VERSION 9000

typedef struct CUstream_st *cudaStream_t;
typedef int cudaEvent_t;
typedef int cudaGraph_t;
typedef int cudaGraphExec_t;
typedef enum cudaError {
    cudaSuccess,
    cudaErrorMemoryAllocation,
    cudaErrorInvalidConfiguration,
    cudaErrorInvalidDevice,
    cudaErrorNotSupported
} cudaError_t;
enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault
};
enum {
    cudaEventDisableTiming = 2,
    cudaStreamNonBlocking = 1,
    cudaHostRegisterMapped = 2,
    cudaStreamCaptureModeGlobal = 0
};
enum { cudaDeviceScheduleBlockingSync = 4 };

enum cudaDeviceAttr { cudaDevAttrPageableMemoryAccessUsesHostPageTables = 100 };

struct cudaDeviceProp {
    char name[256];
    int major, minor;
};

struct cudaFuncAttributes {
    int ptxVersion;
};

typedef struct dim3 {
    unsigned x, y, z;
#ifdef __cplusplus
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {
    }
#endif
} dim3;

cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device);
/* 1 with LGG_EMULATION_PAGEABLE: then asynchronous copies to the device read memory that is not pinned until the host has waited for them, and who
 * has changed it by then has made a mistake. */
cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device);
cudaError_t cudaSetDeviceFlags(unsigned flags);
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaDeviceSynchronize(void);
cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
/* Graphs are not supported. */
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, int mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *instance, cudaGraph_t graph, void *node, char *log, size_t size);
cudaError_t cudaGraphLaunch(cudaGraphExec_t instance, cudaStream_t stream);
cudaError_t cudaMalloc(void **memory, size_t size);
cudaError_t cudaFree(void *memory);
cudaError_t cudaMallocHost(void **memory, size_t size);
cudaError_t cudaHostAlloc(void **memory, size_t size, unsigned flags);
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
/* How often the host has waited for a device: synchronizations of devices, streams and events, and copies that are not asynchronous. */
size_t emulation_waits(void);

#ifdef __cplusplus
}

template <typename T> cudaError_t cudaMalloc(T **memory, size_t size) {
    return cudaMalloc((void **)memory, size);
}
cudaError_t emulation_function_attributes(struct cudaFuncAttributes *attributes);
template <typename T> cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, T *) {
    return emulation_function_attributes(attributes);
}

template <typename T> cudaError_t cudaHostAlloc(T **memory, size_t size, unsigned flags) {
    return cudaHostAlloc((void **)memory, size, flags);
}

/* ---- kernels ---- */

#include <algorithm>
#include <functional>
#include <type_traits>

using std::max;
using std::min;

struct float3 {
    float x, y, z;
};
static inline float3 make_float3(float x, float y, float z) {
    return {x, y, z};
}

struct ulonglong4 {
    unsigned long long x, y, z, w;
};

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

/* What this thread asks for, up to the next call, is one operation of the stream; NULL is the current device's default stream. The operation works on
 * what is checked from now on. */
void emulation_ask(cudaStream_t stream);
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

template <typename T>
cudaError_t cudaMemcpyAsync(void *to, const T *from, size_t size, enum cudaMemcpyKind kind, cudaStream_t stream) {
    emulation_ask(stream);
    if (std::is_class<T>::value && kind == cudaMemcpyHostToDevice) emulation_check_words("a device", from, size);
    return cudaMemcpyAsync(to, (const void *)from, size, kind, stream);
}

void emulation_run(dim3 blocks, dim3 threads, const std::function<void()> &kernel);

/* Waits until every thread of the warp that has not ended has come to this exchange; emulation_lane says what each then brought. */
void emulation_exchange(const char *file, int line, uint64_t value);
/* Whether the lane took part in the last exchange, and its value. */
bool emulation_lane(unsigned lane, uint64_t *value);

template <typename T> T emulation_shuffle(const char *file, int line, T value, unsigned from) {
    static_assert(sizeof(T) <= sizeof(uint64_t), "too large to exchange");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    emulation_exchange(file, line, bits);
    if (emulation_lane(from % 32, &bits)) memcpy(&value, &bits, sizeof value);
    return value;
}
unsigned emulation_lane_of_thread(void);
uint32_t emulation_ballot(const char *file, int line, bool predicate);
#define __shfl_sync(mask, value, lane) emulation_shuffle(__FILE__, __LINE__, value, (unsigned)(lane))
#define __shfl_xor_sync(mask, value, bits)                                                                             \
    emulation_shuffle(__FILE__, __LINE__, value, emulation_lane_of_thread() ^ (unsigned)(bits))
#define __ballot_sync(mask, predicate) emulation_ballot(__FILE__, __LINE__, predicate)

template <typename... Parameters> struct emulation_launch {
    dim3 blocks, threads;
    cudaStream_t stream;
    const char *name;
    void (*kernel)(Parameters...);
    void operator()(Parameters... arguments) const {
        emulation_ask(stream);
        (emulation_check_argument(name, arguments), ...);
        emulation_run(blocks, threads, [&] { kernel(arguments...); });
    }
};

template <typename... Parameters>
emulation_launch<Parameters...> emulation_launch_of(const char *name, dim3 blocks, dim3 threads, size_t,
                                                    cudaStream_t stream, void (*kernel)(Parameters...)) {
    return {blocks, threads, stream, name, kernel};
}

template <typename... Parameters>
emulation_launch<Parameters...> emulation_launch_of(const char *name, dim3 blocks, dim3 threads,
                                                    void (*kernel)(Parameters...)) {
    return {blocks, threads, nullptr, name, kernel};
}

static inline float atomicAdd(float *to, float value) {
    const float before = *to;
    *to += value;
    return before;
}

static inline int atomicMin(int *of, int value) {
    const int before = *of;
    if (value < before) *of = value;
    return before;
}

static inline int __popc(uint32_t bits) {
    return __builtin_popcount(bits);
}
static inline int __popcll(uint64_t bits) {
    return __builtin_popcountll(bits);
}

static inline uint32_t __brev(uint32_t bits) {
    uint32_t turned = 0;
    for (int i = 0; i < 32; ++i)
        turned |= (bits >> i & 1) << (31 - i);
    return turned;
}

static inline uint32_t __float_as_uint(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float __uint_as_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float __ldg(const float *value) {
    return *value;
}
static inline float __fdividef(float a, float b) {
    return a / b;
}
#define __expf expf /* which the C library's own header knows by another meaning */
static inline double __dmul_rn(double a, double b) {
    return a * b;
}
static inline float __fmul_rn(float a, float b) {
    return a * b;
}

#endif
#endif
