/* lgg_lists.h: the lists that a data file names, looked through before a classifier is trained or judged with them. */
#ifndef LGG_LISTS_H
#define LGG_LISTS_H

/* Ends the program with one line where datacfg names fewer labels than classes, or an empty one; with `trains` also where its list of
 * training images is empty or has an empty line, and, where the network learns of labels, begins with images that no label names. Tags have
 * files of their own. */
void check_lgg_lists(const char *datacfg, int classes, int trains, int of_labels);

#endif
