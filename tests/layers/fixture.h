/* fixture.h: small networks from text, for the tests of the layers. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "darknet.h"
#include "host_calls.h"
#include "lgg_report.h"
#include "lgg_section.h"

/* Prints "PASS name" or "FAIL name: why" for one behaviour and counts the failures. */
void report(const char *name, int good, const char *why);
int count_failures(void);

/* Writes text to a file of the working folder; the network of [net] options and sections, its weights drawn from the same
 * seed each time. */
void write_text(const char *path, const char *text);
network *read_text_network(const char *net_options, const char *sections);

/* Random images and the labels 0, 1, 2, ... of a batch; the same for the same seed. */
void fill_batch(network *net, unsigned seed);

/* One forward and backward pass in training, without an update. */
void run_pass(network *net, unsigned seed);

/* The network's outputs for one batch of images in prediction; belongs to the network. */
float *predict(network *net, unsigned seed);

/* Equal but for the last bits, in which Darknet's own sums differ with the alignment of its buffers. */
int same_number(double a, double b);
int same_floats(const float *a, const float *b, int n);
int same_files(const char *a, const char *b);

/* Runs `run` in a process of its own; returns its exit status (or -1 if a signal ended it) and what it wrote to stderr. */
int run_apart(void (*run)(const char *text), const char *text, char *said, size_t size);

#endif
