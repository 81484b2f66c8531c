/* lgg_tile_gpu.h: what the kernels share that multiply matrices: a block makes a tile of LGG_TILE by LGG_TILE elements, each of its threads
 * four by four of them, from LGG_TILE_STEP terms at a time that lie in the block's shared memory.
 *
 * The terms of a step are added up one after another, and the steps are added to what there is with what was lost in rounding
 * carried along: a sum of 65,536 terms is as exact as one of 33, whatever the terms are. With those of both lengths a cosine is off by
 * 66 roundings at the very most, where LGG_PRODUCT_ERROR allows for 128.
 */
#ifndef LGG_TILE_GPU_H
#define LGG_TILE_GPU_H

#include "lgg_graph_gpu.h"

#define LGG_TILE 64
#define LGG_TILE_THREADS 256
#define LGG_TILE_STEP 32
/* Threads in a row of the tile, and how many elements of a row or column one of them has. */
#define LGG_TILE_SIDE 16
#define LGG_TILE_EACH 4

/* Eight terms at a time, where nvcc compiles: enough to read ahead. And not at all, where there are enough already. */
#ifdef __CUDACC__
#define LGG_UNROLL _Pragma("unroll 8")
#define LGG_NO_UNROLL _Pragma("unroll 1")
#else
#define LGG_UNROLL
#define LGG_NO_UNROLL
#endif

/* What a thread reads from the shared memory at once. */
template <typename real> struct alignas(16) lgg_four { real value[LGG_TILE_EACH]; };

struct alignas(8) lgg_two {
    float value[2];
};

/* A step's terms of 64 rows, or columns: [term][row]. Those of a term are 68 values apart, so that eight threads that write eight terms of a
 * row, four rows a warp, write to different banks. */
template <typename real> struct lgg_terms {
    lgg_four<real> four[LGG_TILE_STEP][LGG_TILE / LGG_TILE_EACH + 1];
    __device__ real &at(unsigned term, unsigned row) {
        return four[term][row / LGG_TILE_EACH].value[row % LGG_TILE_EACH];
    }
    __device__ const real &at(unsigned term, unsigned row) const {
        return four[term][row / LGG_TILE_EACH].value[row % LGG_TILE_EACH];
    }
    /* This row and the next; an even one. */
    __device__ lgg_two two(unsigned term, unsigned row) const {
        return *(const lgg_two *)&at(term, row);
    }
};

/* A thread's elements: rows first_row + r, columns first_column + c * column_apart of the tile. No thread of its warp has a row before warp_row. */
struct lgg_place {
    unsigned first_row, first_column, column_apart, warp_row;
};

/* Neighbouring threads have neighbouring groups of four columns: what they read from the shared memory comes four by four. */
static __device__ inline lgg_place lgg_place_in_groups() {
    const lgg_place place = {threadIdx.x / LGG_TILE_SIDE * LGG_TILE_EACH, threadIdx.x % LGG_TILE_SIDE * LGG_TILE_EACH,
                             1, threadIdx.x / 32 * 2 * LGG_TILE_EACH};
    return place;
}

/* Neighbouring threads have neighbouring columns: what they write to the device's memory lies together. */
static __device__ inline lgg_place lgg_place_side_by_side() {
    const lgg_place place = {threadIdx.x / LGG_TILE_SIDE * LGG_TILE_EACH, threadIdx.x % LGG_TILE_SIDE, LGG_TILE_SIDE,
                             threadIdx.x / 32 * 2 * LGG_TILE_EACH};
    return place;
}

/* A thread's elements of the sum, and what rounding has taken from each. */
template <typename real> struct lgg_sums {
    real value[LGG_TILE_EACH][LGG_TILE_EACH];
    real lost[LGG_TILE_EACH][LGG_TILE_EACH];
};

