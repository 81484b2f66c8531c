/* lgg_training.h: a training from its start to its end: what Darknet's trainers call around their iterations.
 *
 * Keeps backups (also every ten minutes, and when the process is told to stop), resumes from them, writes lgg_log, and stops where
 * a loss is no longer a number. A process runs one training at a time. */
#ifndef LGG_TRAINING_H
#define LGG_TRAINING_H

#include LGG_HOST_HEADER

#ifdef __cplusplus
extern "C" {
#endif

/* Before the first batch is asked for: the n networks (one a GPU) hold the weights of weightfile (may be NULL). Backups go to
 * backup_directory/base.backup; where they could not be written, the program ends here. Returns the running average of the loss to go
 * on with; -1: none. */
float start_lgg_training(network **nets, int n, char *weightfile, int clear, char *backup_directory, char *base);

/* After each iteration, with its loss and the running average. Ends the program if a loss is not finite (status 1), or, after a
 * backup, if it was told to stop (SIGINT, SIGTERM: 128 + the signal). */
void step_lgg_training(float loss, float average_loss);

/* Saves the backup and its state. */
void backup_lgg_training(void);

/* The last backup; from now on a file that cannot be saved ends the program. */
void finish_lgg_training(void);

/* For lgg_checkpoint.c: a training is going on and will try to save again later. */
int lgg_training_goes_on(void);

/* For lgg_checkpoint.c: path was saved. */
void lgg_training_saved(const network *net, const char *path);

/* For lgg_checkpoint.c: weights hold NaN or infinity; ends the program, naming the last good file. */
void lgg_training_is_rubbish(network *net, int layer, const char *array);

#ifdef __cplusplus
}
#endif

#endif
