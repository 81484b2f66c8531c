/* bad_input.c: whatever a section can have wrong gets one line that names file, section, layer, option and value, and exit
 * status 1. */
#include "bad_input.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "host_sections.h"
#include "command.h"

#define NET "batch=4\nheight=4\nwidth=4\nchannels=2\nmax_batches=1\n"
#define CONV "[convolutional]\nfilters=3\nsize=3\nstride=1\npad=1\nactivation=relu\n"
#define BODY                                                                                                           \
    "[convolutional]\nfilters=3\nsize=3\nstride=1\npad=1\nactivation=relu\n"                                           \
    "[connected]\noutput=3\nactivation=linear\n[softmax]\n"
#define VARIATION BODY "[label_variation]\n"
#define SMOOTH BODY "[lgg_smooth]\n"
#define TEACHER "teacher_cfg=teacher.cfg\nteacher_weights=teacher.weights\n"
#define GKD BODY "[lgg_gkd]\n" TEACHER
#define YOLO                                                                                                           \
    "[convolutional]\nfilters=14\nsize=1\nstride=1\nactivation=linear\n"                                               \
    "[yolo]\nmask=0,1\nanchors=1,2,2,1\nclasses=2\nnum=2\n"

typedef struct {
    const char *name, *sections, *expected;
} bad_input;

