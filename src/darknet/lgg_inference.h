/* lgg_inference.h: makes of a trained network one that can only predict, in less time and memory. */
#ifndef LGG_INFERENCE_H
#define LGG_INFERENCE_H

#include "host.h"

/* Folds the batch normalization of each convolutional and connected layer into its weights and biases:
 *     w <- w * scale / sqrt(variance + epsilon),   b <- b - mean * scale / sqrt(variance + epsilon). */
void fold_batch_norms(network *net);

/* Frees what only training reads: deltas, updates, and what batch normalization keeps for its backward pass. */
void free_training_buffers(network *net);

#endif
