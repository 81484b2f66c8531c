/* lgg_variation_gpu.cu: label variation sigma = tr(V' L^m V) and its smoothness over layers. Twin of lgg_variation.c.
 *
 * U_i = L^i V is kept for every layer. The scale of a layer's gradient depends on values (the classes of the batch, the order of the sigmas):
 * the blocks that need it make it from the rows' sums.
 */
#include "lgg_weights_gpu.h"

/* U_0, U_1, ... of all layers. */
struct lgg_laplacian_powers {
    size_t classes;
    int kept;            /* powers that follow the first */
    const float *labels; /* U_0 (n, C) of every layer */
    float *power;        /* (layers, kept, n, C) */
};

/* U_a of graph g. */
static __device__ const float *lgg_laplacian_power(const lgg_laplacian_powers &powers, size_t n, size_t g, int a) {
    if (a == 0) return powers.labels;
    return powers.power + (g * (size_t)powers.kept + (size_t)a - 1) * n * powers.classes;
}

/* (U_a,i - U_a,j).(U_b,i - U_b,j) / 2 */
static __device__ double lgg_half_product(const lgg_laplacian_powers &powers, size_t n, size_t g, int a, int b,
                                          size_t i, size_t j) {
    const float *u_a = lgg_laplacian_power(powers, n, g, a), *u_b = lgg_laplacian_power(powers, n, g, b);
    float sum = 0;
    for (size_t c = 0; c < powers.classes; c++) {
        const size_t ic = i * powers.classes + c, jc = j * powers.classes + c;
        sum += (u_a[ic] - u_a[jc]) * (u_b[ic] - u_b[jc]);
    }
    return (double)sum / 2;
}

/* Block (g, i): sigma_row (layers, n) = the row's sum of A_ij |v_i - v_j|^2 / 2, and weight_row (n) that of |v_i - v_j|^2 / 2, over the edges
 * that are kept or over all: for m = 1 the first is the row's share of sigma. */
static __global__ void lgg_variation_edges_kernel(lgg_graphs graphs, lgg_laplacian_powers powers, int sums_edges,
                                                  int kept, double *sigma_row, double *weight_row) {
    const lgg_row row = lgg_row_of(graphs);
    double sigma = 0, weight = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double distance = lgg_half_product(powers, graphs.n, row.g, 0, 0, row.i, j);
        if (sums_edges) sigma += (double)lgg_adjacency(graphs, row, j) * distance;
        if (!kept || graphs.k == 0 || graphs.edge[row.matrix + j]) weight += distance;
    }
    const double row_sigma = lgg_block_sum(sigma), row_weight = lgg_block_sum(weight);
    if (threadIdx.x != 0) return;
    if (sums_edges) sigma_row[row.vector] = row_sigma;
    if (row.g == 0) weight_row[row.i] = row_weight;
}

/* sum_j A_ij (u_ic - u_jc) for class c of this thread, which has one in `lanes` of the j; the class's first thread gets the sum. */
static __device__ double lgg_laplacian_element(const lgg_graphs &graphs, const lgg_row &row, size_t classes,
                                               const float *u, size_t c, size_t lane, size_t lanes, size_t width) {
    __shared__ double partial[LGG_THREADS];
    double sum = 0;
    for (size_t j = lane; lane < lanes && c < classes && j < graphs.n; j += lanes) {
        sum += (double)lgg_adjacency(graphs, row, j) * ((double)u[row.i * classes + c] - (double)u[j * classes + c]);
    }
    partial[threadIdx.x] = sum;
    __syncthreads();
    for (size_t l = 1; lane == 0 && l < lanes; l++)
        sum += partial[threadIdx.x + l * width];
    return sum; /* with a next turn of classes there is one thread for each, which reads nobody else's */
}

