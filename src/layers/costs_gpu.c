/* costs_gpu.c: see costs_gpu.h. */
#include "costs_gpu.h"

#include <stdlib.h>

#include "around.h"
#include "exit.h"
#include "layer_kernels.h"

#ifdef GPU

/* The cost of a layer, on its way from the device. */
typedef struct underway_cost {
    float *sum_gpu, *sum; /* sum is pinned */
    cudaEvent_t arrived;
    int is_underway;
} underway_cost;

static _Thread_local int in_training_pass;

void begin_training_pass(void) {
    in_training_pass = gpu_index >= 0;
}

void pull_unless_training(float *from_gpu, float *to, size_t n) {
    if (!in_training_pass) cuda_pull_array(from_gpu, to, n);
    in_training_pass = 0;
}

void free_underway_cost(underway_cost *cost) {
    if (!cost) return;
    cuda_free(cost->sum_gpu);
    cudaFreeHost(cost->sum);
    cudaEventDestroy(cost->arrived);
    free(cost);
}

static underway_cost *make_underway_cost(void) {
    underway_cost *cost = lgg_allocate(1, sizeof *cost, layer_buffers);
    cost->sum_gpu = cuda_make_array(NULL, 1);
    if (cudaMallocHost((void **)&cost->sum, sizeof(float)) != cudaSuccess ||
        cudaEventCreateWithFlags(&cost->arrived, cudaEventDisableTiming) != cudaSuccess)
        lgg_out_of_memory("the sum of the losses", sizeof(float));
    return cost;
}

/* As the host's, but that the losses stay where they are. */
static void forward_softmax_gpu(layer l, host_pass pass) {
    host_function *forward = l.functions->inner[AROUND_COST].forward_gpu;
    underway_cost *cost = l.functions->cost;
    float *truth = host_truth_gpu(&pass);
    const int n = l.batch * l.inputs;
    const int is_read = host_trains(&pass);
    if (is_read) host_forget_truth(&pass);
    forward(l, pass);
    if (!is_read) return;
    softmax_x_ent_gpu(n, l.output_gpu, truth, l.delta_gpu, l.loss_gpu);
    sum_values_gpu((size_t)n, l.loss_gpu, cost->sum_gpu, host_stream());
    cudaMemcpyAsync(cost->sum, cost->sum_gpu, sizeof(float), cudaMemcpyDeviceToHost, host_stream());
    cudaEventRecord(cost->arrived, host_stream());
    cost->is_underway = 1;
}

/* The first layer's, with which a backward pass ends. */
static void backward_first_gpu(layer l, host_pass pass) {
    int any = 0;
    l.functions->inner[AROUND_FIRST].backward_gpu(l, pass);
    for (int i = 0; i < host_layer_count(&pass); ++i) {
        const layer *from = &host_layers(&pass)[i];
        underway_cost *cost = from->functions ? from->functions->cost : NULL;
        if (!cost || !cost->is_underway) continue;
        const cudaError_t status = cudaEventSynchronize(cost->arrived);
        if (status != cudaSuccess) {
            fprintf(stderr, "the pass on the GPU fails: %s\n", cudaGetErrorString(status));
            lgg_exit(EXIT_FAILURE);
        }
        from->cost[0] = *cost->sum;
        cost->is_underway = 0;
        any = 1;
    }
    if (any) host_sum_costs(&pass);
}

/* Whether every backward pass comes to the first layer. */
static int comes_to_first(const network *net) {
    for (int i = 0; i < net->n; ++i)
        if (host_stops_gradients(&net->layers[i])) return 0;
    return net->layers[0].functions && net->layers[0].backward_gpu;
}

void put_around_costs(network *net) {
    int any = 0;
    if (gpu_index < 0 || !host_can_train(net) || !comes_to_first(net)) return;
    for (int i = 1; i < net->n; ++i) {
        layer *l = &net->layers[i];
        if (l->type != SOFTMAX || l->noloss || l->softmax_tree || !l->cost) continue;
        begin_around(l, AROUND_COST);
        l->functions->cost = make_underway_cost();
        l->forward_gpu = forward_softmax_gpu;
        any = 1;
    }
    if (!any) return;
    begin_around(&net->layers[0], AROUND_FIRST);
    net->layers[0].backward_gpu = backward_first_gpu;
}

#else

void put_around_costs(network *net) {
    (void)net;
}

void free_underway_cost(struct underway_cost *cost) {
    (void)cost;
}

void begin_training_pass(void) {
}

#endif
