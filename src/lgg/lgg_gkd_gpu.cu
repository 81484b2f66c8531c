/* lgg_gkd_gpu.cu: graph knowledge distillation, L = sum over layer pairs of ||A_T^p - A_S^p||^2 (or its root). Twin of lgg_gkd.c. */
#include "lgg_tile_gpu.h"
#include "lgg_weights_gpu.h"

/* Which edges count. */
struct lgg_edge_filter {
    lgg_edges edges;
    size_t classes;
    const float *labels; /* (n, C); not read for all edges */
};

/* arg max v_i, the first of equals. */
static __device__ size_t lgg_label_class(const lgg_edge_filter &filter, size_t i) {
    size_t best = 0;
    for (size_t t = 1; t < filter.classes; t++) {
        if (filter.labels[i * filter.classes + t] > filter.labels[i * filter.classes + best]) best = t;
    }
    return best;
}

/* What a thread needs to know of a row to filter it. */
static __device__ size_t lgg_row_class(const lgg_edge_filter &filter, size_t i) {
    return filter.edges == LGG_EDGES_ALL ? 0 : lgg_label_class(filter, i);
}

static __device__ bool lgg_edge_counts(const lgg_edge_filter &filter, size_t row_class, size_t j) {
    if (filter.edges == LGG_EDGES_ALL) return true;
    return (lgg_label_class(filter, j) == row_class) == (filter.edges == LGG_EDGES_INTRA);
}

/* Block (g, i): row i of adjacency, without the edges that do not count. For powers of it. */
static __global__ void lgg_adjacency_kernel(lgg_graphs graphs, lgg_edge_filter filter, float *adjacency) {
    const lgg_row row = lgg_row_of(graphs);
    const size_t row_class = lgg_row_class(filter, row.i);
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS)
        adjacency[row.matrix + j] = lgg_edge_counts(filter, row_class, j) ? lgg_adjacency(graphs, row, j) : 0.f;
}

/* A square matrix of each graph, (graphs, n, n), and where a block is in its tiles. */
struct lgg_square_tile {
    size_t matrix, first_row, first_column;
};

static __device__ lgg_square_tile lgg_square_tile_of(size_t n, unsigned side) {
    const size_t g = blockIdx.x / (side * side), tile = blockIdx.x % (side * side);
    const lgg_square_tile square = {g * n * n, tile / side * LGG_TILE, tile % side * LGG_TILE};
    return square;
}

/* Block (g, tile): c = a b + more, for each of the graphs; more may be NULL, or c. */
static __global__ void lgg_square_product_kernel(size_t n, unsigned side, const float *a, const float *b,
                                                 const float *more, float *c) {
    __shared__ lgg_terms<float> rows, columns;
    const lgg_square_tile tile = lgg_square_tile_of(n, side);
    const lgg_place place = lgg_place_side_by_side();
    const auto same = [](size_t, float x) { return x; };
    lgg_sums<float> sums = {};
    for (size_t t = 0; t < n; t += LGG_TILE_STEP) {
        lgg_load_terms(rows, a + tile.matrix + tile.first_row * n + t, n, n - tile.first_row, n - t, same);
        lgg_load_rows(columns, b + tile.matrix + t * n + tile.first_column, n, n - tile.first_column, n - t, same);
        __syncthreads();
        lgg_tile_step(rows, columns, place, LGG_TILE_STEP, sums);
        __syncthreads(); /* the next step overwrites the terms */
    }
    for (int r = 0; r < LGG_TILE_EACH; r++) {
        for (int s = 0; s < LGG_TILE_EACH; s++) {
            const size_t i = tile.first_row + place.first_row + (unsigned)r;
            const size_t j = tile.first_column + place.first_column + (unsigned)s * place.column_apart;
            const size_t element = tile.matrix + i * n + j;
            if (i < n && j < n) c[element] = sums.value[r][s] + (more ? more[element] : 0.f);
        }
    }
}

/* c (count, n, n) = a b + more. */
static void lgg_square_product_gpu(const lgg_loss_gpu *loss, unsigned count, const float *a, const float *b,
                                   const float *more, float *c) {
    const unsigned side = (unsigned)(loss->graphs.padded / LGG_TILE);
    lgg_square_product_kernel<<<count * side * side, LGG_TILE_THREADS, 0, loss->device->stream>>>(loss->graphs.n, side,
                                                                                                  a, b, more, c);
}

/* The p-th powers of all adjacencies, which are filtered and kept: one of the two buffers. */
static float *lgg_matrix_powers_gpu(lgg_loss_gpu *loss, const lgg_edge_filter &filter) {
    const lgg_graphs *graphs = &loss->graphs;
    float *power = loss->adjacency;
    lgg_adjacency_kernel<<<graphs->count *(unsigned)graphs->n, LGG_THREADS, 0, loss->device->stream>>>(*graphs, filter,
                                                                                                       loss->adjacency);
    for (int i = 1; i < loss->options.power; i++) {
        float *next = loss->matrix_power[i % 2];
        lgg_square_product_gpu(loss, graphs->count, power, loss->adjacency, nullptr, next);
        power = next;
    }
    return power;
}

/* Block (pair, i): row i of e = student - teacher, squared (pairs, n) = the row's ||e||^2, size (pairs, n) = its ||teacher||^2; the gradient of its
 * degree. power: A^p of all graphs; NULL for A itself, filtered. */
