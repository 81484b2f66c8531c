/* products.h (test only): the ways in which a device may make products of matrices, for the tests that go through all of them. */
#ifndef PRODUCTS_H
#define PRODUCTS_H

#include "lgg_gpu.h"
#include <cuda_runtime.h>
#include <stdio.h>

struct products_way {
    lgg_products_by by;
    const char *name;
};

constexpr products_way products_ways[] = {{LGG_PRODUCTS_FLOAT32, "float32"}, {LGG_PRODUCTS_3XTF32, "3xTF32"}};

/* Whether the way makes a difference to a loss: its graphs are of cosines. */
static inline bool loss_has_products(lgg_kind kind, const lgg_options &options) {
    switch (kind) {
    case LGG_LABEL_VARIATION:
    case LGG_SMOOTH:
    case LGG_GKD:
        return options.graph.similarity == LGG_COSINE;
    case LGG_RKD_SIMILARITY:
    case LGG_RKD_PROBABILITY:
        return true;
    default:
        return false;
    }
}

/* Whether there is a device whose products can be made so. */
static inline bool has_products_way(lgg_products_by by) {
    lgg_device *device;
    const bool has = lgg_device_create(&device, nullptr, by) == LGG_OK;
    lgg_device_free(device);
    return has;
}

/* Whether there are tensor cores for them; a device that has none is told of, the emulation has them where it is asked to. */
static inline bool has_tensor_products(const char *test) {
    const bool has = has_products_way(LGG_PRODUCTS_3XTF32);
#ifndef EMULATION_CUDA_RUNTIME_H
    if (!has)
        printf("SKIPPED %s: 3xTF32: compute capability 8.0 is needed, of the device and of what nvcc compiled for\n",
               test);
#else
    (void)test;
#endif
    return has;
}

#endif
