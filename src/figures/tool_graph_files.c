/* tool_graph_files.c: GraphML and Matrix Market. */
#include "tool_graph_files.h"
#include "tool.h"
#include "tool_drawing.h"

void tool_write_graphml(const char *path, const tool_graph_file *graph) {
    tool_output output = tool_output_open(path);
    FILE *file = output.file;
    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
                  "<key id=\"label\" for=\"node\" attr.name=\"label\" attr.type=\"string\"/>\n"
                  "<key id=\"class\" for=\"node\" attr.name=\"class\" attr.type=\"string\"/>\n"
                  "<key id=\"x\" for=\"node\" attr.name=\"x\" attr.type=\"double\"/>\n"
                  "<key id=\"y\" for=\"node\" attr.name=\"y\" attr.type=\"double\"/>\n"
                  "<key id=\"weight\" for=\"edge\" attr.name=\"weight\" attr.type=\"double\"/>\n"
                  "<key id=\"inter_class\" for=\"edge\" attr.name=\"inter_class\" attr.type=\"boolean\"/>\n"
                  "<key id=\"label_variation\" for=\"graph\" attr.name=\"label_variation\" attr.type=\"double\"/>\n"
                  "<graph id=\"G\" edgedefault=\"undirected\">\n");
    fprintf(file, "<data key=\"label_variation\">%.9g</data>\n", graph->variation);
    for (int i = 0; i < graph->n; ++i) {
        fprintf(file, "<node id=\"n%d\"><data key=\"label\">", i);
        tool_xml_escape(file, graph->vertex_names[i]);
        fprintf(file, "</data><data key=\"class\">");
        tool_xml_escape(file, graph->class_names[graph->label[i]]);
        fprintf(file, "</data><data key=\"x\">%.6g</data><data key=\"y\">%.6g</data></node>\n", graph->x[i],
                graph->y[i]);
    }
    for (int i = 0; i < graph->n; ++i) {
        for (int j = i + 1; j < graph->n; ++j) {
            float weight = graph->adjacency[i * graph->n + j];
            if (weight == 0) continue;
            fprintf(file, "<edge source=\"n%d\" target=\"n%d\"><data key=\"weight\">%.9g</data>", i, j, (double)weight);
            fprintf(file, "<data key=\"inter_class\">%s</data></edge>\n",
                    graph->label[i] != graph->label[j] ? "true" : "false");
        }
    }
    fprintf(file, "</graph>\n</graphml>\n");
    tool_output_commit(&output);
}

void tool_write_matrix_market(const char *path, const tool_graph_file *graph) {
    tool_output output = tool_output_open(path);
    FILE *file = output.file;
    int entries = 0;
    for (int i = 0; i < graph->n; ++i) {
        for (int j = 0; j < i; ++j)
            entries += graph->adjacency[i * graph->n + j] != 0;
    }
    fprintf(file, "%%%%MatrixMarket matrix coordinate real symmetric\n");
    for (int i = 0; i < graph->n; ++i) {
        fprintf(file, "%% %d %s %s\n", i + 1, graph->class_names[graph->label[i]], graph->vertex_names[i]);
    }
    fprintf(file, "%d %d %d\n", graph->n, graph->n, entries);
    for (int j = 0; j < graph->n; ++j) {
        for (int i = j + 1; i < graph->n; ++i) {
            float weight = graph->adjacency[i * graph->n + j];
            if (weight != 0) fprintf(file, "%d %d %.9g\n", i + 1, j + 1, (double)weight);
        }
    }
    tool_output_commit(&output);
}
