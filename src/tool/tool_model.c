/* tool_model.c: a network in inference mode, run over images in whole batches. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host_tool.h"
#include "random.h"
#include "tool.h"
#include "tool_dropping.h"
#include "tool_gradient.h"
#include "tool_network.h"
#include "tool_sections.h"

struct tool_model {
    network *net;
    tool_sections *sections; /* what the cfg says about each layer */
    float *padded;           /* (batch, inputs), for a last batch that is not full */
    float *logits;           /* (batch, outputs), once gradients are wanted */
    float *logit_delta;      /* the same */
    float *delta;            /* (batch, inputs), the same */
    const float *input;      /* of the last forward */
    int batch;
};

/* Rounded to so many bits, unless 0; with or without folded batch norms. */
static tool_model *load(const char *cfg, const char *weights, int batch, int bits, int folded) {
    tool_model *model = lgg_allocate(1, sizeof *model, "the network");
    model->sections = tool_sections_read(cfg);
    FILE *file = fopen(weights, "rb");
    if (!file) tool_fail("cannot open %s: %s", weights, strerror(errno));
    fclose(file);
    tool_add_input(weights);
    model->net =
        folded ? host_load_network(cfg, weights, batch, bits) : host_load_unfolded_network(cfg, weights, batch);
    const network *net = model->net;
    if (net->w <= 0 || net->h <= 0 || net->c <= 0 || net->inputs != net->w * net->h * net->c) {
        tool_fail("%s: takes no images: [net] should have width, height and channels", cfg);
    }
    model->batch = batch;
    model->padded = lgg_allocate((size_t)batch * (size_t)model->net->inputs, sizeof(float), "a batch of images");
    return model;
}

/* The word in brackets of the layer's section. */
static const char *section_of(const tool_model *model, int index) {
    const char *name = tool_sections_type(model->sections, index); /* "12 shortcut" */
    return name + strcspn(name, " ") + 1;
}

static void note_memory(const tool_model *model) {
    static const char *const names[] = {"rnn", "crnn", "gru", "lstm", "conv_lstm", "history"};
    for (int i = 0; i < model->net->n; ++i) {
        const char *section = section_of(model, i);
        if (!TOOL_IS_ONE_OF(section, names)) continue;
        tool_note("layer %d is [%s], which remembers the images before: what it gives depends on their order and on "
                  "how many go through at once",
                  i, section);
        return;
    }
}

tool_model *tool_model_load(const char *cfg, const char *weights, int batch) {
    tool_model *model = load(cfg, weights, batch, 0, 1);
    note_memory(model);
    return model;
}

tool_model *tool_model_load_rounded(const char *cfg, const char *weights, int batch, int bits) {
    return load(cfg, weights, batch, bits, 1);
}

tool_model *tool_model_load_unfolded(const char *cfg, const char *weights, int batch) {
    return load(cfg, weights, batch, 0, 0);
}

network *tool_model_network(tool_model *model) {
    return model->net;
}

int tool_model_is_detection(const tool_model *model, int index) {
    return index != TOOL_INPUT && host_has_boxes(&model->net->layers[index]);
}

void tool_model_free(tool_model *model) {
    if (!model) return;
    tool_sections_free(model->sections);
    free(model->padded);
    free(model->logits);
    free(model->logit_delta);
    free(model->delta);
    host_free_network(model->net);
    free(model);
}

int tool_model_batch(const tool_model *model) {
    return model->batch;
}

void tool_model_input_size(const tool_model *model, int *w, int *h, int *c) {
    *w = model->net->w;
    *h = model->net->h;
    *c = model->net->c;
}

int tool_model_layers(const tool_model *model) {
    return model->net->n;
}

int tool_model_is_lgg(const tool_model *model, int index) {
    return index != TOOL_INPUT && tool_sections_is_lgg(model->sections, index);
}

int tool_model_has_lgg(const tool_model *model) {
    return tool_sections_last_tap(model->sections) >= 0;
}

int tool_model_has_output(const tool_model *model, int index) {
    return index == TOOL_INPUT || (!tool_model_is_lgg(model, index) && model->net->layers[index].type != COST);
}

/* Why the layer's output is not to be read; NULL: it is. */
static const char *unreadable(const tool_model *model, int index) {
    if (!tool_model_has_output(model, index)) {
        return tool_model_is_lgg(model, index) ? "an LGG section has no output of its own"
                                               : "[cost] has no output of its own";
    }
    if (index == TOOL_INPUT || !host_is_blurred(&model->net->layers[index])) return NULL;
    return "is antialiased, and its output smaller than its size";
}

int tool_model_is_readable(const tool_model *model, int index) {
    return !unreadable(model, index);
}

