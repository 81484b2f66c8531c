/* lgg_similarity_gpu.cu: step 1 of the graph, S_ij with S_ii = 0, from the parts of the Gram matrix or of the squared distances; what each vertex
 * chooses by it; degrees where nothing is left out. Twin of lgg_similarity.c and of half of lgg_distance.c. */
#include "lgg_alpha_gpu.h"
#include "lgg_neighbors_gpu.h"
#include "lgg_normalize_gpu.h"

/* Where a row's sums are in each part of its graph. */
struct lgg_part_row {
    const float *first; /* element 0 of the row, in the first part */
    size_t part;        /* from there to the same in the next */
    unsigned parts;
};

static __device__ lgg_part_row lgg_part_row_of(const lgg_graphs &graphs, const lgg_row &row) {
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const size_t size = graphs.padded * graphs.padded;
    const lgg_part_row parts = {graphs.part + (size_t)vertices.first_part * size + row.i * graphs.padded, size,
                                vertices.parts};
    return parts;
}

static __device__ lgg_part_row lgg_part_length2_of(const lgg_graphs &graphs, const lgg_row &row) {
    const lgg_vertices &vertices = graphs.vertices[row.g];
    const lgg_part_row parts = {graphs.part_length2 + (size_t)vertices.first_part * graphs.padded, graphs.padded,
                                vertices.parts};
    return parts;
}

/* Element j of the sum of all parts. */
static __device__ double lgg_part_sum(const lgg_part_row &row, size_t j) {
    double sum = 0;
    for (unsigned p = 0; p < row.parts; p++)
        sum += (double)row.first[p * row.part + j];
    return sum;
}

/* 1/|x_j|, 0 for a zero vector. */
static __device__ double lgg_inverse_length(const lgg_part_row &length2, size_t j) {
    const double sum = lgg_part_sum(length2, j);
    return sum < (double)LGG_ZERO_LENGTH2 ? 0 : 1 / sqrt(sum);
}

/* Row i of S, and 1/|x_i|; returns this thread's number of parallel pairs. */
static __device__ int lgg_cosine_row(const lgg_graphs &graphs, const lgg_row &row) {
    const lgg_part_row products = lgg_part_row_of(graphs, row), length2 = lgg_part_length2_of(graphs, row);
    const double inverse_i = lgg_inverse_length(length2, row.i);
    int parallel = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double inverse_j = lgg_inverse_length(length2, j);
        const float raw = (float)(lgg_part_sum(products, j) * (inverse_i * inverse_j));
        const float cosine = j == row.i ? 0.f : raw > 1 ? 1.f : raw < -1 ? -1.f : raw;
        graphs.similarity[row.matrix + j] = cosine;
        parallel += lgg_is_parallel(cosine);
    }
    if (threadIdx.x == 0) graphs.inverse_length[row.vector] = inverse_i;
    return parallel;
}

/* Row i of D, of S unless distances are all that is wanted or alpha or the least of them waits for them, and 1/|x_i| unless it is there already. */
static __device__ void lgg_distance_row(const lgg_graphs &graphs, const lgg_row &row) {
    const lgg_part_row squares = lgg_part_row_of(graphs, row);
    const bool waits = graphs.distances_only || graphs.distance_sum || graphs.least_distance2;
    float least = FLT_MAX;
    lgg_scale scale = {};
    if (!waits) scale = lgg_scale_of(graphs, row.g);
    double sum_of_row = 0, squares_of_row = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double sum = j == row.i ? 0 : lgg_part_sum(squares, j);
        const float distance2 = sum < (double)LGG_ZERO_LENGTH2 ? 0.f : (float)sum; /* coincident */
        graphs.distance2[row.matrix + j] = distance2;
        sum_of_row += (double)distance2;
        squares_of_row += (double)distance2 * (double)distance2;
        if (j != row.i) least = fminf(least, distance2);
        if (waits) continue;
        graphs.similarity[row.matrix + j] = j == row.i ? 0.f : lgg_exponential(graphs, scale, 0, distance2);
    }
    if (graphs.least_distance2) {
        const float least_of_row = lgg_block_min(least);
        if (threadIdx.x == 0) graphs.least_distance2[row.vector] = least_of_row;
    }
    if (graphs.distance_sum) lgg_keep_distance_sums(graphs, row, sum_of_row, squares_of_row);
    if (threadIdx.x != 0 || graphs.unit) return;
    graphs.inverse_length[row.vector] = lgg_inverse_length(lgg_part_length2_of(graphs, row), row.i);
}

/* Row i of S from D. */
static __device__ void lgg_exponential_row(const lgg_graphs &graphs, const lgg_row &row) {
    const lgg_scale scale = lgg_scale_of(graphs, row.g);
    const float shift = lgg_shift_of(graphs, row.g);
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const float distance2 = graphs.distance2[row.matrix + j];
        graphs.similarity[row.matrix + j] = j == row.i ? 0.f : lgg_exponential(graphs, scale, shift, distance2);
    }
}

/* Block (g, i): what alpha and the shift wait for. */
static __global__ void lgg_distances_kernel(lgg_graphs graphs) {
    lgg_distance_row(graphs, lgg_row_of(graphs));
}

/* Block (g, i). */
static __global__ void lgg_similarity_kernel(lgg_graphs graphs) {
    const lgg_row row = lgg_row_of(graphs);
    int doubtful = 0;
    if (graphs.cosine) {
        doubtful = lgg_cosine_row(graphs, row);
    } else if (graphs.distance_sum || graphs.least_distance2) {
        lgg_exponential_row(graphs, row);
    } else {
        lgg_distance_row(graphs, row);
    }
    if (graphs.k > 0 && lgg_chooser(graphs, row.g) == row.g) doubtful += lgg_choose_neighbors(graphs, row);
    if (row.g < graphs.judged) {
        const double pairs = lgg_block_sum((double)doubtful);
        if (threadIdx.x == 0) graphs.doubtful[row.vector] = (int)pairs;
    }
    if (!graphs.normalize || graphs.k > 0) return;
    double degree = 0, size = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double similarity = (double)graphs.similarity[row.matrix + j]; /* what this thread has written */
        degree += similarity;
        size += fabs(similarity);
    }
    lgg_keep_degree(graphs, row, degree, size);
}

void lgg_similarity_forward_gpu(const lgg_graphs *graphs, const lgg_device *device) {
    if (graphs->distance_sum || graphs->least_distance2) {
        lgg_distances_kernel<<<graphs->count *(unsigned)graphs->n, LGG_THREADS, 0, device->stream>>>(*graphs);
    }
    lgg_similarity_kernel<<<graphs->count *(unsigned)graphs->n, LGG_THREADS, 0, device->stream>>>(*graphs);
}
