/* tool.h: what the commands of `./darknet lgg` share: options, images, networks, output files, progress, random numbers.
 *
 * The commands are programs' ends, not a library: where a user's mistake makes going on senseless, they print one line
 * (tool_fail) and exit with status 1, and no half-written file stays behind (tool_output).
 */
#ifndef LGG_TOOL_H
#define LGG_TOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "lgg.h"
#include "allocate.h"

#ifdef __GNUC__
#define TOOL_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define TOOL_PRINTF(text, first)
#endif

/* ---- errors (tool_common.c); memory: allocate.h ---- */

/* Prints "lgg COMMAND: message" on stderr and exits with status 1. */
_Noreturn void tool_fail(const char *format, ...) TOOL_PRINTF(1, 2);
/* One line on stderr, "lgg COMMAND: message", and goes on. */
void tool_note(const char *format, ...) TOOL_PRINTF(1, 2);
/* The command named in those lines, and what it takes before its options: "log.csv". */
void tool_set_command(const char *command, const char *arguments);
/* "usage: ./darknet lgg COMMAND ARGUMENTS [options]" */
void tool_print_usage(FILE *file);

/* Opens a file of text for reading; fails with one line where that cannot be, or where it cannot be text. */
FILE *tool_open_text(const char *path);
/* getline(), but where there is no memory the program ends: -1 is the end of the file. */
ssize_t tool_getline(char **line, size_t *size, FILE *file);

/* ---- options (tool_options.c) ---- */

typedef enum { TOOL_FLAG, TOOL_INT, TOOL_DOUBLE, TOOL_STRING } tool_option_kind;

typedef struct {
    const char *name; /* without its dash */
    tool_option_kind kind;
    void *value;             /* int, int, double or const char *, holding the default */
    double minimum, maximum; /* of numbers, inclusive; both 0: any */
    const char *help;        /* what it sets, ending in nothing */
    const char *choices;     /* TOOL_STRING: "one|of|these", or NULL: anything */
    int *given;              /* set to 1 when the option is there, or NULL */
} tool_option;

/* Reads argv[0..argc) against `count` options; everything else that does not begin with a dash goes to positional, at most
 * max_positional. Returns their number. An unknown option, a missing or bad value: tool_fail, with the nearest known name. */
int tool_parse_options(int argc, char **argv, const tool_option *options, int count, const char **positional,
                       int max_positional);
/* The usage, then each option with its default. */
void tool_print_options(FILE *file, const tool_option *options, int count);

/* Parses "3,7,-1" and "input"; returns the number of indices in a new array. Negative ones count from `layers`; `input` is
 * TOOL_INPUT. */
#define TOOL_INPUT (-1)
int tool_parse_layers(const char *text, int layers, int **indices);
/* "12" or "input", for files. */
void tool_layer_index(int layer, char text[16]);
/* Splits "cat,dog" into a new array of new strings. */
int tool_split(const char *text, char separator, char ***parts);
/* Whether `word` is one of the `count` words. */
int tool_is_one_of(const char *word, const char *const *words, size_t count);
/* The same of an array. */
#define TOOL_IS_ONE_OF(word, words) tool_is_one_of(word, words, sizeof(words) / sizeof *(words))
/* "net" of "cfg/net.cfg", new. */
char *tool_base_name(const char *path);

/* Options that build a graph, by their .cfg names. */
#define TOOL_GRAPH_OPTIONS 5
typedef struct {
    const char *similarity;
    double alpha;
    int unit, k, normalize, alpha_given;
} tool_graph_options;
void tool_graph_options_default(tool_graph_options *graph);
void tool_graph_option_list(tool_graph_options *graph, tool_option list[TOOL_GRAPH_OPTIONS]);
lgg_graph_options tool_graph_options_get(const tool_graph_options *graph);

