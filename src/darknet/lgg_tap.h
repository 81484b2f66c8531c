/* lgg_tap.h: the one place that reads other layers and adds to their deltas.
 *
 * Read and added to is the layer's output as the rest of the network sees it, B samples of d = outputs values. */
#ifndef LGG_TAP_H
#define LGG_TAP_H

#include "lgg.h"
#include "lgg_cfg.h"

#include "host.h"

typedef struct {
    int layer;
    float *scratch;  /* our gradient (B, d), where it cannot go straight into the delta */
    size_t capacity; /* floats of scratch */
    float *scratch_gpu;
    size_t capacity_gpu;
} lgg_tap;

/* The layer that `value` of the option means before layer `end`: absolute, or negative and relative to `end`. Fails where there
 * is none, or none that can be tapped. `place` is that of the section; `needs_gradient` is 0 for a teacher's layer. */
int find_lgg_tap(const lgg_place *place, const char *option, const layer *layers, int end, int value,
                 int needs_gradient);

/* The nearest layer before `end` that is no LGG section. */
int find_default_lgg_tap(const lgg_place *place, const char *option, const layer *layers, int end, int needs_gradient);

/* What the nearest softmax before `end` takes in: the logits. */
int find_logits_lgg_tap(const lgg_place *place, const char *option, const layer *layers, int end, int needs_gradient);

/* Fails if a dropout works in the buffer of a tapped softmax, whose Jacobian needs the probabilities themselves, or leaves out blocks of a tapped
 * layer after the section. */
void check_lgg_tap(const lgg_place *place, const lgg_tap *tap, const layer *layers, int count);

/* The tapped layer's output, and where its gradient goes. `section` is the layer index of the section that taps, `count` the
 * number of layers. To be followed by add_lgg_tap once the gradient is there. */
lgg_representation read_lgg_tap(lgg_tap *tap, const layer *layers, int count, int section, int batch);

/* Brings a gradient that was written aside into the tapped layer's delta: through the Jacobian of a softmax or logistic layer
 * (their backward functions pass deltas on unchanged) and the mask of a dropout that works in place after the section (its
 * backward function has run already). */
void add_lgg_tap(lgg_tap *tap, const layer *layers, int count, int section, int batch);

#ifdef GPU
/* The same from device buffers into device deltas. */
lgg_representation read_lgg_tap_gpu(lgg_tap *tap, const layer *layers, int count, int section, int batch);
void add_lgg_tap_gpu(lgg_tap *tap, const layer *layers, int count, int section, int batch);
#endif

void free_lgg_tap(lgg_tap *tap);

#endif
