/* lgg_class_gradient.c: the gradient of label variation on a whole cosine graph, from sums over classes.
 *
 * With one-hot labels y, unit vectors u_i = x_i/|x_i| and every edge in the graph, dsigma/dA_ij = E_ij depends on the two classes:
 *
 *     E_ij = K_i,y_j + K_j,y_i,  K_ic = 1/2 (m = 1) or P_i,y_i - P_ic with P = L V (m = 2);  K_i,y_i = 0, so E_ij = 0 within a class
 *
 *     dsigma/dx_i = 2 (sum_j E_ij u_j - h_i u_i) / |x_i| = 2 (sum_c K_ic m_c + z_y_i - h_i u_i) / |x_i|
 *
 * with m_c the sum of the u_j of class c, z_c = sum_j K_jc u_j, and h_i = sum_j E_ij A_ij: 4 C B d operations instead of the
 * 2 B^2 d of a product with E. Other graphs, powers and labels have no such sums. (The CUDA twin, in lgg_gradient_gpu.cu, multiplies by the
 * factors of E themselves, which there are for any power and any labels.)
 */
#include "lgg_graphs.h"
#include <string.h>

/* Representations narrower than this cost next to nothing either way. */
#define LGG_CLASS_WIDTH 1024

void lgg_class_gradient_take(lgg_class_gradient *by_class, lgg_arena *arena, size_t n, size_t classes) {
    by_class->weight = lgg_arena_take(arena, n, classes * sizeof(float));
    by_class->weight_transposed = lgg_arena_take(arena, n, classes * sizeof(float));
    by_class->projection = lgg_arena_take(arena, n, sizeof(double));
}

int lgg_one_hot(int batch, int classes, const float *labels, int *label_class) {
    const size_t n = (size_t)batch, size = (size_t)classes;
    for (size_t i = 0; i < n; i++) {
        int ones = 0;
        for (size_t c = 0; c < size; c++) {
            const float label = labels[i * size + c];
            if (label == 1) {
                label_class[i] = (int)c;
                ones++;
            } else if (label != 0) {
                return 0;
            }
        }
        if (ones != 1) return 0;
    }
    return 1;
}

/* weight (B, C) = K and its transposed (C, B); L V is read for power 2 alone. */
static void lgg_class_weights(const lgg_loss *loss, size_t n) {
    const lgg_class_gradient *by_class = &loss->by_class;
    const size_t classes = (size_t)loss->classes;
    const float *laplacian = loss->laplacian_power;
    for (size_t i = 0; i < n; i++) {
        const size_t own = (size_t)loss->label_class[i];
        for (size_t c = 0; c < classes; c++) {
            const float k_ic = c == own                   ? 0
                               : loss->options.power == 1 ? 0.5f
                                                          : laplacian[i * classes + own] - laplacian[i * classes + c];
            by_class->weight[i * classes + c] = by_class->weight_transposed[c * n + i] = k_ic;
        }
    }
}

/* projection (B) = scale h from e (B, B) = scale E and the similarities; 0 where two vectors of different classes are parallel: their terms
 * of the gradient cancel. */
static int lgg_class_projection(const lgg_graph *graph, const float *e, double *projection) {
    const size_t n = (size_t)graph->batch;
    int parallel = 0;
#pragma omp parallel for reduction(| : parallel) if (n >= LGG_PARALLEL_ROWS)
    for (size_t i = 0; i < n; i++) {
        const float *similarity = graph->similarity + i * n, *e_i = e + i * n;
        double h = 0;
#pragma omp simd reduction(+ : h) reduction(| : parallel)
        for (size_t j = 0; j < n; j++) {
            h += (double)e_i[j] * (double)similarity[j];
            parallel |= lgg_parallel_cosine(similarity[j]) & (e_i[j] != 0);
        }
        projection[i] = h;
    }
    return !parallel;
}

/* Adds the unit vectors u of a block to m, and to z. */
static void lgg_class_sums(const lgg_loss *loss, const lgg_tiles *tiles, const lgg_block *block, const float *u,
                           float *m, float *z) {
    for (size_t i = 0; i < block->rows; i++) {
        float *m_c = m + (size_t)loss->label_class[block->row + i] * LGG_BLOCK_STRIDE;
        lgg_tiles_row(tiles)->add(block->columns, u + i * LGG_BLOCK_STRIDE, m_c, m_c);
    }
    lgg_tiles_product(tiles, (size_t)loss->classes, block->rows, block->columns,
                      loss->by_class.weight_transposed + block->row, block->n, u, LGG_BLOCK_STRIDE, z,
                      LGG_BLOCK_STRIDE);
}

