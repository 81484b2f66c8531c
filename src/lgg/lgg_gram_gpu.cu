/* lgg_gram_gpu.cu: the Gram matrix G = X X', and the lengths on its diagonal, or squared distances D_ij = |y_i - y_j|^2. Twin of lgg_gram.c and
 * of half of lgg_distance.c.
 *
 * The columns of all representations are cut into parts, all of the same number of columns but for the last of each, so many that the whole device has
 * something to do. A block makes one tile of one part's sum, on and below the diagonal, and writes it on both sides. Who reads the matrix adds up
 * the parts, in order.
 *
 * Squared distances are summed up from the differences, with unit in double precision: where points are close the Gram matrix
 * would have lost its digits, and looking after such pairs one by one takes longer than twice as many operations for all.
 */
#include "lgg_tensor_gpu.h"

/* Parts are no narrower: there would be more writing than reading. */
#define LGG_PART_COLUMNS_LEAST 256
/* Of the memory for them. */
#define LGG_PART_BYTES ((size_t)32 << 20)

unsigned lgg_parts_most(unsigned count, size_t padded) {
    return count + (unsigned)(LGG_PART_BYTES / (padded * padded * sizeof(float)));
}

size_t lgg_part_columns(unsigned count, unsigned most, size_t columns, size_t widest) {
    const size_t spare = most - count;
    if (spare == 0) return widest;
    /* Each representation has at most one part that is not full. */
    const size_t width = ((columns + spare - 1) / spare + LGG_TILE_STEP - 1) / LGG_TILE_STEP * LGG_TILE_STEP;
    return width > LGG_PART_COLUMNS_LEAST ? width : LGG_PART_COLUMNS_LEAST;
}

/* A tile of one part of a graph's sum. */
struct lgg_part_tile {
    size_t g, part;                /* which */
    size_t first_row, first_other; /* of the tile, in the matrix */
    size_t first, last;            /* the part's columns of x */
};

static __device__ lgg_part_tile lgg_part_tile_of(const lgg_graphs &graphs) {
    const unsigned side = (unsigned)(graphs.padded / LGG_TILE), tiles = side * (side + 1) / 2;
    lgg_part_tile tile = {0, blockIdx.x / tiles, 0, 0, 0, 0};
    unsigned other = blockIdx.x % tiles, row = 0;
    while (other > row)
        other -= ++row;
    while (tile.g + 1 < graphs.count && graphs.vertices[tile.g + 1].first_part <= tile.part)
        tile.g++;
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    tile.first_row = (size_t)row * LGG_TILE;
    tile.first_other = (size_t)other * LGG_TILE;
    tile.first = (tile.part - vertices.first_part) * graphs.part_columns;
    tile.last = tile.first + graphs.part_columns < vertices.d ? tile.first + graphs.part_columns : vertices.d;
    return tile;
}

/* Adds the terms of a step: products. */
struct lgg_products {
    typedef float real;
    static constexpr bool differs = false;
    static constexpr int blocks = 3; /* of a multiprocessor, at the same time */
    const double *scale;             /* not used */
    static __device__ inline float term(float a, float b) {
        return a * b;
    }
    __device__ inline float value(size_t, float x) const {
        return x;
    }
};

/* Products, on tensor cores. */
struct lgg_tensor_products {
    typedef float real;
    static constexpr bool differs = false;
    static constexpr int blocks = 2;
    const double *scale; /* not used */
    __device__ inline float value(size_t, float x) const {
        return x;
    }
};

/* Squared differences, of y = x. */
struct lgg_differences {
    typedef float real;
    static constexpr bool differs = true;
    static constexpr int blocks = 3;
    const double *scale; /* not used */
    static __device__ inline float term(float a, float b) {
        return (a - b) * (a - b);
    }
    __device__ inline float value(size_t, float x) const {
        return x;
    }
};

/* Squared differences, of y_i = scale_i x_i. */
struct lgg_unit_differences {
    typedef double real;
    static constexpr bool differs = true;
    static constexpr int blocks = 1;
    const double *scale;
    static __device__ inline double term(double a, double b) {
        return (a - b) * (a - b);
    }
    __device__ inline double value(size_t i, float x) const {
        return __dmul_rn(scale[i], (double)x);
    }
};

template <typename kind> static __device__ inline lgg_place lgg_part_place(const kind &) {
    return lgg_place_in_groups();
}

static __device__ inline lgg_place lgg_part_place(const lgg_tensor_products &) {
    return lgg_place_in_fragments();
}

/* sums += what the terms in a and b make; of those of element (r, r), with against_zero, a against 0. */
template <typename kind, typename real>
static __device__ inline void lgg_part_step(const kind &, const lgg_terms<real> &a, const lgg_terms<real> &b,
                                            const lgg_place &place, bool against_zero, lgg_sums<real> &sums) {
    real step[LGG_TILE_EACH][LGG_TILE_EACH] = {};
    LGG_UNROLL
    for (unsigned t = 0; t < LGG_TILE_STEP; t++) {
        const lgg_four<real> row = a.four[t][place.first_row / LGG_TILE_EACH];
        const lgg_four<real> column = b.four[t][place.first_column / LGG_TILE_EACH];
        for (int r = 0; r < LGG_TILE_EACH; r++) {
            for (int c = 0; c < LGG_TILE_EACH; c++)
                step[r][c] += kind::term(row.value[r], r == c && against_zero ? 0 : column.value[c]);
        }
    }
    lgg_sums_add(sums, step);
}