void tool_model_refuse_unreadable(const tool_model *model, int index) {
    const char *reason = unreadable(model, index);
    if (reason) tool_fail("layer %d: %s", index, reason);
}

int tool_model_is_softmax(const tool_model *model, int index) {
    return index != TOOL_INPUT && model->net->layers[index].type == SOFTMAX;
}

void tool_model_refuse_detection(const tool_model *model, const char *instead) {
    static const char *const types[] = {"yolo", "region", "detection", "iseg", "Gaussian_yolo"};
    for (int i = 0; i < model->net->n; ++i) {
        const char *section = section_of(model, i);
        if (!TOOL_IS_ONE_OF(section, types)) continue;
        tool_fail("layer %d is [%s], so this is a detection network, which gives an image no class; %s", i, section,
                  instead);
    }
}

int tool_model_output_layer(const tool_model *model) {
    int i = model->net->n - 1;
    while (i > 0 && !tool_model_has_output(model, i))
        --i;
    return i;
}

int tool_model_size(const tool_model *model, int index) {
    return index == TOOL_INPUT ? model->net->inputs : model->net->layers[index].outputs;
}

void tool_model_shape(const tool_model *model, int index, int *w, int *h, int *c) {
    if (index == TOOL_INPUT) {
        tool_model_input_size(model, w, h, c);
        return;
    }
    const layer *l = &model->net->layers[index];
    *w = l->out_w, *h = l->out_h, *c = l->out_c;
    if (*w > 0 && *h > 0 && *c > 0 && *w * *h * *c == l->outputs) return;
    *w = *h = 1, *c = l->outputs;
}

const char *tool_model_layer_name(const tool_model *model, int index) {
    return index == TOOL_INPUT ? "input" : tool_sections_type(model->sections, index);
}

int tool_model_embedding_layer(const tool_model *model) {
    int tapped = tool_sections_last_tap(model->sections);
    if (tapped >= 0) return tapped;
    for (int i = model->net->n - 1; i >= 0; --i) {
        if (model->net->layers[i].type == AVGPOOL) return i;
    }
    int i = tool_model_output_layer(model);
    return i > 0 && tool_model_is_softmax(model, i) ? i - 1 : i;
}

/* The batch itself, or a copy that is filled up with zeros. */
static const float *full_batch(tool_model *model, const float *x, int count) {
    size_t size = (size_t)model->net->inputs;
    if (count == model->batch) return x;
    memcpy(model->padded, x, (size_t)count * size * sizeof *x);
    memset(model->padded + (size_t)count * size, 0, (size_t)(model->batch - count) * size * sizeof *x);
    return model->padded;
}

void tool_model_forward(tool_model *model, const float *x, int count) {
    model->input = full_batch(model, x, count);
    host_forward(model->net, model->input);
}

const float *tool_model_output(tool_model *model, int index) {
    if (index == TOOL_INPUT) return model->input;
    host_pull_output(model->net, &model->net->layers[index]);
    return model->net->layers[index].output;
}

void tool_model_prepare_gradient(tool_model *model) {
    int output = tool_model_output_layer(model);
    if (!tool_model_is_softmax(model, output)) {
        tool_fail("the network ends in [%s], and the loss needs class probabilities, a [softmax]",
                  section_of(model, output));
    }
    const char *obstacle = tool_fix_gradients(model->net, output);
    if (obstacle) tool_fail("no exact input gradient through %s", obstacle);
    const layer *softmax = &model->net->layers[output];
    if (softmax->groups > 1 || softmax->softmax_tree) {
        tool_fail("layer %d [softmax] has groups or a tree of classes, and the loss needs one distribution", output);
    }
    size_t logits = (size_t)model->batch * (size_t)softmax->outputs;
    model->logits = lgg_allocate(logits, sizeof(float), "logits");
    model->logit_delta = lgg_allocate(logits, sizeof(float), "gradients of the logits");
    model->delta = lgg_allocate((size_t)model->batch * (size_t)model->net->inputs, sizeof(float), "gradients");
}

void tool_model_forward_for_gradient(tool_model *model, const float *x, int count) {
    model->input = full_batch(model, x, count);
    host_forward_for_gradient(model->net, model->input);
}

const float *tool_model_logits(tool_model *model) {
    const layer *softmax = &model->net->layers[tool_model_output_layer(model)];
    const float *taken = tool_model_output(model, tool_model_output_layer(model) - 1);
    for (int i = 0; i < model->batch * softmax->outputs; ++i)
        model->logits[i] = taken[i] / softmax->temperature;
    return model->logits;
}

