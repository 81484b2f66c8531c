/* tensor_cores.h (test only): what lgg_tensor_gpu.h asks of tensor cores, on the CPU.
 *
 * The model is one of those that measure what a GPU does, and the least exact of them: of an operand the low 13 bits are not looked at; products are
 * exact; four of them and the sum so far are cut to the bits that the largest of their exponents leaves of 24, added up exactly, and the
 * sum is cut to float32. So all errors go towards zero.
 */
#ifndef EMULATION_TENSOR_CORES_H
#define EMULATION_TENSOR_CORES_H

#include "cuda_runtime.h"

/* sum (16, 8) += a (16, 8) b (8, 8), by all threads of a warp, as mma.sync.m16n8k8 deals the matrices out to them: an exchange. */
void emulation_mma_tf32(const char *file, int line, float *sum, const float *a, const float *b);
#define lgg_mma_tf32(sum, a, b) emulation_mma_tf32(__FILE__, __LINE__, sum, a, b)

#endif
