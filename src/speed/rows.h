/* rows.h: how an array (rows, channels) is worked on: in parts that a thread takes, in an order of summing that the shape alone decides. */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>

#include "simd.h"

/* Rows of few channels are taken several at once, as one row of LANES values or less. Channels are worked on TILE at a time, in pieces
 * of rows that stay in the first cache, and the rows in at most SLICES parts: all of it fixed by the shape alone. */
enum { LANES = 64, TILE = 256, PIECE_VALUES = 4096, SLICES = 32, SLICE_VALUES = 16384 };

/* How an array (rows, out_c) is worked on. */
typedef struct {
    size_t rows, width; /* joined rows: rows * width values in all */
    int channels, slices;
} shape;

static inline shape shape_of(size_t rows, int channels) {
    shape s = {rows, (size_t)channels, channels, 1};
    while (2 * s.width <= LANES && s.rows % 2 == 0) {
        s.width *= 2;
        s.rows /= 2;
    }
    const size_t slices = s.rows * s.width / SLICE_VALUES;
    s.slices = slices < 1 ? 1 : slices > SLICES ? SLICES : (int)slices;
    if ((size_t)s.slices > s.rows) s.slices = (int)s.rows;
    return s;
}

/* A part of such an array: `rows` rows of `width` values from x on, the rows `stride` values apart. */
typedef struct {
    size_t first, stride, rows, width;
} part;

static inline part part_of(shape s, int slice, size_t tile) {
    const size_t begin = s.rows * (size_t)slice / (size_t)s.slices,
                 end = s.rows * ((size_t)slice + 1) / (size_t)s.slices, left = s.width - tile;
    return (part){begin * s.width + tile, s.width, end - begin, left < TILE ? left : TILE};
}

/* Sums of a part: of the values and their squares, or of gradients and of gradients times (x - mean). */
typedef struct {
    double first[TILE], second[TILE];
} sums;

static inline size_t piece_rows(part p) {
    const size_t rows = PIECE_VALUES / p.width;
    return rows < 1 ? 1 : rows;
}

/* The sums of all lanes of a channel, all slices: in a fixed order. */
static inline void add_channels(const sums *slice, shape s, size_t tile, double *first, double *second) {
    const size_t left = s.width - tile, width = left < TILE ? left : TILE;
    for (int k = 0; k < s.slices; ++k)
        for (size_t i = 0; i < width; ++i) {
            const size_t channel = (tile + i) % (size_t)s.channels;
            first[channel] += slice[k].first[i];
            second[channel] += slice[k].second[i];
        }
}

static inline int is_large(shape s) {
    return s.rows * s.width >= PARALLEL_VALUES;
}

#endif
