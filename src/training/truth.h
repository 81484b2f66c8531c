/* truth.h: the labels that a network is trained or judged with, looked at before it begins. */
#ifndef TRUTH_H
#define TRUTH_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Before a classifier is trained: ends the program with one line if the loader does not make the images that net takes, if the data file's lists
 * are not right (lgg_lists.h), if a section has no truth in a tree of classes, or if the data file's number of classes is not what the sections of
 * net compare with (without sections: if the labels would be written past the end of net's). Gives net's recipe the labels for `balanced`. */
void check_lgg_truth(network *net, int classes, const char *datacfg);

/* Before one is judged: ends the program with one line if the lists are not right, or if net puts out fewer values for an image than there are
 * classes. */
void check_lgg_outputs(network *net, int classes, const char *datacfg);

#ifdef __cplusplus
}
#endif

#endif
