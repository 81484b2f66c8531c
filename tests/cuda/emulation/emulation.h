/* emulation.h (test only): what the parts of the emulation share. */
#ifndef EMULATION_H
#define EMULATION_H

#include "cuda_runtime.h"
#include <mutex>

/* While it lives, this thread alone deals with the emulation. */
class emulation_lock {
  public:
    emulation_lock();

  private:
    std::lock_guard<std::mutex> lock;
};

/* While it lives, this thread alone works on the devices, and their memory can be touched. */
class emulation_access {
  public:
    emulation_access();
    ~emulation_access();
    emulation_access(const emulation_access &) = delete;
    emulation_access &operator=(const emulation_access &) = delete;

  private:
    std::lock_guard<std::mutex> lock;
};

[[noreturn]] void emulation_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Counts one launch, copy or call of a library; returns whether it is to be done, too: LGG_EMULATION_DRY says no. */
bool emulation_counted();

/* A library's handle, and the stream that its work is asked for on. */
int emulation_new_handle();
void emulation_set_stream(int handle, cudaStream_t stream);
void emulation_ask_by(int handle);

/* What a thread has of the matrices of a warp's product (tensor_cores.h). */
struct emulation_fragments {
    float *sum;         /* (4) */
    const float *a, *b; /* (4), (2) */
};

/* Makes the product of a warp's 32 threads. */
void emulation_multiply(const emulation_fragments *lanes);

/* Ends the program unless all `size` bytes are memory that the current device may work on, and no other stream may still be working on it. */
void emulation_check_range(const char *who, const void *memory, size_t size);

#endif