static const bad_input cases[] = {
    {"unknown option", VARIATION "lamda=1\n",
     "layer 3 [label_variation]: unknown option lamda=1; did you mean lambda?"},
    {"an option of another section", BODY "[rkd]\nk=3\n" TEACHER,
     "layer 3 [rkd]: unknown option k=3; those of this section: ./darknet lgg sections rkd"},
    {"layers with a blank between them", SMOOTH "layers = 0 1\n", "layers = 0 1: Darknet takes out blanks"},
    {"a teacher's name with a blank", BODY "[lgg_gkd]\nteacher_cfg=my teacher.cfg\nteacher_weights=teacher.weights\n",
     "teacher_cfg=my teacher.cfg: Darknet takes out blanks"},
    {"unknown value", VARIATION "similarity=cosin\n",
     "similarity=cosin: must be cosine, rbf or exp; did you mean cosine?"},
    {"unknown reduction", VARIATION "reduction=average\n",
     "reduction=average: must be sum, mean, mean_kept, log or log_rows"},
    {"unknown loss", BODY "[rkd]\nloss=angles\n" TEACHER,
     "loss=angles: must be distance, angle, similarity or probability; did you mean angle?"},
    {"unknown edges", GKD "edges=extra\n", "edges=extra: must be all, inter or intra"},
    {"unknown neighbors", GKD "neighbors=student\n", "neighbors=student: must be own or teacher"},
    {"unknown distance", GKD "distance=square\n",
     "distance=square: must be squared or frobenius; did you mean squared?"},
    {"normalize is no switch", VARIATION "normalize=2\n", "normalize=2: must be 0 or 1"},
    {"k negative", VARIATION "k=-1\n", "k=-1: must be a whole number, 0 or more"},
    {"k no number", VARIATION "k=five\n", "k=five: must be a whole number"},
    {"k with something behind it", VARIATION "k=5x\n", "k=5x: must be a whole number"},
    {"k too large for an int", VARIATION "k=99999999999\n", "k=99999999999: must be a whole number"},
    {"power 0", VARIATION "power=0\n", "power=0: must be a whole number, 1 or more"},
    {"power beyond sense", VARIATION "power=1001\n", "power=1001: must be 1000 or less"},
    {"alpha 0", VARIATION "alpha=0\n", "alpha=0: must be a number above 0"},
    {"alpha negative", VARIATION "alpha=-1\n", "alpha=-1: must be a number above 0"},
    {"alpha from and nowhere to", VARIATION "alpha=2,\n", "alpha=2,: must be a number above 0, two of them"},
    {"alpha from and to below 0", VARIATION "alpha=2,-1\n", "alpha=2,-1: must be a number above 0, two of them"},
    {"three alphas", VARIATION "alpha=1,2,3\n", "alpha=1,2,3: must be a number above 0, two of them"},
    {"alpha by another word", VARIATION "alpha=automatic\n", "auto, auto_size or auto_deviation"},
    {"log_rows of a power", VARIATION "reduction=log_rows\npower=2\n", "reduction=log_rows: needs power=1"},
    {"a logarithm elsewhere", SMOOTH "reduction=log\n", "reduction=log: must be sum or mean"},
    {"alpha not a number", VARIATION "alpha=nan\n", "alpha=nan: must be a number above 0"},
    {"lambda infinite", VARIATION "lambda=inf\n", "lambda=inf: must be a number, 0 or more"},
    {"lambda negative", VARIATION "lambda=-.1\n", "lambda=-.1: must be a number, 0 or more"},
    {"temperature 0", BODY "[hkd]\ntemperature=0\n" TEACHER, "temperature=0: must be a number above 0"},
    {"an option twice", VARIATION "k=3\nk=4\n", "k=4: given twice"},
    {"an option without a value", VARIATION "layers=\n", "layer 3 [label_variation]: line 19: layers= has no value"},
    {"layer not before the section", VARIATION "layers=3\n",
     "layers=3: no such layer before this section; give 0 to 2, or -3 to -1"},
    {"layer out of range", VARIATION "layers=-4\n", "layers=-4: no such layer before this section"},
    {"layer no number", VARIATION "layers=a\n", "layers=a: must be whole numbers with commas between them"},
    {"a list that ends with a comma", SMOOTH "layers=0,1,\n", "layers=0,1,: must be whole numbers"},
    {"two layers for label variation", VARIATION "layers=0,1\n", "layers= names 2 layers; give one"},
    {"one layer for smoothness", SMOOTH "layers=0\n", "layers= names 1 layer; give two or more"},
    {"no layers for smoothness", SMOOTH, "give two or more"},
    {"a layer twice for smoothness", SMOOTH "layers=0,1,-3\n", "layers= names layer 0 twice"},
    {"two layers for hkd", BODY "[hkd]\nlayers=0,1\nteacher_layers=0,1\n" TEACHER,
     "layers= names 2 layers; give the one with the logits"},
    {"lists of different lengths", GKD "layers=0,1\nteacher_layers=0\n",
     "teacher_layers names 1 layer and layers 2; name as many in both"},
    {"only one of two lists", GKD "layers=0,1\n", "teacher_layers names 1 layer and layers 2"},
    {"tapping an LGG section", VARIATION "[label_variation]\nlayers=3\n",
     "layer 4 [label_variation]: layers=3: is an LGG section, which passes its input through; tap layer 2 instead "
     "(layers=2)"},
    {"tapping a cost", BODY "[cost]\n[label_variation]\n",
     "layers=3: is a [cost], whose output is its loss; tap layer 2 instead"},
    {"tapping an l2norm", "[connected]\noutput=3\n[l2norm]\n[softmax]\n[label_variation]\nlayers=1\n",
     "layers=1: is an [l2norm]"},
    {"tapping a crop", "[crop]\ncrop_height=4\ncrop_width=4\n[label_variation]\nlayers=0\n",
     "layers=0: is a [crop], which has no gradient, and there is no other layer before it"},
    {"tapping a yolo", YOLO "[rkd]\n" TEACHER,
     "layers=1: is a [yolo], whose delta is that of its own loss; tap layer 0 instead"},
    {"a softmax that a dropout overwrites", BODY "[dropout]\n[label_variation]\n", "tap layer 1 instead"},
    {"a softmax over channels", "[connected]\noutput=3\nactivation=linear\n[softmax]\nspatial=1\n[label_variation]\n",
     "layers=1: taps a [softmax] with spatial=1, whose gradient is another on a GPU; tap layer 0 instead"},
    {"the first section", "[label_variation]\n" BODY, "layer 0 [label_variation]: there is no layer before it"},
    {"hkd without a softmax", "[connected]\noutput=3\n[hkd]\n" TEACHER, "there is no [softmax] before this section"},
    {"labels in a detector", YOLO "[label_variation]\nlayers=0\n",
     "layer 2 [label_variation]: needs class labels, but the truth of this network is that of a detector (layer 1)"},
    {"classes in a detector", YOLO "[lgg_gkd]\nlayers=0\nclasses=2\n" TEACHER,
     "classes=2: the truth of this network is that of a detector (layer 1), not class labels; leave it out"},
    {"pixels of what is no map", GKD "vertices=pixels\nlayers=2\nteacher_layers=0\n",
     "vertices=pixels: layer 2 gives no map"},
    {"boxes without a detector", GKD "vertices=boxes\nlayers=0\nteacher_layers=0\n",
     "vertices=boxes: this network has no [yolo] or [region]"},
    {"edges of pixels", GKD "vertices=pixels\nlayers=0\nteacher_layers=0\nedges=intra\n", "give edges=all"},
    {"samples of images", GKD "samples=20\n", "samples=20: is of vertices=pixels or boxes"},
    {"two samples", GKD "vertices=pixels\nlayers=0\nsamples=2\n", "samples=2: must be a whole number, 3 or more"},
    {"pixels of a teacher's layer that is no map", GKD "vertices=pixels\nlayers=0\nteacher_layers=2\n",
     "teacher_layers=2: gives no map"},
    {"edges in a detector", YOLO "[lgg_gkd]\nlayers=0\nedges=inter\n" TEACHER, "give edges=all"},
    {"classes that the softmax contradicts", VARIATION "classes=5\n",
     "classes=5: layer 2 compares 3 outputs with the same labels; give classes=3"},
    {"classes that differ",
     "[connected]\noutput=7\n[label_variation]\nclasses=3\n[label_variation]\nlayers=0\nclasses=4\n",
     "layer 2 [label_variation]: classes=4: layer 1 [label_variation] gives classes=3"},
    {"classes 0", VARIATION "classes=0\n", "classes=0: must be a whole number, 1 or more"},
    {"no teacher_cfg", BODY "[lgg_gkd]\nteacher_weights=teacher.weights\n", "teacher_cfg= is missing"},
    {"no teacher_weights", BODY "[lgg_gkd]\nteacher_cfg=teacher.cfg\n", "teacher_weights= is missing"},
    {"teacher's cfg not there", BODY "[lgg_gkd]\nteacher_cfg=nowhere.cfg\nteacher_weights=teacher.weights\n",
     "teacher_cfg=nowhere.cfg: No such file"},
    {"teacher's cfg a folder", BODY "[lgg_gkd]\nteacher_cfg=/\nteacher_weights=teacher.weights\n",
     "teacher_cfg=/: is a folder"},
    {"teacher's weights a folder", BODY "[lgg_gkd]\nteacher_cfg=teacher.cfg\nteacher_weights=/\n",
     "teacher_weights=/: is a folder"},
    {"teacher's cfg empty", BODY "[lgg_gkd]\nteacher_cfg=empty.weights\nteacher_weights=teacher.weights\n",
     "teacher_cfg=empty.weights: has no [section]"},
    {"teacher's weights not there", BODY "[lgg_gkd]\nteacher_cfg=teacher.cfg\nteacher_weights=nowhere\n",
     "teacher_weights=nowhere: No such file"},
    {"teacher's weights too short", BODY "[hkd]\nteacher_cfg=teacher.cfg\nteacher_weights=short.weights\n",
     "bytes long, its network needs 836: too short"},
    {"teacher's weights too long", BODY "[hkd]\nteacher_cfg=teacher.cfg\nteacher_weights=long.weights\n",
     "is 837 bytes long, its network needs 836: too long"},
    {"teacher's weights empty", BODY "[hkd]\nteacher_cfg=teacher.cfg\nteacher_weights=empty.weights\n",
     "is 0 bytes long, its network needs 836: too short"},
    {"teacher's layer out of range", GKD "layers=0\nteacher_layers=4\n",
     "teacher_layers=4: no such layer in the teacher; give 0 to 3, or -4 to -1"},
    {"teacher's layer an LGG section", GKD "layers=0\nteacher_layers=3\n",
     "teacher_layers=3: is an LGG section, which passes its input through; tap layer 2 instead"},
    {"teacher of other images", BODY "[rkd]\nteacher_cfg=large.cfg\nteacher_weights=teacher.weights\n",
     "takes images of 8 x 8 x 2 (128 values), the student 4 x 4 x 2 (32 values)"},
    {"teacher of other classes", BODY "[hkd]\nlayers=0\n" TEACHER,
     "teacher_layers=1: has 3 outputs and layers=0 has 48; both must be logits of the same classes"},
#if HOST_HAS_STREAMS
    {"a layer with a stream of its own",
     "[convolutional]\nfilters=3\nsize=3\nstride=1\npad=1\nactivation=relu\nstream=1\n[label_variation]\n",
     "layer 1 [label_variation]: layer 0 has stream=1, but a network with this section trains on one stream; leave "
     "stream out of layer 0"},
    {"blocks that are left out after the section",
     "[convolutional]\nfilters=3\nsize=3\nstride=1\npad=1\nactivation=relu\n[label_variation]\n"
     "[dropout]\ndropblock=1\ndropblock_size_abs=2\n",
     "layers=0: [dropout] (layer 2) has dropblock=1 and changes what this section taps; put the section after it"},
    {"a section right after an antialiased layer", CONV "antialiasing=1\n[label_variation]\n",
     "layer 1 [label_variation]: the layer before it, 0, is antialiased, and its output smaller than its size"},
    {"a tap of an antialiased layer", CONV CONV "antialiasing=1\n" BODY "[label_variation]\nlayers=1\n",
     "layers=1: is antialiased, and its output smaller than its size; tap layer 0 instead"},
    {"a layer that waits for a stream", BODY "[route]\nlayers=-1\nwait_stream=0\n[label_variation]\n",
     "layer 3 has wait_stream=0, but"},
    {"a teacher with a stream of its own",
     BODY "[rkd]\nlayers=0\nteacher_layers=0\nteacher_cfg=streamed.cfg\nteacher_weights=teacher.weights\n",
     "teacher_cfg=streamed.cfg: its layer 0 has stream=1, but a teacher runs on the student's stream; leave stream "
     "out"},
#endif
};

