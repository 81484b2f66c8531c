/* behaviour.c: what the sections do to a network, and what they leave alone. */
#include "behaviour.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define NET "batch=6\nheight=6\nwidth=6\nchannels=2\nlearning_rate=.1\nmax_batches=10\n"
#define CONV "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=relu\n"
#define HEAD "[avgpool]\n[connected]\noutput=3\nactivation=linear\n[softmax]\n"
#define TEACHER "teacher_cfg=teacher.cfg\nteacher_weights=teacher.weights\n"
#define EVERY_SECTION                                                                                                  \
    "[label_variation]\n[lgg_smooth]\nlayers=0,-4\n[lgg_gkd]\nlayers=0\nteacher_layers=0\n" TEACHER                    \
    "[rkd]\nlayers=0\nteacher_layers=0\n" TEACHER "[hkd]\n" TEACHER

/* The second host trains a copy of a network, and has a layer that does nothing. */
#ifdef SECOND_HOST
#define IN_PLACE "[dropout]\nprobability=0\n[empty]\n"
#define NETWORK_TO_TRAIN(net) (*(net))
#else
#define IN_PLACE "[dropout]\nprobability=0\n"
#define NETWORK_TO_TRAIN(net) (net)
#endif

/* It counts iterations, the first one images. */
#ifndef set_iteration
#define set_iteration(net, i) (*(net)->seen = (size_t)((i) + 1) * 6) /* a pass counts its own images */
#endif

static const lgg_section *section_of(const network *net, int layer) {
    return net->layers[layer].lgg;
}

/* teacher.cfg, whose sections name a teacher that is not there, and teacher.weights. */
static void make_teacher(void) {
    static const char *const sections =
        CONV "[dropout]\n[batchnorm]\n" HEAD "[lgg_gkd]\nteacher_cfg=nowhere.cfg\nteacher_weights=nowhere\n";
    char text[1024];
    network *net = read_text_network(NET, CONV "[dropout]\n[batchnorm]\n" HEAD);
    for (unsigned i = 1; i < 20; ++i)
        run_pass(net, i);
    save_weights(net, (char[]){"teacher.weights"});
    free_network(net);
    snprintf(text, sizeof text, "[net]\nbatch=2\nsubdivisions=2\nheight=6\nwidth=6\nchannels=2\n%s", sections);
    write_text("teacher.cfg", text);
}

/* ---- what they leave alone ---- */

static void test_prediction(int batch, const char *name) {
    network *plain = read_text_network(NET, CONV CONV HEAD);
    network *ours = read_text_network(NET, CONV "[label_variation]\n" CONV HEAD EVERY_SECTION);
    set_batch_network(plain, batch);
    set_batch_network(ours, batch);
    float *expected = predict(plain, 3), *got = predict(ours, 3);
    report(name, plain->outputs == ours->outputs && same_floats(expected, got, 3 * batch), "outputs differ");
    free_network(plain);
    free_network(ours);
}

static void test_missing_teacher(void) {
    network *net = read_text_network(NET, CONV HEAD "[hkd]\nteacher_cfg=nowhere.cfg\nteacher_weights=nowhere\n");
    float *output = predict(net, 3);
    report("a student predicts without its teacher", fabs(output[0] + output[1] + output[2] - 1.f) < 1e-5f,
           "no probabilities");
    free_network(net);
}

static void test_weights_file(void) {
    network *plain = read_text_network(NET, CONV CONV HEAD);
    network *ours = read_text_network(NET, CONV "[label_variation]\n" CONV HEAD EVERY_SECTION);
    run_pass(ours, 1);
    for (int i = 0; i < 2; ++i) {
        layer from = plain->layers[i], to = ours->layers[2 * i];
        memcpy(to.rolling_mean, from.rolling_mean, (size_t)from.n * sizeof(float));
        memcpy(to.rolling_variance, from.rolling_variance, (size_t)from.n * sizeof(float));
    }
    save_weights(plain, (char[]){"plain.weights"});
    save_weights(ours, (char[]){"ours.weights"});
    report("the weights file is the one without sections", same_files("plain.weights", "ours.weights"), "files differ");
    free_network(plain);
    free_network(ours);
}

