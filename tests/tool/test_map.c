/* test_map.c: average precision against numbers worked out by hand; and a detector of coloured squares, for test_map.sh.
 *
 * usage: test_map FOLDER   (where squares.cfg, squares.weights and more of their kind go) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool_map.h"

#include "../larger.h"

static int failed;

static void check_equal(const char *name, double is, double expected) {
    const int right = fabs(is - expected) < 1e-6;
    printf(right ? "PASS %s\n" : "FAIL %s: %g, %g expected\n", name, is, expected);
    failed |= !right;
}

enum { CLASSES = 3, IMAGES = 4 };

/* What is true and what was found, until they are judged. */
static tool_objects truths, found;
static tool_precision of[CLASSES], all;

/* Boxes lie side by side on one line, as intervals of twentieths of the width. */
static tool_object interval(int image, int label, double begin, double end, double score) {
    const tool_box b = {(float)((begin + end) / 40), .5f, (float)((end - begin) / 20), .25f};
    return (tool_object){b, image, label, (float)score};
}

static void there_is(int image, int label, double begin, double end) {
    tool_objects_add(&truths, interval(image, label, begin, end, 0));
}

static void finds(int image, int label, double begin, double end, double score) {
    tool_objects_add(&found, interval(image, label, begin, end, score));
}

static void judge(void) {
    all = tool_precisions(&truths, &found, IMAGES, CLASSES, of);
    tool_objects_free(&truths);
    tool_objects_free(&found);
}

/* At an IoU of `percent`, a multiple of 5. */
static double at(const tool_precision *p, int percent) {
    return p->ap[(percent - 50) / 5];
}

static void test_right_and_wrong(void) {
    for (int i = 0; i < IMAGES; ++i) {
        for (int c = 0; c < CLASSES; ++c) {
            there_is(i, c, 5 * c, 5 * c + 4);
            finds(i, c, 5 * c, 5 * c + 4, .1 + .2 * i);
        }
    }
    judge();
    check_equal("all found: mAP 1 at every IoU", tool_precision_mean(&all), 1);
    check_equal("boxes are counted", all.truths + 100 * all.found + 10000 * of[1].truths, 12 + 1200 + 40000);

    there_is(0, 0, 0, 4);
    there_is(1, 1, 0, 4);
    finds(0, 0, 10, 14, .9);
    finds(2, 0, 0, 4, .9);
    finds(0, 1, 0, 4, .9);
    judge();
    check_equal("another place, another image, another class: mAP 0", tool_precision_mean(&all), 0);

    there_is(0, 0, 0, 4);
    judge();
    check_equal("nothing found: mAP 0", tool_precision_mean(&all), 0);
}

/* Right, wrong, right of two: precision 1 up to recall .5, which are 51 of the 101 points, and 2/3 beyond. */
static void test_duplicate(void) {
    there_is(0, 0, 0, 4);
    there_is(0, 0, 10, 14);
    finds(0, 0, 0, 4, .9);
    finds(0, 0, 0, 4, .8);
    finds(0, 0, 10, 14, .7);
    judge();
    check_equal("what is found twice is wrong once", at(&of[0], 50), (51 + 50 * 2. / 3) / 101);
}

/* One truth: right after one wrong is a precision of 1/2, whichever image is looked at first. */
static void test_order(void) {
    there_is(2, 0, 0, 4);
    finds(0, 0, 0, 4, .2);
    finds(2, 0, 0, 4, .3);
    finds(3, 0, 0, 4, .4);
    judge();
    check_equal("scores order what was found over all images", at(&of[0], 50), .5);
    there_is(2, 0, 0, 4);
    finds(0, 0, 0, 4, .3);
    finds(2, 0, 0, 4, .3);
    judge();
    check_equal("of equal scores what was found earlier comes first", at(&of[0], 50), .5);
    there_is(0, 0, 0, 4);
    finds(0, 0, 0, 4, .3);
    finds(2, 0, 0, 4, .3);
    judge();
    check_equal("of equal scores what was found earlier comes first, and be it right", at(&of[0], 50), 1);
}

