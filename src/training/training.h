/* training.h: a training from its start to its end: what Darknet's trainers call around their iterations.
 *
 * Keeps backups (also every ten minutes, and when the process is told to stop), resumes from them, writes lgg_log, and stops where
 * a loss is no longer a number. A process runs one training at a time. */
#ifndef LGG_TRAINING_H
#define LGG_TRAINING_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Before the first batch is asked for: the n networks (one a GPU) hold the weights of weightfile (may be NULL). Backups go to
 * backup_directory/base.backup; where they could not be written, or where another process is training into it, the program ends here. Returns the running average of the loss to go on with; -1: none. */
float start_lgg_training(network **nets, int n, char *weightfile, int clear, char *backup_directory, char *base);

/* After each iteration, with its loss and the running average. Ends the program if a loss is not finite (status 1; where the
 * host repairs what such a loss does, if ten in a row are not, or weights), or, after a
 * backup, if it was told to stop (SIGINT, SIGTERM, SIGHUP, SIGUSR1, or SIGPIPE from its output: 128 + the signal). */
void step_lgg_training(float loss, float average_loss);

/* After each iteration of a trainer of the host's, `images` being those of the iteration: prints our terms (print_lgg_progress), and is that
 * step where a training was started. */
void end_lgg_iteration(network *net, int images, float loss, float average_loss);

/* Saves the backup and its state; where that fails, says so and leaves it to the next backup. */
void backup_lgg_training(void);

/* The last backup; where it fails, the program will end with status 1. From now on a file that cannot be saved ends the program. */
void finish_lgg_training(void);

/* What saves weights, in a training or not: writes net's weights up to layer `cutoff` to the file `name` (weights_path.h), whole or not at all. A failure is said in one
 * line and ends the program, unless a training is going on, which tries again at its next backup. Weights that are not finite are never
 * saved: the program ends, naming in a training the last good file. */
void lgg_save_weights(network *net, const char *name, int cutoff);

#ifdef __cplusplus
}
#endif

#endif
