/* tool_search.h: exact search for the most similar rows of a matrix, by blocks of inner products. */
#ifndef TOOL_SEARCH_H
#define TOOL_SEARCH_H

#include "tool.h"

typedef struct {
    float score;
    long row;
} tool_match;

/* The best matches so far, best first. */
typedef struct {
    tool_match *match; /* (k) */
    int count, k;
} tool_matches;

/* Takes the row in if it is among the k best; equal scores keep the row that came first in front. */
void tool_match_offer(tool_matches *matches, float score, long row);

/* Rows of x (n, d) to unit length; a zero row stays zero. */
void tool_unit_rows(float *x, long n, int d);

/* Offers to each query's matches the rows of x (n, d), which count as row `start` and the following; q (queries, d). Scores: cosines, 0 of a
 * zero vector, or with `euclidean` negative distances. x is read once, front to back, so that it may be a mapped file. progress advances by
 * each row; NULL: there is none. */
void tool_search(const float *q, int queries, const float *x, long start, long n, int d, int euclidean,
                 tool_matches *matches, tool_progress *progress);

#endif