/* Precision at a recall is the highest there or beyond: wrong, right, right of two is 1/2 at .5 alone, but 2/3 is reached later. */
static void test_envelope(void) {
    there_is(0, 0, 0, 4);
    there_is(1, 0, 0, 4);
    finds(2, 0, 0, 4, .9);
    finds(0, 0, 0, 4, .8);
    finds(1, 0, 0, 4, .7);
    judge();
    check_equal("precision is the highest at a recall or beyond it", at(&of[0], 50), 2. / 3);
}

static void test_threshold(void) {
    there_is(0, 0, 0, 8);
    finds(0, 0, 2, 6, .9);
    judge();
    check_equal("an IoU of exactly .5 is enough at .5", at(&of[0], 50), 1);
    check_equal("and not at .55", at(&of[0], 55), 0);
    check_equal("mAP@.5:.95 of that is a tenth", tool_precision_mean(&all), .1);
    there_is(0, 0, 0, 8);
    finds(0, 0, 2, 5.99, .9);
    judge();
    check_equal("an IoU under .5 is not", at(&of[0], 50), 0);
}

/* A = [0, 10], B = [3, 13]. [2, 12] overlaps A by 8/12 and B by 9/11: it takes B. [2.5, 12.5] overlaps B by 9.5/10.5 and A by 7.5/12.5 = .6: while B is
 * taken it may take A. At .85 the first takes nothing, and so the second B: wrong, right of two. */
static void test_best_of_those_left(void) {
    there_is(0, 0, 0, 10);
    there_is(0, 0, 3, 13);
    finds(0, 0, 2, 12, .9);
    finds(0, 0, 2.5, 12.5, .8);
    judge();
    check_equal("a taken truth leaves the next best", at(&of[0], 50), 1);
    check_equal("unless it overlaps too little", at(&of[0], 70), 51. / 101);
    check_equal("what overlaps too little takes nothing", at(&of[0], 85), .5 * 51 / 101);
    there_is(0, 0, 0, 10);
    there_is(0, 0, 3, 13);
    finds(0, 0, 2, 12, .9);
    finds(0, 0, 0, 9, .8);
    judge();
    check_equal("the truth that is overlapped most is taken", at(&of[0], 50), 1);
}

static void test_classes(void) {
    there_is(0, 0, 0, 4);
    finds(0, 0, 0, 4, .9);
    there_is(0, 1, 0, 4);
    finds(0, 2, 0, 4, .95);
    judge();
    check_equal("a class without truths does not count in the mean", at(&all, 50), .5);
    check_equal("nor has it an average precision", of[2].truths + tool_precision_mean(&of[2]), 0);
}

/* A hundred an image: what is right and comes behind `wrong` others has a precision of 1 / (wrong + 1), or is not looked at. */
static double ap_behind(int wrong) {
    there_is(1, 0, 0, 4);
    finds(0, 1, 0, 4, .01);
    for (int i = 0; i < wrong; ++i)
        finds(1, i % 2, 10, 14, .5 + .001 * i);
    finds(1, 0, 0, 4, .1);
    tool_objects_keep_best(&found, 1, TOOL_MAP_MOST);
    const int kept = found.count;
    judge();
    return at(&of[0], 50) + 1000 * (kept - 1);
}

static void test_most(void) {
    check_equal("a hundred boxes of an image count", ap_behind(99), 100000 + 1. / (50 + 1));
    check_equal("the one after them does not", ap_behind(100), 100000);
}

/* Recalls are read at hundredths, exactly: k of 100 reach k of them, and 0. */
static void test_recalls(void) {
    double worst = 0;
    for (int k = 1; k <= 100; ++k) {
        for (int i = 0; i < 100; ++i)
            there_is(i / 25, 0, i % 25, i % 25 + 1);
        for (int i = 0; i < k; ++i)
            finds(i / 25, 0, i % 25, i % 25 + 1, .9);
        judge();
        worst = larger(worst, fabs(at(&of[0], 95) - (k + 1) / 101.));
    }
    check_equal("29 of 100 reach a recall of .29, and so on", worst, 0);
}

