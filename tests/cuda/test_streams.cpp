/* test_streams.cpp: the emulation ends a program whose operations need an order that no device would keep (emulation/queues.h), and no
 * other. */
#include <cuda_runtime.h>
#include <curand.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr size_t count = 16, bytes = count * sizeof(float);
float host[count];

float *device_floats() {
    float *memory = nullptr;
    cudaMalloc(&memory, bytes);
    return memory;
}

cudaStream_t new_stream(unsigned flags) {
    cudaStream_t stream;
    cudaStreamCreateWithFlags(&stream, flags);
    return stream;
}

void fill(float *memory, cudaStream_t stream) {
    cudaMemsetAsync(memory, 0, bytes, stream);
}

void two_streams() {
    float *memory = device_floats();
    fill(memory, nullptr);
    fill(memory, new_stream(cudaStreamNonBlocking));
}

void other_memory() {
    fill(device_floats(), nullptr);
    fill(device_floats(), new_stream(cudaStreamNonBlocking));
}

void default_stream_is_waited_for() {
    float *memory = device_floats();
    const cudaStream_t stream = new_stream(0);
    fill(memory, stream);
    fill(memory, nullptr);
    fill(memory, stream);
}

void host_waits() {
    float *memory = device_floats();
    fill(memory, nullptr);
    cudaStreamSynchronize(nullptr);
    fill(memory, new_stream(cudaStreamNonBlocking));
    cudaDeviceSynchronize();
    fill(memory, nullptr);
}

void host_waits_for_another() {
    float *memory = device_floats();
    const cudaStream_t stream = new_stream(cudaStreamNonBlocking);
    fill(memory, stream);
    cudaStreamSynchronize(nullptr);
    fill(memory, nullptr);
}

void stream_waits() {
    float *memory = device_floats();
    const cudaStream_t stream = new_stream(cudaStreamNonBlocking);
    cudaEvent_t event;
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    fill(memory, nullptr);
    cudaEventRecord(event, nullptr);
    cudaStreamWaitEvent(stream, event, 0);
    fill(memory, stream);
}

void event_is_too_early() {
    float *memory = device_floats();
    cudaEvent_t event;
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    cudaEventRecord(event, nullptr);
    fill(memory, nullptr);
    cudaEventSynchronize(event);
    fill(memory, new_stream(cudaStreamNonBlocking));
}

void copy_is_on_its_way() {
    float *memory = device_floats();
    cudaMemcpy(memory, host, bytes, cudaMemcpyHostToDevice);
    fill(memory, new_stream(cudaStreamNonBlocking));
}

void pinned_copy_is_done() {
    float *memory = device_floats(), *pinned = nullptr;
    cudaHostAlloc(&pinned, bytes, 0);
    cudaMemcpy(memory, pinned, bytes, cudaMemcpyHostToDevice);
    fill(memory, new_stream(cudaStreamNonBlocking));
}

void copy_to_the_host_waits() {
    float *memory = device_floats();
    fill(memory, nullptr);
    cudaMemcpy(host, memory, bytes, cudaMemcpyDeviceToHost);
    fill(memory, new_stream(cudaStreamNonBlocking));
}

void random_numbers(bool are_on_it) {
    float *memory = device_floats();
    const cudaStream_t stream = new_stream(cudaStreamNonBlocking);
    curandGenerator_t generator;
    curandCreateGenerator(&generator, CURAND_RNG_PSEUDO_DEFAULT);
    if (are_on_it) curandSetStream(generator, stream);
    curandGenerateUniform(generator, memory, count);
    fill(memory, stream);
}

void library_on_the_stream() {
    random_numbers(true);
}

void library_on_the_default_stream() {
    random_numbers(false);
}

void stream_of_another_device() {
    const cudaStream_t stream = new_stream(cudaStreamNonBlocking);
    cudaSetDevice(1);
    fill(device_floats(), stream);
}

const struct {
    const char *name;
    void (*program)();
    bool is_right;
} cases[] = {
    {"two streams work on the same memory", two_streams, false},
    {"two streams work on memory of their own", other_memory, true},
    {"the default stream and one that waits for it", default_stream_is_waited_for, true},
    {"the host waits in between", host_waits, true},
    {"the host waits for another stream", host_waits_for_another, false},
    {"a stream waits for an event", stream_waits, true},
    {"an event from before the work", event_is_too_early, false},
    {"a copy from memory that is not pinned is on its way", copy_is_on_its_way, false},
    {"a copy from pinned memory is done", pinned_copy_is_done, true},
    {"a copy to the host waits for what was before", copy_to_the_host_waits, true},
    {"a library works on the stream", library_on_the_stream, true},
    {"a library works on the default stream", library_on_the_default_stream, false},
    {"a stream of another device", stream_of_another_device, false},
};

constexpr int refused = 3; /* the emulation's exit status */

/* The exit status of the program; what the emulation says of it is not of interest. */
int status_of(void (*program)()) {
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        program();
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

int main() {
    int failures = 0;
    for (const auto &each : cases) {
        const bool passed = status_of(each.program) == (each.is_right ? 0 : refused);
        printf("%s streams: %s: %s\n", passed ? "PASS" : "FAIL", each.name, each.is_right ? "runs" : "is refused");
        failures += !passed;
    }
    return failures > 0;
}
