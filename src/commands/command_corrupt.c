/* command_corrupt.c: `lgg corrupt`: error under the 15 corruptions and 5 severities of CIFAR-10-C, from its official files (-npy) or
 * from corruptions made of the test images, and relative MCE against another network's table (-baseline). */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "file.h"
#include "tool_classifier.h"
#include "tool_errors.h"
#include "tool_npy.h"

typedef struct {
    const char *npy, *write, *baseline, *only, *by, *csv;
    int seed, test, batch, seed_given;
    tool_classifier_options classifier;
} corrupt_options;

typedef struct {
    const corrupt_options *options;
    tool_data *data;
    tool_model *model;
    tool_classifier *classifier;
    tool_images *test;
    uint8_t *clean; /* (images, h, w, 3); made corruptions only */
    int *label;     /* (images) */
    int w, h;
    int wanted_count;
    tool_errors table;
    tool_progress progress; /* over all images of all severities */
} corrupt;

/* Of the images: where a corruption is not more than the image. */
enum { LEAST_SIDE = 4 };

/* How the README.txt of a directory begins that -write has filled; -npy knows it by that. */
static const char made_mark[] = "Not the official CIFAR-10-C";

/* ---- errors ---- */

static double error_of(corrupt *c, const tool_images *images) {
    int wrong = 0, *predicted = tool_classifier_predict(c->classifier, images, &c->progress);
    for (int i = 0; i < images->count; ++i)
        wrong += predicted[i] != images->label[i];
    free(predicted);
    return 100. * wrong / images->count;
}

static double error_of_bytes(corrupt *c, const uint8_t *bytes, int corruption, int severity) {
    char what[64];
    snprintf(what, sizeof what, "images (now %s, severity %d)", tool_corruption_names[corruption], severity);
    c->progress.what = what;
    tool_images *images = tool_images_from_bytes(bytes, c->label, c->table.images, c->w, c->h, 3);
    double error = error_of(c, images);
    tool_images_free(images);
    c->progress.what = "images";
    return error;
}

/* ---- official files ---- */

static char *path_in(const char *directory, const char *name) {
    size_t size = strlen(directory) + strlen(name) + 8;
    char *path = lgg_allocate(size, 1, "a path");
    snprintf(path, size, "%s/%s.npy", directory, name);
    return path;
}

/* The directory's README.txt. */
static char *readme_in(const char *directory) {
    char *path = lgg_path_with(directory, "/README.txt");
    if (!path) lgg_out_of_memory("a path", (double)strlen(directory));
    return path;
}

/* 1 unless it says that -write made what is in the directory. */
static int is_official(const char *directory) {
    char *path = readme_in(directory);
    const int made = tool_begins_with(path, made_mark);
    free(path);
    return !made;
}

/* readme: the directory's own, which is not ours. */
static void refuse_to_replace(const char *directory, const char *readme) {
    if (access(readme, F_OK) == 0) tool_fail("-write %s: would replace %s, which was not made here", directory, readme);
    for (int i = -1; i < TOOL_CORRUPTIONS; ++i) {
        char *path = path_in(directory, i < 0 ? "labels" : tool_corruption_names[i]);
        if (access(path, F_OK) == 0) tool_fail("-write %s: would replace %s, which was not made here", directory, path);
        free(path);
    }
}

/* The clean error means something only on the images that were corrupted. */
static void compare_labels(const corrupt *c) {
    int same = c->test->count == c->table.images;
    for (int i = 0; same && i < c->test->count; ++i)
        same = c->test->label[i] == c->label[i];
    if (same) return;
    tool_note("%s/labels.npy has other labels than the test list %s: the clean error, and relative errors, are of "
              "other images",
              c->options->npy, c->data->valid);
}

/* The labels of the first severity, which those of the others repeat; every severity has `each` images. */
static void read_labels(corrupt *c, int *each) {
    char *path = path_in(c->options->npy, "labels");
    tool_npy npy = tool_npy_open(path);
    long count = npy.shape[0];
    if (npy.dimensions != 1 || count == 0 || count % TOOL_SEVERITIES || count > INT_MAX) {
        tool_fail("%s: should have one dimension, a label for each image of %d severities", path, TOOL_SEVERITIES);
    }
    *each = (int)(count / TOOL_SEVERITIES);
    c->table.images = c->options->test && c->options->test < *each ? c->options->test : *each;
    c->label = lgg_allocate((size_t)c->table.images, sizeof *c->label, "labels");
    for (int i = 0; i < c->table.images; ++i) {
        const int64_t label = tool_npy_int(&npy, path, i);
        if (label < 0 || label >= c->data->classes) {
            tool_fail("%s: label %lld of image %d is none of %d classes", path, (long long)label, i, c->data->classes);
        }
        c->label[i] = (int)label;
        for (int s = 1; s < TOOL_SEVERITIES; ++s) {
            if (tool_npy_int(&npy, path, (long)s * *each + i) == c->label[i]) continue;
            tool_fail("%s: severity %d has other labels than severity 1 (image %d)", path, s + 1, i);
        }
    }
    tool_npy_close(&npy);
    free(path);
}

