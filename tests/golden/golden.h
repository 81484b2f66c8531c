/* golden.h: a golden case, a loss on given representations with its value and gradients, and who evaluates it.
 *
 * A file is white-space separated tokens:
 *
 *     kind label_variation|smooth|gkd|rkd_distance|rkd_angle|rkd_similarity|rkd_probability|hkd
 *     batch B
 *     classes C
 *     labels y_1 ... y_B
 *     option NAME VALUE            any number; the .cfg options. Absent means alpha 1, unit 0, k 0, normalize 0, power 1,
 *                                  edges all, neighbors own, distance squared, reduction mean (label_variation: sum)
 *     student I ROWS COLS          then ROWS*COLS numbers, row by row
 *     teacher I ROWS COLS          distillation only
 *     positions H W p_1 ... p_B    vertices are positions of a grid of H x W (lgg_vertices_gather), and the ROWS of matrices are images
 *     student_map I C H W          then COLS of student I, and of gradient I, is C*H*W; teacher_map likewise
 *     loss L
 *     gradient I ROWS COLS         dL/d student I
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "lgg.h"

/* A matrix (rows, columns) read from a file; value is NULL where the file has none. */
typedef struct {
    int rows, columns;
    float *value;
} golden_matrix;

typedef struct {
    lgg_kind kind;
    lgg_options options;
    int batch, classes, layers;
    float *labels;                               /* (batch, classes), one-hot */
    golden_matrix *student, *teacher, *gradient; /* `layers` each; teacher all NULL where the kind has none */
    int *position, grid_h, grid_w;               /* (batch); NULL: the vertices are the samples themselves */
    lgg_map *student_map, *teacher_map;          /* `layers` each */
    double loss;
} golden_case;

/* Reads a case. 0; or -1 with one line in message (file, line, what was expected), and nothing to free. */
int golden_case_read(golden_case *c, const char *path, char *message, size_t size);
void golden_case_free(golden_case *c);

/* Whoever evaluates cases: the CPU, or a GPU. */
typedef struct {
    const char *name, *way; /* "GPU"; and ", 3xTF32", after a case's name, where that is not the only one */
    /* Whether the way makes a difference to the case, and is to be had; NULL: all cases are evaluated. */
    int (*takes)(const golden_case *c);
    /* loss receives L, gradient[i] (batch, columns of student i), zeroed by the caller, receives dL/dx_i. */
    lgg_status (*evaluate)(const golden_case *c, double *loss, float **gradient);
} golden_backend;

/* Each case is evaluated by all of these. */
enum { GOLDEN_MOST_BACKENDS = 2 };
extern const golden_backend *const golden_backends[GOLDEN_MOST_BACKENDS]; /* NULL after the last */

#endif
