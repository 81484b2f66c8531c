/* arithmetic.h: what the bits of a sum depend on beside the program and its input.
 *
 * A sum of floats depends on its order, and that on how many threads share it and on which kernels the libraries choose for the
 * processor. A training on the CPU repeats to the bit where all of these are the same. On a GPU it is the device and the libraries. */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LGG_ARITHMETIC 128

/* Writes one line without its end, such as "2 threads, AVX-512, OpenBLAS SkylakeX, oneDNN 2.6.0 AVX512_CORE" or
 * "NVIDIA H200, CUDA 13.0, cuDNN 91300"; bytes after its end are 0. */
void lgg_describe_arithmetic(char text[LGG_ARITHMETIC]);

#ifdef __cplusplus
}
#endif

#endif
