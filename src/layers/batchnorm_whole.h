/* batchnorm_whole.h: what a stand-alone [batchnorm] lacks in the host: the buffers of its passes on the CPU, an update function (its
 * scales and biases kept their initial values for ever), and another image size. */
#ifndef BATCHNORM_WHOLE_H
#define BATCHNORM_WHOLE_H

#include "host.h"

#if HOST_COMPLETES_BATCHNORM

#ifdef __cplusplus
extern "C" {
#endif

/* Does nothing to a layer of another kind. */
void complete_batchnorm(layer *l);

/* Gives a stand-alone [batchnorm] the size (l->c, h, w). */
void resize_whole_batchnorm(layer *l, int w, int h);

#ifdef __cplusplus
}
#endif

#else

static inline void complete_batchnorm(layer *l) {
    (void)l;
}

#endif

#endif
