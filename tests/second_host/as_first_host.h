/* as_first_host.h: the functions of the first host, by its names, on AlexeyAB/darknet, so that the first host's tests run on the
 * second unchanged. Included ahead of each of their files.
 *
 * The first host keeps a pass's images, labels and cost in its network and hands out pointers; the second passes its network by
 * value and leaves them to the caller. */
#ifndef AS_FIRST_HOST_H
#define AS_FIRST_HOST_H

#include "host.h"
#include "dark_cuda.h"
#include "data.h"
#include "image.h"

network *parse_as_first_host(char *path);
void free_as_first_host(network *net);
void forward_as_first_host(network *net);
void backward_as_first_host(network *net);
float train_as_first_host(network *net);
void update_as_first_host(network *net);
float *predict_as_first_host(network *net, float *input);
pthread_t load_as_first_host(load_args args);
void load_blocking_as_first_host(load_args args);
void resize_as_first_host(network *net, int w, int h);

#define parse_network_cfg parse_as_first_host
#define free_network free_as_first_host
#define forward_network forward_as_first_host
#define backward_network backward_as_first_host
#define train_network_datum train_as_first_host
#define update_network update_as_first_host
#define network_predict predict_as_first_host
#define load_data load_as_first_host
#define load_data_blocking load_blocking_as_first_host
#define resize_network resize_as_first_host
#define save_image_options(im, name, type, quality) save_image_png(im, name)
#define save_weights(net, path) save_weights(*(net), path)
#define set_iteration(net, i) (*(net)->cur_iteration = (i))
#define get_network_boxes(net, w, h, thresh, hier, map, relative, n)                                                   \
    get_network_boxes(net, w, h, thresh, hier, map, relative, n, 0)

/* Names of the tests that this host's header takes for functions of its own. */
#define test_detector lgg_test_detector
#define train_detector lgg_train_detector

/* What this host needs to load boxes, and to know an iteration; it has functions and a way to mix images of its own. */
#define HOST_DETECTION(args) ((args).c = 3, (args).truth_size = 4 + 2, (args).resize = 1)
#define HOST_ITERATION(net, i) ((net).cur_iteration = (i))
#define SECOND_HOST 1

/* Sections that this host does not have. */
#define HOST_LACKS "[deconvolutional]", "[logistic]", "[l2norm]"

#endif
