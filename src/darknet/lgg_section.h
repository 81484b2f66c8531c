/* lgg_section.h: what every LGG section of a network holds, and the steps of its backward pass.
 *
 * Backward, in this order: read the tapped layers, run the teacher, evaluate the loss, add its gradient to the tapped layers. */
#ifndef LGG_SECTION_H
#define LGG_SECTION_H

#include "lgg.h"
#include "lgg_gpu.h"
#include "lgg_cfg.h"
#include "lgg_tap.h"
#include "lgg_teacher.h"

#include "host.h"

#include <stdint.h>

/* To be told that layer i of a teacher is looked at, and whether as Darknet has its order of values (keep_planned_output, network_plan.h). */
typedef void lgg_look(network *teacher, int i, int in_darknets_order);

/* What the sections of one network share. Made with the first of them, freed with the last. */
typedef struct lgg_network {
    int sections;
    char *cfg;             /* the .cfg file */
    network *net;          /* NULL until all layers are parsed */
    lgg_shape input;       /* of the .cfg file, whatever size training takes later */
    uint64_t seed;         /* of its recipe; 0 where it has none */
    size_t passes;         /* forward passes so far, counted once a section: differs from batch to batch */
    lgg_teacher *teachers; /* each cfg and weights once */
    lgg_look *look;        /* NULL until all layers are parsed */
    lgg_device *device;    /* NULL but in training on a GPU */
    double printed_at;     /* seconds; 0 before the first line of progress */
    double seconds;        /* an iteration takes: a running average */
} lgg_network;

/* What one section says of the current iteration: means over its forward passes (the host's subdivisions). */
typedef struct {
    int passes;
    double value;  /* L */
    double *sigma; /* of each tapped layer; label variation and smoothness only */
} lgg_record;

/* Images of the batch; positions of the tapped maps; the same, those under the truth's boxes first. */
typedef enum { LGG_VERTICES_IMAGES, LGG_VERTICES_PIXELS, LGG_VERTICES_BOXES } lgg_vertex_kind;

/* The vertices of one pair of maps (lgg_positions.h). */
typedef struct lgg_sampled_map lgg_sampled_map;

typedef struct lgg_section {
    lgg_place place;
    lgg_network *network;
    lgg_kind kind;
    lgg_options options;
    float lambda;
    float alpha_end; /* alpha moves there from options.graph.alpha until the last iteration; 0: it stays */
    int classes;     /* as the section gives it, 0 where it does not */

    int vertices;                /* lgg_vertex_kind: what the vertices of its graphs are */
    int samples;                 /* vertices of a graph, where they are not the images */
    lgg_sampled_map *sampled;    /* n, there with the first pass that samples; else NULL */
    int n;                       /* tapped layers, or pairs of them */
    int *tapped;                 /* n layer indices */
    lgg_tap *taps;               /* n */
    lgg_representation *student; /* n */

    char *teacher_cfg, *teacher_weights; /* NULL without a teacher */
    int *
        teacher_layers; /* n, as the section gives them until the teacher is loaded, then their indices; NULL: the default */
    lgg_teacher *teacher;
    lgg_representation *taught; /* n */

    lgg_loss *loss;         /* NULL until training begins: prediction needs none of its memory */
    lgg_loss_gpu *loss_gpu; /* the same on a GPU */
    int max_batch;          /* samples that it is made for; 0 before the first pass */
    int unread;             /* the report of the last pass is still on its way from the GPU: its subdivisions, else 0 */
    double last_value;      /* L of the last pass */
    double *sigma;          /* n, of the last pass */
    lgg_record record;
    int warned_of_zeros;
} lgg_section;

/* The parts of those steps that do not ask where the numbers are. */
void meet_lgg_teacher(lgg_section *section, const layer *layers, int batch);
void check_lgg_classes(const lgg_section *section, int outputs, int taught_outputs);
int lgg_minds_negatives(const lgg_section *section);
void warn_of_lgg_negatives(const lgg_section *section, int layer);
void warn_of_lgg_zeros(lgg_section *section, double share);
void fail_lgg_memory(const lgg_section *section, int batch, double needed, double memory, const char *where);

/* alpha of the current iteration. */
float lgg_alpha_now(const lgg_section *section, const host_pass *pass);

/* Brings the last pass into the means over the iteration, which has `passes` passes. */
void record_lgg_pass(lgg_section *section, int passes);

/* A network without a task loss has our terms as its cost. */
int lgg_terms_are_cost(const host_pass *pass);
void report_lgg_cost(const host_pass *pass, int batch);

/* lgg_section_cpu.c: the backward pass of every kind of section. */
void backward_lgg_layer(layer l, host_pass pass);

/* Fails, rather than being killed, where the graphs cannot fit the machine's memory; on a GPU they are made later. */
void check_lgg_memory(const network *net);

#ifdef GPU
/* lgg_section_gpu.c: the same from device buffers into device deltas. Nothing waits for the
 * device but collect_lgg_report, which brings what the last pass computed into the record. */
void backward_lgg_layer_gpu(layer l, host_pass pass);
void collect_lgg_report(lgg_section *section);
/* Ends the program unless all went well; an error of the device is named as CUDA names it. */
void check_lgg_status(const lgg_section *section, lgg_status status);
void free_lgg_section_gpu(lgg_section *section);
#endif

#endif
