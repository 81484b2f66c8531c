/* share_scales.h: what the host forgets between the networks of several GPUs. It averages convolutions, and the weights and biases of
 * [connected] layers; the scales and biases of a [batchnorm], and the scales of a batch-normalized [connected], drifted apart, and those of
 * one GPU were saved. */
#ifndef SHARE_SCALES_H
#define SHARE_SCALES_H

#include "host.h"

#ifdef GPU

#ifdef __cplusplus
extern "C" {
#endif

/* Gives layer j of the n networks, each on a device of its own, the average of theirs. */
void share_scales(host_networks nets, int n, int j);

#ifdef __cplusplus
}
#endif

#endif

#endif