/* [batchnorm] is what the pre-activation networks are made of: all it has learnt must come back. */
static void test_batchnorm_weights(void) {
    network *saved = read_text_network(NET, CONV "[batchnorm]\n" HEAD);
    for (int i = 0; i < 4; ++i)
        saved->layers[1].biases[i] = (float)i;
    run_pass(saved, 1);
    save_weights(saved, (char[]){"batchnorm.weights"});
    network *loaded = read_text_network(NET, CONV "[batchnorm]\n" HEAD);
    load_weights(loaded, (char[]){"batchnorm.weights"});
    report("a stand-alone [batchnorm] is saved and loaded whole",
           same_floats(predict(saved, 2), predict(loaded, 2), 18), "outputs differ");
    free_network(saved);
    free_network(loaded);
}

/* One input channel, one filter of weight 1: a 1x1 convolution of stride 2 passes every other pixel of every other row on. */
static void test_strided_convolution(void) {
    network *net = read_text_network("batch=2\nheight=5\nwidth=6\nchannels=1\n",
                                     "[convolutional]\nfilters=1\nsize=1\nstride=2\nactivation=linear\n");
    net->layers[0].weights[0] = 1;
    float *output = predict(net, 5);
    int same = net->outputs == 9;
    for (int i = 0; i < 2 * 9 && same; ++i)
        same = output[i] == net->input[i / 9 * 30 + i % 9 / 3 * 12 + i % 3 * 2];
    report("a strided 1x1 convolution sees every other pixel", same, "it sees others");
    free_network(net);
}

static double variation_at(const char *alpha, int iteration) {
    char sections[256];
    snprintf(sections, sizeof sections, CONV "[label_variation]\nsimilarity=exp\nalpha=%s\n" HEAD, alpha);
    network *net = read_text_network(NET, sections);
    set_iteration(net, iteration);
    run_pass(net, 1);
    const double value = get_lgg_term(net, 0).value;
    free_network(net);
    return value;
}

static void test_moving_alpha(void) {
    report("alpha=1,3 begins at 1", same_number(variation_at("1,3", 0), variation_at("1", 0)), "it does not");
    report("alpha=1,3 is 2 in the middle", same_number(variation_at("1,3", 5), variation_at("2", 5)), "it is not");
    report("alpha=1,3 ends at 3, and stays there",
           same_number(variation_at("1,3", 10), variation_at("3", 0)) &&
               same_number(variation_at("1,3", 20), variation_at("3", 0)),
           "it does not");
    report("alpha changes the value at all", !same_number(variation_at("1", 0), variation_at("3", 0)), "it does not");
    report("alpha=auto under exp is 1/sqrt(d)", same_number(variation_at("auto", 0), variation_at("0.0833333333", 0)),
           "it is not"); /* d = 4 x 6 x 6 */
}

static float alpha_of_pass[8];
static int passes_noted;

static void note_alpha(layer l, host_pass pass) {
    alpha_of_pass[passes_noted++] = lgg_alpha_now(l.lgg, &pass);
}

/* Two iterations of four passes each. */
static void test_alpha_of_an_iteration(void) {
    network *net = read_text_network("batch=12\nsubdivisions=4\nheight=6\nwidth=6\nchannels=2\nmax_batches=2\n",
                                     CONV "[label_variation]\nsimilarity=exp\nalpha=1,9\n" HEAD);
    const data images = {.X = make_matrix(12, net->inputs), .y = make_matrix(12, net->truths)};
    net->layers[1].forward = note_alpha;
    for (int i = 0; i < 2; ++i)
        train_network(NETWORK_TO_TRAIN(net), images);
    int good = passes_noted == 8;
    for (int i = 0; i < 8; ++i)
        good = good && same_number((double)alpha_of_pass[i], i < 4 ? 1 : 5);
    report("all passes of an iteration have the alpha of the iterations before it", good, "they have others");
    free_matrix(images.X);
    free_matrix(images.y);
    free_network(net);
}

static void test_lambda_zero(void) {
    network *plain = read_text_network(NET, CONV HEAD);
    network *ours = read_text_network(NET, CONV "[label_variation]\nlambda=0\n" HEAD);
    run_pass(plain, 1);
    run_pass(ours, 1);
    report("lambda=0 measures and changes nothing",
           same_floats(plain->layers[0].weight_updates, ours->layers[0].weight_updates, plain->layers[0].nweights) &&
               get_lgg_term(ours, 0).value > 0,
           "the updates differ, or there is no value");
    free_network(plain);
    free_network(ours);
}

