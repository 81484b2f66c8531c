/* tool_deploy.h: a network as any Darknet reads it.
 *
 * Our sections and options of [net] are gone, and so is what is not known or is computed wrongly elsewhere:
 *
 *   [cost]                       nothing: it has no part in a prediction
 *   a strided convolution of     a [maxpool] of size 1, which picks the same pixels, and the convolution with stride 1
 *     size 1                     (stock pjreddie/darknet computes it on the CPU as if its stride were 1)
 *   a stand-alone [batchnorm]    a [convolutional] of size 1 with as many groups as channels (stock pjreddie/darknet has no biases
 *                                in it and crashes on the CPU; OpenCV does not know it)
 *   what [net] parseval scales   the scaled weights; half of a sum is taken by another such [convolutional]
 *
 * Numbers of layers in other sections follow. */
#ifndef TOOL_DEPLOY_H
#define TOOL_DEPLOY_H

#include "host_tool.h"
#include "tool_cfg.h"

typedef struct tool_deployment tool_deployment;

/* Rewrites net, the network of `cfg` with its weights and batch norms as loaded, up to its layer `last`. With `fold` the batch norms of
 * convolutional and connected layers become part of their weights. The weights of net are changed where that is needed; net stays with
 * the caller and must outlive the deployment. */
tool_deployment *tool_deploy(network *net, const char *cfg, int last, int fold);
void tool_deployment_free(tool_deployment *deployment);

/* The layer that gives what layer `layer` of the network gave. */
int tool_deployment_layer(const tool_deployment *deployment, int layer);
/* A line on stdout for each kind of change. */
void tool_deployment_print(const tool_deployment *deployment);

/* The two files, to streams that are open. */
void tool_deployment_write_cfg(const tool_deployment *deployment, FILE *file);
void tool_deployment_write_weights(const tool_deployment *deployment, FILE *file);

#endif
