/* lgg_relation_gpu.cu: similarity-preserving distillation (SP) and probabilistic knowledge transfer (PKT). Twin of lgg_relation.c.
 *
 * Both start from the cosines of all pairs. SP's Gram matrix is h_ij = cos_ij |x_i| |x_j|; where its rows are divided by their lengths,
 * |x_i| falls out: g_i = c_i / |c_i| with c_ij = cos_ij |x_j|, c_ii = |x_i|.
 */
#include "lgg_weights_gpu.h"

/* |x_i|, 0 for a zero vector. */
static __device__ double lgg_length(const lgg_graphs &graphs, const lgg_row &row, size_t i) {
    const double inverse = graphs.inverse_length[row.g * graphs.n + i];
    return inverse > 0 ? 1 / inverse : 0;
}

/* c_ij; a zero vector has none. */
static __device__ double lgg_gram_over_length(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    const double length = lgg_length(graphs, row, j);
    return j == row.i ? length : (double)graphs.similarity[row.matrix + j] * length;
}

/* 1 / |c_i|, 0 of a zero row, for all threads of the block. */
static __device__ double lgg_inverse_row_length(const lgg_graphs &graphs, const lgg_row &row) {
    double share = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double c = lgg_gram_over_length(graphs, row, j);
        share += c * c;
    }
    const double length2 = lgg_block_sum(share);
    return length2 > 0 ? 1 / sqrt(length2) : 0;
}

/* Block (pair, i): e = B^2 / 2 H_i, total (pairs, n) = |g_i - t_i|^2. */
static __global__ void lgg_similarity_row_kernel(lgg_graphs graphs, lgg_backward backward, double *total) {
    const lgg_row student = lgg_row_of(graphs), teacher = lgg_row_at(graphs.n, student.g + graphs.students, student.i);
    const double inverse = lgg_inverse_row_length(graphs, student),
                 guide_inverse = lgg_inverse_row_length(graphs, teacher);
    const double length_i = lgg_length(graphs, student, student.i);
    double share = 0, along_share = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double g = __dmul_rn(inverse, lgg_gram_over_length(graphs, student, j));
        const double difference = g - __dmul_rn(guide_inverse, lgg_gram_over_length(graphs, teacher, j));
        share += difference * difference;
        along_share += difference * g;
    }
    const double all = lgg_block_sum(share), along = lgg_block_sum(along_share);
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double g = __dmul_rn(inverse, lgg_gram_over_length(graphs, student, j));
        const double difference = g - __dmul_rn(guide_inverse, lgg_gram_over_length(graphs, teacher, j));
        backward.e[student.matrix + j] = length_i > 0 ? (float)((difference - along * g) * inverse / length_i) : 0.f;
    }
    if (threadIdx.x == 0) total[student.vector] = all;
}

/* Of the graph's first row: its share of zero vectors, and its loss, `share` times the sum of total (n). */
static __device__ void lgg_report_relation(const lgg_graphs &graphs, const lgg_backward &backward, const lgg_row &row,
                                           double share, const double *total) {
    if (row.i != 0) return;
    lgg_report_zeros(graphs, row.g, backward.report);
    const double sum = lgg_block_total(graphs.n, total + row.g * graphs.n);
    if (threadIdx.x == 0) backward.report[row.g * LGG_REPORT_SIZE + LGG_REPORT_VALUE] = share * sum;
}

/* Block (pair, i): row i of weight = half (e + e'); no pair is parallel, since nothing cancels. The loss is reported. */
static __global__ void lgg_symmetrize_kernel(lgg_graphs graphs, double half, double share, const double *total,
                                             lgg_backward backward) {
    const lgg_row row = lgg_row_of(graphs);
    const float *e = backward.e + row.g * graphs.n * graphs.n;
    lgg_report_relation(graphs, backward, row, share, total);
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double sum = (double)e[row.i * graphs.n + j] + (double)e[j * graphs.n + row.i];
        backward.weight[row.matrix + j] = (float)(half * sum);
    }
    if (threadIdx.x != 0) return;
    backward.along[row.vector] = 0;
    backward.parallel[row.vector] = 0;
}