void test_transparency(void) {
    make_teacher();
    test_prediction(6, "prediction is the one without sections");
    test_prediction(1, "prediction of single images is the one without sections");
    test_missing_teacher();
    test_weights_file();
    test_batchnorm_weights();
    test_lambda_zero();
    test_moving_alpha();
    test_alpha_of_an_iteration();
    test_strided_convolution();
}

/* ---- training ---- */

/* One graph each subdivision: the terms are means over them, the updates their sum. */
static void test_subdivisions(void) {
    static const char *const sections = CONV HEAD "[label_variation]\nlayers=0\n";
    network *whole = read_text_network("batch=6\nsubdivisions=2\nheight=6\nwidth=6\nchannels=2\n", sections);
    network *half = read_text_network("batch=3\nheight=6\nwidth=6\nchannels=2\n", sections);
    double mean = 0;
    for (unsigned i = 1; i <= 2; ++i) {
        run_pass(whole, i);
        run_pass(half, i);
        mean += get_lgg_term(half, 0).value / 2;
    }
    report("subdivisions have a graph each",
           same_number(get_lgg_term(whole, 0).value, mean) &&
               same_floats(whole->layers[0].weight_updates, half->layers[0].weight_updates, 72),
           "the mean of the terms or the sum of the updates is another");
    run_pass(whole, 3);
    run_pass(half, 3);
    report("each iteration has terms of its own",
           same_number(get_lgg_term(whole, 0).value, get_lgg_term(half, 0).value), "the mean goes on over iterations");
    free_network(whole);
    free_network(half);
}

static void test_resizing(void) {
    static const char *const sections =
        CONV "[label_variation]\n" CONV "[label_variation]\nlayers=0\n[avgpool]\n"
             "[lgg_smooth]\nlayers=0,2,4\n"
             "[rkd]\nlayers=2\nteacher_layers=0\nteacher_cfg=resizable.cfg\nteacher_weights=resizable.weights\n";
    network *teacher = read_text_network(NET, CONV "[avgpool]\n");
    save_weights(teacher, (char[]){"resizable.weights"});
    free_network(teacher);
    write_text("resizable.cfg", "[net]\nheight=6\nwidth=6\nchannels=2\n" CONV "[avgpool]\n");
    network *fresh = read_text_network("batch=4\nheight=6\nwidth=6\nchannels=2\n", sections);
    network *resized = read_text_network("batch=4\nheight=6\nwidth=6\nchannels=2\n", sections);
    resize_network(resized, 10, 8);
    run_pass(resized, 1);
    double large = get_lgg_term(resized, 3).value;
    resize_network(resized, 6, 6);
    run_pass(fresh, 1);
    memset(resized->layers[0].weight_updates, 0, 72 * sizeof(float));
    run_pass(resized, 1);
    int same = same_floats(fresh->layers[0].weight_updates, resized->layers[0].weight_updates, 72);
    for (int i = 0; i < 4; ++i)
        same = same && same_number(get_lgg_term(fresh, i).value, get_lgg_term(resized, i).value);
    report("a resized network trains as one of that size", same && isfinite(large) && resized->truths == fresh->truths,
           "terms or updates differ");
    free_network(fresh);
    free_network(resized);
}

/* The hosts read the truth's width from the last layer: when they resize a network, and on the second host's GPU in each pass. */
static void test_width_of_labels(void) {
    static const char *const cfgs[] = {CONV "[label_variation]\nclasses=3\n",
                                       CONV "[label_variation]\nclasses=3\n" CONV "[avgpool]\n"};
    int good = 1;
    for (int i = 0; i < 2; ++i) {
        network *net = read_text_network("batch=4\nheight=6\nwidth=6\nchannels=2\n", cfgs[i]);
        good = good && net->layers[net->n - 1].truths == 3;
        resize_network(net, 10, 8);
        good = good && net->truths == 3 && net->layers[net->n - 1].truths == 3;
        free_network(net);
    }
    report("the labels keep the width of classes= whatever the last layer is, and when the network is resized", good,
           "the last layer or the network has another width");
}

#ifdef SECOND_HOST
/* Their statistics stay what they are, and so does what they put out. */
static void train_frozen(const char *sections) {
    network *net = read_text_network(NET, sections);
    run_pass(net, 1);
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
            if (net->layers[i].rolling_mean[j] != 0) exit(2);
    if (net->layers[5].bias_updates[0] == 0) exit(3);
}

