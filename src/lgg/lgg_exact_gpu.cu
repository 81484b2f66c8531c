/* lgg_exact_gpu.cu: the pairs that float32 cannot judge, in double precision: cosines of parallel vectors, whose gradient is what their two
 * terms differ by, and whatever vertices are ranked by where it is as near as the k-th. Twin of parts of lgg_similarity.c and
 * lgg_neighbors.c.
 *
 * Mostly there are none. Where all points of a batch have collapsed into one there are n^2: so a row's pairs are dealt out to several blocks.
 */
#include "lgg_neighbors_gpu.h"

/* Blocks that share a row. */
#define LGG_EXACT_BLOCKS 16

/* Whether the pair is one of those. */
static __device__ bool lgg_is_doubtful(const lgg_graphs &graphs, const lgg_row &row, size_t j) {
    if (graphs.cosine && lgg_is_parallel(graphs.similarity[row.matrix + j])) return true;
    return graphs.k > 0 && lgg_chooser(graphs, row.g) == row.g && graphs.choice[row.matrix + j] & LGG_TIED;
}

/* |x_i| in double precision, 1 for a zero vector, so that one can divide by it, and where y = x; for all threads of the block. */
static __device__ double lgg_exact_length(const lgg_graphs &graphs, const lgg_row &row, size_t i) {
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const float *x = vertices.x + i * vertices.d;
    double length2 = 0;
    if ((!graphs.cosine && !graphs.unit) || graphs.inverse_length[row.g * graphs.n + i] == 0) return 1;
    for (size_t t = threadIdx.x; t < vertices.d; t += LGG_THREADS)
        length2 += (double)x[t] * (double)x[t];
    return sqrt(lgg_block_sum(length2));
}

/* y_i.y_j or |y_i - y_j|^2. The y come from divisions, which make of vectors with one value other than zero the same y exactly. */
static __device__ double lgg_exact_value(const lgg_graphs &graphs, const lgg_row &row, size_t j, double length_i,
                                         double length_j) {
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const float *x_i = vertices.x + row.i * vertices.d, *x_j = vertices.x + j * vertices.d;
    double value = 0;
    for (size_t t = threadIdx.x; t < vertices.d; t += LGG_THREADS) {
        const double y_i = (double)x_i[t] / length_i, y_j = (double)x_j[t] / length_j;
        value += graphs.cosine ? y_i * y_j : (y_i - y_j) * (y_i - y_j);
    }
    return lgg_block_sum(value);
}

/* Block (row, b): exact of every LGG_EXACT_BLOCKS-th doubtful pair of the row, from b on; and the row's exact length. */
static __global__ void lgg_exact_kernel(lgg_graphs graphs) {
    const size_t n = graphs.n, index = blockIdx.x / LGG_EXACT_BLOCKS;
    const lgg_row row = lgg_row_at(n, index / n, index % n);
    if (graphs.doubtful[row.vector] == 0) return;
    const double length_i = lgg_exact_length(graphs, row, row.i);
    if (threadIdx.x == 0) graphs.exact_length[row.vector] = length_i; /* the same from all blocks */
    for (size_t j = blockIdx.x % LGG_EXACT_BLOCKS; j < n; j += LGG_EXACT_BLOCKS) {
        if (!lgg_is_doubtful(graphs, row, j)) continue;
        const double exact = lgg_exact_value(graphs, row, j, length_i, lgg_exact_length(graphs, row, j));
        if (threadIdx.x == 0) graphs.exact[row.matrix + j] = exact;
    }
}

void lgg_exact_forward_gpu(const lgg_graphs *graphs, const lgg_device *device) {
    const unsigned rows = graphs->judged * (unsigned)graphs->n;
    lgg_exact_kernel<<<rows * LGG_EXACT_BLOCKS, LGG_THREADS, 0, device->stream>>>(*graphs);
}