/* What makes a layer's graph say little, seen in what it gives for a few images. */
typedef struct {
    int negative, dead;                      /* layers with negative values; with mostly zero vectors */
    const char *first_negative, *first_dead; /* their names */
} tool_graph_doubts;
/* x (n, d) of the layer `name`; once a layer. */
void tool_graph_doubt(tool_graph_doubts *doubts, const char *name, const float *x, int n, int d);
/* A line on stderr for each kind, where the similarity minds. */
void tool_graph_doubts_print(const tool_graph_doubts *doubts, const tool_graph_options *graph);

/* ---- files that are read, over which nothing is written (tool_inputs.c) ---- */

/* A file that the command reads. Its arguments that are no options, and what tool_open_text, tool_npy_open and tool_model_load open, are
 * known as such. Fails where the command means to write it. */
void tool_add_input(const char *path);
/* The same of a list of images and of each image that it names; it need not be there. */
void tool_add_images(const char *list);
/* Whether it is one of them, by whatever name. */
int tool_is_input(const char *path);
/* Fails where it is. */
void tool_refuse_input(const char *path);
/* A file that the command means to write. Fails where another output has that name. */
void tool_add_output(const char *path);
/* Forgets all of them: a command begins. */
void tool_forget_files(void);
/* Whether two paths name one file. */
int tool_is_same_file(const char *a, const char *b);

/* ---- images and labels (tool_images.c) ---- */

typedef struct {
    int classes;
    char **names;
    const char *train, *valid; /* lists of paths; NULL where the file names none */
    const char *map, *leaves;  /* what the host reads of a tree of classes; NULL likewise */
} tool_data;

/* Reads a Darknet .data file and the labels it names. */
tool_data *tool_data_read(const char *path);
/* The same where classes do not matter: there may be one, or none. */
tool_data *tool_data_read_lists(const char *path);
void tool_data_free(tool_data *data);

/* A set of images to run a network over: paths of a list, or bytes in memory. */
typedef struct {
    int count;
    int w, h, c;
    int *label;           /* (count), class of each, 0 <= label < classes; NULL without labels */
    char **path;          /* (count), or NULL: then bytes holds them */
    const uint8_t *bytes; /* (count, h, w, c) as numpy has images; not owned */
} tool_images;

/* Reads the list, drops what comes after the first `limit` images (0: none), and labels each by its path: the class whose
 * name matches furthest right, the longest on ties. Fails on a path without a class or an empty list. */
tool_images *tool_images_from_list(const char *list, const tool_data *data, int w, int h, int c, int limit);
/* The same without labels. */
tool_images *tool_images_without_labels(const char *list, int w, int h, int c, int limit);
tool_images *tool_images_from_bytes(const uint8_t *bytes, const int *label, int count, int w, int h, int c);
/* Reads images first .. first + count into x (count, c, h, w), values in [0, 1]. */
void tool_images_read(const tool_images *images, int first, int count, float *x);
/* bytes (h, w, c), 0 to 255, to x (c, h, w), 0 to 1. */
void tool_planes_of_bytes(const uint8_t *bytes, int w, int h, int c, float *x);
/* Writes x (c, h, w), values in [0, 1], as an 8-bit PNG. */
void tool_image_write(const char *path, const float *x, int w, int h, int c);
void tool_images_free(tool_images *images);

/* A list of paths that is read as it is needed (tool_list.c). Opening it counts its images, at most `limit` of them (0: all). */
typedef struct tool_list tool_list;
tool_list *tool_list_open(const char *path, long limit);
long tool_list_count(const tool_list *list);
/* The next path will be that of this image, 0 the first. */
void tool_list_seek(tool_list *list, long image);
/* The next path, until the following call; not to be asked for more than there are. */
const char *tool_list_next(tool_list *list);
void tool_list_close(tool_list *list);

/* ---- progress (tool_common.c) ---- */

typedef struct {
    const char *what; /* may change on the way; NULL: nothing is printed */
    long done, total;
    double start, last;
} tool_progress;
tool_progress tool_progress_begin(const char *what, long total);
/* `done` of the total are done; prints that and the time left now and then. */
void tool_progress_step(tool_progress *progress, long done);
/* One line with what was done, which may be less than the total, and how long it took. */
void tool_progress_end(tool_progress *progress);

