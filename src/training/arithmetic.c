/* arithmetic.c: see arithmetic.h. */
#include "arithmetic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef DNNL
#include <oneapi/dnnl/dnnl.h>
#endif

#ifdef LGG_BLAS
/* OpenBLAS's own; another CBLAS has no such function, and a name that is not there is NULL */
extern char *openblas_get_corename(void) __attribute__((weak));
#endif

static int threads(void) {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

/* The widest instructions that our own kernels choose by. */
static const char *instructions(void) {
#if defined(__x86_64__) || defined(__i386__)
    if (__builtin_cpu_supports("avx512f")) return "AVX-512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
#endif
    return "no AVX2";
}

#ifdef DNNL
/* The widest that oneDNN may choose, by the names of its ONEDNN_MAX_CPU_ISA; NULL where they are others than these. */
static const char *dnnl_instructions(void) {
    switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
        return "SSE41";
    case dnnl_cpu_isa_avx:
        return "AVX";
    case dnnl_cpu_isa_avx2:
        return "AVX2";
    case dnnl_cpu_isa_avx512_core:
        return "AVX512_CORE";
    case dnnl_cpu_isa_avx512_core_vnni:
        return "AVX512_CORE_VNNI";
    case dnnl_cpu_isa_avx512_core_bf16:
        return "AVX512_CORE_BF16";
    default:
        return NULL;
    }
}
#endif

static void append(char text[LGG_ARITHMETIC], const char *format, ...) {
    const size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, LGG_ARITHMETIC - length, format, arguments);
    va_end(arguments);
}

#ifdef GPU
static void describe_gpu(char text[LGG_ARITHMETIC]) {
    struct cudaDeviceProp properties = {.name = "a GPU"};
    int version = 0;
    cudaGetDeviceProperties(&properties, cuda_get_device());
    cudaRuntimeGetVersion(&version);
    append(text, "%s, CUDA %d.%d", properties.name, version / 1000, version % 1000 / 10);
#ifdef CUDNN
    append(text, ", cuDNN %zu", cudnnGetVersion());
#endif
}
#endif

void lgg_describe_arithmetic(char text[LGG_ARITHMETIC]) {
    memset(text, 0, LGG_ARITHMETIC);
#ifdef GPU
    if (gpu_index >= 0) {
        describe_gpu(text);
        return;
    }
#endif
    const int n = threads();
    append(text, "%d thread%s, %s", n, n == 1 ? "" : "s", instructions());
#ifdef LGG_BLAS
    if (openblas_get_corename) append(text, ", OpenBLAS %s", openblas_get_corename());
#endif
#ifdef DNNL
    const dnnl_version_t *version = dnnl_version();
    append(text, ", oneDNN %d.%d.%d", version->major, version->minor, version->patch);
    if (dnnl_instructions())
        append(text, " %s", dnnl_instructions());
    else
        append(text, " of instructions %#x", (unsigned)dnnl_get_effective_cpu_isa());
#endif
}
