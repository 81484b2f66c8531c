/* truth.h: the labels that a network is trained or judged with, looked at before it begins. */
#ifndef TRUTH_H
#define TRUTH_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ends the program with one line if the data file's number of classes is not what the sections of net compare with (without
 * sections: if the labels would be written past the end of net's), or is larger than what net puts out for an image. */
void check_lgg_truth(network *net, int classes, const char *datacfg);
void check_lgg_outputs(network *net, int classes, const char *datacfg);

#ifdef __cplusplus
}
#endif

#endif