static void test_frozen_layers(void) {
    char said[4096];
    const int status =
        run_apart(train_frozen, CONV CONV "[maxpool]\nsize=2\nstride=2\nstopbackward=1\n" CONV HEAD, said, sizeof said);
    report("layers below stopbackward=1 run as in prediction", status == 0, status == 2 ? "they learn" : "a crash");
}
#endif

static void test_layers_after_a_loss(void) {
    network *net = read_text_network(NET, CONV HEAD IN_PLACE);
    run_pass(net, 1);
    float sum = 0;
    for (int i = 0; i < 3; ++i)
        sum += fabsf(net->layers[2].bias_updates[i]);
    report("a layer that works in place after a loss leaves it its delta", sum > 0, "nothing is learnt");
    free_network(net);
}

static void test_alone(void) {
    network *net = read_text_network(
        "batch=6\nheight=6\nwidth=6\nchannels=2\nlearning_rate=.01\nmax_batches=10\n",
        "[connected]\noutput=5\nactivation=linear\n[label_variation]\nsimilarity=exp\nclasses=3\nlambda=2\n");
    fill_batch(net, 1);
    float cost = train_network_datum(net) / 6;
    double scaled = get_lgg_term(net, 0).scaled;
    report("without a task the loss is that of the sections", scaled > 0 && fabs((double)cost - scaled) < 1e-6,
           "the cost is another");
    report("classes= gives the width of the labels", net->truths == 3 && net->outputs == 5,
           "the truth has another width");
    predict(net, 1);
    report("without a task prediction has cost 0", *net->cost == 0, "the cost is another");
    free_network(net);
}

static void test_places(void) {
    network *net = read_text_network(NET, CONV "[label_variation]\n[rkd]\n" TEACHER
                                               "[shortcut]\nfrom=-3\n[route]\nlayers=-2,-1\n" HEAD
                                               "[label_variation]\nlayers=-8\n[label_variation]\n");
    const layer *l = net->layers;
    run_pass(net, 1);
    report("sections have an index, pass their input through and are stepped over by default taps",
           l[1].output == l[0].output && l[2].output == l[0].output && l[4].out_c == 8 &&
               section_of(net, 8)->tapped[0] == 0 && section_of(net, 9)->tapped[0] == 7,
           "an index is another");
    free_network(net);
}

static void test_batch_of_one(void) {
    network *net = read_text_network("batch=1\nheight=6\nwidth=6\nchannels=2\n", CONV CONV HEAD EVERY_SECTION);
    run_pass(net, 1);
    int finite = 1;
    for (int i = 0; i < count_lgg_terms(net); ++i)
        finite = finite && lgg_is_finite(get_lgg_term(net, i).value);
    report("a batch of one has empty graphs", finite && get_lgg_term(net, 0).value == 0, "a term is not 0");
    free_network(net);
}

void test_training(void) {
    test_subdivisions();
    test_resizing();
    test_width_of_labels();
    test_layers_after_a_loss();
#ifdef SECOND_HOST
    test_frozen_layers();
#endif
    test_alone();
    test_places();
    test_batch_of_one();
    volatile double zero = 0;
    report("NaN and infinity are seen", !lgg_is_finite(zero / zero) && !lgg_is_finite(1 / zero) && lgg_is_finite(1),
           "they are not");
}

/* ---- teachers ---- */

static int teacher_runs;
static void (*convolve)(layer l, host_pass pass);

static void count_run(layer l, host_pass pass) {
    ++teacher_runs;
    convolve(l, pass);
}

static void test_sharing(void) {
    network *net = read_text_network(NET, CONV CONV HEAD EVERY_SECTION
                                     "[rkd]\nlayers=0\nteacher_layers=0\nteacher_cfg=./teacher.cfg\n"
                                     "teacher_weights=../layers/teacher.weights\n");
    run_pass(net, 1);
    lgg_teacher *teacher = section_of(net, 7)->teacher;
    report("sections that name the same files share one teacher",
           teacher == section_of(net, 8)->teacher && teacher == section_of(net, 10)->teacher && !teacher->next,
           "there are more");
    convolve = teacher->net->layers[0].forward;
    teacher->net->layers[0].forward = count_run;
    run_pass(net, 2);
    run_pass(net, 3);
    report("a teacher runs once a batch", teacher_runs == 2, "another number of times");
    free_network(net);
}