static void test_iou(void) {
    const tool_box b = {.5f, .5f, .2f, .2f}, aside = {.7f, .5f, .2f, .2f}, above = {.5f, .6f, .2f, .2f},
                   none = {.5f, .5f, 0, .2f}, endless = {.5f, .5f, INFINITY, .2f}, nan = {NAN, .5f, .2f, .2f};
    check_equal("IoU of a box and the same half a side away", tool_iou(b, above), 1. / 3);
    check_equal("boxes that touch do not overlap", tool_iou(b, aside) > 1e-6 ? 1 : 0, 0);
    check_equal("a box without area overlaps nothing", tool_iou(b, none) + tool_iou(none, none), 0);
    there_is(0, 0, 0, 4);
    tool_objects_add(&found, (tool_object){endless, 0, 0, .9f});
    tool_objects_add(&found, (tool_object){nan, 0, 0, .8f});
    judge();
    check_equal("boxes that are no numbers are wrong", at(&of[0], 50), 0);
}

/* ---- the detector of coloured squares, and scenes for it ---- */

static FILE *create(const char *folder, const char *name, const char *ending) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    FILE *file = fopen(path, "w");
    if (!file) {
        printf("FAIL cannot write %s\n", path);
        exit(1);
    }
    return file;
}

/* Behind a convolution 1 x 1 from red, green and blue: an object is where red or blue is bright and green is not; red ones are class 0, blue ones class 1.
 * A cell is 8 x 8 pixels of the network, and what it finds lies in its middle. */
static void write_detector(const char *folder, const char *name, const char *net, const char *detection) {
    enum { OUTPUTS = 7 };
    static const float bias[OUTPUTS] = {0, 0, 0, 0, -36, 0, 0},
                       weight[OUTPUTS][3] = {{0}, {0}, {0}, {0}, {40, -40, 40}, {20, 0, -20}, {-20, 0, 20}};
    static const int version[3] = {0, 2, 0};
    const unsigned long long seen = 0;
    FILE *file = create(folder, name, ".cfg");
    fprintf(file,
            "[net]\nwidth=32\nheight=32\nchannels=3\n%s[maxpool]\nsize=8\nstride=8\npadding=0\n"
            "[convolutional]\nfilters=%d\nsize=1\nstride=1\nactivation=linear\n%s",
            net, OUTPUTS, detection);
    fclose(file);
    file = create(folder, name, ".weights");
    fwrite(version, sizeof version, 1, file);
    fwrite(&seen, sizeof seen, 1, file);
    fwrite(bias, sizeof bias, 1, file);
    fwrite(weight, sizeof weight, 1, file);
    fclose(file);
}

enum { RED, BLUE };

/* A black image of w x h pixels, whose squares are the middles of cells of `cell` pixels. */
typedef struct {
    int w, h, cell;
    unsigned char pixel[64][64][3];
    FILE *labels;
} scene;

static scene *begin_scene(const char *folder, const char *name, int w, int h, int cell) {
    scene *s = calloc(1, sizeof *s);
    s->w = w, s->h = h, s->cell = cell;
    s->labels = create(folder, name, ".txt");
    return s;
}

static void draw_square(scene *s, int column, int row, int colour, int brightness) {
    for (int y = 2; y < s->cell - 2; ++y)
        for (int x = 2; x < s->cell - 2; ++x)
            s->pixel[row * s->cell + y][column * s->cell + x][colour == RED ? 0 : 2] = (unsigned char)brightness;
}

/* In pixels. */
static void label(scene *s, int class, double x, double y, double w, double h) {
    fprintf(s->labels, "%d %.7f %.7f %.7f %.7f\n", class, (x + w / 2) / s->w, (y + h / 2) / s->h, w / s->w, h / s->h);
}

/* As a PPM file, by a name that Darknet knows to have labels. */
static void end_scene(scene *s, const char *folder, const char *name, FILE *list) {
    FILE *file = create(folder, name, ".png");
    fprintf(file, "P6\n%d %d\n255\n", s->w, s->h);
    for (int y = 0; y < s->h; ++y)
        fwrite(s->pixel[y], 3, (size_t)s->w, file);
    fclose(file);
    fclose(s->labels);
    fprintf(list, "%s.png\n", name);
    free(s);
}