/* ---- networks (tool_model.c, which runs them through tool_network.h, tool_gradient.h, tool_dropping.h and host_tool.h) ---- */

typedef struct tool_model tool_model;

/* Loads a network for inference in batches of `batch`, whatever batch its cfg trains with. LGG sections are inert and load no
 * teacher. */
tool_model *tool_model_load(const char *cfg, const char *weights, int batch);
/* The same with the weights of each layer rounded to `bits` bits, 2 to 16: to the multiples of one step, (2^(bits - 1) - 1) of which are the
 * layer's largest weight. Biases and batch normalization stay as they are. */
tool_model *tool_model_load_rounded(const char *cfg, const char *weights, int batch, int bits);
/* The same with its batch norms where they are, as other programs read it. */
tool_model *tool_model_load_unfolded(const char *cfg, const char *weights, int batch);
void tool_model_free(tool_model *model);
int tool_model_batch(const tool_model *model);
void tool_model_input_size(const tool_model *model, int *w, int *h, int *c);
int tool_model_layers(const tool_model *model);
/* 1 if the layer is one of our sections: it has no output of its own. */
int tool_model_is_lgg(const tool_model *model, int layer);
/* 1 unless the layer has no output of its own: one of our sections, or a [cost]. */
int tool_model_has_output(const tool_model *model, int layer);
/* The same of an output that tool_model_output gives: an antialiased layer's has another size than the layer says. */
int tool_model_is_readable(const tool_model *model, int layer);
/* Fails where it is not. */
void tool_model_refuse_unreadable(const tool_model *model, int layer);
/* Index of the layer whose output is the network's. */
int tool_model_output_layer(const tool_model *model);
/* 1 if the network has any of our sections. */
int tool_model_has_lgg(const tool_model *model);
int tool_model_is_softmax(const tool_model *model, int layer);
/* 1 if the layer gives boxes or masks. */
int tool_model_is_detection(const tool_model *model, int layer);
/* Fails where the network has a detection layer, saying what to do `instead`: it has no class for a whole image. */
void tool_model_refuse_detection(const tool_model *model, const char *instead);
/* Values a layer gives for one image; TOOL_INPUT is a layer. */
int tool_model_size(const tool_model *model, int layer);
/* The same as channels of h rows and w columns; what has no positions is (size, 1, 1). */
void tool_model_shape(const tool_model *model, int layer, int *w, int *h, int *c);
/* "12 shortcut" or "input", for tables. Belongs to the model. */
const char *tool_model_layer_name(const tool_model *model, int layer);
/* The layer that an LGG section taps last, else the last pooling over the whole image, else what the softmax takes in. */
int tool_model_embedding_layer(const tool_model *model);

/* Runs x (count, c, h, w), count <= batch, in inference mode. x must stay valid while outputs are read. */
void tool_model_forward(tool_model *model, const float *x, int count);
/* (count, size) of the last forward; belongs to the model. */
const float *tool_model_output(tool_model *model, int layer);

/* The layers that end a block, in a new array: each [shortcut]; without any, each [convolutional] and [connected] but the last. */
int tool_model_blocks(const tool_model *model, int **layers);
/* From now on each value that one of the n layers gives is 0 with probability `share`, else over 1 - share; the draws are those of
 * (seed, position). share 0: nothing is dropped any more. */
void tool_model_drop(tool_model *model, const int *layers, int n, double share, uint64_t seed, uint64_t position);

/* Makes the network differentiable in inference mode (batch normalization with its rolling statistics, dropout off). */
void tool_model_prepare_gradient(tool_model *model);
/* tool_model_forward where gradients are to follow; x must stay valid until then. After tool_model_prepare_gradient. */
void tool_model_forward_for_gradient(tool_model *model, const float *x, int count);
/* What the last softmax takes in over its temperature, (count, classes), of the last forward; belongs to the model. After
 * tool_model_prepare_gradient. */