/* Batch normalizations folded and buffers freed, it must still say what the network says. */
static void test_folding(void) {
    network *net = read_text_network(NET, CONV HEAD "[hkd]\n" TEACHER);
    network *plain = read_text_network(NET, CONV "[dropout]\n[batchnorm]\n" HEAD);
    load_weights(plain, (char[]){"teacher.weights"});
    run_pass(net, 4);
    predict(plain, 4);
    const layer *taught = &section_of(net, 4)->teacher->net->layers[4], *expected = &plain->layers[4];
    report("a teacher is the network of its files, in inference mode",
           same_floats(taught->output, expected->output, 18), "outputs differ");
    const layer *first = &section_of(net, 4)->teacher->net->layers[0];
    report("a teacher keeps no memory for training",
           !first->delta && !first->weight_updates && !first->x && !first->batch_normalize, "it does");
    free_network(net);
    free_network(plain);
}

/* Whether the last layer of the teacher of `sections`, the first of which is layer 4, runs in a pass. */
static int runs_to_the_end(const char *sections) {
    network *net = read_text_network(NET, sections);
    run_pass(net, 1);
    network *teacher = section_of(net, 4)->teacher->net;
    float *last = teacher->layers[5].output;
    last[0] = 7; /* no probability */
    run_pass(net, 2);
    const int runs = last[0] <= 1;
    free_network(net);
    return runs;
}

#define EARLY_GKD "[lgg_gkd]\nlayers=0\nteacher_layers=0\n" TEACHER

static void test_unread_layers(void) {
    report("a teacher's layers after the last that is read do not run", !runs_to_the_end(CONV HEAD EARLY_GKD),
           "they do");
    report("those before the last that any section reads do",
           runs_to_the_end(CONV HEAD EARLY_GKD "[lgg_gkd]\nlayers=0\nteacher_layers=5\n" TEACHER EARLY_GKD),
           "they do not");
}

static void test_random_numbers(void) {
    network *net = read_text_network(NET, CONV HEAD "[hkd]\n" TEACHER);
    run_pass(net, 1);
    int drawn = rand();
    srand(2);
    report("loading a teacher draws none of the student's random numbers", drawn == rand(), "it does");
    free_network(net);
}

static void test_itself(void) {
    network *net = read_text_network(NET, CONV "[dropout]\n[batchnorm]\n" HEAD "[hkd]\nlambda=1\n" TEACHER);
    run_pass(net, 1);
    report("a teacher is not the student", section_of(net, 6)->teacher->net != net && get_lgg_term(net, 0).value > 0,
           "it is");
    free_network(net);
}

/* A teacher only predicts, by other functions than a student's: from the same weights both must give the same. A host that knows no dilation
 * leaves it out of both. */
static void test_same_network(void) {
    static const char size[] = "batch=4\nheight=33\nwidth=33\nchannels=2\nmax_batches=10\n";
    static const char dilated[] = "[convolutional]\nfilters=8\nsize=3\nstride=4\npad=1\ndilation=2\nactivation=leaky\n";
    char text[1024];
    snprintf(text, sizeof text, "[net]\n%s%s", size, dilated);
    write_text("same.cfg", text);
    network *net = read_text_network(size, dilated);
    save_weights(net, (char[]){"same.weights"});
    free_network(net);
    snprintf(text, sizeof text, "%s[lgg_gkd]\nsimilarity=exp\nteacher_cfg=same.cfg\nteacher_weights=same.weights\n",
             dilated);
    net = read_text_network(size, text);
    run_pass(net, 1);
    const double value = get_lgg_term(net, 0).value;
    snprintf(text, sizeof text, "the loss is %g", value);
    report("a teacher with the student's weights and a dilated convolution gives the same", value >= 0 && value < 1e-9,
           text);
    free_network(net);
}

void test_teachers(void) {
    make_teacher();
    test_same_network();
    test_sharing();
    test_folding();
    test_unread_layers();
    test_random_numbers();
    test_itself();
}

/* ---- a detector ---- */

#define YOLO                                                                                                           \
    CONV "[maxpool]\nsize=2\nstride=2\n[convolutional]\nfilters=14\nsize=1\nstride=1\nactivation=linear\n"             \
         "[yolo]\nmask=0,1\nanchors=4,4,9,9\nclasses=2\nnum=2\nrandom=0\n"