#define STOPS CONV "stopbackward=1\n"

/* What is said where the command trains. */
static const bad_input training_cases[] = {
    {"a section before a layer with stopbackward=1", CONV "[label_variation]\n" STOPS BODY,
     "layer 1 [label_variation]: layer 2 has stopbackward=1, and what stands before that learns nothing"},
    {"a tap below a layer with stopbackward=1", CONV STOPS BODY "[label_variation]\nlayers=0\n",
     "layer 5 [label_variation]: layers=0: layer 1 has stopbackward=1, and no gradient goes to it or to those before "
     "it; tap layer 2 or later"},
    {"a tap of the layer with stopbackward=1", CONV STOPS BODY "[label_variation]\nlayers=1\n",
     "layers=1: layer 1 has stopbackward=1, and no gradient goes to it or to those before it; tap layer 2 or later"},
};

/* Parses the network, and trains one batch: where no command says that it will be trained, teachers are read only then. */
static void train_once(const char *sections) {
    network *net = read_text_network(NET, sections);
    run_pass(net, 1);
}

static void say_training(void) {
    note_darknet_command(3, (char *[]){"darknet", "classifier", "train"});
}

/* Parses the network as `darknet classifier train` does, and goes no further. */
static void read_for_training(const char *sections) {
    say_training();
    read_text_network(NET, sections);
}

