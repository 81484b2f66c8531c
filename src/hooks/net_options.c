/* net_options.c: see net_options.h. */
#include "net_options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "option_list.h"

/* The option's value, def where it is not given; below `low` it ends the program. As in the host, what follows the number is ignored. */
static int size_option(list *options, const char *filename, const char *key, int def, int low) {
    const char *value = option_find(options, (char *)key);
    if (!value) return def;
    errno = 0;
    const long number = strtol(value, NULL, 10);
    if (errno || number < low || number > INT_MAX) {
        fprintf(stderr, "%s: [net]: %s=%s: must be a whole number, %d or more\n", filename, key, value, low);
        exit(EXIT_FAILURE);
    }
    return (int)number;
}

/* Images a pass. */
static int check_batch(list *options, const char *filename, int given) {
    const int subdivisions = size_option(options, filename, "subdivisions", 1, 1);
    if (given > 0) return given;
    const int batch = size_option(options, filename, "batch", 1, 1);
    const int pass = batch / subdivisions;
    if (pass == 0 && HOST_TAKES_MANY_SUBDIVISIONS) {
        fprintf(stderr,
                "%s: [net]: warning: subdivisions=%d are more than batch=%d: an iteration takes %d images, 1 a pass\n",
                filename, subdivisions, batch, subdivisions);
        return 1;
    }
    if (pass == 0) {
        fprintf(stderr,
                "%s: [net]: subdivisions=%d: must be %d (batch) or less: each pass takes batch/subdivisions images\n",
                filename, subdivisions, batch);
        exit(EXIT_FAILURE);
    }
    if (batch % subdivisions) {
        fprintf(
            stderr,
            "%s: [net]: warning: batch=%d is no multiple of subdivisions=%d: an iteration takes %d images, %d a pass\n",
            filename, batch, subdivisions, pass * subdivisions, pass);
    }
    return pass;
}

/* Numbers an image. */
static double check_inputs(list *options, const char *filename) {
    const int inputs = size_option(options, filename, "inputs", 0, 1);
    const int least = inputs ? 0 : 1; /* a network of plain numbers has no image */
    static const char *const sides[] = {"width", "height", "channels"};
    double product = 1;
    for (int i = 0; i < 3; ++i) {
        const int side = size_option(options, filename, sides[i], 0, least);
        if (side < least) {
            fprintf(stderr, "%s: [net]: %s= is missing: give width, height and channels, or inputs\n", filename,
                    sides[i]);
            exit(EXIT_FAILURE);
        }
        product *= side;
    }
    return inputs ? inputs : product;
}

void check_net_options(list *options, const char *filename, int batch) {
    const int pass = check_batch(options, filename, batch);
    const int time_steps = size_option(options, filename, "time_steps", 1, 1);
    const double numbers = check_inputs(options, filename) * pass * time_steps;
    if (numbers <= INT_MAX) return;
    fprintf(stderr,
            "%s: [net]: %.0f input numbers a pass are more than Darknet can count (%d): take smaller images or more "
            "subdivisions\n",
            filename, numbers, INT_MAX);
    exit(EXIT_FAILURE);
}
