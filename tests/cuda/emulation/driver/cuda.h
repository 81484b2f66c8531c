/* cuda.h (test only): as much of the driver's own library as Darknet uses. */
#ifndef EMULATION_CUDA_H
#define EMULATION_CUDA_H

#include "../cuda_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CUctx_st *CUcontext;
typedef enum { CUDA_SUCCESS } CUresult;

CUresult cuCtxGetCurrent(CUcontext *context);

#ifdef __cplusplus
}
#endif

#endif