static void train_huge_batch(const char *sections) {
    network *net = read_text_network("batch=3000000\ninputs=1\nmax_batches=1\n", sections);
    run_pass(net, 1);
}

static void validate_embedding(const char *sections) {
    check_lgg_outputs(read_text_network(NET, sections), 10, "test.data");
}

static void train_other_classes(const char *sections) {
    network *net = read_text_network("batch=4\nheight=4\nwidth=4\nchannels=3\nmax_batches=1\n", sections);
    check_lgg_truth(net, 10, "test.data");
}

/* The last line that a program wrote. */
static const char *last_line(char *said) {
    size_t length = strlen(said);
    if (length && said[length - 1] == '\n') said[--length] = '\0';
    char *start = strrchr(said, '\n');
    return start ? start + 1 : said;
}

static void expect_failure(const char *name, void (*run)(const char *), const char *sections, const char *expected,
                           const char *prefix) {
    char said[65536], why[70000];
    if (!host_has_sections(sections, "layers", name)) return;
    int status = run_apart(run, sections, said, sizeof said);
    const char *line = last_line(said);
    int good = status == 1 && strstr(line, expected) && strncmp(line, prefix, strlen(prefix)) == 0;
    snprintf(why, sizeof why, "exit status %d, said \"%s\"", status, line);
    report(name, good, why);
}

