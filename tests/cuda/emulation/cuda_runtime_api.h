/* cuda_runtime_api.h (test only): all of it is in cuda_runtime.h. */
#include "cuda_runtime.h"
