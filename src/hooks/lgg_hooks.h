/* lgg_hooks.h: what Darknet's own files call so that a network can have sections of ours.
 *
 * An LGG section ([label_variation], [lgg_smooth], [lgg_gkd], [rkd], [hkd]) is a layer that shares the output and delta of
 * the layer before it, as [dropout] does: it changes nothing in prediction and costs nothing there. In training its backward
 * function evaluates a loss on the graphs of the batch and adds the gradient to the layers that it taps. */
#ifndef LGG_HOOKS_H
#define LGG_HOOKS_H

#include "host.h"

#include "layer_functions.h"
#include "lgg_layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ends the program with one line: section `index` of a .cfg file is of a type that does not exist; the nearest that does is named. */
void lgg_unknown_section(const char *cfg, int index, const char *type);

/* To be called before a .cfg file is read: ends the program with one line, "PATH: is a device: give the .cfg file of a network", if it is
 * no text. */
void check_lgg_cfg_file(const char *path);

/* Ends the program with one line if line `number` of the file is an option, and no section has begun. */
void refuse_lgg_first_line(const char *filename, int number);

/* Ends the program with one line if a .cfg file of `sections` sections, the first of which is `first` with these options (NULL: none), is no
 * network; and so does nonsense in its [net] (check_net_options). */
void check_lgg_sections(const char *filename, int sections, const char *first, list *options, int batch);

/* Ends the program with one line if line `number` of the file, an option without a value, is in a section of ours or is one of our
 * options of [net]. `index` is the section's layer index, `line` the option's name. */
void refuse_lgg_line(const char *filename, int number, const char *type, int index, const char *line);

/* To be called once all layers are there, with net->truths as the host would have it, before net->truth is allocated: checks
 * the sections against the network and sets net->truths to the number of classes where a section gives it. Where the program's
 * command trains, it also ends the program with one line if the graphs of a batch are too small to say anything or cannot fit
 * the machine's memory, and loads the teachers: all this before a first image is loaded. */
void finish_lgg_network(network *net);

/* Whether the delta of l is not that of the layer before it, which may be a loss and have written it by now. */
int has_own_delta(const layer *l);

/* Whether the delta of l is to be filled with zeros before its forward pass: not if l shares that of the layer before it, nor if the first
 * that adds to it assigns it instead (network_plan.h). */
int starts_at_zero(const layer *l);

#ifdef __cplusplus
}
#endif

#endif