/* ---- graphs that are too small ---- */

#define SMALL_NET "height=4\nwidth=4\nchannels=2\nmax_batches=1\n"

static const char *small_batch; /* the options of [net] that give its size */

static void read_small(const char *sections) {
    char options[256];
    snprintf(options, sizeof options, SMALL_NET "%s", small_batch);
    read_text_network(options, sections);
}

static void train_small(const char *sections) {
    say_training();
    read_small(sections);
}

static void refuse_small(const char *name, const char *batch, const char *sections, const char *expected) {
    small_batch = batch;
    expect_failure(name, train_small, sections, expected, "test.cfg: layer 3 [");
}

/* The network is read, and `warning` stands on that many lines of what is said. */
static void accept_small(const char *name, const char *batch, void (*run)(const char *), const char *sections,
                         const char *warning, int lines) {
    char said[65536], why[70000];
    small_batch = batch;
    const int status = run_apart(run, sections, said, sizeof said);
    int found = 0;
    for (const char *at = said; (at = strstr(at, warning)); ++at)
        ++found;
    snprintf(why, sizeof why, "exit status %d, %d warnings, said \"%s\"", status, found, last_line(said));
    report(name, status == 0 && found == lines, why);
}

#define LITTLE "vertices, which say little"

static void test_small_graphs(void) {
    static const char two[] = "batch=4\nsubdivisions=2\n";
    refuse_small("graphs of two images", two, GKD,
                 "batch / subdivisions makes graphs of 2 vertices, which say nothing; raise batch to 6 or more (better "
                 "32) or lower subdivisions");
    refuse_small("graphs of one image", "batch=1\n", GKD,
                 "graphs of 1 vertex, which say nothing; raise batch to 3 or more (better 16)");
    refuse_small("label variation of two images", two, VARIATION, "graphs of 2 vertices, which say nothing");
    refuse_small("smoothness of two images", two, SMOOTH "layers=0,1\n", "graphs of 2 vertices, which say nothing");
    refuse_small(
        "powers beyond the range of numbers", "batch=16\n", GKD "power=40\nnormalize=0\n",
        "power=40: powers of graphs of 16 vertices leave the range of numbers; power=16 at most, or normalize=1");
    refuse_small("rkd of two images", two, BODY "[rkd]\n" TEACHER, "graphs of 2 vertices, which say nothing");
    accept_small("[hkd] has no graph: one image will do, whatever sections its teacher has", "batch=1\n", train_small,
                 BODY "[hkd]\n" TEACHER, "vert", 0);
    accept_small("prediction of single images is not training", "batch=1\n", read_small, GKD, "vert", 0);
    accept_small("graphs of three images are warned of, once", "batch=6\nsubdivisions=2\n", train_small,
                 GKD "[label_variation]\n",
                 "layer 3 [lgg_gkd]: warning: batch / subdivisions makes graphs of 3 " LITTLE
                 "; raise batch to 32 or more or lower subdivisions",
                 1);
    accept_small("graphs of fifteen images are warned of", "batch=15\n", train_small, VARIATION,
                 "graphs of 15 " LITTLE "; raise batch to 16 or more\n", 1);
    accept_small("graphs of sixteen pixels are not warned of, whatever the batch", "batch=1\n", train_small,
                 GKD "vertices=pixels\nlayers=0\nteacher_layers=0\n", "vert", 0);
    accept_small("graphs of ten pixels are", "batch=1\n", train_small,
                 GKD "vertices=pixels\nlayers=0\nteacher_layers=0\nsamples=10\n",
                 "graphs of 10 vertices say little; raise samples", 1);
    accept_small("graphs of sixteen images are not", "batch=16\n", train_small, GKD, LITTLE, 0);
}

