/* trained_data.c: see trained_data.h. */
#include "trained_data.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "command.h"

#define NET(size) "batch=4\n" size "\nmax_batches=1\n"
#define COLOUR NET("height=4\nwidth=4\nchannels=3")
#define HEAD(outputs) "[connected]\noutput=" #outputs "\nactivation=linear\n[softmax]\n"

static const char *net_options, *data_file;

static void train(const char *sections) {
    network *net = read_text_network(net_options, sections);
    check_lgg_truth(net, 3, data_file);
}

static void train_levels(const char *sections) {
    network *net = read_text_network(net_options, sections);
    net->hierarchy = read_tree((char[]){"tree.txt"});
    check_lgg_truth(net, 3, data_file);
}

static void validate(const char *sections) {
    check_lgg_outputs(read_text_network(net_options, sections), 3, data_file);
}

/* `expected` is NULL where nothing is wrong. */
static void try_data(const char *name, void (*run)(const char *), const char *net, const char *data,
                     const char *sections, const char *expected) {
    char said[65536];
    net_options = net;
    data_file = data;
    const int status = run_apart(run, sections, said, sizeof said);
    report(name, expected ? status == 1 && strstr(said, expected) : status == 0, said);
}

static void test_data(void) {
    write_text("three.txt", "a\nb\nc\n");
    write_text("two.txt", "a\nb\n");
    write_text("tree.txt", "a -1\nb -1\nc 0\n");
    write_text("three.data", "classes=3\nlabels=three.txt\n");
    write_text("two.data", "classes=3\nlabels=two.txt\n");
    write_text("tag.data", "classes=3\ntag=1\n");
    try_data("what a classifier is trained on", train, COLOUR, "three.data", HEAD(3), NULL);
    try_data("images of one channel", train, NET("height=4\nwidth=4\nchannels=1"), "three.data", HEAD(3),
             "three.data: this network takes images of 4x4x1, but classifiers are trained on ");
    try_data("images that are no squares", train, NET("height=4\nwidth=6\nchannels=3"), "three.data", HEAD(3),
             HOST_LOADS_SQUARES
                 ? "three.data: this network takes images of 6x4x3, but classifiers are trained on squares"
                 : NULL);
    try_data("fewer labels than classes", train, COLOUR, "two.data", HEAD(3),
             "two.data: classes=3, but two.txt has 2 labels");
    try_data("fewer labels than classes, in validation", validate, COLOUR, "two.data", HEAD(3),
             "two.data: classes=3, but two.txt has 2 labels");
    try_data("tags have no list of labels", train, COLOUR, "tag.data", HEAD(3), NULL);
    try_data("label variation of classes on several levels", train_levels, COLOUR, "three.data",
             HEAD(3) "[label_variation]\nlayers=0\n", "layer 2 [label_variation]: needs one class for each image");
    try_data("distillation needs no class", train_levels, COLOUR, "three.data",
             HEAD(3) "[lgg_gkd]\nlayers=0\nteacher_layers=0\nteacher_cfg=a\nteacher_weights=b\n", NULL);
}

static void test_commands(void) {
    static const struct {
        const char *words[8]; /* ends with NULL */
        int trains;
    } commands[] = {
        {{"darknet", "classifier", "train", "a.data"}, 1},
        {{"darknet", "detector", "train", "a.data", "-gpus", "0,1"}, 1},
        {{"darknet", "-nogpu", "classifier", "train", "a.data"}, 1},
        {{"darknet", "-i", "1", "detector", "train", "a.data"}, 1},
        {{"darknet", "classifier", "-gpus", "0,1", "train", "a.data"}, 1},
        {{"darknet", "-i"}, 0},
        {{"darknet", "classifier", "valid", "train.data"}, 0},
        {{"darknet", "-nogpu", "classifier", "valid", "train"}, 0},
        {{"darknet", "partial", "train.cfg", "a.weights"}, 0},
        {{"darknet", "train"}, 0},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i) {
        char *words[8], name[256] = "";
        int count = 0;
        for (; commands[i].words[count]; ++count) {
            words[count] = (char *)commands[i].words[count];
            snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", count ? " " : "", words[count]);
        }
        note_darknet_command(count, words);
        snprintf(name + strlen(name), sizeof name - strlen(name), ": %s",
                 commands[i].trains ? "trains" : "does not train");
        report(name, darknet_is_training() == commands[i].trains, "taken for the other");
    }
    note_darknet_command(0, NULL);
}

void test_trained_data(void) {
    test_data();
    test_commands();
}
