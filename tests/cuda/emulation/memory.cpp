/* memory.cpp (test only): the memory of the emulated devices, and the copies to and from it. */
#include "driver/cuda.h"
#include "emulation.h"
#include "queues.h"
#include <algorithm>
#include <map>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int most_devices = 2;
constexpr size_t reserved = (size_t)64 << 30; /* addresses, of which few are ever used */
constexpr size_t granularity = 256;
constexpr size_t huge_page = (size_t)2 << 20; /* few of them: protecting memory costs time for each page */
constexpr size_t guard = 256;                 /* bytes after each allocation that nobody may write */
constexpr unsigned char poison = 0xff;        /* all ones is a NaN */

struct allocation {
    size_t size;
    int device; /* -1: pinned memory of the host, which every device may work on */
    emulation_users users;
};

struct copy {
    const emulation_queue *queue;
    size_t number; /* in it */
    void *to; /* NULL: the copy is made, and reads `from` still */
    std::vector<char> bytes;
    const void *from;
};

/* Guarded by `mutex`. */
std::mutex mutex;
std::map<const char *, allocation> allocations;
std::multimap<size_t, char *> freed; /* by size */
std::vector<copy> underway;
size_t used[most_devices];
char *arena, *arena_end; /* what was ever allocated on a device */

size_t launches, waits;

thread_local int current_device;

/* What cudaMemGetInfo says a device has. */
size_t device_bytes() {
    static const size_t bytes = [] {
        const char *given = getenv("LGG_EMULATION_BYTES");
        return given ? (size_t)atoll(given) : (size_t)8 << 30;
    }();
    return bytes;
}

/* What of it this program can have. */
size_t free_bytes() {
    static const size_t bytes = [] {
        const char *given = getenv("LGG_EMULATION_FREE");
        return given ? std::min((size_t)atoll(given), device_bytes()) : device_bytes();
    }();
    return bytes;
}

int devices() {
    static const int count = [] {
        const char *given = getenv("LGG_EMULATION_DEVICES");
        return given ? atoi(given) : most_devices;
    }();
    return count;
}

void explain_fault(int signal_number, siginfo_t *info, void *) {
    const char *address = (const char *)info->si_addr;
    if (address >= arena && address < arena_end) {
        static const char message[] = "emulation: the host's own code touches device memory\n";
        if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(4);
        _exit(3);
    }
    signal(signal_number, SIG_DFL); /* the same instruction faults again */
}

void reserve_arena() {
    arena = (char *)mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) emulation_fail("cannot reserve addresses for the devices");
    arena += huge_page - (uintptr_t)arena % huge_page;
    madvise(arena, reserved - huge_page, MADV_HUGEPAGE);
    arena_end = arena;
    struct sigaction action = {};
    action.sa_sigaction = explain_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
}

void protect_arena(int protection) {
    const size_t size = ((size_t)(arena_end - arena) + huge_page - 1) / huge_page * huge_page;
    if (size && mprotect(arena, size, protection)) emulation_fail("mprotect");
}

size_t with_guard(size_t size) {
    return (size + granularity - 1) / granularity * granularity + guard;
}

/* size bytes of the arena, poisoned: such as were freed, or new ones. */
char *take(size_t size) {
    const size_t whole = with_guard(size);
    const auto found = freed.find(whole);
    if (found != freed.end()) {
        char *memory = found->second;
        freed.erase(found);
        return memory;
    }
    if (!arena) reserve_arena();
    if ((size_t)(arena_end - arena) + whole > reserved - 2 * huge_page) emulation_fail("no addresses are left");
    char *memory = arena_end;
    arena_end += whole;
    protect_arena(PROT_READ | PROT_WRITE);
    memset(memory, poison, whole);
    return memory;
}

/* The allocation that the address lies in; allocations.end() if none. */
std::map<const char *, allocation>::iterator find(const void *memory) {
    auto found = allocations.upper_bound((const char *)memory);
    if (found == allocations.begin()) return allocations.end();
    --found;
    return (const char *)memory < found->first + found->second.size ? found : allocations.end();
}

/* Whether `size` bytes are one allocation's, on whichever device. */
bool is_device_range(const void *memory, size_t size) {
    const auto found = find(memory);
    if (found == allocations.end() || found->second.device < 0) return false;
    return (const char *)memory + size <= found->first + found->second.size;
}