const float *tool_model_logits(tool_model *model);
/* The gradient (count, c, h, w) with respect to the input of what has this gradient (count, classes) with respect to the logits, as often
 * as wanted after tool_model_forward_for_gradient. */
void tool_model_backward(tool_model *model, const float *logit_gradient, int count, float *gradient);
/* For tests: forward, then the gradient of the summed cross-entropy of the true labels with respect to the input, both (count, c, h, w).
 * Returns the loss. After tool_model_prepare_gradient. */
double tool_model_input_gradient(tool_model *model, const float *x, const int *label, int count, float *gradient);

/* -log softmax(logits)_label and, in `gradient` (classes), its gradient softmax(logits) - onehot(label), exact also where the label's
 * probability is 1 to float32. */
double tool_cross_entropy(const float *logits, int label, int classes, float *gradient);

/* Runs over all images, calling `each` after every batch; progress advances by each image. */
typedef void (*tool_batch_function)(void *context, tool_model *model, int first, int count);
void tool_model_run(tool_model *model, const tool_images *images, tool_progress *progress, tool_batch_function each,
                    void *context);

/* Outputs of one layer for all images, new (count, size). */
float *tool_model_embed(tool_model *model, const tool_images *images, int layer, tool_progress *progress);

/* C (m, n) = A B, A (m, k) or its transpose when ta, B (k, n) or its transpose when tb. Row-major. */
void tool_gemm(int ta, int tb, int m, int n, int k, const float *a, const float *b, float *c);
/* The class of each of `count` images by what the network's output layer gives for them, scores (count, size), which are used up: that of the
 * greatest score, and with a tree of classes ([softmax] tree=) that of the most probable leaf, as `classifier valid` has it. */
void tool_model_decide(const tool_model *model, float *scores, int count, int *predicted);
/* Index of the greatest; the first of equals. */
int tool_argmax(const float *x, int n);

/* ---- output (tool_output.c) ---- */

/* A file that appears under its name only when complete; what is no file (a pipe), or what the program prints to (/dev/stdout), is written to
 * as it is. */
typedef struct {
    FILE *file;
    char *path;
    struct lgg_file *aside; /* where the bytes are until then */
} tool_output;
/* path NULL: everything written goes nowhere. */
tool_output tool_output_open(const char *path);
void tool_output_commit(tool_output *output);
/* Fails at once where tool_output_open would after an hour's work, or where another output has that name. path may be NULL. */
void tool_output_check(const char *path);
/* The same of -csv; what is there already must be a table or empty. */
void tool_csv_check(const char *path);
/* The same of -o where it is a picture: .svg, or without an ending; or, if it may be a page, .html. What is there already must be such. */
void tool_picture_check(const char *path, int may_be_page);
/* tool_output_check; what is there already must be empty or (begins not NULL) begin so, or it is no `kind`. */
void tool_output_check_kind(const char *path, const char *begins, const char *kind);
/* The same of an ONNX model: .onnx, or without an ending. */
void tool_model_check(const char *path);
/* 1 if the file at path is there and begins with this text; a stream does not. */
int tool_begins_with(const char *path, const char *text);
/* 1 for what exists and is no file, and for what the program prints to. */
int tool_output_is_stream(const char *path);
/* text as one value of a row: in quotes where it has commas, quotes or line ends. */
void tool_csv_text(FILE *file, const char *text);
/* Creates the directory unless it is there. */
void tool_make_directory(const char *path);

/* ---- random numbers (tool_random.c): the same on every machine ---- */

typedef struct {
    uint64_t state[4];
} tool_random;
tool_random tool_random_seed(uint64_t seed, uint64_t stream);
double tool_random_uniform(tool_random *random);   /* [0, 1) */
int tool_random_below(tool_random *random, int n); /* 0 .. n-1 */
double tool_random_normal(tool_random *random);    /* mean 0, deviation 1 */
double tool_random_poisson(tool_random *random, double mean);

#endif