static __device__ inline void lgg_part_step(const lgg_tensor_products &, const lgg_terms<float> &a,
                                            const lgg_terms<float> &b, const lgg_place &place, bool,
                                            lgg_sums<float> &sums) {
    lgg_tensor_step(a, b, place, LGG_TILE_STEP, sums);
}

/* Writes a thread's elements of the tile, and their mirror images. */
template <typename real>
static __device__ inline void lgg_part_write(const lgg_graphs &graphs, const lgg_part_tile &tile,
                                             const lgg_place &place, const lgg_sums<real> &sums) {
    const size_t padded = graphs.padded;
    const size_t i = tile.first_row + place.first_row, j = tile.first_other + place.first_column;
    float *part = graphs.part + tile.part * padded * padded;
    for (unsigned r = 0; r < LGG_TILE_EACH; r++) {
        for (unsigned c = 0; c < LGG_TILE_EACH; c++) {
            part[(i + r) * padded + j + c * place.column_apart] = (float)sums.value[r][c];
            if (i + r == j + c * place.column_apart)
                graphs.part_length2[tile.part * padded + i + r] = (float)sums.value[r][c];
        }
    }
    if (tile.first_row == tile.first_other) return;
    for (unsigned c = 0; c < LGG_TILE_EACH; c++) {
        for (unsigned r = 0; r < LGG_TILE_EACH; r++)
            part[(j + c * place.column_apart) * padded + i + r] = (float)sums.value[r][c];
    }
}

/* Block (part, tile): part and part_length2. Distances are 0 on the diagonal, which has the squared length instead, as products have. */
template <typename kind>
static __global__ void __launch_bounds__(LGG_TILE_THREADS, kind::blocks) lgg_part_kernel(lgg_graphs graphs) {
    typedef typename kind::real real;
    __shared__ lgg_terms<real> rows, others;
    const lgg_part_tile tile = lgg_part_tile_of(graphs);
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    const bool diagonal = tile.first_row == tile.first_other;
    const size_t d = vertices.d, n = graphs.n;
    const double *scale = graphs.inverse_length + tile.g * n;
    const kind row_kind = {scale + tile.first_row}, other_kind = {scale + tile.first_other};
    const lgg_place place = lgg_part_place(row_kind);
    const bool against_zero = kind::differs && diagonal && place.first_row == place.first_column;
    lgg_sums<real> sums = {};
    for (size_t t = tile.first; t < tile.last; t += LGG_TILE_STEP) {
        const size_t wanted = tile.last - t;
        lgg_load_terms(rows, vertices.x + tile.first_row * d + t, d, n - tile.first_row, wanted,
                       [&](size_t i, float x) { return row_kind.value(i, x); });
        if (!diagonal) {
            lgg_load_terms(others, vertices.x + tile.first_other * d + t, d, n - tile.first_other, wanted,
                           [&](size_t i, float x) { return other_kind.value(i, x); });
        }
        __syncthreads();
        lgg_part_step(row_kind, rows, diagonal ? rows : others, place, against_zero, sums);
        __syncthreads(); /* the next step overwrites the terms */
    }
    lgg_part_write(graphs, tile, place, sums);
}

/* Block (g, i): inverse_length in double precision: the difference of two nearly equal unit vectors needs every digit. */
static __global__ void lgg_lengths_kernel(lgg_graphs graphs) {
    const lgg_row row = lgg_row_of(graphs);
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const float *x = vertices.x + row.i * vertices.d;
    double length2 = 0;
    for (size_t t = threadIdx.x; t < vertices.d; t += LGG_THREADS)
        length2 += (double)x[t] * (double)x[t];
    const double total = lgg_block_sum(length2);
    if (threadIdx.x == 0) graphs.inverse_length[row.vector] = total < (double)LGG_ZERO_LENGTH2 ? 0 : 1 / sqrt(total);
}

lgg_status lgg_has_tensor_products(bool *has) {
    cudaFuncAttributes kernel;
    if (cudaFuncGetAttributes(&kernel, lgg_part_kernel<lgg_tensor_products>) != cudaSuccess) return LGG_ERROR_DEVICE;
    *has = kernel.ptxVersion >= 80; /* of what runs on this device, and so it is no older itself */
    return LGG_OK;
}

void lgg_gram_forward_gpu(const lgg_graphs *graphs, const lgg_device *device) {
    const size_t side = graphs->padded / LGG_TILE;
    const unsigned blocks = graphs->parts * (unsigned)(side * (side + 1) / 2);
    if (graphs->cosine && device->tensor_products) {
        lgg_part_kernel<lgg_tensor_products><<<blocks, LGG_TILE_THREADS, 0, device->stream>>>(*graphs);
    } else if (graphs->cosine) {
        lgg_part_kernel<lgg_products><<<blocks, LGG_TILE_THREADS, 0, device->stream>>>(*graphs);
    } else if (!graphs->unit) {
        lgg_part_kernel<lgg_differences><<<blocks, LGG_TILE_THREADS, 0, device->stream>>>(*graphs);
    } else {
        lgg_lengths_kernel<<<graphs->count *(unsigned)graphs->n, LGG_THREADS, 0, device->stream>>>(*graphs);
        lgg_part_kernel<lgg_unit_differences><<<blocks, LGG_TILE_THREADS, 0, device->stream>>>(*graphs);
    }
}