/* The file of a corruption, once its header says what it should. */
static tool_npy open_corruption(const corrupt *c, int corruption, int each) {
    char *path = path_in(c->options->npy, tool_corruption_names[corruption]);
    tool_npy npy = tool_npy_open(path);
    if (strcmp(npy.type, "|u1") != 0) tool_fail("%s: holds items of type '%s', should be bytes, '|u1'", path, npy.type);
    if (npy.dimensions != 4 || npy.shape[1] != c->h || npy.shape[2] != c->w || npy.shape[3] != 3) {
        tool_fail("%s: has shape (%ld, %ld, %ld, %ld), should be (%d, %d, %d, 3)", path, npy.shape[0], npy.shape[1],
                  npy.shape[2], npy.shape[3], each * TOOL_SEVERITIES, c->h, c->w);
    }
    if (npy.shape[0] != (long)each * TOOL_SEVERITIES) {
        tool_fail("%s: has %ld images, labels.npy %d", path, npy.shape[0], each * TOOL_SEVERITIES);
    }
    free(path);
    return npy;
}

/* All headers before the first image is judged. */
static void check_files(const corrupt *c, int each) {
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        if (!c->table.wanted[i]) continue;
        tool_npy npy = open_corruption(c, i, each);
        tool_npy_close(&npy);
    }
}

static void judge_file(corrupt *c, int corruption, int each) {
    tool_npy npy = open_corruption(c, corruption, each);
    size_t severity = (size_t)each * (size_t)c->h * (size_t)c->w * 3;
    for (int s = 0; s < TOOL_SEVERITIES; ++s) {
        c->table.error[corruption][s] = error_of_bytes(c, npy.data + (size_t)s * severity, corruption, s + 1);
    }
    tool_npy_close(&npy);
}

/* ---- corruptions made here ---- */

static void keep_clean_images(corrupt *c) {
    size_t size = (size_t)c->w * (size_t)c->h * 3;
    c->table.images = c->test->count;
    c->clean = lgg_allocate((size_t)c->test->count * size, 1, "the test images");
    c->label = lgg_allocate((size_t)c->test->count, sizeof *c->label, "labels");
    memcpy(c->label, c->test->label, (size_t)c->test->count * sizeof *c->label);
    float *x = lgg_allocate(size, sizeof *x, "an image");
    for (int i = 0; i < c->test->count; ++i) {
        tool_images_read(c->test, i, 1, x);
        for (size_t j = 0; j < size; ++j)
            c->clean[(size_t)i * size + j] = (uint8_t)lrintf(255 * x[j % 3 * (size / 3) + j / 3]);
    }
    free(x);
}

static tool_output open_npy(const corrupt *c, const char *name, int h, int w) {
    if (!c->options->write) return (tool_output){0};
    char *path = path_in(c->options->write, name);
    tool_output output = tool_output_open(path);
    tool_npy_write_header(output.file, (long)c->table.images * TOOL_SEVERITIES, h, w, 3);
    free(path);
    return output;
}

static void judge_made(corrupt *c, int corruption) {
    size_t bytes = (size_t)c->table.images * (size_t)c->w * (size_t)c->h * 3;
    uint8_t *images = lgg_allocate(bytes, 1, "corrupted images");
    tool_output output = open_npy(c, tool_corruption_names[corruption], c->h, c->w);
    for (int s = 0; s < TOOL_SEVERITIES; ++s) {
        tool_corrupt(corruption, s + 1, c->options->seed, c->clean, images, c->table.images, c->h, c->w);
        c->table.error[corruption][s] = error_of_bytes(c, images, corruption, s + 1);
        if (output.file) fwrite(images, 1, bytes, output.file);
    }
    tool_output_commit(&output);
    free(images);
}