/* Block (g, i): row i of U_a = L U_(a-1); with sigma_row (layers, n), also U_a,i.U_b,i, the row's share of sigma = tr(U_a' U_b). */
static __global__ void lgg_laplacian_kernel(lgg_graphs graphs, lgg_laplacian_powers powers, int a, int b,
                                            double *sigma_row) {
    const lgg_row row = lgg_row_of(graphs);
    const size_t n = graphs.n, classes = powers.classes, width = classes < LGG_THREADS ? classes : LGG_THREADS;
    const size_t lane = threadIdx.x / width, lanes = LGG_THREADS / width;
    const float *u = lgg_laplacian_power(powers, n, row.g, a - 1), *u_b = lgg_laplacian_power(powers, n, row.g, b);
    float *next = (float *)lgg_laplacian_power(powers, n, row.g, a) + row.i * classes;
    double sigma = 0;
    for (size_t first = 0; first < classes; first += width) {
        const size_t c = first + threadIdx.x % width;
        const double element = lgg_laplacian_element(graphs, row, classes, u, c, lane, lanes, width);
        if (lane != 0 || c >= classes) continue;
        next[c] = (float)element;
        sigma += (double)next[c] * (double)(a == b ? next[c] : u_b[row.i * classes + c]);
    }
    if (!sigma_row) return;
    const double row_sigma = lgg_block_sum(sigma);
    if (threadIdx.x == 0) sigma_row[row.vector] = row_sigma;
}

/* Block (g, a, c): mean (layers, powers, C), the mean of column c of U_a. */
static __global__ void lgg_label_mean_kernel(lgg_graphs graphs, lgg_laplacian_powers powers, float *mean) {
    const size_t c = blockIdx.x % powers.classes, of = blockIdx.x / powers.classes, all = (size_t)powers.kept + 1;
    const float *u = lgg_laplacian_power(powers, graphs.n, of / all, (int)(of % all));
    double sum = 0;
    for (size_t i = threadIdx.x; i < graphs.n; i += LGG_THREADS)
        sum += (double)u[i * powers.classes + c];
    const double total = lgg_block_sum(sum);
    if (threadIdx.x == 0) mean[blockIdx.x] = (float)(total / (double)graphs.n);
}

/* U_a,ic less its mean, as float32 has it. */
static __device__ double lgg_centred(const lgg_laplacian_powers &powers, const float *mean, const lgg_row &row,
                                     size_t n, int a, size_t c) {
    const size_t all = (size_t)powers.kept + 1;
    const float *u = lgg_laplacian_power(powers, n, row.g, a);
    return (double)(u[row.i * powers.classes + c] - mean[(row.g * all + (size_t)a) * powers.classes + c]);
}

/* reduction=log_rows: rows whose shares of sigma and of the weight are above 0 count. sigma_row and weight_row (n); NULL: another reduction. */
struct lgg_log_rows {
    const double *sigma_row, *weight_row;
    __device__ bool counts(size_t i) const {
        return sigma_row[i] > 0 && weight_row[i] > 0;
    }
    /* How many do, for all threads of the block. */
    __device__ double rows(size_t n) const {
        double count = 0;
        for (size_t i = threadIdx.x; i < n; i += LGG_THREADS)
            count += counts(i);
        return lgg_block_sum(count);
    }
    /* The mean of log(sigma_i / W_i) over those. */
    __device__ double value(size_t n) const {
        double sum = 0;
        for (size_t i = threadIdx.x; i < n; i += LGG_THREADS)
            sum += counts(i) ? log(sigma_row[i] / weight_row[i]) : 0;
        const double all = lgg_block_sum(sum), count = rows(n);
        return count > 0 ? all / count : 0;
    }
    /* dL/dA_ij = |v_i - v_j|^2 / 2 (slope_i + slope_j). */
    __device__ double slope(size_t i, double rows) const {
        return counts(i) && sigma_row[i] >= LGG_VANISHED ? 1 / (2 * rows * sigma_row[i]) : 0;
    }
};

