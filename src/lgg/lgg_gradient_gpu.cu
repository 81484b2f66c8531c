/* lgg_gradient_gpu.cu: adds dL/dX to the gradients of all students at once, from W: a block takes a strip of LGG_TILE columns and as many rows
 * of one of them. Students that share a gradient take turns. Twin of lgg_class_gradient.c and of the product that ends lgg_similarity.c and lgg_distance.c.
 */
#include "lgg_tensor_gpu.h"

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

/* Adds value(r, c, row, column) to each of the thread's elements of the gradient. */
template <typename function>
static __device__ inline void lgg_gradient_write(const lgg_graphs &graphs, const lgg_gradient_tile &tile,
                                                 const lgg_place &place, const function &value) {
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    for (int r = 0; r < LGG_TILE_EACH; r++) {
        for (int c = 0; c < LGG_TILE_EACH; c++) {
            const size_t i = tile.first_row + place.first_row + (unsigned)r;
            const size_t t = tile.first_column + place.first_column + (unsigned)c * place.column_apart;
            if (i < graphs.n && t < vertices.d) vertices.gradient[i * vertices.d + t] += (float)value(r, c, i, t);
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

/* How a tile's products are made. */
struct lgg_float32 {
    static constexpr int blocks = 3; /* of a multiprocessor, at the same time */
    static __device__ inline lgg_place place() {
        return lgg_place_side_by_side();
    }
    static __device__ inline void step(const lgg_terms<float> &rows, const lgg_terms<float> &columns,
                                       const lgg_place &place, unsigned terms, lgg_sums<float> &sums) {
        lgg_tile_step(rows, columns, place, terms, sums);
    }
};

struct lgg_tensor {
    static constexpr int blocks = 2;
    static __device__ inline lgg_place place() {
        return lgg_place_in_fragments();
    }
    static __device__ inline void step(const lgg_terms<float> &rows, const lgg_terms<float> &columns,
                                       const lgg_place &place, unsigned terms, lgg_sums<float> &sums) {
        lgg_tensor_step(rows, columns, place, terms, sums);
    }
};

/* A tile of gradient += W X, and what parallel pairs add. W is symmetric: its rows are read as columns. */
template <typename products>
static __device__ inline void lgg_cosine_gradient_tile(const lgg_graphs &graphs, const lgg_backward &backward,
                                                       const lgg_gradient_tile &tile, lgg_terms<float> &weights,
                                                       lgg_terms<float> &values) {
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    const lgg_place place = products::place();
    const size_t n = graphs.n, d = vertices.d;
    const float *weight = backward.weight + tile.g * n * n;
    lgg_sums<float> sums = {};
    const auto same = [](size_t, float x) { return x; };
    for (size_t j = 0; j < n; j += LGG_TILE_STEP) {
        lgg_load_rows(weights, weight + j * n + tile.first_row, n, n - tile.first_row, n - j, same);
        lgg_load_rows(values, vertices.x + j * d + tile.first_column, d, d - tile.first_column, n - j, same);
        __syncthreads();
        products::step(weights, values, place, LGG_TILE_STEP, sums);
        __syncthreads(); /* the next step overwrites the terms */
    }
    lgg_gradient_write(graphs, tile, place, [&](int r, int c, size_t, size_t) { return sums.value[r][c]; });
    lgg_parallel_add(graphs, backward, tile, place);
}

/* Block (strip, rows). */
template <typename products>
static __global__ void __launch_bounds__(LGG_TILE_THREADS, products::blocks)
    lgg_cosine_gradient_kernel(lgg_graphs graphs, lgg_backward backward, unsigned tiles, unsigned round) {
    __shared__ lgg_terms<float> weights, values;
    const lgg_gradient_tile tile = lgg_gradient_tile_of(graphs, tiles);
    if (graphs.vertices[tile.g].round != round) return;
    lgg_cosine_gradient_tile<products>(graphs, backward, tile, weights, values);
}

/* ---- Label variation on a whole cosine graph: from sums over classes ----
 *
 * E_ij = q_i + q_j - sum_(a + b = m - 1) U_a,i.U_b,j is a product of two matrices of 2 + m C columns, left and right. So
 * sum_j E_ij u_j = sum_r left_ir M_r, M_r = sum_j right_jr u_j: far fewer operations than a product with E. It knows nothing of parallel
 * pairs; where there is one, W X it is.
 *
 * E knows differences of rows of U_a alone, so every U_a is taken less its mean row. With one class in most of the batch E is 0 nearly
 * everywhere; its terms are then as small as they can be, and do not lose the digits of what is left of them.
 */

/* Columns of left and right. */
static __host__ __device__ inline size_t lgg_factor_rank(const lgg_class_factors &factors) {
    return 2 + (size_t)factors.powers * factors.classes;
}

/* Terms are taken eight at a time. */
static __host__ __device__ inline size_t lgg_whole_eights(size_t count) {
    return (count + 7) / 8 * 8;
}

/* With fewer strips than this W X has more blocks to share the work. */
#define LGG_CLASS_STRIPS 32

bool lgg_factors_pay(const lgg_graphs *graphs, const lgg_class_factors *factors) {
    if (!graphs->cosine || graphs->normalize || graphs->k > 0) return false;
    const size_t rank = lgg_whole_eights(lgg_factor_rank(*factors));
    return graphs->strips >= LGG_CLASS_STRIPS && rank <= LGG_TILE &&
           rank * (graphs->n + graphs->padded) < graphs->n * graphs->padded;
}

/* A column of left or right: factor * (value[i * stride] - mean), or 1 where there is no value. */
struct lgg_factor_column {
    const float *value;
    unsigned stride;
    float factor, mean;
};

/* left: q, 1, -U_(m-1), ..., -U_0; right: 1, q, U_0, ..., U_(m-1); every U less its mean row. */
static __device__ inline lgg_factor_column
lgg_factor_column_of(const lgg_graphs &graphs, const lgg_class_factors &factors, size_t g, unsigned column, bool left) {
    const unsigned classes = (unsigned)factors.classes, kept = (unsigned)factors.powers - 1;
    if (column < 2) {
        const lgg_factor_column of_vertex = {(column == 0) == left ? factors.q + g * graphs.n : nullptr, 1, 1.f, 0.f};
        return of_vertex;
    }
    const unsigned a = (column - 2) / classes, c = (column - 2) % classes, power = left ? kept - a : a;
    const float *u = power == 0 ? factors.labels : factors.power + (g * kept + power - 1) * graphs.n * classes;
    const float mean = factors.mean[(g * (size_t)factors.powers + power) * classes + c];
    const lgg_factor_column of_class = {u + c, classes, left ? -1.f : 1.f, mean};
    return of_class;
}

static __device__ inline float lgg_factor_at(const lgg_factor_column &column, size_t i) {
    return column.value ? column.factor * (column.value[i * column.stride] - column.mean) : 1.f;
}

/* terms [j][r] = right_jr from vertex `first` on; what is beyond is 0. A thread has one r. */
static __device__ inline void lgg_load_right(lgg_terms<float> &terms, const lgg_factor_column &right, size_t n,
                                             size_t first, size_t rank) {
    const unsigned r = threadIdx.x % LGG_TILE;
    for (unsigned t = threadIdx.x / LGG_TILE; t < LGG_TILE_STEP; t += LGG_TILE_THREADS / LGG_TILE)
        terms.at(t, r) = r < rank && first + t < n ? lgg_factor_at(right, first + t) : 0.f;
}

/* terms [r][i] = left_ir for columns first_column + r, from vertex `first` on. */
static __device__ inline void lgg_load_left(lgg_terms<float> &terms, const lgg_graphs &graphs,
                                            const lgg_class_factors &factors, size_t g, size_t first,
                                            unsigned first_column, size_t rank) {
    const unsigned i = threadIdx.x % LGG_TILE;
    for (unsigned t = threadIdx.x / LGG_TILE; t < LGG_TILE_STEP; t += LGG_TILE_THREADS / LGG_TILE) {
        const bool is_there = first_column + t < rank && first + i < graphs.n;
        terms.at(t, i) =
            is_there ? lgg_factor_at(lgg_factor_column_of(graphs, factors, g, first_column + t, true), first + i) : 0.f;
    }
}

/* m [r][t] = M_r of the strip's columns. Warps whose rows are beyond the rank have nothing to add up. */
template <typename products>
static __device__ inline void lgg_class_sums(const lgg_graphs &graphs, const lgg_class_factors &factors,
                                             const lgg_gradient_tile &tile, size_t rank, lgg_terms<float> &right,
                                             lgg_terms<float> &values, lgg_terms<float> (&m)[2]) {
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    const lgg_place place = products::place();
    const size_t n = graphs.n, d = vertices.d;
    const double *inverse_length = graphs.inverse_length + tile.g * n;
    const lgg_factor_column column = lgg_factor_column_of(graphs, factors, tile.g, threadIdx.x % LGG_TILE, false);
    lgg_sums<float> sums = {};
    for (size_t j = 0; j < n; j += LGG_TILE_STEP) {
        lgg_load_right(right, column, n, j, rank);
        lgg_load_rows(values, vertices.x + j * d + tile.first_column, d, d - tile.first_column, n - j,
                      [&](size_t k, float x) { return (float)inverse_length[j + k] * x; });
        __syncthreads();
        if (place.warp_row < rank) products::step(right, values, place, LGG_TILE_STEP, sums);
        __syncthreads(); /* the next step overwrites the terms */
    }
    for (unsigned r = 0; r < LGG_TILE_EACH; r++) {
        for (unsigned c = 0; c < LGG_TILE_EACH; c++) {
            const unsigned row = place.first_row + r;
            m[row / LGG_TILE_STEP].at(row % LGG_TILE_STEP, place.first_column + c * place.column_apart) =
                sums.value[r][c];
        }
    }
}

/* Block (strip): gradient_i += 2 factor / |x_i| sum_r left_ir M_r + W_ii x_i, for all rows. */
template <typename products>
static __global__ void __launch_bounds__(LGG_TILE_THREADS, 2)
    lgg_class_gradient_kernel(lgg_graphs graphs, lgg_backward backward, lgg_class_factors factors, unsigned round) {
    __shared__ lgg_terms<float> weights, values, m[2];
    const size_t n = graphs.n, rank = lgg_factor_rank(factors);
    lgg_gradient_tile tile = lgg_gradient_tile_of(graphs, 1);
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    const lgg_place place = products::place();
    bool parallel = false;
    if (vertices.round != round) return;
    for (size_t i = threadIdx.x; i < n; i += LGG_TILE_THREADS)
        parallel |= backward.parallel[tile.g * n + i] > 0;
    if (__syncthreads_or(parallel)) {
        for (; tile.first_row < n; tile.first_row += LGG_TILE)
            lgg_cosine_gradient_tile<products>(graphs, backward, tile, weights, values);
        return;
    }
    lgg_class_sums<products>(graphs, factors, tile, rank, weights, values, m);
    for (; tile.first_row < n; tile.first_row += LGG_TILE) {
        lgg_sums<float> sums = {};
        for (unsigned first = 0; first < rank; first += LGG_TILE_STEP) {
            __syncthreads(); /* m is written, and what came before is read */
            lgg_load_left(weights, graphs, factors, tile.g, tile.first_row, first, rank);
            __syncthreads();
            const size_t terms = rank - first < LGG_TILE_STEP ? lgg_whole_eights(rank - first) : LGG_TILE_STEP;
            products::step(weights, m[first / LGG_TILE_STEP], place, (unsigned)terms, sums);
        }
        lgg_gradient_write(graphs, tile, place, [&](int r, int c, size_t i, size_t t) {
            const double slope = 2 * backward.factor[tile.g] * graphs.inverse_length[tile.g * n + i];
            const double diagonal = (double)backward.weight[(tile.g * n + i) * n + i];
            return slope * (double)sums.value[r][c] + diagonal * (double)vertices.x[i * vertices.d + t];
        });
    }
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
static __global__ void lgg_distance_gradient_kernel(lgg_graphs graphs, lgg_backward backward, unsigned tiles,
                                                    unsigned round) {
    typedef typename kind::real real;
    __shared__ lgg_terms<float> weights;
    __shared__ lgg_terms<real> values;
    const lgg_gradient_tile tile = lgg_gradient_tile_of(graphs, tiles);
    const lgg_vertices &vertices = graphs.vertices[tile.g];
    if (vertices.round != round) return;
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
    lgg_gradient_write(graphs, tile, place, [&](int r, int c, size_t i, size_t) {
        const double along = backward.along[tile.g * n + i];
        return (graphs.unit ? scale[i] : 1) * ((double)sum[r][c] - along * (double)own[r][c]);
    });
}

template <typename products>
static void lgg_cosine_round_gpu(const lgg_graphs *graphs, const lgg_backward *backward,
                                 const lgg_class_factors *factors, cudaStream_t stream, unsigned round) {
    const unsigned tiles = (unsigned)(graphs->padded / LGG_TILE), blocks = graphs->strips * tiles;
    if (factors) {
        lgg_class_gradient_kernel<products>
            <<<graphs->strips, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, *factors, round);
    } else {
        lgg_cosine_gradient_kernel<products><<<blocks, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, tiles, round);
    }
}

/* One turn of those that share gradients. */
static void lgg_gradient_round_gpu(const lgg_graphs *graphs, const lgg_backward *backward,
                                   const lgg_class_factors *factors, const lgg_device *device, unsigned round) {
    const unsigned tiles = (unsigned)(graphs->padded / LGG_TILE), blocks = graphs->strips * tiles;
    const cudaStream_t stream = device->stream;
    if (graphs->cosine && device->tensor_products) {
        lgg_cosine_round_gpu<lgg_tensor>(graphs, backward, factors, stream, round);
    } else if (graphs->cosine) {
        lgg_cosine_round_gpu<lgg_float32>(graphs, backward, factors, stream, round);
    } else if (!graphs->unit) {
        lgg_distance_gradient_kernel<lgg_plain>
            <<<blocks, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, tiles, round);
    } else {
        lgg_distance_gradient_kernel<lgg_unit>
            <<<blocks, LGG_TILE_THREADS, 0, stream>>>(*graphs, *backward, tiles, round);
    }
}

void lgg_gradient_add_gpu(const lgg_graphs *graphs, const lgg_backward *backward, const lgg_class_factors *factors,
                          const lgg_device *device) {
    for (unsigned round = 0; graphs->strips > 0 && round < graphs->rounds; round++)
        lgg_gradient_round_gpu(graphs, backward, factors, device, round);
}
