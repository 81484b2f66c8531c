/* queues.cpp (test only): see queues.h. Streams and events. */
#include "queues.h"
#include "emulation.h"
#include <algorithm>
#include <list>
#include <vector>

struct CUstream_st {
    emulation_queue own;
    bool waits_for_default;
};

namespace {

struct event {
    emulation_queue *queue; /* NULL: never recorded */
    size_t number;
};

/* Guarded by the lock. */
std::map<int, emulation_queue> default_queues; /* by device */
std::list<CUstream_st> streams;
std::vector<event> events;
std::vector<cudaStream_t> handles; /* of libraries */

/* What this thread asks for. */
thread_local emulation_queue *queue;
thread_local size_t number;

int device_now() {
    int device = 0;
    cudaGetDevice(&device);
    return device;
}

emulation_queue *default_queue(int device) {
    emulation_queue *found = &default_queues[device];
    found->device = device;
    return found;
}

event *event_of(cudaEvent_t id) {
    if (id < 1 || (size_t)id > events.size()) emulation_fail("no event");
    return &events[(size_t)id - 1];
}

} // namespace

emulation_queue *emulation_queue_of(cudaStream_t stream) {
    if (!stream) return default_queue(device_now());
    return stream->waits_for_default ? default_queue(stream->own.device) : &stream->own;
}

void emulation_ask(cudaStream_t stream) {
    const emulation_lock lock;
    emulation_queue *asked = emulation_queue_of(stream);
    if (asked->device != device_now()) emulation_fail("a stream of another device");
    queue = asked;
    number = ++asked->asked;
}

void emulation_use(const char *who, emulation_users *users) {
    if (!queue) return;
    for (const auto &user : *users) {
        const auto after = queue->after.find(user.first);
        const size_t before = std::max(user.first->done, after == queue->after.end() ? 0 : after->second);
        if (user.first != queue && user.second > before)
            emulation_fail("%s works on memory that another stream may still be working on", who);
    }
    (*users)[queue] = number;
}

emulation_queue *emulation_asked_queue() {
    return queue;
}

size_t emulation_asked_number() {
    return number;
}

int emulation_new_handle() {
    const emulation_lock lock;
    handles.push_back(nullptr);
    return (int)handles.size();
}

void emulation_set_stream(int handle, cudaStream_t stream) {
    const emulation_lock lock;
    handles.at((size_t)handle - 1) = stream;
}

static cudaStream_t stream_of(int handle) {
    const emulation_lock lock;
    return handles.at((size_t)handle - 1);
}

void emulation_ask_by(int handle) {
    emulation_ask(stream_of(handle));
}

void emulation_wait_for_queue(emulation_queue *waited, size_t up_to) {
    waited->done = std::max(waited->done, up_to);
    emulation_deliver(waited, up_to);
}

void emulation_wait_for_device() {
    const int device = device_now();
    emulation_wait_for_queue(default_queue(device), default_queue(device)->asked);
    for (CUstream_st &stream : streams) {
        if (stream.own.device == device) emulation_wait_for_queue(&stream.own, stream.own.asked);
    }
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
    const emulation_lock lock;
    streams.emplace_back();
    streams.back().own.device = device_now();
    streams.back().waits_for_default = !(flags & cudaStreamNonBlocking);
    *stream = &streams.back();
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *stream) {
    return cudaStreamCreateWithFlags(stream, 0);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    const emulation_lock lock;
    emulation_queue *waited = emulation_queue_of(stream);
    emulation_waited();
    emulation_wait_for_queue(waited, waited->asked);
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
    const emulation_lock lock;
    emulation_waited();
    emulation_wait_for_device();
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *id, int) {
    const emulation_lock lock;
    events.push_back({nullptr, 0});
    *id = (cudaEvent_t)events.size();
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t) {
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t id, cudaStream_t stream) {
    const emulation_lock lock;
    emulation_queue *recorded = emulation_queue_of(stream);
    *event_of(id) = {recorded, recorded->asked};
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t id) {
    const emulation_lock lock;
    const event *waited = event_of(id);
    emulation_waited();
    if (waited->queue) emulation_wait_for_queue(waited->queue, waited->number);
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t id, unsigned) {
    const emulation_lock lock;
    const event *waited = event_of(id);
    size_t *after = waited->queue ? &emulation_queue_of(stream)->after[waited->queue] : nullptr;
    if (after) *after = std::max(*after, waited->number);
    return cudaSuccess;
}