/* Block (g, i): row i of e = dsigma/dA_ij = sum_(a + b = m - 1) (U_a,i - U_a,j).(U_b,i - U_b,j) / 2, the gradient of its degree, and
 * q (layers, n) = sum_(a + b = m - 1) U_a,i.U_b,i / 2 of rows less the mean (layers, powers, C), unless q is NULL. Under log_rows e is
 * dL/dA. */
static __global__ void lgg_variation_backward_kernel(lgg_graphs graphs, lgg_laplacian_powers powers, lgg_log_rows logs,
                                                     lgg_backward backward, const float *mean, float *q) {
    const lgg_row row = lgg_row_of(graphs);
    const size_t n = graphs.n, classes = powers.classes;
    const double rows = logs.sigma_row ? logs.rows(n) : 0, slope_i = logs.sigma_row ? logs.slope(row.i, rows) : 0;
    double degree_sum = 0, q_sum = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        double e = 0;
        for (int a = 0, b = powers.kept; a <= b; a++, b--)
            e += (a == b ? 1 : 2) * lgg_half_product(powers, n, row.g, a, b, row.i, j);
        if (logs.sigma_row) e *= slope_i + logs.slope(j, rows);
        backward.e[row.matrix + j] = (float)e;
        degree_sum += e * (double)lgg_adjacency(graphs, row, j);
    }
    for (int a = 0; q && a <= powers.kept; a++) {
        for (size_t c = threadIdx.x; c < classes; c += LGG_THREADS)
            q_sum +=
                lgg_centred(powers, mean, row, n, a, c) * lgg_centred(powers, mean, row, n, powers.kept - a, c) / 2;
    }
    const double row_q = lgg_block_sum(q_sum);
    if (q && threadIdx.x == 0) q[row.vector] = (float)row_q;
    if (graphs.normalize) lgg_keep_degree_gradient(graphs, row, degree_sum, backward.half_q);
}

/* sigma of a layer, over the weight where it is wanted (0 where that is 0); every block adds up the rows for itself. */
struct lgg_sigma_of {
    const double *sigma_row;  /* (layers, n) */
    const double *weight_row; /* (n) or NULL */
    __device__ double weight(size_t n) const {
        return weight_row ? lgg_block_total(n, weight_row) : 1;
    }
    __device__ double operator()(size_t n, size_t g) const {
        const double sum = lgg_block_total(n, sigma_row + g * n), all = weight(n);
        return all > 0 ? sum / all : 0;
    }
};

/* Label variation: scale, over the weight; over sigma, where its logarithm is taken; alone, where e is the gradient already. */
struct lgg_variation_factor {
    lgg_sigma_of sigma;
    lgg_reduction reduction;
    double scale;
    __device__ double operator()(const lgg_graphs &graphs, const lgg_backward &backward, size_t g, bool reports) const {
        const double mean = sigma(graphs.n, g), weight = sigma.weight(graphs.n);
        const bool takes_log = reduction == LGG_LOG, by_rows = reduction == LGG_LOG_ROWS;
        const lgg_log_rows logs = {sigma.sigma_row, sigma.weight_row};
        const double value = by_rows ? logs.value(graphs.n) : !takes_log ? mean : mean > 0 ? log(mean) : 0;
        if (reports && threadIdx.x == 0) {
            backward.report[g * LGG_REPORT_SIZE + LGG_REPORT_SIGMA] = mean;
            backward.report[g * LGG_REPORT_SIZE + LGG_REPORT_VALUE] = value;
        }
        if (by_rows) return scale;
        if (takes_log) return mean >= LGG_VANISHED ? scale / (weight * mean) : 0;
        return weight > 0 ? scale / weight : 0;
    }
};

