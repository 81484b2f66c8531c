/* lgg_vertices.c: graphs whose vertices are positions of maps: what a position has in each channel is a row, and its gradient goes back. */
#include "lgg.h"

/* Where position p is in maps of this size: of its first channel. */
static size_t element(int p, int grid_h, int grid_w, lgg_map map) {
    const int image = p / (grid_h * grid_w), row = p / grid_w % grid_h, column = p % grid_w;
    const int y = (2 * row + 1) * map.h / (2 * grid_h), x = (2 * column + 1) * map.w / (2 * grid_w);
    return ((size_t)image * (size_t)map.c * (size_t)map.h + (size_t)y) * (size_t)map.w + (size_t)x;
}

static int is_invalid(int n, const int *position, int grid_h, int grid_w, lgg_map map) {
    return n < 1 || !position || grid_h < 1 || grid_w < 1 || map.c < 1 || map.h < grid_h || map.w < grid_w;
}

lgg_status lgg_vertices_gather(int n, const int *position, int grid_h, int grid_w, lgg_map map, const float *x,
                               float *vertices) {
    if (is_invalid(n, position, grid_h, grid_w, map) || !x || !vertices) return LGG_ERROR_ARGUMENT;
    const size_t size = (size_t)map.h * (size_t)map.w, c = (size_t)map.c;
    for (int i = 0; i < n; ++i) {
        const float *pixel = x + element(position[i], grid_h, grid_w, map);
        for (size_t k = 0; k < c; ++k)
            vertices[(size_t)i * c + k] = pixel[k * size];
    }
    return LGG_OK;
}

lgg_status lgg_vertices_scatter(int n, const int *position, int grid_h, int grid_w, lgg_map map, const float *vertices,
                                float *gradient) {
    if (is_invalid(n, position, grid_h, grid_w, map) || !vertices || !gradient) return LGG_ERROR_ARGUMENT;
    const size_t size = (size_t)map.h * (size_t)map.w, c = (size_t)map.c;
    for (int i = 0; i < n; ++i) {
        float *pixel = gradient + element(position[i], grid_h, grid_w, map);
        for (size_t k = 0; k < c; ++k)
            pixel[k * size] += vertices[(size_t)i * c + k];
    }
    return LGG_OK;
}