/* Adds all terms to a block of the gradient. u becomes their sum first, so that the gradient itself is gone through once. */
static void lgg_class_terms(const lgg_loss *loss, const lgg_tiles *tiles, const lgg_block *block, double scale,
                            const double *inverse_length, const float *m, const float *z, float *u, float *gradient) {
    const lgg_class_gradient *by_class = &loss->by_class;
    const size_t classes = (size_t)loss->classes;
    const lgg_row_steps *row = lgg_tiles_row(tiles);
    for (size_t i = 0; i < block->rows; i++) {
        const double slope = 2 * inverse_length[block->row + i];
        row->mix(block->columns, (float)(slope * scale),
                 z + (size_t)loss->label_class[block->row + i] * LGG_BLOCK_STRIDE,
                 (float)(-slope * by_class->projection[block->row + i]), u + i * LGG_BLOCK_STRIDE);
    }
    lgg_tiles_product(tiles, block->rows, classes, block->columns, by_class->weight + block->row * classes, classes, m,
                      LGG_BLOCK_STRIDE, u, LGG_BLOCK_STRIDE);
    for (size_t i = 0; i < block->rows; i++)
        row->add(block->columns, u + i * LGG_BLOCK_STRIDE, lgg_block_soon(block, gradient, i),
                 gradient + (block->row + i) * block->d + block->column);
}

/* All rows of the gradient, from that column on: once for the sums, once for what they give. In a thread's workspace m and z come first. */
static void lgg_class_columns(const lgg_loss *loss, const lgg_tiles *tiles, const lgg_graph *graph, double scale,
                              size_t column, float *gradient) {
    const size_t n = (size_t)graph->batch, d = (size_t)graph->d, classes = (size_t)loss->classes;
    float *m = lgg_workspace_of_thread(graph->workspace), *z = m + classes * LGG_BLOCK_STRIDE,
          *u = z + classes * LGG_BLOCK_STRIDE;
    memset(m, 0, 2 * classes * LGG_BLOCK_STRIDE * sizeof(float));
    for (size_t row = 0; row < n; row += LGG_BLOCK_ROWS) {
        const lgg_block block = lgg_block_of(n, d, row, column);
        lgg_block_copy(&block, tiles, graph->inverse_length, graph->x, u);
        lgg_class_sums(loss, tiles, &block, u, m, z);
    }
    for (size_t row = 0; row < n; row += LGG_BLOCK_ROWS) {
        const lgg_block block = lgg_block_of(n, d, row, column);
        if (n > LGG_BLOCK_ROWS) lgg_block_copy(&block, tiles, graph->inverse_length, graph->x, u);
        lgg_class_terms(loss, tiles, &block, scale, graph->inverse_length, m, z, u, gradient);
    }
}

int lgg_class_gradient_pays(const lgg_loss *loss, const lgg_graph *graph) {
    const lgg_options *options = &loss->options;
    return options->graph.similarity == LGG_COSINE && !options->graph.normalize && !graph->neighbors &&
           options->power <= 2 && graph->d >= LGG_CLASS_WIDTH && 4 * loss->classes < graph->batch;
}

int lgg_class_gradient_add(const lgg_loss *loss, const lgg_graph *graph, const float *e, double scale,
                           float *gradient) {
    const lgg_class_gradient *by_class = &loss->by_class;
    const lgg_tiles *tiles = lgg_tiles_best();
    const size_t n = (size_t)graph->batch, d = (size_t)graph->d, classes = (size_t)loss->classes;
    if (!lgg_class_projection(graph, e, by_class->projection)) return 0;

    lgg_class_weights(loss, n);
    for (size_t i = 0; i < n; i++) {
        const float slope = (float)(2 * scale * graph->inverse_length[i]);
        for (size_t c = 0; c < classes; c++)
            by_class->weight[i * classes + c] *= slope;
    }
#pragma omp parallel for schedule(static) num_threads(lgg_workspace_threads(graph->workspace, (double)n *(double)d))
    for (size_t column = 0; column < d; column += LGG_BLOCK_COLUMNS)
        lgg_class_columns(loss, tiles, graph, scale, column, gradient);
    return 1;
}
