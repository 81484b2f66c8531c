/* queues.h (test only): which of the operations on a device come after which.
 *
 * Operations run at once, in the order in which the host asks for them. On a device only those of one queue do: the default stream and the
 * streams that wait for it (all but those made with cudaStreamNonBlocking) are one queue of a device, each other stream is one of its own.
 * Memory that an operation of one queue works on may be worked on by another queue's only when that one is known to come later: by an
 * event, or because the host has waited. The emulation ends the program otherwise: on a device either could be first. */
#ifndef EMULATION_QUEUES_H
#define EMULATION_QUEUES_H

#include "cuda_runtime.h"
#include <map>

/* Operations are numbered in their queue, from 1. */
struct emulation_queue {
    int device;
    size_t asked = 0, done = 0; /* done: up to this one, as the host knows */
    std::map<const emulation_queue *, size_t>
        after; /* up to which of another queue all that is asked for now comes later */
};

/* Who has worked on some memory last, of each queue. */
using emulation_users = std::map<const emulation_queue *, size_t>;

/* Under emulation_access's lock, as all that follows. */
emulation_queue *emulation_queue_of(cudaStream_t stream);

/* The operation that this thread asks for now works on the memory of these users. Ends the program if another queue may still be at it. */
void emulation_use(const char *who, emulation_users *users);

/* The host knows that the operations of the queue up to this one are done: what they copied to it is there. */
void emulation_wait_for_queue(emulation_queue *queue, size_t up_to);
/* All that the current device was asked for. */
void emulation_wait_for_device();

/* What this thread asks for. */
emulation_queue *emulation_asked_queue();
size_t emulation_asked_number();

/* memory.cpp: counts one wait of the host; brings what operations of that queue up to this one copied to the host. */
void emulation_waited();
void emulation_deliver(const emulation_queue *queue, size_t up_to);

#endif
