/* run_lgg.c: `./darknet lgg COMMAND …`, the entry that Darknet's main() calls. */
#include <string.h>

#include "commands.h"
#include "exit.h"
#include "names.h"
#include "run_lgg.h"
#include "tool.h"

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments, *help;
} command;

#define NETWORK "data.cfg net.cfg net.weights"

static const command commands[] = {
    {"eval", command_eval, NETWORK, "test error: arg max, k-nearest neighbours, logistic regression"},
    {"map", command_map, NETWORK, "mean average precision of a detector, as COCO defines it"},
    {"embed", command_embed, NETWORK, "what a layer gives for each image of a list, as .npy and CSV"},
    {"nearest", command_nearest, NETWORK " IMAGE...",
     "the most similar images of a list, as a table and a contact sheet"},
    {"variation", command_variation, NETWORK, "label variation of each layer's graph"},
    {"graph", command_graph, NETWORK, "draw the graphs of a few images, layer by layer (SVG)"},
    {"plot", command_plot, "log.csv", "draw a training log (SVG)"},
    {"attack", command_attack, NETWORK, "error under attack: FGSM, PGD, APGD, DeepFool; the worst of them"},
    {"stress", command_stress, NETWORK, "error under noise, dropout and rounded weights; robustness curve (SVG)"},
    {"corrupt", command_corrupt, NETWORK, "error under the corruptions of CIFAR-10-C"},
    {"deploy", command_deploy, NETWORK " -o folder", "the network as any Darknet, and OpenCV, reads it"},
    {"export", command_export, NETWORK " -o net.onnx", "the network as an ONNX model"},
    {"sections", command_sections, "[SECTION]", "the sections of a .cfg, or one with its options"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *file) {
    fprintf(file, "usage: ./darknet lgg COMMAND " NETWORK " [options]\n");
    fprintf(file, "       ./darknet lgg plot log.csv [-o plot.svg]\n");
    fprintf(file, "       ./darknet lgg sections [SECTION]\n");
    for (int i = 0; i < COMMANDS; ++i)
        fprintf(file, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(file, "./darknet lgg COMMAND -help lists its options.\n");
}

/* NULL: none is. */
static const char *similar_command(const char *name) {
    const char *names[COMMANDS + 1] = {NULL};
    for (int i = 0; i < COMMANDS; ++i)
        names[i] = commands[i].name;
    return lgg_similar_name(name, names);
}

int run_lgg(int argc, char **argv) {
    int count = 0;
    lgg_check_exit();
    /* Darknet takes its own options out of argv and leaves NULL at the end. */
    while (count < argc && argv[count])
        ++count;
    if (count < 3) {
        print_usage(stderr);
        return 1;
    }
    for (int i = 0; i < COMMANDS; ++i) {
        if (strcmp(argv[2], commands[i].name) != 0) continue;
        tool_set_command(commands[i].name, commands[i].arguments);
        return commands[i].run(count - 3, argv + 3);
    }
    if (strcmp(argv[2], "-help") == 0 || strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0 ||
        strcmp(argv[2], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    const char *similar = similar_command(argv[2]);
    if (similar) {
        fprintf(stderr, "lgg: no command '%s'; did you mean %s?\n", argv[2], similar);
    } else {
        fprintf(stderr, "lgg: no command '%s'\n", argv[2]);
        print_usage(stderr);
    }
    return 1;
}
