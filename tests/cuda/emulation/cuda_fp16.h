/* cuda_fp16.h (test only): half precision, which Darknet's kernels convert to and from. */
#ifndef EMULATION_CUDA_FP16_H
#define EMULATION_CUDA_FP16_H

#ifdef __cplusplus
typedef _Float16 half;
static inline half __float2half(float value) {
    return (half)value;
}
static inline float __half2float(half value) {
    return (float)value;
}
#endif

#endif
