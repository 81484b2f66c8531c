/* lgg_positions.h: graphs of positions of maps, for networks whose batches are too small for graphs of images: detectors.
 *
 * A pair of tapped layers, student and teacher, has maps (B, c, h, w) over the same images. In each pass `samples` of the B h w positions
 * are drawn, of the coarser grid of the two, without repeating one; vertex i is what a map has there, c values. Gradients go back to the
 * same pixels. With `seed` the positions depend on the images seen alone. */
#ifndef LGG_POSITIONS_H
#define LGG_POSITIONS_H

#include "lgg_section.h"

/* Fails where the section's options, the network or its tapped layers have no such vertices; and, once there is a teacher, where its
 * layers have not. */
void check_lgg_vertices(const lgg_section *section, const network *net);
void check_taught_lgg_vertices(const lgg_section *section);

/* The vertices of the section's graphs in passes of `batch` images, as far as the student's maps tell. */
int count_lgg_vertices(const lgg_section *section, const layer *layers, int batch);
/* The same by the maps of its teacher, which is loaded. */
int count_taught_lgg_vertices(const lgg_section *section, int batch);

/* Draws the vertices of this pass, and puts them into section->student and section->taught in the place of the whole maps that stand
 * there. Returns their number. */
int take_lgg_vertices(lgg_section *section, const host_pass *pass, int batch);

/* Adds their gradients to those of the maps. */
void give_lgg_vertices(lgg_section *section, int n);

#ifdef GPU
/* The same on the device. Only `boxes` waits for it, where the host has their truth nowhere else. */
int take_lgg_vertices_gpu(lgg_section *section, const host_pass *pass, int batch);
void give_lgg_vertices_gpu(lgg_section *section, int n);
#endif

void free_lgg_vertices(lgg_section *section);

#endif
