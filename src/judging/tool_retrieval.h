/* tool_retrieval.h: embeddings judged as the metric-learning field does: each image asks for the most similar of all others by cosine, and
 * those of its own class are right.
 *
 * With R others of its class, precision@1, R-precision and MAP@R are as in Musgrave, Belongie and Lim, "A Metric Learning Reality Check"
 * (2020): R-precision is the share of right ones among the R most similar; MAP@R = 1/R sum over i = 1..R of the precision among the first i
 * where the i-th is right, else 0. Means over the images that have another of their class.
 *
 * Clusters against classes: I the mutual information, H the entropies. NMI = 2 I / (H(U) + H(V)); AMI = (I - E) / ((H(U) + H(V)) / 2 - E), E the
 * expected I of random clusters of these sizes (Vinh, Epps and Bailey, 2010). */
#ifndef TOOL_RETRIEVAL_H
#define TOOL_RETRIEVAL_H

typedef struct {
    double precision_at_1, r_precision, map_at_r; /* 0 to 1 */
    int queries;                                  /* images that have another of their class */
    int clustered;                                /* the next two are there: this build has a library for k-means */
    double nmi, ami;
} tool_retrieval;

/* Of x (n, d), which is normalized in place, and labels 0 <= label < classes. nearest (n) receives each image's most similar other; of equal
 * ones the first. As many clusters as there are classes with images. */
tool_retrieval tool_retrieval_of(float *x, const int *label, int n, int d, int classes, int *nearest, const char *what);

/* Of two ways to divide n things into parts, 0 <= u < parts_u, 0 <= v < parts_v: 1 where they agree. */
double tool_nmi(const int *u, int parts_u, const int *v, int parts_v, int n);
double tool_ami(const int *u, int parts_u, const int *v, int parts_v, int n);

#endif
