/* simd.h: how our CPU loops reach vector units that the host's compiler flags do not name.
 *
 * MULTIVERSION compiles a function for AVX-512, AVX2 and the base instruction set; the loader picks what the machine (or valgrind)
 * has (before the thread sanitizer is up, which is why it gets the base only). Such functions hold plain loops, no OpenMP regions: threads call them on their own part. */
#ifndef LGG_SIMD_H
#define LGG_SIMD_H

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&                           \
    !defined(__SANITIZE_THREAD__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MULTIVERSION
#endif

/* Values below which a loop is not worth a second thread. */
enum { PARALLEL_VALUES = 16384 };

#endif
