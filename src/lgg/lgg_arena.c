/* lgg_arena.c: all buffers of a loss in one allocation, sized by the very code that carves it. */
#include "lgg_products.h"

#define LGG_ALIGNMENT 64u

void *lgg_arena_take(lgg_arena *arena, size_t count, size_t size) {
    const size_t offset = arena->used;
    if (size != 0 && count > (SIZE_MAX - LGG_ALIGNMENT) / size) {
        arena->overflow = 1;
        return NULL;
    }
    const size_t bytes = (count * size + LGG_ALIGNMENT - 1) / LGG_ALIGNMENT * LGG_ALIGNMENT;
    if (bytes > SIZE_MAX - offset) {
        arena->overflow = 1;
        return NULL;
    }
    arena->used += bytes;
    return arena->base ? arena->base + offset : NULL;
}
