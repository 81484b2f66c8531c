/* gemm_blas.h: with BLAS=1 the build gives it to the host's gemm.c (-include), whose own products are several times slower than the
 * machine: they get another name, and gemm_blas.c takes theirs. */
#ifndef GEMM_BLAS_H
#define GEMM_BLAS_H

#define gemm replaced_gemm
#define gemm_cpu replaced_gemm_cpu

#endif