/* One box of the first class in the middle of each image. */
static void fill_boxes(network *net, unsigned seed) {
    fill_batch(net, seed);
    memset(net->truth, 0, (size_t)(net->truths * net->batch) * sizeof(float));
    for (int b = 0; b < net->batch; ++b) {
        float box[5] = {.5f, .5f, .4f, .4f, 0};
        memcpy(net->truth + b * net->truths, box, sizeof box);
    }
}

static network *train_detector(const char *sections) {
    network *net =
        read_text_network("batch=4\nheight=32\nwidth=32\nchannels=3\nlearning_rate=.001\nmax_batches=100\n", sections);
    for (unsigned i = 0; i < 20; ++i) {
        fill_boxes(net, i);
        train_network_datum(net);
    }
    return net;
}

static int detections(network *net) {
    int n;
    set_batch_network(net, 1);
    predict(net, 1);
    detection *boxes = get_network_boxes(net, 32, 32, -1, .5f, 0, 1, &n);
    int classes = n ? boxes[0].classes : 0;
    free_detections(boxes, n);
    return n * classes;
}

void test_detector(void) {
    network *teacher = train_detector(YOLO);
    save_weights(teacher, (char[]){"yolo.weights"});
    write_text("yolo.cfg", "[net]\nheight=32\nwidth=32\nchannels=3\n" YOLO);
    network *net = train_detector(
        YOLO "[lgg_gkd]\nlayers=0,2\nteacher_layers=0,2\nteacher_cfg=yolo.cfg\nteacher_weights=yolo.weights\n"
             "[rkd]\nlayers=1\nteacher_layers=1\nteacher_cfg=yolo.cfg\nteacher_weights=yolo.weights\n");
    int finite = lgg_is_finite(*net->cost);
    for (int i = 0; i < 2; ++i)
        finite = finite && lgg_is_finite(get_lgg_term(net, i).value) && get_lgg_term(net, i).value > 0;
    report("a detector trains with gkd and rkd", finite, "a loss is not finite");
    layer last = net->layers[net->n - 1], yolo = teacher->layers[teacher->n - 1];
    report("a detector's training finds its classes and boxes in the last layer",
           last.classes == yolo.classes && last.max_boxes == yolo.max_boxes && last.jitter == yolo.jitter &&
               net->truths == teacher->truths && net->outputs == teacher->outputs,
           "they differ");
    report("a detector with sections detects", detections(net) > 0 && detections(net) == detections(teacher),
           "other boxes");
    save_weights(net, (char[]){"sections.weights"});
    network *plain = read_text_network("batch=1\nheight=32\nwidth=32\nchannels=3\n", YOLO);
    load_weights(plain, (char[]){"sections.weights"});
    const float *with = predict(net, 1);
    report("and finds what the network without them does",
           net->outputs == plain->outputs && same_floats(with, predict(plain, 1), plain->outputs), "other values");
    free_network(plain);
    free_network(net);
    free_network(teacher);
}

/* ---- vertices that are positions of maps ---- */

/* Each value of the tapped map is that of one pixel. */
#define POINTS(filters)                                                                                                \
    "[convolutional]\nfilters=" #filters "\nsize=1\nstride=1\nactivation=logistic\n"                                   \
    "[convolutional]\nfilters=14\nsize=1\nstride=1\nactivation=linear\n"                                               \
    "[yolo]\nmask=0,1\nanchors=4,4,9,9\nclasses=2\nnum=2\nrandom=0\n"
#define OF_POINTS "layers=0\nteacher_layers=0\nteacher_cfg=points.cfg\nteacher_weights=points.weights\nsamples=64\n"

/* L of images with a box in their middle, the pixels of 16 x 16 around it, or those further out, moved by so much. */
static double loss_of_points(network *net, float inside, float outside) {
    fill_boxes(net, 1);
    for (int i = 0; i < net->inputs * net->batch; ++i) {
        const int y = i / 32 % 32, x = i % 32, near = x >= 8 && x < 24 && y >= 8 && y < 24;
        net->input[i] += (near ? inside : outside) * (float)(i % 7);
    }
    net->train = 1;
    forward_network(net);
    backward_network(net);
    return get_lgg_term(net, 0).value;
}

