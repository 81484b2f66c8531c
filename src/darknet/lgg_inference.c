/* lgg_inference.c: makes of a trained network one that can only predict, in less time and memory. */
#include "lgg_inference.h"

#include <math.h>
#include <stdlib.h>

/* Filter f of a layer has its weights in row f of weights (filters, size). */
static void fold_batch_norm(layer *l, int filters, size_t size) {
    for (int f = 0; f < filters; ++f) {
        float factor = l->scales[f] / sqrtf(l->rolling_variance[f] + HOST_BATCH_NORM_EPSILON);
        float *weights = l->weights + (size_t)f * size;
        for (size_t i = 0; i < size; ++i)
            weights[i] *= factor;
        l->biases[f] -= l->rolling_mean[f] * factor;
    }
    l->batch_normalize = 0;
    host_push_weights(l);
}

/* Layers that share weights share all of them, and those before them have been folded. */
static int is_shared_otherwise(const network *net, const layer *l) {
    for (int i = 0; i < net->n; ++i) {
        const layer *other = &net->layers[i];
        if (host_weights_owner(other) == l && !other->batch_normalize != !l->batch_normalize) return 1;
    }
    return 0;
}

void fold_batch_norms(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        const layer *owner = host_weights_owner(l);
        if (!l->batch_normalize || l->binary || l->xnor) continue;
        if (owner) {
            if (!owner->batch_normalize) l->batch_normalize = 0;
            continue;
        }
        if (is_shared_otherwise(net, l)) continue;
        if (l->type == CONVOLUTIONAL) fold_batch_norm(l, l->n, (size_t)l->nweights / (size_t)l->n);
        if (l->type == CONNECTED) fold_batch_norm(l, l->outputs, (size_t)l->inputs);
    }
}

static void release(float **buffer) {
    free(*buffer);
    *buffer = NULL;
}

/* Whether the layer's forward function leaves its delta alone. */
static int predicts_without_delta(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
    case CONNECTED:
    case MAXPOOL:
    case AVGPOOL:
    case ROUTE:
    case SHORTCUT:
    case ACTIVE:
    case BATCHNORM:
    case UPSAMPLE:
    case REORG:
    case NORMALIZATION:
        return 1;
    default:
        return 0;
    }
}

static void free_normalization(layer *l) {
    release(&l->x);
    release(&l->x_norm);
    release(&l->mean);
    release(&l->variance);
    release(&l->mean_delta);
    release(&l->variance_delta);
    host_free_device_normalization(l);
}

void free_training_buffers(network *net) {
    for (int i = 0; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (host_works_in_place(l)) {
            host_share_buffers(l, l - 1);
            continue;
        }
        if (!predicts_without_delta(l)) continue;
        release(&l->delta);
        host_free_device_training_buffers(l);
        if (l->type != CONVOLUTIONAL && l->type != CONNECTED) continue;
        release(&l->weight_updates);
        release(&l->bias_updates);
        release(&l->scale_updates);
        if (!l->batch_normalize) free_normalization(l);
    }
}
