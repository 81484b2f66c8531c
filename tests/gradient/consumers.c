/* consumers.c: a tapped layer, each kind of layer that can consume it, and a loss on the tapped layer that comes later in the
 * network: its gradient must survive the consumer's backward pass, and the consumer's gradient must be right. */
#include "gradient.h"

#include <stddef.h>

#define TAPPED "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=tanh\n"
#define LINEAR "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=linear\n"
#define CONVOLUTION(activation) "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=" activation "\n"
#define NORMALIZED(activation)                                                                                         \
    "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=" activation "\n"
#define NORMALIZED_AS(layer)                                                                                           \
    "[convolutional]\nshare_index=" layer "\nbatch_normalize=1\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=tanh\n"
#define HEAD "[connected]\noutput=3\nactivation=linear\n[softmax]\n"
#define VARIATION(layer) "[label_variation]\nlayers=" layer "\nsimilarity=rbf\nalpha=.02\nlambda=4\n"

const gradient_case consumer_cases[] = {
    {.name = "convolution 3x3",
     .sections =
         TAPPED "[convolutional]\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=logistic\n" HEAD VARIATION("0")},
    {.name = "convolution 3x3 strided",
     .sections = TAPPED "[convolutional]\nfilters=5\nsize=3\nstride=2\npad=1\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution 1x1",
     .sections = TAPPED "[convolutional]\nfilters=5\nsize=1\nstride=1\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution 1x1 strided",
     .sections = TAPPED "[convolutional]\nfilters=5\nsize=1\nstride=2\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution grouped",
     .sections =
         TAPPED "[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\ngroups=2\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution 1x1 grouped",
     .sections =
         TAPPED "[convolutional]\nfilters=4\nsize=1\nstride=1\ngroups=2\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution batch-normalized",
     .sections = TAPPED
     "[convolutional]\nbatch_normalize=1\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=tanh\n" HEAD VARIATION("0")},
#ifdef SECOND_HOST
    {.name = "convolution with the weights of another",
     .sections = TAPPED NORMALIZED("tanh") NORMALIZED_AS("1") HEAD VARIATION("0")},
    {.name = "convolution dilated",
     .sections = TAPPED
     "[convolutional]\nfilters=5\nsize=3\nstride=1\npad=1\ndilation=2\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution with a stride of its own each way",
     .sections = TAPPED
     "[convolutional]\nfilters=5\nsize=3\nstride_x=2\nstride_y=1\npad=1\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "convolution, swish and mish",
     .sections = TAPPED "[convolutional]\nbatch_normalize=1\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=swish\n"
                        "[convolutional]\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=mish\n" HEAD VARIATION("0")},
    {.name = "shortcut of three",
     .sections =
         TAPPED NORMALIZED("tanh") NORMALIZED("tanh") "[shortcut]\nfrom=0,1\nactivation=tanh\n" HEAD VARIATION("1")},
    {.name = "scale_channels",
     .sections = TAPPED
     "[avgpool]\n[convolutional]\nfilters=6\nsize=1\nstride=1\nactivation=logistic\n[scale_channels]\nfrom=0\n" HEAD
         VARIATION("0")},
    {.name = "sam",
     .sections = TAPPED
     "[convolutional]\nfilters=6\nsize=1\nstride=1\nactivation=logistic\n[sam]\nfrom=0\n" HEAD VARIATION("0")},
#endif
    {.name = "convolution 1x1 first",
     .sections = "[convolutional]\nfilters=6\nsize=1\nstride=1\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "deconvolution",
     .sections = TAPPED "[deconvolutional]\nfilters=5\nsize=2\nstride=2\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "connected", .sections = TAPPED "[connected]\noutput=7\nactivation=tanh\n" HEAD VARIATION("0")},
    {.name = "maxpool", .sections = TAPPED "[maxpool]\nsize=2\nstride=2\n" HEAD VARIATION("0"), .step = 4e-3f},
    {.name = "avgpool", .sections = TAPPED "[avgpool]\n" HEAD VARIATION("0")},
    {.name = "batchnorm", .sections = TAPPED "[batchnorm]\n" HEAD VARIATION("0")},
    {.name = "batchnorm of small values",
     .sections = "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=linear\n[batchnorm]\n" HEAD
                 "[label_variation]\nlayers=0\nsimilarity=rbf\nalpha=400\nlambda=4\n",
     .step = .02f,
     .input_size = .01f},
    {.name = "batchnorm first", .sections = "[batchnorm]\n" TAPPED HEAD VARIATION("0")},
    {.name = "activation", .sections = TAPPED "[activation]\nactivation=logistic\n" HEAD VARIATION("0")},
    {.name = "activation first", .sections = "[activation]\nactivation=tanh\n" TAPPED HEAD VARIATION("0")},
    {.name = "dropout before the section", .sections = LINEAR "[dropout]\nprobability=.4\n" HEAD VARIATION("0")},
    {.name = "dropout after the section",
     .sections = "[connected]\noutput=40\nactivation=linear\n[label_variation]\nsimilarity=rbf\nalpha=.02\nlambda=4\n"
                 "[dropout]\nprobability=.4\n" HEAD},
    {.name = "dropout before and after the section",
     .sections = "[connected]\noutput=40\nactivation=linear\n[dropout]\nprobability=.3\n"
                 "[label_variation]\nsimilarity=rbf\nalpha=.02\nlambda=4\n[dropout]\nprobability=.4\n" HEAD},
    {.name = "dropout of an activation, whose gradient is told from its output",
     .sections = TAPPED "[connected]\noutput=20\nactivation=tanh\n[dropout]\nprobability=.4\n" HEAD VARIATION("0")},
    {.name = "dropouts of a normalized convolution's activation",
     .sections =
         TAPPED NORMALIZED("logistic") "[dropout]\nprobability=.5\n[dropout]\nprobability=.3\n" HEAD VARIATION("0"),
     .step = .01f},
    {.name = "dropout of a sum's activation, tapped",
     .sections = TAPPED CONVOLUTION(
         "linear") "[shortcut]\nfrom=0\nactivation=tanh\n[dropout]\nprobability=.4\n" HEAD VARIATION("2")},
    {.name = "route of one layer, which a convolution reads alone",
     .sections =
         TAPPED CONVOLUTION("tanh") "[route]\nlayers=0\n" CONVOLUTION("linear") "[shortcut]\nfrom=1\nactivation=tanh\n"
                                                                                "[avgpool]\n" HEAD VARIATION("4")},
    {.name = "route of one layer, with two readers",
     .sections =
         TAPPED CONVOLUTION("tanh") "[route]\nlayers=0\n" CONVOLUTION("linear") "[shortcut]\nfrom=2\nactivation=tanh\n"
                                                                                "[avgpool]\n" HEAD VARIATION("0")},
    {.name = "route of one layer, tapped",
     .sections =
         TAPPED CONVOLUTION("tanh") "[route]\nlayers=0\n" CONVOLUTION("tanh") "[avgpool]\n" HEAD VARIATION("2")},
    {.name = "residual blocks",
     .sections = TAPPED NORMALIZED("tanh") NORMALIZED("linear") "[shortcut]\nfrom=-3\nactivation=tanh\n" NORMALIZED(
         "tanh") NORMALIZED("linear") "[shortcut]\nfrom=-3\nactivation=tanh\n"
                                      "[avgpool]\n" HEAD VARIATION("3"),
     .step = .01f},
    {.name = "residual blocks, pre-activated, with a dropout",
     .sections = TAPPED "[batchnorm]\n[activation]\nactivation=tanh\n" CONVOLUTION(
         "linear") "[shortcut]\nfrom=0\nactivation=linear\n"
                   "[dropout]\nprobability=.3\n[batchnorm]\n[activation]\nactivation=tanh\n" CONVOLUTION(
                       "linear") "[shortcut]\nfrom=-4\nactivation=linear\n[avgpool]\n" HEAD VARIATION("4"),
     .step = .01f},
    {.name = "a sum of what one layer gives twice",
     .sections = TAPPED "[route]\nlayers=0\n[shortcut]\nfrom=0\nactivation=tanh\n" CONVOLUTION(
         "tanh") "[shortcut]\nfrom=-1\nactivation=tanh\n"
                 "[avgpool]\n" HEAD VARIATION("0")},
    {.name = "shortcut, as from=",
     .sections = TAPPED
     "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=tanh\n[shortcut]\nfrom=0\nactivation=tanh\n" HEAD
         VARIATION("0")},
    {.name = "shortcut, as previous",
     .sections = TAPPED "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=tanh\n[shortcut]\nfrom="
                        "0\nactivation=linear\n" HEAD VARIATION("1")},
    {.name = "shortcut to a narrower layer",
     .sections = TAPPED "[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=tanh\n[shortcut]\nfrom="
                        "0\nactivation=linear\n" HEAD VARIATION("0")},
    {.name = "route",
     .sections = TAPPED
     "[convolutional]\nfilters=5\nsize=3\nstride=1\npad=1\nactivation=tanh\n[route]\nlayers=0,-1\n" HEAD VARIATION(
         "0")},
    {.name = "upsample", .sections = TAPPED "[upsample]\nstride=2\n" HEAD VARIATION("0")},
    {.name = "reorg", .sections = TAPPED "[reorg]\nstride=2\n" HEAD VARIATION("0")},
    {.name = "reorg reversed",
     .sections =
         "[convolutional]\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=tanh\n[reorg]\nstride=2\nreverse=1\n" HEAD
             VARIATION("0")},
    {.name = "reorg flattened", .sections = TAPPED "[reorg]\nstride=2\nflatten=1\n" HEAD VARIATION("0")},
    {.name = "normalization", .sections = TAPPED "[normalization]\n" HEAD VARIATION("0")},
    {.name = "softmax",
     .sections = "[connected]\noutput=3\nactivation=linear\n[softmax]\n[label_variation]\nlayers=0\nsimilarity="
                 "rbf\nalpha=.3\nlambda=4\n"},
    {.name = "logistic",
     .sections = "[connected]\noutput=3\nactivation=linear\n[logistic]\n[label_variation]\nlayers=0\nsimilarity="
                 "rbf\nalpha=.3\nlambda=4\n"},
    {.name = NULL},
};