static __global__ void lgg_gkd_difference_kernel(lgg_graphs graphs, lgg_edge_filter filter, const float *power,
                                                 lgg_backward backward, double *squared, double *size) {
    const lgg_row student = lgg_row_of(graphs), teacher = lgg_row_at(graphs.n, student.g + graphs.students, student.i);
    const size_t row_class = lgg_row_class(filter, student.i);
    double e_sum = 0, teacher_sum = 0, degree_sum = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const bool counts = power || lgg_edge_counts(filter, row_class, j);
        const float a = power ? power[student.matrix + j] : counts ? lgg_adjacency(graphs, student, j) : 0.f;
        const float b = power ? power[teacher.matrix + j] : counts ? lgg_adjacency(graphs, teacher, j) : 0.f;
        const float e = a - b;
        backward.e[student.matrix + j] = e;
        e_sum += (double)e * (double)e;
        teacher_sum += (double)b * (double)b;
        degree_sum += (double)e * (double)a;
    }
    const double e_total = lgg_block_sum(e_sum), teacher_total = lgg_block_sum(teacher_sum);
    if (threadIdx.x == 0) {
        squared[student.vector] = e_total;
        size[student.vector] = teacher_total;
    }
    if (graphs.normalize && !power) lgg_keep_degree_gradient(graphs, student, degree_sum, backward.half_q);
}

/* Block (pair, i): row i of e = `from` = dL/dA (pairs, n, n), without the edges that do not count, and the gradient of its degree. */
static __global__ void lgg_gkd_edges_kernel(lgg_graphs graphs, lgg_edge_filter filter, const float *from,
                                            lgg_backward backward) {
    const lgg_row row = lgg_row_of(graphs);
    const size_t row_class = lgg_row_class(filter, row.i);
    double degree_sum = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const float e = lgg_edge_counts(filter, row_class, j) ? from[row.matrix + j] : 0.f;
        backward.e[row.matrix + j] = e;
        degree_sum += (double)e * (double)lgg_adjacency(graphs, row, j);
    }
    if (graphs.normalize) lgg_keep_degree_gradient(graphs, row, degree_sum, backward.half_q);
}

/* e = Gamma becomes sum_(a + b = p - 1) A^a Gamma A^b: R_1 = Z_0 = Gamma; Z_i = Z_(i-1) A; R_(i+1) = A R_i + Z_i. */
static void lgg_matrix_power_backward_gpu(lgg_loss_gpu *loss, const lgg_edge_filter &filter) {
    const lgg_graphs *graphs = &loss->graphs;
    const unsigned pairs = graphs->students;
    const size_t size = (size_t)pairs * graphs->n * graphs->n;
    /* Four buffers for the pairs, of two for all graphs: z and r, and what they become. */
    float *z[] = {loss->matrix_power[0], loss->matrix_power[0] + size};
    float *r[] = {loss->matrix_power[1], loss->matrix_power[1] + size};
    const float *last_z = loss->backward.e, *last_r = loss->backward.e;
    for (int i = 1; i < loss->options.power; i++) {
        lgg_square_product_gpu(loss, pairs, last_z, loss->adjacency, nullptr, z[i % 2]);
        lgg_square_product_gpu(loss, pairs, loss->adjacency, last_r, z[i % 2], r[i % 2]);
        last_z = z[i % 2];
        last_r = r[i % 2];
    }
    lgg_gkd_edges_kernel<<<pairs *(unsigned)graphs->n, LGG_THREADS, 0, loss->device->stream>>>(*graphs, filter, last_r,
                                                                                               loss->backward);
}

/* The gradient of share ||Delta||^2 (or its root) is a multiple of Delta; 0 where the graphs are equal to float32's rounding. Every
 * block adds up squared and size (pairs, n) for itself; the loss is reported. */
struct lgg_gkd_factor {
    int root;
    double share, scale;
    const double *squared, *size;
    __device__ double operator()(const lgg_graphs &graphs, const lgg_backward &backward, size_t g, bool reports) const {
        const double e_total = lgg_block_total(graphs.n, squared + g * graphs.n),
                     teacher_total = lgg_block_total(graphs.n, size + g * graphs.n);
        const bool equal = e_total <= LGG_EQUAL_GRAPH * LGG_EQUAL_GRAPH * teacher_total;
        const double length = equal ? 0 : sqrt(e_total);
        if (reports && threadIdx.x == 0) {
            backward.report[g * LGG_REPORT_SIZE + LGG_REPORT_VALUE] = share * (root ? length : length * length);
        }
        return share * scale * (equal || (root && length < LGG_VANISHED) ? 0 : root ? 1 / length : 2);
    }
};

void lgg_gkd_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                          const lgg_representation *teacher, float scale) {
    const lgg_options *options = &loss->options;
    lgg_graphs *graphs = &loss->graphs;
    const lgg_edge_filter filter = {options->edges, (size_t)loss->classes, labels};
    const cudaStream_t stream = loss->device->stream;
    lgg_graphs_forward_gpu(loss, batch, student, teacher);
    const unsigned rows = graphs->students * (unsigned)graphs->n;
    const float *power = options->power > 1 ? lgg_matrix_powers_gpu(loss, filter) : nullptr;
    lgg_gkd_difference_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, filter, power, loss->backward,
                                                                loss->row_total[0], loss->row_total[1]);
    if (power && scale != 0) lgg_matrix_power_backward_gpu(loss, filter);
    const double share = options->reduction == LGG_MEAN ? 1. / loss->layers : 1;
    const lgg_gkd_factor factor = {options->distance == LGG_FROBENIUS, share, (double)scale, loss->row_total[0],
                                   loss->row_total[1]};
    lgg_alpha_row_gpu(graphs, &loss->backward, loss->device);
    lgg_weights_kernel<lgg_gkd_factor><<<rows, LGG_THREADS, 0, stream>>>(*graphs, loss->backward, factor);
    if (scale != 0) lgg_gradient_add_gpu(graphs, &loss->backward, nullptr, loss->device);
}
