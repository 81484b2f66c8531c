/* lgg_neighbors_gpu.cu: step 3 of the graph: an edge stays if either of its ends keeps it. Twin of lgg_neighbors.c; each vertex has made
 * its choice in lgg_similarity_gpu.cu, as far as float32 can tell. */
#include "lgg_neighbors_gpu.h"
#include "lgg_normalize_gpu.h"

/* Block (g, i): row i of edge, and of similarity, which keeps only those; its degree, with normalization. */
static __global__ void lgg_neighbors_apply_kernel(lgg_graphs graphs) {
    const size_t n = graphs.n;
    const lgg_row row = lgg_row_of(graphs), chooser = lgg_row_at(n, lgg_chooser(graphs, row.g), row.i);
    double degree = 0, size = 0;
    for (size_t j = threadIdx.x; j < n; j += LGG_THREADS) {
        const bool edge =
            lgg_has_chosen(graphs, chooser, j) || lgg_has_chosen(graphs, lgg_row_at(n, chooser.g, j), row.i);
        graphs.edge[row.matrix + j] = edge;
        if (!edge) graphs.similarity[row.matrix + j] = 0;
        degree += (double)graphs.similarity[row.matrix + j];
        size += fabs((double)graphs.similarity[row.matrix + j]);
    }
    if (graphs.normalize) lgg_keep_degree(graphs, row, degree, size);
}

void lgg_neighbors_apply_gpu(const lgg_graphs *graphs, const lgg_device *device) {
    lgg_neighbors_apply_kernel<<<graphs->count *(unsigned)graphs->n, LGG_THREADS, 0, device->stream>>>(*graphs);
}
