/* lgg_alpha_gpu.cu: dL/dalpha, where alpha depends on the distances. Twin of a part of lgg_similarity.c. */
#include "lgg_weights_gpu.h"

/* Block (g, i) of the students: the row's share of dL/dalpha = -sum_ij E_ij S_ij D_ij, under exp sqrt(D_ij), but for the factor. */
static __global__ void lgg_alpha_row_kernel(lgg_graphs graphs, lgg_backward backward) {
    const lgg_row row = lgg_row_of(graphs);
    double share = 0;
    for (size_t j = threadIdx.x; j < graphs.n; j += LGG_THREADS) {
        const double distance2 = (double)graphs.distance2[row.matrix + j];
        share -= lgg_similarity_gradient(graphs, backward, row, j, 1) * (double)graphs.similarity[row.matrix + j] *
                 (graphs.squared ? distance2 : sqrt(distance2));
    }
    const double sum = lgg_block_sum(share);
    if (threadIdx.x == 0) backward.alpha_row[row.vector] = sum;
}

void lgg_alpha_row_gpu(const lgg_graphs *graphs, const lgg_backward *backward, const lgg_device *device) {
    const unsigned rows = graphs->students * (unsigned)graphs->n;
    if (backward->alpha_row) lgg_alpha_row_kernel<<<rows, LGG_THREADS, 0, device->stream>>>(*graphs, *backward);
}
