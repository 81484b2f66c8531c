/* around.c: see around.h. */
#include "around.h"

#include <stdlib.h>

#include "allocate.h"

const char layer_buffers[] = "the layers' buffers; give a smaller batch, or more subdivisions";

function_set *begin_around(layer *l, layer_around kind) {
    function_set *inner = &l->functions->inner[kind];
    *inner = (function_set){l->forward, l->backward, l->forward_gpu, l->backward_gpu, l->update, l->update_gpu};
    return inner;
}

float *floats_of(float_buffer *buffer, size_t n) {
    if (n > buffer->size) {
        free(buffer->memory);
        buffer->memory = lgg_allocate(n, sizeof(float), layer_buffers);
        buffer->size = n;
    }
    return buffer->memory;
}

#ifdef GPU
float *device_floats_of(float_buffer *buffer, size_t n) {
    if (n > buffer->size) {
        if (buffer->memory) cuda_free(buffer->memory);
        buffer->memory = cuda_make_array(NULL, n);
        buffer->size = n;
    }
    return buffer->memory;
}
#endif