void test_positions(void) {
    write_text("points.cfg", "[net]\nheight=32\nwidth=32\nchannels=3\n" POINTS(9));
    network *teacher = train_detector(POINTS(9));
    save_weights(teacher, (char[]){"points.weights"});
    network *boxes = train_detector(POINTS(6) "[lgg_gkd]\nvertices=boxes\n" OF_POINTS);
    network *pixels = train_detector(POINTS(6) "[rkd]\nvertices=pixels\n" OF_POINTS);
    const double of_boxes = loss_of_points(boxes, 0, 0), of_pixels = loss_of_points(pixels, 0, 0);
    const double around = loss_of_points(boxes, 0, .5f), within = loss_of_points(boxes, .5f, 0);
    report("vertices=boxes looks under the boxes alone, where there are enough positions",
           of_boxes > 0 && same_number(around, of_boxes) && !same_number(within, of_boxes), "it looks elsewhere");
    report("vertices=pixels looks everywhere",
           of_pixels > 0 && loss_of_points(pixels, 0, .5f) != of_pixels && loss_of_points(pixels, .5f, 0) != of_pixels,
           "it does not");
    report("a pass of the same images has the same vertices", loss_of_points(pixels, 0, 0) == of_pixels,
           "it has others");
    *pixels->seen += 4;
    report("the next pass has others", loss_of_points(pixels, 0, 0) != of_pixels, "it has the same");
    free_network(boxes);
    free_network(pixels);
    free_network(teacher);
}

/* ---- what they say ---- */

static int count_words(const char *text, const char *words) {
    int n = 0;
    for (; (text = strstr(text, words)); text += strlen(words))
        ++n;
    return n;
}

static void train_thrice(const char *sections) {
    network *net = read_text_network(NET, sections);
    for (unsigned i = 1; i <= 3; ++i)
        run_pass(net, i);
}

/* Its first layer puts out nothing but zeros. */
static void train_dead(const char *sections) {
    network *net = read_text_network(NET, sections);
    for (int i = 0; i < net->layers[0].outputs; ++i)
        net->layers[0].biases[i] = -100;
    for (unsigned i = 1; i <= 3; ++i)
        run_pass(net, i);
}

static void test_warnings(void) {
    char said[65536];
    int status = run_apart(train_thrice, "[connected]\noutput=5\nactivation=linear\n[label_variation]\nclasses=3\n",
                           said, sizeof said);
    report("cosine on negative outputs is warned of once",
           status == 0 &&
               count_words(
                   said, "layer 1 [label_variation]: warning: similarity=cosine: layer 0 has negative outputs") == 1 &&
               count_words(said, "gradients without bound") == 0,
           said);
    status =
        run_apart(train_thrice, "[connected]\noutput=5\nactivation=linear\n[label_variation]\nclasses=3\nnormalize=1\n",
                  said, sizeof said);
    report("and where its edges are normalized, of degrees near 0",
           status == 0 && count_words(said, "degrees may be near 0, and gradients without bound; rbf with unit=1") == 1,
           said);
    status = run_apart(train_dead, "[connected]\noutput=5\nactivation=relu\n[label_variation]\nclasses=3\n", said,
                       sizeof said);
    report("vectors of zeros are warned of once",
           status == 0 && count_words(said, "most vectors of a tapped layer are zero") == 1, said);
}

static void test_progress(void) {
    network *net =
        read_text_network(NET, CONV CONV HEAD "[label_variation]\nlayers=1\nlambda=.5\n[lgg_smooth]\nlayers=0,1\n");
    char line[4096] = "", expected[256];
    fflush(stdout);
    FILE *terminal = stdout;
    stdout = fmemopen(line, sizeof line, "w");
    for (unsigned i = 0; i < 2; ++i) {
        fill_batch(net, i);
        train_network_datum(net);
        print_lgg_progress(net, 6);
    }
    fclose(stdout);
    stdout = terminal;
    lgg_term term = get_lgg_term(net, 0);
    snprintf(expected, sizeof expected,
             "\nlgg: label_variation 5: %g x 0.5 = %g (sigma 1: %g); lgg_smooth 6: ", term.value, term.value / 2,
             term.sigma[0]);
    report("the line of progress has every term, unscaled and scaled", strstr(line, expected) != NULL, line);
    report("the line of progress has images a second and the time left", strstr(line, " images/s, 0:00:0") != NULL,
           line);
    free_network(net);
}

void test_words(void) {
    test_warnings();
    test_progress();
}
