/* parameters.c: see parameters.h. */
#include "parameters.h"

#include <stdint.h>
#include <string.h>

#ifdef GPU
#define LGG_GPU(x) (gpu_index >= 0 ? (x) : NULL)
#else
#define LGG_GPU(x) NULL
#endif

static size_t bias_count(const layer *l) {
    switch (l->type) {
    case CONVOLUTIONAL:
    case DECONVOLUTIONAL:
        return (size_t)l->n;
    case BATCHNORM:
        return (size_t)l->c;
    default:
        return (size_t)l->outputs;
    }
}

static int has_scales(const layer *l) {
    return l->type == BATCHNORM || l->batch_normalize;
}

static void append(lgg_array *arrays, int *count, const char *name, float *cpu, float *gpu, size_t n) {
    if ((!cpu && !gpu) || !n) return;
    arrays[*count].name = name;
    arrays[*count].cpu = cpu;
    arrays[*count].gpu = gpu;
    arrays[*count].n = n;
    ++*count;
}

int lgg_leaf_parameters(const layer *l, lgg_array arrays[LGG_MAX_ARRAYS]) {
    const size_t biases = bias_count(l);
    int n = 0;
    append(arrays, &n, "biases", l->biases, LGG_GPU(l->biases_gpu), biases);
    if (has_scales(l)) {
        append(arrays, &n, "scales", l->scales, LGG_GPU(l->scales_gpu), biases);
        append(arrays, &n, "rolling mean", l->rolling_mean, LGG_GPU(l->rolling_mean_gpu), biases);
        append(arrays, &n, "rolling variance", l->rolling_variance, LGG_GPU(l->rolling_variance_gpu), biases);
    }
    append(arrays, &n, "weights", l->weights, LGG_GPU(l->weights_gpu), host_weight_count(l));
    return n;
}

int lgg_leaf_updates(const layer *l, lgg_array arrays[LGG_MAX_ARRAYS]) {
    const size_t biases = bias_count(l), weights = host_weight_count(l);
    int n = 0;
    append(arrays, &n, "bias updates", l->bias_updates, LGG_GPU(l->bias_updates_gpu), biases);
    if (has_scales(l)) append(arrays, &n, "scale updates", l->scale_updates, LGG_GPU(l->scale_updates_gpu), biases);
    append(arrays, &n, "weight updates", l->weight_updates, LGG_GPU(l->weight_updates_gpu), weights);
#ifdef GPU
    append(arrays, &n, "m", NULL, LGG_GPU(l->m_gpu), weights);
    append(arrays, &n, "v", NULL, LGG_GPU(l->v_gpu), weights);
    append(arrays, &n, "bias m", NULL, LGG_GPU(l->bias_m_gpu), biases);
    append(arrays, &n, "bias v", NULL, LGG_GPU(l->bias_v_gpu), biases);
    append(arrays, &n, "scale m", NULL, LGG_GPU(l->scale_m_gpu), biases);
    append(arrays, &n, "scale v", NULL, LGG_GPU(l->scale_v_gpu), biases);
#endif
    return n;
}

int lgg_layer_memory(const network *net, const layer *l, lgg_array arrays[LGG_MAX_ARRAYS]) {
    lgg_array memory[HOST_MAX_MEMORY];
    const int m = host_layer_memory(net, l, memory);
    int n = 0;
    for (int i = 0; i < m; ++i)
        append(arrays, &n, memory[i].name, memory[i].cpu, LGG_GPU(memory[i].gpu), memory[i].n);
    return n;
}

/* updates (n) += -decay*batch * w (n), where both are there */
static void decay(size_t n, update_args a, float *w, float *updates, float *w_gpu, float *updates_gpu) {
#ifdef GPU
    if (gpu_index >= 0) {
        if (w_gpu && updates_gpu) host_axpy_device((int)n, -a.decay * (float)a.batch, w_gpu, updates_gpu);
        return;
    }
#else
    (void)w_gpu;
    (void)updates_gpu;
#endif
    if (w && updates) axpy_cpu((int)n, -a.decay * (float)a.batch, w, 1, updates, 1);
}

void lgg_decay_biases_and_scales(const layer *l, update_args a) {
#ifdef GPU
    if (gpu_index >= 0 && l->bias_m_gpu) return; /* adam_update_gpu decays all it is given on its own */
#endif
    decay(bias_count(l), a, l->biases, l->bias_updates, LGG_GPU(l->biases_gpu), LGG_GPU(l->bias_updates_gpu));
    if (has_scales(l))
        decay(bias_count(l), a, l->scales, l->scale_updates, LGG_GPU(l->scales_gpu), LGG_GPU(l->scale_updates_gpu));
}

int lgg_all_finite(const float *x, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        if ((bits & UINT32_C(0x7f800000)) == UINT32_C(0x7f800000)) return 0;
    }
    return 1;
}

int lgg_first_rubbish(const network *net, int end, const char **array) {
    host_select_device(net);
    for (int i = 0; i < net->n && i < end; ++i) {
        layer *leaves[HOST_MAX_LEAVES];
        const int n = host_leaf_layers(&net->layers[i], leaves);
        for (int j = 0; j < n; ++j) {
            lgg_array arrays[LGG_MAX_ARRAYS];
            const int m = lgg_leaf_parameters(leaves[j], arrays);
            for (int k = 0; k < m; ++k) {
                *array = arrays[k].name;
#ifdef GPU
                if (arrays[k].cpu && arrays[k].gpu) cuda_pull_array(arrays[k].gpu, arrays[k].cpu, arrays[k].n);
#endif
                if (arrays[k].cpu && !lgg_all_finite(arrays[k].cpu, arrays[k].n)) return i;
            }
        }
    }
    return -1;
}
