/* tool_graph_files.h: graphs in formats that other programs read. */
#ifndef TOOL_GRAPH_FILES_H
#define TOOL_GRAPH_FILES_H

/* A weighted graph with named vertices. */
typedef struct {
    int n;
    const float *adjacency; /* (n, n), symmetric */
    const int *label;       /* (n) */
    char **class_names;     /* by label */
    char **vertex_names;    /* (n) */
    const double *x, *y;    /* (n), places in [0, 1] */
    double variation;
} tool_graph_file;

/* GraphML, as Gephi, networkx and igraph read it. */
void tool_write_graphml(const char *path, const tool_graph_file *graph);
/* Matrix Market, coordinate real symmetric. */
void tool_write_matrix_market(const char *path, const tool_graph_file *graph);

#endif
