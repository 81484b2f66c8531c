/* emulation.cpp (test only): runs grids of fibers, and what cuda_runtime.h and cublas_v2.h promise. */
#include "cublas_v2.h"
#include <algorithm>
#include <cblas.h>
#include <numeric>
#include <random>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

emulation_index threadIdx, blockIdx;

namespace {

/* A thread of a block. It is entered by its context once, and then switched by _setjmp and _longjmp, which make no system call. */
struct fiber {
    ucontext_t entry;
    jmp_buf resume;
    std::vector<char> stack = std::vector<char>(64 << 10);
    bool entered = false, done = false, predicate = false;
    const char *file = nullptr; /* where it waits */
    int line = 0;
};

std::vector<fiber> fibers;
jmp_buf scheduler;
const std::function<void()> *running;
int holding; /* predicates that held at the last barrier */

[[noreturn]] void fail(const char *why) {
    fprintf(stderr, "block %u: %s\n", blockIdx.x, why);
    fflush(stdout);
    _exit(3);
}

std::mt19937 &order() {
    static std::mt19937 generator([] {
        const char *seed = getenv("LGG_EMULATION_SEED");
        return seed ? (unsigned)atoi(seed) : 1u;
    }());
    return generator;
}

bool is_skipped(const char *file, int line) {
    static const char *const skip = getenv("LGG_SKIP_BARRIER");
    if (!skip) return false;
    const char *slash = strrchr(file, '/');
    return std::string(slash ? slash + 1 : file) + ":" + std::to_string(line) == skip;
}

/* From a fiber back to the scheduler, until the scheduler comes back to it. */
void leave(fiber &f) {
    if (!_setjmp(f.resume)) _longjmp(scheduler, 1);
}

void fiber_main() {
    for (;;) { /* a kernel each time */
        (*running)();
        fibers[threadIdx.x].done = true;
        leave(fibers[threadIdx.x]);
    }
}

/* From the scheduler to a fiber, until that leaves. */
void enter(fiber &f) {
    if (_setjmp(scheduler)) return;
    if (f.entered) _longjmp(f.resume, 1);
    f.entered = true;
    getcontext(&f.entry);
    f.entry.uc_stack.ss_sp = f.stack.data();
    f.entry.uc_stack.ss_size = f.stack.size();
    makecontext(&f.entry, fiber_main, 0);
    setcontext(&f.entry);
}

/* Runs every thread, in random order, to its next barrier or its end; true when all have ended. */
bool run_to_barrier(std::vector<unsigned> &turn) {
    std::shuffle(turn.begin(), turn.end(), order());
    for (unsigned t : turn) {
        threadIdx.x = t;
        enter(fibers[t]);
    }
    holding = 0;
    for (unsigned t : turn) {
        const fiber &f = fibers[t], &other = fibers[turn[0]];
        if (f.done != other.done) fail("a thread left while others wait at a barrier");
        if (!f.done && (f.line != other.line || strcmp(f.file, other.file))) fail("threads wait at different barriers");
        holding += f.predicate;
    }
    return fibers[turn[0]].done;
}

/* Bytes after each block of device memory that nobody may write. */
constexpr size_t guard = 256;
constexpr unsigned char poison = 0xff; /* all ones is a NaN */

size_t &size_of(void *memory) {
    return *(size_t *)((char *)memory - guard);
}

} // namespace

int emulation_barrier(const char *file, int line, bool predicate) {
    if (is_skipped(file, line)) return predicate; /* what a thread knows on its own */
    fiber &f = fibers[threadIdx.x];
    f.file = file;
    f.line = line;
    f.predicate = predicate;
    leave(f);
    return holding;
}

void emulation_run(unsigned blocks, unsigned threads, const std::function<void()> &kernel) {
    if (fibers.size() < threads) fibers.resize(threads);
    running = &kernel;
    std::vector<unsigned> block(blocks), turn(threads);
    std::iota(block.begin(), block.end(), 0u);
    std::iota(turn.begin(), turn.end(), 0u);
    std::shuffle(block.begin(), block.end(), order());
    for (unsigned b : block) {
        blockIdx.x = b;
        for (unsigned t = 0; t < threads; t++)
            fibers[t].done = false;
        while (!run_to_barrier(turn)) {
        }
    }
}

cudaError_t cudaMalloc(void **memory, size_t size) {
    char *block = (char *)malloc(size + 2 * guard);
    if (!block) return cudaErrorMemoryAllocation;
    memset(block, poison, size + 2 * guard);
    *memory = block + guard;
    size_of(*memory) = size;
    return cudaSuccess;
}

cudaError_t cudaFree(void *memory) {
    if (!memory) return cudaSuccess;
    const unsigned char *end = (const unsigned char *)memory + size_of(memory);
    if (!std::all_of(end, end + guard, [](unsigned char c) { return c == poison; })) fail("a write past the end");
    free((char *)memory - guard);
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **memory, size_t size) {
    *memory = malloc(size);
    return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFreeHost(void *memory) {
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t size, cudaMemcpyKind) {
    memcpy(to, from, size);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, cudaMemcpyKind kind, cudaStream_t) {
    return cudaMemcpy(to, from, size, kind);
}

cudaError_t cudaMemsetAsync(void *memory, int value, size_t size, cudaStream_t) {
    memset(memory, value, size);
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, int) {
    *event = 1;
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t) {
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t) {
    return cudaSuccess;
}

cudaError_t cudaGetLastError() {
    return cudaSuccess;
}

cublasStatus_t cublasCreate(cublasHandle_t *handle) {
    *handle = 1;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t) {
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) {
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *, size_t) {
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) {
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k,
                           const float *alpha, const float *a, int lda, const float *b, int ldb, const float *beta,
                           float *c, int ldc) {
    cblas_sgemm(CblasColMajor, op_a == CUBLAS_OP_T ? CblasTrans : CblasNoTrans,
                op_b == CUBLAS_OP_T ? CblasTrans : CblasNoTrans, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc);
    return CUBLAS_STATUS_SUCCESS;
}
