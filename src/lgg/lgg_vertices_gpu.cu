/* lgg_vertices_gpu.cu: twin of lgg_vertices.c. A thread takes one value of one vertex; positions are distinct, so that no two threads add to
 * one pixel. */
#include "lgg_gpu.h"
#include "lgg_graph_gpu.h"

/* Where position p is in maps of this size: of its first channel. */
static __device__ size_t element(int p, int grid_h, int grid_w, lgg_map map) {
    const int image = p / (grid_h * grid_w), row = p / grid_w % grid_h, column = p % grid_w;
    const int y = (2 * row + 1) * map.h / (2 * grid_h), x = (2 * column + 1) * map.w / (2 * grid_w);
    return ((size_t)image * (size_t)map.c * (size_t)map.h + (size_t)y) * (size_t)map.w + (size_t)x;
}

static __global__ void gather_kernel(int n, const int *position, int grid_h, int grid_w, lgg_map map, const float *x,
                                     float *vertices) {
    const size_t i = lgg_element(), c = (size_t)map.c;
    if (i >= (size_t)n * c) return;
    const size_t pixel = element(position[i / c], grid_h, grid_w, map);
    vertices[i] = x[pixel + i % c * (size_t)map.h * (size_t)map.w];
}

static __global__ void scatter_kernel(int n, const int *position, int grid_h, int grid_w, lgg_map map,
                                      const float *vertices, float *gradient) {
    const size_t i = lgg_element(), c = (size_t)map.c;
    if (i >= (size_t)n * c) return;
    const size_t pixel = element(position[i / c], grid_h, grid_w, map);
    gradient[pixel + i % c * (size_t)map.h * (size_t)map.w] += vertices[i];
}

static int is_invalid(int n, const int *position, int grid_h, int grid_w, lgg_map map) {
    return n < 1 || !position || grid_h < 1 || grid_w < 1 || map.c < 1 || map.h < grid_h || map.w < grid_w;
}

/* Only looked at, as by lgg_loss_evaluate_gpu. */
static lgg_status launched() {
    return cudaPeekAtLastError() == cudaSuccess ? LGG_OK : LGG_ERROR_DEVICE;
}

lgg_status lgg_vertices_gather_gpu(struct CUstream_st *stream, int n, const int *position, int grid_h, int grid_w,
                                   lgg_map map, const float *x, float *vertices) {
    if (is_invalid(n, position, grid_h, grid_w, map) || !x || !vertices) return LGG_ERROR_ARGUMENT;
    const size_t values = (size_t)n * (size_t)map.c;
    gather_kernel<<<lgg_blocks(values), LGG_THREADS, 0, stream>>>(n, position, grid_h, grid_w, map, x, vertices);
    return launched();
}

lgg_status lgg_vertices_scatter_gpu(struct CUstream_st *stream, int n, const int *position, int grid_h, int grid_w,
                                    lgg_map map, const float *vertices, float *gradient) {
    if (is_invalid(n, position, grid_h, grid_w, map) || !vertices || !gradient) return LGG_ERROR_ARGUMENT;
    const size_t values = (size_t)n * (size_t)map.c;
    scatter_kernel<<<lgg_blocks(values), LGG_THREADS, 0, stream>>>(n, position, grid_h, grid_w, map, vertices,
                                                                   gradient);
    return launched();
}
