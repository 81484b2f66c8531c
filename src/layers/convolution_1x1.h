/* convolution_1x1.h: strided and padded convolutions of size 1, where the host computes them as if the stride were 1.
 *
 * Its functions multiply the filters by the input as it is, which holds each pixel once only without stride and padding. So they get
 * the pixels that the convolution sees, (B, c, out_h, out_w), and to them it is a convolution with stride 1 and no padding. */
#ifndef CONVOLUTION_1X1_H
#define CONVOLUTION_1X1_H

#include "host.h"

#if HOST_MENDS_1X1
void put_around_strided_1x1(layer *l);
#else
static inline void put_around_strided_1x1(layer *l) {
    (void)l;
}
#endif

#endif