void tool_model_backward(tool_model *model, const float *logit_gradient, int count, float *gradient) {
    int output = tool_model_output_layer(model), classes = tool_model_size(model, output);
    float temperature = model->net->layers[output].temperature;
    size_t size = (size_t)count * (size_t)model->net->inputs;
    memset(model->logit_delta, 0, (size_t)model->batch * (size_t)classes * sizeof(float));
    /* Darknet's deltas are negative gradients; a softmax hands its own on as that of its input */
    for (int i = 0; i < count * classes; ++i)
        model->logit_delta[i] = -logit_gradient[i] / temperature;
    host_backward(model->net, model->input, output, model->logit_delta, model->delta);
    for (size_t i = 0; i < size; ++i)
        gradient[i] = -model->delta[i];
}

double tool_model_input_gradient(tool_model *model, const float *x, const int *label, int count, float *gradient) {
    int output = tool_model_output_layer(model), classes = tool_model_size(model, output);
    float *logit_gradient = lgg_allocate((size_t)count * (size_t)classes, sizeof(float), "gradients of the logits");
    tool_model_forward_for_gradient(model, x, count);
    const float *logits = tool_model_logits(model);
    double loss = 0;
    for (int i = 0; i < count; ++i)
        loss += tool_cross_entropy(logits + i * classes, label[i], classes, logit_gradient + i * classes);
    tool_model_backward(model, logit_gradient, count, gradient);
    free(logit_gradient);
    return loss;
}

double tool_cross_entropy(const float *logits, int label, int classes, float *gradient) {
    double greatest = logits[tool_argmax(logits, classes)], sum = 0, others = 0;
    for (int c = 0; c < classes; ++c) {
        double term = exp(logits[c] - greatest);
        sum += term;
        if (c != label) others += term;
    }
    for (int c = 0; c < classes; ++c)
        gradient[c] = (float)(exp(logits[c] - greatest) / sum);
    gradient[label] = (float)(-others / sum);
    return greatest + log(sum) - logits[label];
}

int tool_model_blocks(const tool_model *model, int **layers) {
    *layers = lgg_allocate((size_t)model->net->n, sizeof **layers, "layers");
    return block_layers(model->net, *layers);
}

void tool_model_drop(tool_model *model, const int *layers, int n, double share, uint64_t seed, uint64_t position) {
    for (int i = 0; i < n; ++i) {
        if (layers[i] == TOOL_INPUT) tool_fail("layer input: only what a layer gives can be dropped");
    }
    int wrong = drop_activations(model->net, layers, n, share);
    if (wrong >= 0) tool_fail("layer %s: its output cannot be dropped", tool_model_layer_name(model, wrong));
    lgg_random_begin(seed, LGG_ITERATION, position);
}

void tool_model_run(tool_model *model, const tool_images *images, tool_progress *progress, tool_batch_function each,
                    void *context) {
    size_t size = (size_t)model->net->inputs;
    float *x = lgg_allocate((size_t)model->batch * size, sizeof *x, "a batch of images");
    for (int first = 0; first < images->count; first += model->batch) {
        int left = images->count - first;
        int count = left < model->batch ? left : model->batch;
        tool_images_read(images, first, count, x);
        tool_model_forward(model, x, count);
        each(context, model, first, count);
        tool_progress_step(progress, progress->done + count);
    }
    free(x);
}

typedef struct {
    int index;
    float *embedding;
} embed_context;

static void copy_embedding(void *context, tool_model *model, int first, int count) {
    embed_context *e = context;
    size_t d = (size_t)tool_model_size(model, e->index);
    memcpy(e->embedding + (size_t)first * d, tool_model_output(model, e->index), (size_t)count * d * sizeof(float));
}

float *tool_model_embed(tool_model *model, const tool_images *images, int index, tool_progress *progress) {
    embed_context context = {.index = index};
    context.embedding = lgg_allocate((size_t)images->count * (size_t)tool_model_size(model, index), sizeof(float),
                                     "the embeddings (-train and -test limit their number)");
    tool_model_run(model, images, progress, copy_embedding, &context);
    return context.embedding;
}

void tool_gemm(int ta, int tb, int m, int n, int k, const float *a, const float *b, float *c) {
    host_gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, c, n);
}

void tool_model_decide(const tool_model *model, float *scores, int count, int *predicted) {
    const int classes = tool_model_size(model, tool_model_output_layer(model));
    for (int i = 0; i < count; ++i) {
        float *row = scores + (size_t)i * (size_t)classes;
        host_walk_hierarchy(model->net, row);
        predicted[i] = tool_argmax(row, classes);
    }
}

int tool_argmax(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; ++i) {
        if (x[i] > x[best]) best = i;
    }
    return best;
}
