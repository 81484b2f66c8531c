/* weights.h: whether a weights file is one of the network that is to load it, told by its length. */
#ifndef LGG_WEIGHTS_H
#define LGG_WEIGHTS_H

#include "lgg_cfg.h"

#include "host.h"

/* Fails unless the file holds exactly the weights of net, naming both lengths in bytes. */
void check_weights_file(const lgg_place *place, const char *option, const char *path, const network *net);

/* To be called before layers start..cutoff-1 of net are loaded from path. Ends the program, with one line that names layer and
 * bytes, if the file ends inside a layer, or is too long for the whole network. Says how far a file goes that ends after a layer in
 * training; elsewhere that is an error too. */
void check_weights_to_load(const network *net, const char *path, int start, int cutoff);

/* Whether a file that passed that check, its first layer being `start` of net, has the biases of [batchnorm] layers, which files of
 * stock pjreddie/darknet have not; told by its length. */
int has_batchnorm_biases(const network *net, const char *path, int start);

/* To be called once the weights of layers 0..cutoff-1 of net are loaded from path. Ends the program, with one line that names layer and array, if
 * there is a value that is no finite number: whatever such a network gave, every comparison with it would be false. */
void check_loaded_weights(const network *net, const char *path, int cutoff);

/* Loads the weights of a teacher: what is wrong with them is said of the section's teacher_weights. */
void load_teacher_weights(const lgg_place *place, network *net, const char *path);

#endif
