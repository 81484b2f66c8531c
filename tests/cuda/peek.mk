# The emulation's errors, looked at or taken up, are the same: none.
ifeq ($(shell grep -c cudaPeekAtLastError tests/cuda/emulation/cuda_runtime.h),0)
EMULATION_FLAGS += -DcudaPeekAtLastError=cudaGetLastError
endif
