/* lgg_gradient_gpu.cu: adds dL/dX to the gradients of all students at once, from W: a block takes a strip of LGG_TILE columns and as many rows
 * of one of them. Twin of lgg_class_gradient.c and of the product that ends lgg_similarity.c and lgg_distance.c.
 */
#include "lgg_tile_gpu.h"

/* A tile of a student's gradient. */
struct lgg_gradient_tile {
    size_t g, first_row, first_column;
};

/* `tiles` rows of tiles of each strip come one after another: they read the same columns. */
static __device__ lgg_gradient_tile lgg_gradient_tile_of(const lgg_graphs &graphs, unsigned tiles) {
    const unsigned strip = blockIdx.x / tiles;
    lgg_gradient_tile tile = {0, (size_t)(blockIdx.x % tiles) * LGG_TILE, 0};
    while (strip >= graphs.vertices[tile.g].first_strip + graphs.vertices[tile.g].strips)
        tile.g++;
    tile.first_column = (size_t)(strip - graphs.vertices[tile.g].first_strip) * LGG_TILE;
    return tile;
}

/* Adds value(r, c, row) to each of the thread's elements of the gradient. */
template <typename function>
static __device__ inline void lgg_gradient_write(const lgg_graphs &graphs, const lgg_gradient_tile &tile,
                                                 const lgg_place &place, const function &value) {
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    for (int r = 0; r < LGG_TILE_EACH; r++) {
        for (int c = 0; c < LGG_TILE_EACH; c++) {
            const size_t i = tile.first_row + place.first_row + (unsigned)r;
            const size_t t = tile.first_column + place.first_column + (unsigned)c * place.column_apart;
            if (i < graphs.n && t < vertices.d) vertices.gradient[i * vertices.d + t] += (float)value(r, c, i);
        }
    }
}

/* ---- Cosine: W X ---- */

/* What parallel pairs add to gradient_it: E_ij (s u_jt - u_it) summed up, and along_i u_it, times 2 / |x_i|. */
static __device__ double lgg_parallel_gradient(const lgg_graphs &graphs, const lgg_backward &backward,
                                               const lgg_row &row, size_t t) {
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const double *length = graphs.exact_length + row.g * graphs.n;
    const float x_it = vertices.x[row.i * vertices.d + t];
    const double s_i = 1 / length[row.i];
    double sum = backward.along[row.vector] * s_i * (double)x_it;
    for (size_t j = 0; j < graphs.n; j++) {
        const double e_ij = (double)backward.e[row.matrix + j];
        if (e_ij == 0) continue;
        const double sign = graphs.similarity[row.matrix + j] < 0 ? -1 : 1;
        sum += e_ij * sign * lgg_difference(sign / length[j], vertices.x[j * vertices.d + t], s_i, x_it);
    }
    return 2 * s_i * sum;
}

/* Adds it to the thread's elements. */
static __device__ void lgg_parallel_add(const lgg_graphs &graphs, const lgg_backward &backward,
                                        const lgg_gradient_tile &tile, const lgg_place &place) {
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    for (size_t r = 0; r < LGG_TILE_EACH; r++) {
        const lgg_row row = lgg_row_at(graphs.n, tile.g, tile.first_row + place.first_row + r);
        if (row.i >= graphs.n || backward.parallel[row.vector] == 0) continue;
        for (size_t c = 0; c < LGG_TILE_EACH; c++) {
            const size_t t = tile.first_column + place.first_column + c * place.column_apart;
            if (t >= vertices.d) continue;
            vertices.gradient[row.i * vertices.d + t] += (float)lgg_parallel_gradient(graphs, backward, row, t);
        }
    }
}

/* Block (strip, rows): gradient += W X, and what parallel pairs add. W is symmetric: its rows are read as columns. */
static __global__ void __launch_bounds__(LGG_TILE_THREADS, 3)
    lgg_cosine_gradient_kernel(lgg_graphs graphs, lgg_backward backward, unsigned tiles) {
    __shared__ lgg_terms<float> weights, values;
    const lgg_gradient_tile tile = lgg_gradient_tile_of(graphs, tiles);
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    const lgg_place place = lgg_place_side_by_side();
    const size_t n = graphs.n, d = vertices.d;
    const float *weight = backward.weight + tile.g * n * n;
    float sum[LGG_TILE_EACH][LGG_TILE_EACH] = {};
    const auto same = [](size_t, float x) { return x; };
    for (size_t j = 0; j < n; j += LGG_TILE_STEP) {
        lgg_load_rows(weights, weight + j * n + tile.first_row, n, n - tile.first_row, n - j, same);
        lgg_load_rows(values, vertices.x + j * d + tile.first_column, d, d - tile.first_column, n - j, same);
        __syncthreads();
        float step[LGG_TILE_EACH][LGG_TILE_EACH] = {};
        lgg_tile_step(weights, values, place, step);
        __syncthreads(); /* the next step overwrites the terms */
        for (int r = 0; r < LGG_TILE_EACH; r++) {
            for (int c = 0; c < LGG_TILE_EACH; c++)
                sum[r][c] += step[r][c];
        }
    }
    lgg_gradient_write(graphs, tile, place, [&](int r, int c, size_t) { return sum[r][c]; });
    lgg_parallel_add(graphs, backward, tile, place);
}