static void write_labels(const corrupt *c) {
    tool_output output = open_npy(c, "labels", 0, 0);
    for (int i = 0; i < c->table.images * TOOL_SEVERITIES; ++i)
        fputc(c->label[i % c->table.images], output.file);
    tool_output_commit(&output);
}

/* Whether the directory has labels, of these images; fails where they are of others. */
static int has_labels(const corrupt *c) {
    char *path = path_in(c->options->write, "labels");
    const long count = (long)c->table.images * TOOL_SEVERITIES;
    if (access(path, F_OK) != 0) {
        free(path);
        return 0;
    }
    tool_npy npy = tool_npy_open(path);
    int same = npy.dimensions == 1 && npy.shape[0] == count;
    for (long i = 0; same && i < count; ++i)
        same = tool_npy_int(&npy, path, i) == c->label[i % c->table.images];
    tool_npy_close(&npy);
    if (!same)
        tool_fail("-write %s: is of other images by its labels.npy; another directory would be right",
                  c->options->write);
    free(path);
    return 1;
}

/* What was made of the same images in the same way may be there: then the directory is added to. */
static void refuse_to_mix(const corrupt *c, const char *readme, const char *mark) {
    if (!tool_begins_with(readme, mark))
        tool_fail("-write %s: holds corruptions of another seed or build, as %s says; another directory would be right",
                  c->options->write, readme);
}

/* Makes the directory and marks it, before there is any file in it that could be taken for an official one. The labels come first, by which
 * the next to write there knows the images. */
static void begin_writing(const corrupt *c) {
    const char *directory = c->options->write;
    if (c->data->classes > 256)
        tool_fail("-write: labels.npy has a byte for each image, and there are %d classes", c->data->classes);
    tool_make_directory(directory);
    char mark[256], *path = readme_in(directory);
    snprintf(mark, sizeof mark, "%s: %s (seed %d).\n", made_mark, tool_corruptions_made, c->options->seed);
    if (is_official(directory)) {
        refuse_to_replace(directory, path);
    } else {
        refuse_to_mix(c, path, mark);
    }
    tool_output output = tool_output_open(path);
    fputs(mark, output.file);
    tool_output_commit(&output);
    free(path);
    if (!has_labels(c)) write_labels(c);
}

/* ---- the command ---- */

static void choose_corruptions(corrupt *c) {
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i)
        c->table.wanted[i] = !c->options->only;
    c->wanted_count = TOOL_CORRUPTIONS;
    if (!c->options->only) return;
    char **names;
    int count = tool_split(c->options->only, ',', &names);
    for (int i = 0; i < count; ++i) {
        int corruption = tool_corruption_of(names[i]);
        if (corruption == TOOL_CORRUPTIONS)
            tool_fail("-only %s: no such corruption; the first is %s", names[i], tool_corruption_names[0]);
        c->table.wanted[corruption] = 1;
        free(names[i]);
    }
    free(names);
    c->wanted_count = 0;
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i)
        c->wanted_count += c->table.wanted[i];
}

/* Everything that can be wrong is looked at first. each: images of a severity in the .npy files. */
static void prepare(corrupt *c, const tool_errors *base, int *each) {
    if (c->options->npy) {
        read_labels(c, each);
        check_files(c, *each);
        c->table.official = is_official(c->options->npy);
        compare_labels(c);
    } else {
        keep_clean_images(c);
        if (c->options->write) begin_writing(c);
    }
    c->table.clean_images = c->test->count;
    if (base) tool_errors_check(&c->table, base, c->options->baseline);
}

static void judge_all(corrupt *c, int each) {
    long severities = (long)c->wanted_count * TOOL_SEVERITIES;
    c->progress = tool_progress_begin("images", c->test->count + severities * c->table.images);
    c->table.clean = error_of(c, c->test);
    for (int i = 0; i < TOOL_CORRUPTIONS; ++i) {
        if (!c->table.wanted[i]) continue;
        if (c->options->npy) {
            judge_file(c, i, each);
        } else {
            judge_made(c, i);
        }
    }
    tool_progress_end(&c->progress);
}

/* One classifier judges all images: the network's own, or the one that the user names. */
static void choose_classifier(corrupt_options *o, const corrupt *c) {
    char idle[160];
    if (tool_classifier_find_idle(&o->classifier, o->by ? o->by : "argmax", 0, idle)) tool_fail("%s", idle);
    if (!o->by && strcmp(tool_classifier_default(c->model, c->data, &o->classifier), "argmax") != 0)
        tool_fail("one classifier judges an embedding: -by knn or -by logistic would be right");
    if (!o->by) o->by = "argmax";
}