static void test_idle_options(void) {
    accept_small("an alpha of cosines is warned of", "batch=16\n", train_small, VARIATION "alpha=2\n",
                 "alpha=2: changes nothing without similarity=rbf or exp", 1);
    accept_small("an alpha of distances is not", "batch=16\n", train_small, VARIATION "similarity=rbf\nalpha=2\n",
                 "changes nothing", 0);
    accept_small("the teacher's neighbours without k are", "batch=16\n", train_small, GKD "neighbors=teacher\n",
                 "neighbors=teacher: changes nothing without k", 1);
    accept_small("a mean of kept edges that keeps all is", "batch=16\n", train_small, VARIATION "reduction=mean_kept\n",
                 "reduction=mean_kept: is the mean without k", 1);
    accept_small("graphs of class scores by default are", "batch=16\n", train_small, GKD,
                 "layers= is not given, and the layer before it is [softmax]", 1);
    accept_small("those that are asked for are not", "batch=16\n", train_small, GKD "layers=2\nteacher_layers=2\n",
                 "layers= is not given", 0);
    accept_small("layers against their order are", "batch=16\n", train_small, SMOOTH "layers=1 , 0\n",
                 "layers= names layer 0 after layer 1", 1);
    accept_small("layers in their order are not", "batch=16\n", train_small, SMOOTH "layers=0, 1\n", "layers= names",
                 0);
    accept_small("prediction is not warned of them", "batch=16\n", read_small, VARIATION "alpha=2\n", "changes nothing",
                 0);
}

/* teacher.cfg and its 836 bytes of weights, and files that are none. */
static void make_files(void) {
    static const char *const sections = BODY "[label_variation]\n";
    char text[1024], bytes[1024] = {0};
    network *net = read_text_network(NET, sections);
    save_weights(net, (char[]){"teacher.weights"});
    free_network(net);
    snprintf(text, sizeof text, "[net]\n%s\n%s", NET, sections);
    write_text("teacher.cfg", text);
    snprintf(text, sizeof text, "[net]\nbatch=4\nheight=8\nwidth=8\nchannels=2\n%s", sections);
    write_text("large.cfg", text);
    snprintf(text, sizeof text, "[net]\n%s\n%s", NET,
             "[convolutional]\nfilters=3\nsize=3\npad=1\nactivation=relu\nstream=1\n");
    write_text("streamed.cfg", text);
    write_text("test.data", "classes=10\nlabels=labels.txt\n");
    write_text("labels.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    FILE *file = fopen("teacher.weights", "rb");
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    static const struct {
        const char *path;
        int change;
    } lengths[] = {{"short.weights", -1}, {"long.weights", 1}, {"empty.weights", -1024}};
    for (int i = 0; i < 3; ++i) {
        int wanted = (int)length + lengths[i].change;
        file = fopen(lengths[i].path, "wb");
        fwrite(bytes, 1, wanted > 0 ? (size_t)wanted : 0, file);
        fclose(file);
    }
}

void test_bad_input(void) {
    make_files();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        expect_failure(cases[i].name, train_once, cases[i].sections, cases[i].expected, "test.cfg: layer ");
    }
    for (size_t i = 0; i < sizeof training_cases / sizeof *training_cases; ++i) {
        const bad_input *bad = &training_cases[i];
        expect_failure(bad->name, read_for_training, bad->sections, bad->expected, "test.cfg: layer ");
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char name[128];
        if (!strstr(cases[i].name, "teacher")) continue;
        snprintf(name, sizeof name, "%s, found when the network is read", cases[i].name);
        expect_failure(name, read_for_training, cases[i].sections, cases[i].expected, "test.cfg: layer ");
    }
    test_small_graphs();
    test_idle_options();
    expect_failure("a batch that does not fit memory", train_huge_batch,
                   "[connected]\noutput=1\n[label_variation]\nclasses=1\n", "GB of memory and this machine has",
                   "test.cfg: layer 1 [label_variation]: the graphs of batch=3000000");
    expect_failure("validation of an embedding", validate_embedding, VARIATION,
                   "classes=10, but this network has 3 outputs", "test.data: ");
    expect_failure("training with other classes", train_other_classes, VARIATION, "give classes=10 in this section",
                   "test.cfg: layer 3 [label_variation]: the labels of this network are 3 wide");
}
