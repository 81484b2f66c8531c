/* curand.h (test only): as much of cuRAND as Darknet uses. */
#ifndef EMULATION_CURAND_H
#define EMULATION_CURAND_H

#include "cuda_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int curandGenerator_t;
typedef enum { CURAND_STATUS_SUCCESS } curandStatus_t;
enum { CURAND_RNG_PSEUDO_DEFAULT };

curandStatus_t curandCreateGenerator(curandGenerator_t *generator, int type);
curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t generator, unsigned long long seed);
/* n values of 0..1, from rand() as the CPU side of Darknet draws them: whoever calls srand() gets the same dropouts on both. */
curandStatus_t curandGenerateUniform(curandGenerator_t generator, float *values, size_t n);

#ifdef __cplusplus
}
#endif

#endif