/* Red: right, wrong, and right at an IoU of .5 alone (it is 8 / 15.9); one is not found. Blue: right. */
static void write_known_scenes(const char *folder) {
    FILE *list = create(folder, "known", ".list");
    scene *s = begin_scene(folder, "one", 32, 32, 8);
    draw_square(s, 0, 0, RED, 255);
    label(s, RED, 0, 0, 8, 8);
    draw_square(s, 2, 1, BLUE, 255);
    label(s, BLUE, 16, 8, 8, 8);
    end_scene(s, folder, "one", list);
    s = begin_scene(folder, "two", 32, 32, 8);
    draw_square(s, 1, 1, RED, 245);
    label(s, RED, 24, 24, 8, 8);
    end_scene(s, folder, "two", list);
    s = begin_scene(folder, "three", 32, 32, 8);
    draw_square(s, 2, 2, RED, 240);
    label(s, RED, 16, 16, 15.9, 8);
    end_scene(s, folder, "three", list);
    fclose(list);
}

/* An image twice as wide as high. */
static void write_wide_scene(const char *folder) {
    FILE *list = create(folder, "wide", ".list");
    scene *s = begin_scene(folder, "wide", 64, 32, 16);
    draw_square(s, 1, 0, RED, 255);
    label(s, RED, 16, 0, 16, 16);
    draw_square(s, 3, 1, BLUE, 255);
    label(s, BLUE, 48, 16, 16, 16);
    end_scene(s, folder, "wide", list);
    fclose(list);
}

/* Red ones side by side. */
static void write_neighbours(const char *folder) {
    FILE *list = create(folder, "neighbours", ".list");
    scene *s = begin_scene(folder, "neighbours", 32, 32, 8);
    draw_square(s, 1, 1, RED, 255);
    draw_square(s, 2, 1, RED, 245);
    label(s, RED, 4, 4, 16, 16);
    end_scene(s, folder, "neighbours", list);
    fclose(list);
}

/* Squares of any brightness, labels somewhat aside, some missing and some without a square. */
static void write_many_scenes(const char *folder) {
    FILE *list = create(folder, "many", ".list");
    srand(7);
    for (int i = 0; i < 40; ++i) {
        char name[16];
        snprintf(name, sizeof name, "many%d", i);
        const int cell = i % 4 ? 8 : 16, w = 4 * cell, h = i % 4 ? w : w / 2;
        scene *s = begin_scene(folder, name, w, h, cell);
        for (int c = 0; c < 16 * h / w; ++c) {
            const int colour = rand() % 2, what = rand() % 8;
            if (what < 4) draw_square(s, c % 4, c / 4, colour, 215 + rand() % 41);
            if (what > 0 && what < 5)
                label(s, colour, c % 4 * cell + rand() % 100 * .02, c / 4 * cell + rand() % 100 * .02, cell, cell);
        }
        end_scene(s, folder, name, list);
    }
    fclose(list);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    test_right_and_wrong();
    test_duplicate();
    test_order();
    test_envelope();
    test_threshold();
    test_best_of_those_left();
    test_classes();
    test_most();
    test_recalls();
    test_iou();
    const char *folder = argv[1], *letter = "letter_box=1\n";
    write_detector(folder, "squares", letter, "[yolo]\nmask=0\nanchors=8,8\nclasses=2\nnum=1\n");
    write_detector(folder, "stretched", "", "[yolo]\nmask=0\nanchors=8,8\nclasses=2\nnum=1\n");
    write_detector(folder, "region", letter, "[region]\nanchors=1,1\nclasses=2\nnum=1\ncoords=4\nsoftmax=1\n");
    write_detector(folder, "large", letter, "[yolo]\nmask=0\nanchors=16,16\nclasses=2\nnum=1\n");
    write_known_scenes(folder);
    write_wide_scene(folder);
    write_neighbours(folder);
    write_many_scenes(folder);
    return failed;
}
