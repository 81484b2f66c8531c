/* record.h: what record_network.c writes and compare_records.c reads: heads, each followed by its values. */
#ifndef RECORD_H
#define RECORD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char what[24];
    int layer;    /* -1: the whole network */
    int n;        /* of floats */
    double floor; /* the size of a value that is nothing but rounding; the CPU's program knows it */
} record_head;

#endif