/* sum += step, by Kahan. */
template <typename real>
static __device__ inline void lgg_sums_add(lgg_sums<real> &sums, const real (&step)[LGG_TILE_EACH][LGG_TILE_EACH]) {
    for (int r = 0; r < LGG_TILE_EACH; r++) {
        for (int c = 0; c < LGG_TILE_EACH; c++) {
            const real term = step[r][c] - sums.lost[r][c], sum = sums.value[r][c] + term;
            sums.lost[r][c] = (sum - sums.value[r][c]) - term;
            sums.value[r][c] = sum;
        }
    }
}

/* How many terms of a step a thread loads. */
#define LGG_TILE_LOADS (LGG_TILE * LGG_TILE_STEP / LGG_TILE_THREADS)

/* A thread's part of the terms: `wanted` columns of a matrix whose rows begin at x and are `stride` apart, for `rows` of 64 rows; what is
 * beyond is 0. value(row, x) is what becomes of an element. Eight threads read what lies together; all is read before any of it is written, so
 * that one waits for the memory once. */
template <typename real, typename function>
static __device__ inline void lgg_load_terms(lgg_terms<real> &terms, const float *x, size_t stride, size_t rows,
                                             size_t wanted, const function &value) {
    const unsigned first_row = threadIdx.x / 8, first_term = threadIdx.x % 8;
    float loaded[LGG_TILE_LOADS];
    for (unsigned l = 0; l < LGG_TILE_LOADS; l++) {
        const unsigned row = first_row + l / 4 * (LGG_TILE_THREADS / 8), t = first_term + l % 4 * 8;
        loaded[l] = row < rows && t < wanted ? __ldg(&x[row * stride + t]) : 0.f;
    }
    for (unsigned l = 0; l < LGG_TILE_LOADS; l++) {
        const unsigned row = first_row + l / 4 * (LGG_TILE_THREADS / 8), t = first_term + l % 4 * 8;
        terms.at(t, row) = row < rows ? value(row, loaded[l]) : (real)0;
    }
}

/* Likewise, of a matrix in which the terms are rows: `wanted` rows of `columns` of 64 columns. */
template <typename real, typename function>
static __device__ inline void lgg_load_rows(lgg_terms<real> &terms, const float *x, size_t stride, size_t columns,
                                            size_t wanted, const function &value) {
    const unsigned column = threadIdx.x % LGG_TILE, first_term = threadIdx.x / LGG_TILE;
    float loaded[LGG_TILE_LOADS];
    for (unsigned l = 0; l < LGG_TILE_LOADS; l++) {
        const unsigned t = first_term + l * (LGG_TILE_THREADS / LGG_TILE);
        loaded[l] = column < columns && t < wanted ? __ldg(&x[t * stride + column]) : 0.f;
    }
    for (unsigned l = 0; l < LGG_TILE_LOADS; l++) {
        const unsigned t = first_term + l * (LGG_TILE_THREADS / LGG_TILE);
        terms.at(t, column) = t < wanted ? value(t, loaded[l]) : (real)0;
    }
}

/* sums += the products of so many terms in a and b, a multiple of eight, for a place side by side. */
static __device__ inline void lgg_tile_step(const lgg_terms<float> &a, const lgg_terms<float> &b,
                                            const lgg_place &place, unsigned terms, lgg_sums<float> &sums) {
    float step[LGG_TILE_EACH][LGG_TILE_EACH] = {};
    LGG_UNROLL
    for (unsigned t = 0; t < terms; t++) {
        const lgg_four<float> row = a.four[t][place.first_row / LGG_TILE_EACH];
        float column[LGG_TILE_EACH];
        for (unsigned c = 0; c < LGG_TILE_EACH; c++)
            column[c] = b.at(t, place.first_column + c * LGG_TILE_SIDE);
        for (int r = 0; r < LGG_TILE_EACH; r++) {
            for (int c = 0; c < LGG_TILE_EACH; c++)
                step[r][c] += row.value[r] * column[c];
        }
    }
    lgg_sums_add(sums, step);
}

#endif
