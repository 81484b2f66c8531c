/* kernels.cpp (test only): runs grids of threads. */
#include "emulation.h"
#include "tensor_cores.h"
#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <stdlib.h>
#include <string>
#include <ucontext.h>
#include <vector>

emulation_index threadIdx, blockIdx, blockDim, gridDim;

namespace {

constexpr size_t stack_bytes = 64 << 10;

/* A stack that threads of a block run on, one after another; a thread that comes to a barrier keeps it until the thread ends. It is
 * entered by its context once, and then switched by the compiler's own setjmp and longjmp, which save three registers and make no system
 * call. */
using place = void *[5];
struct fiber {
    ucontext_t entry;
    place resume;
    std::unique_ptr<char[]> stack{new char[stack_bytes]};
    bool entered = false;
};

/* Threads of a warp, which exchange values. */
constexpr unsigned warp = 32;

struct thread {
    fiber *on;
    bool done, predicate;
    const char *file; /* where it waits */
    int line;
    bool exchanges;                /* it waits for its warp alone */
    uint64_t value;                /* and brings this */
    emulation_fragments fragments; /* or these, of a product */
};

/* What a lane has brought to the last exchange of its warp. */
struct brought {
    bool there;
    uint64_t value;
};

/* The block that runs, guarded by emulation_access. */
std::vector<std::unique_ptr<fiber>> fibers;
std::vector<thread> threads;
std::vector<brought> exchanged; /* of each thread */
bool exchanging;                /* whether any thread may wait for its warp */
std::vector<unsigned> turn;     /* the threads in the order in which they run */
size_t begun;                   /* of turn */
unsigned current;
std::vector<emulation_index> indices; /* threadIdx of each thread */
fiber *current_fiber;
place scheduler;
const std::function<void()> *running;
int holding; /* predicates that held at the last barrier */

thread_local cudaError_t last_error = cudaSuccess;

[[noreturn]] void fail(const char *why) {
    emulation_fail("block %u: %s", blockIdx.x, why);
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

emulation_index index_of(size_t i, const emulation_index &size) {
    return {(unsigned)(i % size.x), (unsigned)(i / size.x % size.y), (unsigned)(i / size.x / size.y)};
}

void go_on_as(unsigned index) {
    current = index;
    threadIdx = indices[index];
}

/* A function of its own: whoever has set a place must not jump itself. */
[[noreturn, gnu::noinline]] void jump(place to) {
    __builtin_longjmp(to, 1);
}

/* From a fiber back to the scheduler, until the scheduler comes back to it. */
void leave(fiber &f) {
    if (!__builtin_setjmp(f.resume)) jump(scheduler);
}

/* A thread without a barrier costs a call: the next one runs on the same stack. */
void fiber_main() {
    fiber &self = *current_fiber;
    for (;;) {
        while (begun < turn.size()) {
            go_on_as(turn[begun++]);
            (*running)();
            threads[current].done = true;
        }
        leave(self);
    }
}

/* From the scheduler to a fiber, until that leaves. */
void enter(fiber &f) {
    if (__builtin_setjmp(scheduler)) return;
    current_fiber = &f;
    if (f.entered) jump(f.resume);
    f.entered = true;
    getcontext(&f.entry);
    f.entry.uc_stack.ss_sp = f.stack.get();
    f.entry.uc_stack.ss_size = stack_bytes;
    makecontext(&f.entry, fiber_main, 0);
    setcontext(&f.entry);
}

/* Runs every thread, in random order, to its first barrier or its end. */
void begin_threads() {
    std::shuffle(turn.begin(), turn.end(), order());
    size_t taken = 0;
    for (begun = 0; begun < turn.size(); taken++) {
        if (taken == fibers.size()) fibers.push_back(std::make_unique<fiber>());
        enter(*fibers[taken]);
    }
}

/* Runs every thread, in random order, from the barrier where all wait to the next, or to its end. */
void resume_threads() {
    std::shuffle(turn.begin(), turn.end(), order());
    for (unsigned t : turn) {
        go_on_as(t);
        enter(*threads[t].on);
    }
}

/* Whether two threads wait at the same line. */
bool is_same_place(const thread &one, const thread &other) {
    return one.line == other.line && (one.file == other.file || !strcmp(one.file, other.file));
}

/* Whether all threads of a warp that have not ended are at the same exchange. */
bool meet(unsigned first, unsigned end) {
    const thread *one = nullptr;
    for (unsigned t = first; t < end; ++t) {
        const thread &other = threads[t];
        if (other.done) continue;
        if (!other.exchanges) return false;
        if (one && !is_same_place(*one, other)) fail("threads of a warp wait at different exchanges");
        one = &other;
    }
    return one;
}

/* Their product, which needs all threads of the warp. */
void multiply(const std::vector<unsigned> &lanes) {
    emulation_fragments fragments[warp];
    if (lanes.size() != warp) fail("threads of a warp are missing in a product");
    for (unsigned lane = 0; lane < warp; lane++)
        fragments[lane] = threads[lanes[lane]].fragments;
    emulation_multiply(fragments);
}

/* Lets go on whatever warps have met at an exchange, their threads in random order. Returns whether there was one. */
bool resume_warps() {
    static std::vector<unsigned> lanes;
    const unsigned count = (unsigned)threads.size();
    bool any = false;
    if (!exchanging) return false;
    for (unsigned first = 0; first < count; first += warp) {
        const unsigned end = std::min(first + warp, count);
        if (!meet(first, end)) continue;
        lanes.clear();
        for (unsigned t = first; t < end; ++t) {
            exchanged[t] = {!threads[t].done, threads[t].value};
            if (!threads[t].done) lanes.push_back(t);
        }
        if (threads[lanes[0]].fragments.sum) multiply(lanes);
        std::shuffle(lanes.begin(), lanes.end(), order());
        for (unsigned t : lanes) {
            go_on_as(t);
            enter(*threads[t].on);
        }
        any = true;
    }
    exchanging = any;
    return any;
}

/* Whether all threads have ended; if not, all wait at the same barrier. */
bool have_ended() {
    holding = 0;
    for (unsigned t : turn) {
        const thread &one = threads[t], &other = threads[turn[0]];
        if (one.done != other.done) fail("a thread left while others wait at a barrier");
        if (!one.done && one.exchanges) fail("a thread waits for its warp, others at a barrier");
        if (!one.done && !is_same_place(one, other)) fail("threads wait at different barriers");
        holding += one.predicate;
    }
    return threads[turn[0]].done;
}

bool can_launch(dim3 blocks, dim3 block) {
    const size_t count = (size_t)block.x * block.y * block.z;
    return blocks.x > 0 && blocks.y > 0 && blocks.z > 0 && blocks.x <= 0x7fffffff && blocks.y <= 65535 &&
           blocks.z <= 65535 && count > 0 && count <= 1024;
}

} // namespace

int emulation_barrier(const char *file, int line, bool predicate) {
    if (is_skipped(file, line)) return predicate; /* what a thread knows on its own */
    fiber *const on = current_fiber;
    threads[current] = {on, false, predicate, file, line, false, 0, {}};
    leave(*on);
    return holding;
}

void emulation_exchange(const char *file, int line, uint64_t value) {
    fiber *const on = current_fiber;
    threads[current] = {on, false, false, file, line, true, value, {}};
    exchanging = true;
    leave(*on);
}

void emulation_mma_tf32(const char *file, int line, float *sum, const float *a, const float *b) {
    fiber *const on = current_fiber;
    threads[current] = {on, false, false, file, line, true, 0, {sum, a, b}};
    exchanging = true;
    leave(*on);
}

bool emulation_lane(unsigned lane, uint64_t *value) {
    const size_t t = current / warp * warp + lane;
    if (t >= exchanged.size() || !exchanged[t].there) return false;
    *value = exchanged[t].value;
    return true;
}

unsigned emulation_lane_of_thread() {
    return current % warp;
}

uint32_t emulation_ballot(const char *file, int line, bool predicate) {
    uint32_t ballot = 0;
    emulation_exchange(file, line, predicate);
    for (unsigned lane = 0; lane < warp; ++lane) {
        uint64_t held = 0;
        if (emulation_lane(lane, &held) && held) ballot |= 1u << lane;
    }
    return ballot;
}

void emulation_run(dim3 blocks, dim3 block_size, const std::function<void()> &kernel) {
    if (!can_launch(blocks, block_size)) {
        last_error = cudaErrorInvalidConfiguration;
        return;
    }
    const emulation_access access;
    if (!emulation_counted()) return;
    running = &kernel;
    gridDim = {blocks.x, blocks.y, blocks.z};
    blockDim = {block_size.x, block_size.y, block_size.z};
    std::vector<size_t> block((size_t)blocks.x * blocks.y * blocks.z);
    turn.resize((size_t)block_size.x * block_size.y * block_size.z);
    std::iota(block.begin(), block.end(), 0u);
    std::iota(turn.begin(), turn.end(), 0u);
    indices.clear();
    for (size_t t = 0; t < turn.size(); t++)
        indices.push_back(index_of(t, blockDim));
    std::shuffle(block.begin(), block.end(), order());
    for (size_t b : block) {
        blockIdx = index_of(b, gridDim);
        threads.assign(turn.size(), thread());
        exchanged.assign(turn.size(), brought());
        begin_threads();
        for (;;) {
            if (resume_warps()) continue;
            if (have_ended()) break;
            resume_threads();
        }
    }
}

cudaError_t cudaGetLastError() {
    const cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    return last_error;
}

const char *cudaGetErrorString(cudaError_t error) {
    switch (error) {
    case cudaSuccess:
        return "no error";
    case cudaErrorMemoryAllocation:
        return "out of memory";
    case cudaErrorInvalidConfiguration:
        return "invalid configuration argument";
    case cudaErrorInvalidDevice:
        return "invalid device ordinal";
    case cudaErrorNotSupported:
        return "operation not supported";
    }
    return "unrecognized error code";
}
