/* checkpoint.h: what a training needs to go on as if it had never stopped.
 *
 * Weights files stay Darknet's. Next to a backup FILE, FILE.state holds the rest: momentum (every layer's updates, Adam's moments),
 * the seed of the loader, whose position is the number of images seen, the running average of the loss, and what the sums were
 * computed with; with a checksum of the FILE it belongs to. Both are written and synced first and put in place one after the other;
 * while they are, FILE.state.old is the match. However often and wherever a process is killed, the weights have their state beside
 * them under one of these two names.
 *
 * What is saved and loaded, and no more: when, and what a failure means, is the training's (training.h). */
#ifndef LGG_CHECKPOINT_H
#define LGG_CHECKPOINT_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes net's weights up to layer `cutoff` to path, whole or not at all. 0, or -1 after saying why in one line. */
int lgg_checkpoint_save_weights(network *net, const char *path, int cutoff);

/* Saves net to path and its state to path.state. 0, or -1 after saying why in one line. */
int lgg_checkpoint_save(network *net, const char *path, float average_loss);

/* Finds the state that belongs to the weights file just loaded into the n networks (one a GPU), and loads it. Returns 1 and sets
 * *average_loss if there is one, warning where it was trained with other arithmetic than ours; 0 if not, saying why if there is a state
 * file that does not fit. */
int lgg_checkpoint_load(network **nets, int n, const char *path, float *average_loss);

#ifdef __cplusplus
}
#endif

#endif