/* Whether a word is such that no number of ours is like it, nor a small one with whatever pads it: an address, of memory that is there. */
bool is_address(uintptr_t word) {
    static const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    unsigned char resident;
    if (word >> 44 == 0 || word >> 47 != 0 || word % 4 != 0 || (uint32_t)word < 1 << 20) return false;
    return mincore((void *)(word / page * page), 1, &resident) == 0;
}

void check_words(const char *who, const void *words, size_t size) {
    for (size_t at = 0; at + sizeof(uintptr_t) <= size; at += sizeof(uintptr_t)) {
        uintptr_t word;
        memcpy(&word, (const char *)words + at, sizeof word);
        if (is_address(word)) emulation_check_range(who, (const void *)word, 1);
    }
}

/* What cudaMemcpyDefault stands for. */
cudaMemcpyKind kind_of(const void *to, const void *from, size_t size, cudaMemcpyKind kind) {
    if (kind != cudaMemcpyDefault) return kind;
    const bool to_device = is_device_range(to, size), from_device = is_device_range(from, size);
    if (to_device) return from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
    return from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

void check_copy(const void *to, const void *from, size_t size, cudaMemcpyKind kind) {
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (to_device != is_device_range(to, size)) emulation_fail("a copy's target is not what its kind says");
    if (from_device != is_device_range(from, size)) emulation_fail("a copy's source is not what its kind says");
}

/* Both ends of a copy, of which one may be the host's. */
void use_both(const void *to, const void *from) {
    for (const void *end : {to, from}) {
        const auto found = find(end);
        if (found != allocations.end()) emulation_use("a copy", &found->second.users);
    }
}

/* What the host knows when cudaMemcpy returns: all before it is done, and the copy is if it went to the host or came from pinned memory. From
 * other memory its bytes are only on their way. */
void finish_copy(const void *from, cudaMemcpyKind kind) {
    const bool is_done = kind == cudaMemcpyDeviceToHost || find(from) != allocations.end();
    emulation_waited();
    emulation_wait_for_queue(emulation_asked_queue(), emulation_asked_number() - !is_done);
}

} // namespace

bool emulation_counted() {
    static const bool dry = getenv("LGG_EMULATION_DRY");
    ++launches;
    return !dry;
}

size_t emulation_launches() {
    const std::lock_guard<std::mutex> lock(mutex);
    return launches;
}

size_t emulation_waits() {
    const std::lock_guard<std::mutex> lock(mutex);
    return waits;
}

void emulation_waited() {
    ++waits;
}

void emulation_deliver(const emulation_queue *queue, size_t up_to) {
    const auto left = std::remove_if(underway.begin(), underway.end(), [&](const copy &c) {
        const bool is_there = c.queue == queue && c.number <= up_to;
        if (is_there && c.to) memcpy(c.to, c.bytes.data(), c.bytes.size());
        if (is_there && !c.to && memcmp(c.from, c.bytes.data(), c.bytes.size()) != 0)
            emulation_fail("memory has changed that a copy to the device was reading");
        return is_there;
    });
    underway.erase(left, underway.end());
}

emulation_lock::emulation_lock() : lock(mutex) {
}

emulation_access::emulation_access() : lock(mutex) {
    if (devices() == 0) emulation_fail("there is no device");
    if (arena) protect_arena(PROT_READ | PROT_WRITE);
}

emulation_access::~emulation_access() {
    if (arena) protect_arena(PROT_NONE);
}

void emulation_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("emulation: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    fflush(stdout);
    _exit(3);
}

void emulation_check_range(const char *who, const void *memory, size_t size) {
    if (size == 0) return;
    const auto found = find(memory);
    if (found == allocations.end()) emulation_fail("%s gets a pointer that is not device memory", who);
    if (found->second.device >= 0 && found->second.device != current_device) {
        emulation_fail("%s gets memory of another device", who);
    }
    if ((const char *)memory + size > found->first + found->second.size) emulation_fail("%s goes past the end", who);
    emulation_use(who, &found->second.users);
}

void emulation_check_argument(const char *kernel, const void *memory) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (memory) emulation_check_range(kernel, memory, 1);
}

void emulation_check_words(const char *who, const void *words, size_t size) {
    const std::lock_guard<std::mutex> lock(mutex);
    check_words(who, words, size);
}

cudaError_t cudaSetDevice(int device) {
    if (device < 0 || device >= devices()) return cudaErrorInvalidDevice;
    current_device = device;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count) {
    *count = devices();
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device) {
    if (device < 0 || device >= devices()) return cudaErrorInvalidDevice;
    static const char *const given = getenv("LGG_EMULATION_NAME");
    *properties = {"", 9, 0};
    snprintf(properties->name, sizeof properties->name, "%s%s", given ? given : "emulation", device ? " II" : "");
    return cudaSuccess;
}

