/* other_classes.c: which layers the number of classes fixes, in the line that refuses weights of another number. */
#include "other_classes.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "command.h"
#include "weights.h"

#define NET "batch=4\nheight=8\nwidth=8\nchannels=2\n"
#define CONV(filters) "[convolutional]\nfilters=" #filters "\nsize=1\nstride=1\nactivation=linear\n"
#define NORMALIZED(filters) "[convolutional]\nbatch_normalize=1\nfilters=" #filters "\nsize=1\nactivation=relu\n"
#define CONNECTED(outputs) "[connected]\noutput=" #outputs "\nactivation=linear\n"
#define YOLO(classes) "[yolo]\nmask=0,1\nanchors=1,2,2,1\nclasses=" #classes "\nnum=2\n"
#define ROUTE "[route]\nlayers=0\n"

static const struct {
    const char *name, *file,
        *network;         /* the sections of the network that wrote the file, and of the one that loads it */
    const char *expected; /* NULL: the number of classes is not what differs */
} cases[] = {
    {"a convolution before the pooling", NORMALIZED(5) CONV(7) "[avgpool]\n[softmax]\n",
     NORMALIZED(5) CONV(3) "[avgpool]\n[softmax]\n", "with 7 outputs in layer 1, where this one has 3."},
    {"a normalized one", NORMALIZED(7) "[avgpool]\n[softmax]\n", NORMALIZED(3) "[avgpool]\n[softmax]\n",
     "with 7 outputs in layer 0, where this one has 3."},
    {"sections before the softmax", CONNECTED(4) CONNECTED(7) "[label_variation]\n[softmax]\n",
     CONNECTED(4) CONNECTED(3) "[label_variation]\n[softmax]\n", "other.weights PART.weights 1,"},
    {"two detections", CONV(4) CONV(14) YOLO(2) ROUTE CONV(5) CONV(14) YOLO(2),
     CONV(4) CONV(18) YOLO(4) ROUTE CONV(5) CONV(18) YOLO(4), "with 14 outputs in layer 1, where this one has 18."},
    {"an embedding", CONNECTED(5), CONNECTED(3), NULL},
    {"another network", CONNECTED(5) CONNECTED(3) "[softmax]\n", CONNECTED(4) CONNECTED(3) "[softmax]\n", NULL},
};

static void load_in_training(const char *sections) {
    network *net = read_text_network(NET, sections);
    note_darknet_command(3, (char *[]){"darknet", "classifier", "train"});
    check_weights_to_load(net, "other.weights", 0, net->n);
}

void test_other_classes(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char name[128], said[65536];
        network *net = read_text_network(NET, cases[i].file);
        save_weights(net, (char[]){"other.weights"});
        free_network(net);
        const int status = run_apart(load_in_training, cases[i].network, said, sizeof said);
        const int good = status == 1 && (cases[i].expected ? strstr(said, cases[i].expected) != NULL
                                                           : !strstr(said, "it fits a network with"));
        const char *name_of =
            cases[i].expected ? "weights of other classes are told by their head" : "other weights are not";
        snprintf(name, sizeof name, "%s: %s", name_of, cases[i].name);
        report(name, good, said + (strlen(said) > 500 ? strlen(said) - 500 : 0));
    }
}