/* ---- Distances: W_ij (y_i - y_j) ---- */

/* y = x, or with unit s_i x_i in double precision. */
struct lgg_plain {
    typedef float real;
    static __device__ inline float value(const double *, size_t, float x) {
        return x;
    }
};

struct lgg_unit {
    typedef double real;
    static __device__ inline double value(const double *scale, size_t i, float x) {
        return __dmul_rn(scale[i], (double)x);
    }
};

/* Block (strip, rows): gradient_i += s_i (sum_j W_ij (y_i - y_j) - along_i y_i). */
template <typename kind>
static __global__ void lgg_distance_gradient_kernel(lgg_graphs graphs, lgg_backward backward, unsigned tiles) {
    typedef typename kind::real real;
    __shared__ lgg_terms<float> weights;
    __shared__ lgg_terms<real> values;
    const lgg_gradient_tile tile = lgg_gradient_tile_of(graphs, tiles);
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    const lgg_place place = lgg_place_side_by_side();
    const size_t n = graphs.n, d = vertices.d;
    const float *weight = backward.weight + tile.g * n * n;
    const double *scale = graphs.inverse_length + tile.g * n;
    real own[LGG_TILE_EACH][LGG_TILE_EACH] = {}, sum[LGG_TILE_EACH][LGG_TILE_EACH] = {};
    for (int r = 0; r < LGG_TILE_EACH; r++) {
        for (int c = 0; c < LGG_TILE_EACH; c++) {
            const size_t i = tile.first_row + place.first_row + (unsigned)r;
            const size_t t = tile.first_column + place.first_column + (unsigned)c * place.column_apart;
            if (i < n && t < d) own[r][c] = kind::value(scale, i, vertices.x[i * d + t]);
        }
    }
    for (size_t j = 0; j < n; j += LGG_TILE_STEP) {
        lgg_load_rows(weights, weight + j * n + tile.first_row, n, n - tile.first_row, n - j,
                      [](size_t, float w) { return w; });
        lgg_load_rows(values, vertices.x + j * d + tile.first_column, d, d - tile.first_column, n - j,
                      [&](size_t k, float x) { return kind::value(scale, j + k, x); });
        __syncthreads();
        LGG_UNROLL
        for (unsigned k = 0; k < LGG_TILE_STEP; k++) {
            const lgg_four<float> weight_k = weights.four[k][place.first_row / LGG_TILE_EACH];
            for (unsigned c = 0; c < LGG_TILE_EACH; c++) {
                const real other = values.at(k, place.first_column + c * LGG_TILE_SIDE);
                for (int r = 0; r < LGG_TILE_EACH; r++)
                    sum[r][c] += (real)weight_k.value[r] * (own[r][c] - other);
            }
        }
        __syncthreads(); /* the next step overwrites the terms */
    }
    lgg_gradient_write(graphs, tile, place, [&](int r, int c, size_t i) {
        const double along = backward.along[tile.g * n + i];
        return (graphs.unit ? scale[i] : 1) * ((double)sum[r][c] - along * (double)own[r][c]);
    });
}

void lgg_gradient_add_gpu(const lgg_graphs *graphs, const lgg_backward *backward, const lgg_class_factors *factors,
                          const lgg_device *device) {
    const unsigned tiles = (unsigned)(graphs->padded / LGG_TILE), blocks = graphs->strips * tiles;
    const cudaStream_t stream = device->stream;
    (void)factors;
    if (blocks == 0) return;
    if (graphs->cosine) {
        lgg_cosine_gradient_kernel<<<blocks, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, tiles);
    } else if (!graphs->unit) {
        lgg_distance_gradient_kernel<lgg_plain><<<blocks, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, tiles);
    } else {
        lgg_distance_gradient_kernel<lgg_unit><<<blocks, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, tiles);
    }
}
