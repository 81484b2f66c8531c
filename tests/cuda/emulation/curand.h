/* curand.h (test only): as much of cuRAND as Darknet uses. */
#ifndef EMULATION_CURAND_H
#define EMULATION_CURAND_H

#include "cuda_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int curandGenerator_t;
typedef enum { CURAND_STATUS_SUCCESS } curandStatus_t;
enum { CURAND_RNG_PSEUDO_DEFAULT, CURAND_RNG_PSEUDO_PHILOX4_32_10 };

curandStatus_t curandCreateGenerator(curandGenerator_t *generator, int type);
curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t generator, unsigned long long seed);
curandStatus_t curandSetStream(curandGenerator_t generator, cudaStream_t stream);
curandStatus_t curandSetGeneratorOffset(curandGenerator_t generator, unsigned long long offset);
/* n values of 0..1. The default generator's come from rand(), as the CPU side of Darknet draws them: whoever calls srand() gets the same
 * dropouts on both. The other's follow its seed. */
curandStatus_t curandGenerateUniform(curandGenerator_t generator, float *values, size_t n);

#ifdef __cplusplus
}
#endif

#endif