/* ---- PKT ---- */

/* sum_(k != i) (1 + cos_ik) / 2, for all threads of the block. */
static __device__ double lgg_probability_sum(const lgg_graphs &graphs, const lgg_row &row) {
    double share = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS)
        share += j == row.i ? 0 : (1 + (double)graphs.similarity[row.matrix + j]) / 2;
    return lgg_block_sum(share);
}

/* q_ij; 0 in an empty row and of the vertex itself. */
static __device__ double lgg_probability(const lgg_graphs &graphs, const lgg_row &row, size_t j, double sum) {
    return j == row.i || sum <= 0 ? 0 : (1 + (double)graphs.similarity[row.matrix + j]) / 2 / sum;
}

/* Block (pair, i): e = B dL/dcos_ij as row i has it, total (pairs, n) = the row's share of B L. */
static __global__ void lgg_probability_row_kernel(lgg_graphs graphs, lgg_backward backward, double *total) {
    const lgg_row student = lgg_row_of(graphs), teacher = lgg_row_at(graphs.n, student.g + graphs.students, student.i);
    const double sum = lgg_probability_sum(graphs, student), guide_sum = lgg_probability_sum(graphs, teacher);
    double share = 0, common_share = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double q = lgg_probability(graphs, student, j, sum), p = lgg_probability(graphs, teacher, j, guide_sum);
        share += p * log((p + LGG_PROBABILITY_FLOOR) / (q + LGG_PROBABILITY_FLOOR));
        common_share -= p / (q + LGG_PROBABILITY_FLOOR) * q;
    }
    const double all = lgg_block_sum(share), common = lgg_block_sum(common_share);
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double q = lgg_probability(graphs, student, j, sum), p = lgg_probability(graphs, teacher, j, guide_sum);
        const bool counts = j != student.i && sum > 0;
        backward.e[student.matrix + j] =
            counts ? (float)((-p / (q + LGG_PROBABILITY_FLOOR) - common) / (2 * sum)) : 0.f;
    }
    if (threadIdx.x == 0) total[student.vector] = all;
}

/* Block (pair, i): row i of W, from dL/dcos in weight. */
static __global__ void lgg_probability_weights_kernel(lgg_graphs graphs, lgg_backward backward) {
    const lgg_row row = lgg_row_of(graphs);
    if (!graphs.vertices[row.g].gradient) return;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS)
        backward.e[row.matrix + j] = backward.weight[row.matrix + j];
    lgg_cosine_weights(graphs, backward, row, 1); /* each thread reads what it has written */
}

void lgg_relation_evaluate_gpu(lgg_loss_gpu *loss, int batch, const lgg_representation *student,
                               const lgg_representation *teacher, float scale) {
    const double share = loss->options.reduction == LGG_MEAN ? 1. / loss->layers : 1, n = (double)batch;
    lgg_graphs *graphs = &loss->graphs;
    const cudaStream_t stream = loss->device->stream;
    lgg_graphs_forward_gpu(loss, batch, student, teacher);
    const unsigned rows = graphs->students * (unsigned)graphs->n;
    double *total = loss->row_total[0];
    if (loss->kind == LGG_RKD_SIMILARITY) {
        lgg_similarity_row_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, loss->backward, total);
        lgg_symmetrize_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, 2 * share * (double)scale / (n * n),
                                                                share / (n * n), total, loss->backward);
    } else {
        lgg_probability_row_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, loss->backward, total);
        lgg_symmetrize_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, 0.5 * share * (double)scale / n, share / n,
                                                                total, loss->backward);
        lgg_probability_weights_kernel<<<rows, LGG_THREADS, 0, stream>>>(*graphs, loss->backward);
    }
    if (scale != 0) lgg_gradient_add_gpu(graphs, &loss->backward, nullptr, loss->device);
}