static void check_options(const corrupt_options *o) {
    if (o->npy && o->write) tool_fail("-write saves corruptions made here; -npy reads those of %s", o->npy);
    if (o->by && strchr(o->by, ',')) tool_fail("-by %s: should be one of argmax, knn, logistic", o->by);
    if (o->by) tool_classifier_check_names(o->by);
    if (o->npy && o->seed_given) tool_fail("-seed: is of corruptions made here; -npy reads those of %s", o->npy);
    const char *missing = o->npy ? NULL : tool_corruptions_missing();
    if (missing) {
        tool_fail(
            "making corruptions needs %s, which this build lacks; -npy directory reads the official files without",
            missing);
    }
}

int command_corrupt(int argc, char **argv) {
    corrupt_options o = {.seed = 1, .batch = 100};
    tool_classifier_options_default(&o.classifier);
    tool_option list[TOOL_CLASSIFIER_OPTIONS + 9] = {
        {"npy", TOOL_STRING, &o.npy, 0, 0, "directory with the official .npy files; without, corruptions are made",
         NULL, NULL},
        {"write", TOOL_STRING, &o.write, 0, 0, "directory to save made corruptions to, as .npy", NULL, NULL},
        {"baseline", TOOL_STRING, &o.baseline, 0, 0, "another network's -csv: prints relative MCE", NULL, NULL},
        {"only", TOOL_STRING, &o.only, 0, 0, "some corruptions: fog,snow", NULL, NULL},
        {"by", TOOL_STRING, &o.by, 0, 0, "classifier: argmax, knn or logistic; default: argmax, of class probabilities",
         NULL, NULL},
        {"seed", TOOL_INT, &o.seed, 0, 2147483647, "of what is made", NULL, &o.seed_given},
        {"test", TOOL_INT, &o.test, 0, 1e9, "use the first n test images, 0 all", NULL, NULL},
        {"batch", TOOL_INT, &o.batch, 1, 100000, "images run at once", NULL, NULL},
        {"csv", TOOL_STRING, &o.csv, 0, 0, "write corruption,severity,images,error,source,relative,baseline_excess",
         NULL, NULL},
    };
    tool_classifier_option_list(&o.classifier, list + 9);
    const char *file[3];
    if (tool_parse_options(argc, argv, list, TOOL_CLASSIFIER_OPTIONS + 9, file, 3) != 3) {
        tool_fail("usage: ./darknet lgg corrupt data.cfg net.cfg net.weights [options]; -help lists them");
    }
    check_options(&o);
    tool_errors base;
    if (o.baseline) base = tool_errors_read(o.baseline);
    tool_csv_check(o.csv);
    corrupt c = {.options = &o, .data = tool_data_read(file[0]), .table = tool_errors_empty()};
    if (!c.data->valid) tool_fail("%s: names no test list (valid=file)", file[0]);
    choose_corruptions(&c);
    c.model = tool_model_load(file[1], file[2], o.batch);
    int channels;
    tool_model_input_size(c.model, &c.w, &c.h, &channels);
    if (channels != 3) tool_fail("the network takes %d channels, corruptions are of RGB images", channels);
    if (c.w < LEAST_SIDE || c.h < LEAST_SIDE)
        tool_fail("the network takes images of %d x %d; corruptions need %d x %d or more", c.w, c.h, LEAST_SIDE,
                  LEAST_SIDE);
    choose_classifier(&o, &c);
    if (!o.classifier.layer) tool_model_refuse_detection(c.model, "-layer n judges what one of its layers gives");
    c.test = tool_images_from_list(c.data->valid, c.data, c.w, c.h, 3, o.test);
    int each = 0;
    prepare(&c, o.baseline ? &base : NULL, &each);
    c.classifier = tool_classifier_create(o.by, &o.classifier, c.model, c.data);
    tool_classifier_options_free(&o.classifier);
    judge_all(&c, each);
    tool_errors_print(&c.table, o.baseline ? &base : NULL, o.baseline);
    tool_errors_write(&c.table, o.baseline ? &base : NULL, o.csv);
    free(c.clean);
    free(c.label);
    tool_classifier_free(c.classifier);
    tool_images_free(c.test);
    tool_model_free(c.model);
    tool_data_free(c.data);
    return 0;
}