static bool reads_pageable_memory() {
    static const bool reads = getenv("LGG_EMULATION_PAGEABLE") != nullptr;
    return reads;
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr, int) {
    *value = reads_pageable_memory();
    return cudaSuccess;
}

cudaError_t emulation_function_attributes(struct cudaFuncAttributes *attributes) {
    static const char *const given = getenv("LGG_EMULATION_PTX");
    attributes->ptxVersion = given ? atoi(given) : 70;
    return cudaSuccess;
}

cudaError_t cudaSetDeviceFlags(unsigned) {
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *device) {
    if (devices() == 0) return cudaErrorInvalidDevice;
    *device = current_device;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t size) {
    const emulation_access access;
    *memory = nullptr;
    if (size == 0) return cudaSuccess;
    if (used[current_device] + size > free_bytes()) return cudaErrorMemoryAllocation;
    char *taken = take(size);
    allocations[taken] = {size, current_device, {}};
    used[current_device] += size;
    *memory = taken;
    return cudaSuccess;
}

cudaError_t cudaFree(void *memory) {
    if (!memory) return cudaSuccess;
    const emulation_access access;
    const auto found = allocations.find((char *)memory);
    if (found == allocations.end() || found->second.device < 0) emulation_fail("cudaFree of what is not allocated");
    const size_t size = found->second.size, whole = with_guard(size);
    const unsigned char *begin = (const unsigned char *)memory;
    if (!std::all_of(begin + size, begin + whole, [](unsigned char c) { return c == poison; })) {
        emulation_fail("a write past the end of %zu bytes", size);
    }
    memset(memory, poison, size);
    used[found->second.device] -= size;
    freed.emplace(whole, (char *)memory);
    allocations.erase(found);
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **memory, size_t size) {
    const std::lock_guard<std::mutex> lock(mutex);
    *memory = malloc(size);
    if (!*memory) return cudaErrorMemoryAllocation;
    allocations[(char *)*memory] = {size, -1, {}};
    return cudaSuccess;
}

cudaError_t cudaHostAlloc(void **memory, size_t size, unsigned) {
    return cudaMallocHost(memory, size);
}

cudaError_t cudaFreeHost(void *memory) {
    if (!memory) return cudaSuccess;
    const std::lock_guard<std::mutex> lock(mutex);
    emulation_waited();
    emulation_wait_for_device();
    allocations.erase((char *)memory);
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total) {
    const std::lock_guard<std::mutex> lock(mutex);
    *total = device_bytes();
    *available = free_bytes() - used[current_device];
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t size, cudaMemcpyKind kind) {
    if (size == 0) return cudaSuccess;
    emulation_ask(nullptr);
    const emulation_access access;
    kind = kind_of(to, from, size, kind);
    check_copy(to, from, size, kind);
    emulation_counted();
    use_both(to, from);
    finish_copy(from, kind);
    memcpy(to, from, size);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, cudaMemcpyKind kind, cudaStream_t stream) {
    if (size == 0) return cudaSuccess;
    emulation_ask(stream);
    const emulation_access access;
    kind = kind_of(to, from, size, kind);
    check_copy(to, from, size, kind);
    emulation_counted();
    use_both(to, from);
    const bool to_host = kind == cudaMemcpyDeviceToHost;
    const bool reads_on = kind == cudaMemcpyHostToDevice && reads_pageable_memory() && find(from) == allocations.end();
    if (to_host || reads_on) {
        underway.push_back({emulation_asked_queue(), emulation_asked_number(), to_host ? to : nullptr,
                            std::vector<char>((const char *)from, (const char *)from + size), from});
    }
    if (!to_host) {
        memcpy(to, from, size);
        return cudaSuccess;
    }
    memset(to, poison, size);
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *memory, int value, size_t size, cudaStream_t stream) {
    emulation_ask(stream);
    const emulation_access access;
    emulation_check_range("cudaMemset", memory, size);
    emulation_counted();
    memset(memory, value, size);
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t, int) {
    return cudaErrorNotSupported;
}

cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t *) {
    return cudaErrorNotSupported;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *, cudaGraph_t, void *, char *, size_t) {
    return cudaErrorNotSupported;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t) {
    return cudaErrorNotSupported;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
    *context = nullptr;
    return CUDA_SUCCESS;
}
