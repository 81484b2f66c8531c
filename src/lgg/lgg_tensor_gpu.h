/* lgg_tensor_gpu.h: a step of a tile's products on tensor cores, for devices of compute capability 8.0 and more; it stands where lgg_tile_step
 * does.
 *
 * Tensor cores multiply TF32 numbers, which have 10 bits of float32's 23 after the point. So a value x is taken apart: big, the TF32 number next to
 * it, and small, what TF32 can hold of x - big. A product is small big + big small + big big (3xTF32), which is the same to the bit when the
 * factors change places: so the matrix of cosines is symmetric, and equal vectors have equal ones.
 *
 * The bound, in units of FLT_EPSILON times the sum of the |x y|. How tensor cores add up is not documented; what is assumed is the least
 * exact that has been measured of any:
 *
 *    4    what is left out: |x - big - small| <= 2^-23 |x| of either factor, and small small <= 2^-22 |x y|
 *   12    a tensor core cuts off what is below the 24 bits of the largest of its terms, from each of them and from their sum: twice
 *         four products and the sum so far, where it does not take eight at once; of the small products, 2^-11 of that
 *    1.5  the three additions, rounded, of the four such sums of a step
 *    1    the steps' sum by Kahan
 *
 * It is that small because every eight products are added up from zero: cuts all go the same way, and in a sum that went on each would be one of the
 * whole. With the errors of both lengths, and its own rounding, a cosine is off by 38 FLT_EPSILON at the very most, where LGG_PRODUCT_ERROR
 * allows for 64.
 */
#ifndef LGG_TENSOR_GPU_H
#define LGG_TENSOR_GPU_H

#include "lgg_tile_gpu.h"
#ifndef __CUDACC__
#include "tensor_cores.h" /* the emulation's lgg_mma_tf32 */
#else

/* sum (16, 8) += a (16, 8) b (8, 8), by all threads of a warp. Thread l has of a rows l / 4 and 8 more, then the same of the second four
 * columns: columns l % 4 and 4 more; of b rows l % 4 and 4 more, column l / 4; of the sum row l / 4, columns 2 (l % 4) and the next, then the same
 * of 8 rows more. */
static __device__ inline void lgg_mma_tf32(float (&sum)[4], const float (&a)[4], const float (&b)[2]) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
          "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
#else
    __trap(); /* lgg_device_create does not let it come to this */
#endif
}

#endif

/* A warp has so many rows of the tile, and 32 columns. */
#define LGG_TENSOR_ROWS 16

/* Four rows of a thread's, that lie together, and every eighth column: what a warp writes to the device's memory, and what it reads from the shared
 * memory, is eight neighbouring columns of four rows. */
static __device__ inline lgg_place lgg_place_in_fragments() {
    const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32, first_row = warp / 2 * LGG_TENSOR_ROWS;
    const lgg_place place = {first_row + lane % 4 * LGG_TILE_EACH, warp % 2 * 32 + lane / 4, 8, first_row};
    return place;
}

/* What is behind the 10 bits of TF32. */
#define LGG_TF32_REST 0x1fffu

/* The TF32 number next to x, ties away from 0, and NaN or anything for NaN: as cvt.rna.tf32.f32, which looks for infinities, too. */
static __device__ inline float lgg_nearest_tf32(float x) {
    return __uint_as_float((__float_as_uint(x) + (LGG_TF32_REST + 1) / 2) & ~LGG_TF32_REST);
}

/* Likewise, towards 0; NaN for NaN. */
static __device__ inline float lgg_cut_tf32(float x) {
    return __uint_as_float(__float_as_uint(x) & ~LGG_TF32_REST);
}

/* Values taken apart. x - big has 13 bits at most, of which one is cut off where it has all. */
template <unsigned count> struct lgg_halves {
    float big[count], small[count];
    __device__ void set(unsigned k, float x) {
        big[k] = lgg_nearest_tf32(x);
        small[k] = lgg_cut_tf32(x - big[k]);
    }
};

/* step += the products of eight terms: those of columns 2 i, 2 i + 1 of the thread and of its rows j, j + 2. */
static __device__ inline void lgg_tensor_add(const lgg_halves<4> &columns, const lgg_halves<2> &rows, unsigned i,
                                             unsigned j, float (&step)[LGG_TILE_EACH][LGG_TILE_EACH]) {
    float sum[4] = {}, other[4] = {};
    lgg_mma_tf32(sum, columns.small, rows.big);
    lgg_mma_tf32(other, columns.big, rows.small);
    for (unsigned k = 0; k < 4; k++)
        sum[k] += other[k];
    lgg_mma_tf32(sum, columns.big, rows.big);
    for (unsigned k = 0; k < 4; k++)
        step[k % 2 * 2 + j][2 * i + k / 2] += sum[k];
}

/* sums += the products of so many terms, a multiple of eight, for a place in fragments; by whole warps. */
static __device__ inline void lgg_tensor_step(const lgg_terms<float> &rows, const lgg_terms<float> &columns,
                                              const lgg_place &place, unsigned terms, lgg_sums<float> &sums) {
    const unsigned lane = threadIdx.x % 32;
    float step[LGG_TILE_EACH][LGG_TILE_EACH] = {};
    LGG_NO_UNROLL
    for (unsigned first = 0; first < terms; first += 8) {
        lgg_halves<4> column[2];
        lgg_halves<2> row[2];
        for (unsigned h = 0; h < 2; h++) {
            const unsigned t = first + lane % 4 * 2 + h;
            for (unsigned c = 0; c < LGG_TILE_EACH; c++)
                column[c / 2].set(2 * h + c % 2, columns.at(t, place.first_column + c * place.column_apart));
            const lgg_two two = rows.two(t, place.warp_row + lane / 4 * 2);
            for (unsigned r = 0; r < 2; r++)
                row[r].set(h, two.value[r]);
        }
        for (unsigned i = 0; i < 2; i++) {
            for (unsigned j = 0; j < 2; j++)
                lgg_tensor_add(column[i], row[j], i, j, step);
        }
    }
    lgg_sums_add(sums, step);
}

#endif
