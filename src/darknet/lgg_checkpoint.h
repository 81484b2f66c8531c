/* lgg_checkpoint.h: what a training needs to go on as if it had never stopped.
 *
 * Weights files stay Darknet's. Next to a backup FILE, FILE.state holds the rest: momentum (every layer's updates, Adam's moments),
 * the seed of the loader, whose position is the number of images seen, and the running average of the loss; with a checksum of
 * the FILE it belongs to. Both are written and synced first and put in place together; should the process die between the two,
 * FILE.state.old is the match. */
#ifndef LGG_CHECKPOINT_H
#define LGG_CHECKPOINT_H

#include LGG_HOST_HEADER

#ifdef __cplusplus
extern "C" {
#endif

/* Writes net's weights up to layer `cutoff` to path, whole or not at all. A failure is said in one line and ends the program, unless
 * a training is going on (lgg_training.h), which tries again at its next backup. Weights that are not finite are never saved. */
void lgg_save_weights(network *net, char *path, int cutoff);

/* Saves net to path and its state to path.state. 0, or -1 after saying why in one line. */
int lgg_checkpoint_save(network *net, char *path, float average_loss);

/* Finds the state that belongs to the weights file just loaded into the n networks (one a GPU), and loads it. Returns 1 and sets
 * *average_loss if there is one; 0 if not, saying why if there is a state file that does not fit. */
int lgg_checkpoint_load(network **nets, int n, char *path, float *average_loss);

#ifdef __cplusplus
}
#endif

#endif
