/* tool_export_activation.c: see tool_export_activation.h. The formulas are those of the hosts' activations.h, pieces put together by Clip. */
#include "tool_export_activation.h"

#include <string.h>

/* A step of a formula, of x, the activation's input, or s0, s1 …, what earlier steps gave; `with` another of these, NULL: with the number
 * in `value`, which for operators of one operand is an attribute: alpha, or the lower bound. */
typedef struct {
    const char *op, *of, *with;
    float value, upper;
} step;

#define MAX_STEPS 8
static const struct {
    const char *name;
    step steps[MAX_STEPS];
} formulas[] = {
    {"relu", {{"Relu", "x", NULL, 0, 0}}},
    {"relu6", {{"Clip", "x", NULL, 0, 6}}},
    {"leaky", {{"LeakyRelu", "x", NULL, .1f, 0}}},
    {"revleaky", {{"LeakyRelu", "x", NULL, .1f, 0}}},
    {"relie", {{"LeakyRelu", "x", NULL, .01f, 0}}},
    {"logistic", {{"Sigmoid", "x", NULL, 0, 0}}},
    {"tanh", {{"Tanh", "x", NULL, 0, 0}}},
    {"elu", {{"Elu", "x", NULL, 1, 0}}},
    {"selu", {{"Selu", "x", NULL, 1.6732f, 1.0507f}}},
    {"hardtan", {{"Clip", "x", NULL, -1, 1}}},
    /* 2 / (1 + exp(-x)) - 1 = tanh(x / 2) */
    {"loggy", {{"Mul", "x", NULL, .5f, 0}, {"Tanh", "s0", NULL, 0, 0}}},
    /* max(x, 0) + 0.1 x = 1.1 leaky(x) of slope 1/11 */
    {"ramp", {{"LeakyRelu", "x", NULL, .1f / 1.1f, 0}, {"Mul", "s0", NULL, 1.1f, 0}}},
    {"swish", {{"Sigmoid", "x", NULL, 0, 0}, {"Mul", "x", "s0", 0, 0}}},
    {"mish", {{"Softplus", "x", NULL, 0, 0}, {"Tanh", "s0", NULL, 0, 0}, {"Mul", "x", "s1", 0, 0}}},
    /* x clip(x / 2 + 1, 0, 1) */
    {"hard_mish",
     {{"Mul", "x", NULL, .5f, 0}, {"Add", "s0", NULL, 1, 0}, {"Clip", "s1", NULL, 0, 1}, {"Mul", "x", "s2", 0, 0}}},
    /* 0.5 x (1 + tanh(x (0.797885 + 0.035677 x^2))) */
    {"gelu",
     {{"Mul", "x", "x", 0, 0},
      {"Mul", "s0", NULL, .035677f, 0},
      {"Add", "s1", NULL, .797885f, 0},
      {"Mul", "s2", "x", 0, 0},
      {"Tanh", "s3", NULL, 0, 0},
      {"Add", "s4", NULL, 1, 0},
      {"Mul", "s5", "x", 0, 0},
      {"Mul", "s6", NULL, .5f, 0}}},
    /* 0.001 x + 0.999 clip(x, 0, 1) */
    {"lhtan",
     {{"Clip", "x", NULL, 0, 1},
      {"Mul", "s0", NULL, .999f, 0},
      {"Mul", "x", NULL, .001f, 0},
      {"Add", "s1", "s2", 0, 0}}},
    /* 0.01 x + 0.115 clip(x, -4, 4) + 0.5 */
    {"plse",
     {{"Clip", "x", NULL, -4, 4},
      {"Mul", "s0", NULL, .115f, 0},
      {"Mul", "x", NULL, .01f, 0},
      {"Add", "s1", "s2", 0, 0},
      {"Add", "s3", NULL, .5f, 0}}},
};
enum { FORMULAS = sizeof formulas / sizeof formulas[0] };

static int find(const char *activation) {
    for (int i = 0; i < FORMULAS; ++i) {
        if (strcmp(formulas[i].name, activation) == 0) return i;
    }
    return -1;
}

int tool_export_knows_activation(const char *activation) {
    return strcmp(activation, "linear") == 0 || find(activation) >= 0;
}

const char *tool_export_scalar(tool_onnx *model, float value, char name[48]) {
    snprintf(name, 48, "%.9g", (double)value);
    if (!tool_onnx_has_constant(model, name)) tool_onnx_floats(model, name, NULL, 0, &value);
    return name;
}

/* "x" is the input, "s2" the output of step 2, which has a name of its own unless it is the last. */
static const char *operand(const char *which, const char *tensor, const char *name, char text[96]) {
    if (*which == 'x') return tensor;
    snprintf(text, 96, "%s/%s", name, which);
    return text;
}

static void append(tool_onnx *model, const step *s, const char *tensor, const char *name, const char *output) {
    char one[96], two[96], scalar[48];
    const int has_bounds = strcmp(s->op, "Clip") == 0;
    const int has_alpha = strcmp(s->op, "LeakyRelu") == 0 || strcmp(s->op, "Elu") == 0 || strcmp(s->op, "Selu") == 0;
    const int is_two_sided = strcmp(s->op, "Mul") == 0 || strcmp(s->op, "Add") == 0;
    tool_onnx_node *node = tool_onnx_add(model, s->op, output);
    tool_onnx_input(node, operand(s->of, tensor, name, one));
    if (s->with) tool_onnx_input(node, operand(s->with, tensor, name, two));
    if (has_alpha) tool_onnx_float(node, "alpha", s->value);
    if (strcmp(s->op, "Selu") == 0) tool_onnx_float(node, "gamma", s->upper);
    if (is_two_sided && !s->with) tool_onnx_input(node, tool_export_scalar(model, s->value, scalar));
    if (has_bounds) tool_onnx_float(node, "min", s->value);
    if (has_bounds) tool_onnx_float(node, "max", s->upper);
}

void tool_export_activation(tool_onnx *model, const char *activation, const char *tensor, const char *name) {
    const step *steps = formulas[find(activation)].steps;
    int count = 1;
    while (count < MAX_STEPS && steps[count].op)
        ++count;
    for (int i = 0; i < count; ++i) {
        char output[96];
        snprintf(output, sizeof output, i + 1 == count ? "%s" : "%s/s%d", name, i);
        append(model, &steps[i], tensor, name, output);
    }
}
