/* reference.h: the losses once more, in double precision and straight from their definitions, to test the library against. No Gram
 * matrix, no shortcuts: distances from differences, L^m and A^p as matrices, angles from edges, gradients by central differences. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "lgg.h"

#define REFERENCE_LAYERS 4

/* A loss with its input. Matrices are row-major; the teacher's are not used where there is none. */
typedef struct {
    lgg_kind kind;
    lgg_options options;
    int batch, classes, layers;
    float *labels;                     /* (batch, classes) */
    double *student[REFERENCE_LAYERS]; /* (batch, d) */
    double *teacher[REFERENCE_LAYERS]; /* (batch, d_teacher) */
    int d[REFERENCE_LAYERS], d_teacher[REFERENCE_LAYERS];
} reference_case;

double reference_loss(const reference_case *c);

/* gradient (batch, d) = dL/d student[layer], by central differences. */
void reference_gradient(reference_case *c, int layer, double *gradient);

/* a (batch, batch), the graph of x (batch, d). */
void reference_graph(const lgg_graph_options *options, int batch, int d, const double *x, double *a);

/* tr(V' L^power V) */
double reference_variation(int batch, int classes, int power, const double *a, const float *labels);

#endif
