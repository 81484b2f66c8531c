/* lgg_lists.h: the lists that a data file names, looked through before a classifier is trained or judged with them. */
#ifndef LGG_LISTS_H
#define LGG_LISTS_H

/* Ends the program with one line where datacfg has no number of classes, or names fewer labels than classes, an empty one, one that begins or
 * ends with a blank, or one twice; with `trains` also where its list of training images is empty or has an empty line, and, where the network
 * learns of labels, has no image that a label names; where some have none, a warning says how many of those looked at. Tags have files of their
 * own. */
void check_lgg_lists(const char *datacfg, int classes, int trains, int of_labels);

#endif