/* Smoothness: scale d/dsigma_l of sum_l |sigma_(l+1) - sigma_l|, in which a layer has its two neighbours. */
struct lgg_smooth_factor {
    lgg_sigma_of sigma;
    double scale;
    __device__ double operator()(const lgg_graphs &graphs, const lgg_backward &backward, size_t g, bool reports) const {
        const double own = sigma(graphs.n, g);
        const double before = g == 0 ? own : sigma(graphs.n, g - 1);
        const double after = g + 1 == graphs.students ? own : sigma(graphs.n, g + 1);
        if (reports && threadIdx.x == 0) backward.report[g * LGG_REPORT_SIZE + LGG_REPORT_SIGMA] = own;
        return scale * (lgg_sign_of_change(before, own) - lgg_sign_of_change(own, after));
    }
};

/* sigma's share of every row; returns where the powers of the Laplacian are. */
static lgg_laplacian_powers lgg_variation_forward_gpu(lgg_loss_gpu *loss, const float *labels, bool weighs) {
    const int kept = loss->options.reduction == LGG_MEAN_KEPT;
    const lgg_graphs *graphs = &loss->graphs;
    const int power = loss->options.power, b = power - power / 2;
    const unsigned rows = graphs->count * (unsigned)graphs->n;
    const cudaStream_t stream = loss->device->stream;
    const lgg_laplacian_powers powers = {(size_t)loss->classes, power - 1, labels, loss->laplacian_power};
    if (power == 1 || weighs) {
        lgg_variation_edges_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, powers, power == 1, kept,
                                                                     loss->row_total[0], loss->row_total[1]);
    }
    for (int a = 1; a < power; a++) {
        lgg_laplacian_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, powers, a, a == b ? power / 2 : 0,
                                                               a == b ? loss->row_total[0] : nullptr);
    }
    return powers;
}

void lgg_variation_evaluate_gpu(lgg_loss_gpu *loss, int batch, const float *labels, const lgg_representation *student,
                                float scale) {
    const lgg_options *options = &loss->options;
    lgg_graphs *graphs = &loss->graphs;
    const cudaStream_t stream = loss->device->stream;
    const bool smooth = loss->kind == LGG_SMOOTH, mean = options->reduction != LGG_SUM,
               by_rows = options->reduction == LGG_LOG_ROWS;
    lgg_graphs_forward_gpu(loss, batch, student, nullptr);
    const unsigned rows = graphs->count * (unsigned)graphs->n;
    const lgg_laplacian_powers powers = lgg_variation_forward_gpu(loss, labels, !smooth && mean);
    const lgg_log_rows logs = {by_rows ? loss->row_total[0] : nullptr, by_rows ? loss->row_total[1] : nullptr};
    const lgg_class_factors factors = {options->power, powers.classes, labels, powers.power, loss->label_mean, loss->q};
    const bool by_class = !by_rows && lgg_factors_pay(graphs, &factors);
    if (by_class) {
        const unsigned means = graphs->students * (unsigned)options->power * (unsigned)loss->classes;
        lgg_label_mean_kernel<<<means, LGG_THREADS, 0, stream>>>(*graphs, powers, loss->label_mean);
    }
    lgg_variation_backward_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, powers, logs, loss->backward,
                                                                    loss->label_mean, by_class ? loss->q : nullptr);
    lgg_alpha_row_gpu(graphs, &loss->backward, loss->device);
    if (smooth) {
        const double share = mean ? 1. / (loss->layers - 1) : 1;
        const lgg_smooth_factor factor = {{loss->row_total[0], nullptr}, share * (double)scale};
        lgg_weights_kernel<lgg_smooth_factor><<<rows, LGG_THREADS, 0, stream>>>(*graphs, loss->backward, factor);
    } else {
        const lgg_variation_factor factor = {
            {loss->row_total[0], mean ? loss->row_total[1] : nullptr}, options->reduction, (double)scale};
        lgg_weights_kernel<lgg_variation_factor><<<rows, LGG_THREADS, 0, stream>>>(*graphs, loss->backward, factor);
    }
    if (scale != 0) lgg_gradient_add_gpu(graphs, &loss->backward, by_class ? &factors : nullptr, loss->device);
}
