/* command_deploy.c: `lgg deploy`: a network as any Darknet reads it (tool_deploy.h), in two files that are written only once what they
 * give for some images is what the network gave. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "file.h"
#include "tool_deploy.h"
#include "tool_network.h"

/* Of numbers around 1; of larger ones, of the largest. */
#define BOUND 1e-5
/* Of each network, at once. */
#define BATCH 4

typedef struct {
    char *path;
    lgg_file *aside;
} output;

static output begin(const char *folder, const char *base, const char *suffix) {
    const size_t size = strlen(folder) + strlen(base) + strlen(suffix) + 2;
    output o = {.path = lgg_allocate(size, 1, "a file's name")};
    snprintf(o.path, size, "%s/%s%s", folder, base, suffix);
    if (tool_is_input(o.path))
        tool_fail("-o %s: %s, which this command reads, would be written over; give another folder", folder, o.path);
    o.aside = lgg_file_begin(o.path);
    if (!o.aside) tool_fail("cannot write %s: %s", o.path, strerror(errno));
    return o;
}

static void sync_output(output *o) {
    if (lgg_file_sync(o->aside)) tool_fail("cannot write %s: %s", o->path, strerror(errno));
}

static void commit(output *o) {
    if (lgg_file_replace(o->aside)) tool_fail("cannot write %s: %s", o->path, strerror(errno));
    free(o->path);
}

/* The first line of NAME.cfg, new: of which network it was made. */
static char *mark_of(const char *cfg, const char *base) {
    const size_t size = strlen(base) + 64;
    char *mark = lgg_allocate(size, 1, "a line");
    snprintf(mark, size, "# lgg deploy of %s.cfg %016" PRIx64 "\n", base, lgg_file_checksum(cfg));
    return mark;
}

/* What is replaced was made of the same network. */
static void refuse_others(const char *folder, const output *cfg, const output *weights, const char *mark) {
    const int is_cfg = access(cfg->path, F_OK) == 0, is_weights = access(weights->path, F_OK) == 0;
    if ((is_cfg || is_weights) && !tool_begins_with(cfg->path, mark)) {
        tool_fail("-o %s: %s is there and was not made of this network; give another folder", folder,
                  is_cfg ? cfg->path : weights->path);
    }
}

/* ---- the check ---- */

typedef struct {
    tool_model *deployed;
    const int *layer, *place; /* the layers that are compared, and where they are in the other network */
    int layers;
    float *x;
    const tool_images *images;
    double difference, largest;
} comparison;

static void compare_batch(void *context, tool_model *model, int first, int count) {
    comparison *c = context;
    tool_images_read(c->images, first, count, c->x);
    tool_model_forward(c->deployed, c->x, count);
    for (int i = 0; i < c->layers; ++i) {
        const size_t size = (size_t)tool_model_size(model, c->layer[i]);
        if (tool_model_size(c->deployed, c->place[i]) != (int)size) {
            tool_fail("layer %d gives %d numbers where it gave %zu", c->layer[i],
                      tool_model_size(c->deployed, c->place[i]), size);
        }
        const float *was = tool_model_output(model, c->layer[i]), *is = tool_model_output(c->deployed, c->place[i]);
        for (size_t j = 0; j < (size_t)count * size; ++j) {
            const double apart = fabs((double)was[j] - (double)is[j]);
            /* a NaN counts, and stays */
            if (!isnan(c->difference) && !(apart <= c->difference)) c->difference = apart;
            c->largest = fmax(c->largest, fabs((double)was[j]));
        }
    }
}

/* The chosen layer, last, after the layers up to it that give boxes. */
static int compared_layers(const tool_model *model, int last, int *layer) {
    int count = 0;
    for (int i = 0; i < last; ++i) {
        if (tool_model_is_detection(model, i)) layer[count++] = i;
    }
    layer[count++] = last;
    return count;
}

static void check(tool_model *model, tool_model *deployed, const tool_deployment *d, int last,
                  const tool_images *images) {
    int w, h, channels;
    tool_model_input_size(model, &w, &h, &channels);
    int *layer = lgg_allocate((size_t)last + 1, sizeof *layer, "layers"),
        *place = lgg_allocate((size_t)last + 1, sizeof *place, "layers");
    comparison c = {.deployed = deployed, .layer = layer, .place = place, .images = images};
    c.layers = compared_layers(model, last, layer);
    for (int i = 0; i < c.layers; ++i)
        place[i] = tool_deployment_layer(d, layer[i]);
    c.x = lgg_allocate((size_t)BATCH * (size_t)(w * h * channels), sizeof *c.x, "a batch of images");
    tool_progress progress = tool_progress_begin("comparing images", images->count);
    tool_model_run(model, images, &progress, compare_batch, &c);
    tool_progress_end(&progress);
    const double relative = c.difference / fmax(c.largest, 1);
    if (!(relative <= BOUND)) {
        tool_fail(
            "what the new network gives for %d images is up to %.3g away from what the old one gives (of %.3g; at "
            "most %g of it is allowed); nothing was written",
            images->count, c.difference, c.largest, BOUND);
    }
    printf("outputs of %d images: at most %.2g apart, of numbers up to %.3g\n", images->count, c.difference, c.largest);
    free(c.x);
    free(layer);
    free(place);
}

/* ---- the command ---- */

static int chosen_layer(const tool_model *model, const char *text) {
    if (!text) return tool_model_output_layer(model);
    int *index;
    const int count = tool_parse_layers(text, tool_model_layers(model), &index), layer = index[0];
    free(index);
    if (count != 1 || layer == TOOL_INPUT) tool_fail("-layer %s: should be one layer", text);
    return layer;
}

/* The nearest layer up to this one that has an output of its own. */
static int layer_with_output(tool_model *model, int layer) {
    while (layer > 0 && !tool_model_has_output(model, layer))
        --layer;
    return layer;
}

static tool_images *images_to_compare(const char *data_cfg, const tool_model *model, int count) {
    int w, h, c;
    tool_data *data = tool_data_read_lists(data_cfg);
    const char *list = data->valid ? data->valid : data->train;
    if (!list) tool_fail("%s: names no images (valid=list or train=list)", data_cfg);
    tool_model_input_size(model, &w, &h, &c);
    tool_images *images = tool_images_without_labels(list, w, h, c, count);
    tool_data_free(data);
    return images;
}

int command_deploy(int argc, char **argv) {
    const char *folder = NULL, *layer = NULL, *file[3];
    int fold = 0, count = 100;
    const tool_option list[] = {
        {"o", TOOL_STRING, &folder, 0, 0, "folder for NAME.cfg and NAME.weights, NAME being that of net.cfg", NULL,
         NULL},
        {"layer", TOOL_STRING, &layer, 0, 0, "the last layer to keep, for an embedding; -1 is the last; default: all",
         NULL, NULL},
        {"fold", TOOL_FLAG, &fold, 0, 0, "batch norms become part of weights: faster, and not to be trained further",
         NULL, NULL},
        {"test", TOOL_INT, &count, 1, 1e9, "images that are compared", NULL, NULL},
    };
    if (tool_parse_options(argc, argv, list, sizeof list / sizeof *list, file, 3) != 3 || !folder) {
        tool_fail("usage: ./darknet lgg deploy data.cfg net.cfg net.weights -o folder [options]; -help lists them");
    }
    if (!HOST_WRITES_LAYERS) tool_fail("this Darknet was built without our patches `training`, which write weights");
    tool_model *source = tool_model_load_unfolded(file[1], file[2], 1);
    const int last = layer_with_output(source, chosen_layer(source, layer));
    tool_images *images = images_to_compare(file[0], source, count);
    tool_make_directory(folder);
    char *base = tool_base_name(file[1]);
    output cfg = begin(folder, base, ".cfg"), weights = begin(folder, base, ".weights");
    char *mark = mark_of(file[1], base);
    refuse_others(folder, &cfg, &weights, mark);

    tool_deployment *d = tool_deploy(tool_model_network(source), file[1], last, fold);
    fputs(mark, cfg.aside->stream);
    tool_deployment_write_cfg(d, cfg.aside->stream);
    tool_deployment_write_weights(d, weights.aside->stream);
    sync_output(&cfg);
    sync_output(&weights);

    tool_model *model = tool_model_load_unfolded(file[1], file[2], BATCH);
    tool_model *deployed = tool_model_load_unfolded(cfg.aside->temporary, weights.aside->temporary, BATCH);
    check(model, deployed, d, last, images);
    tool_deployment_print(d);
    printf("%s\n%s\n", cfg.path, weights.path);
    commit(&weights);
    commit(&cfg);

    tool_deployment_free(d);
    tool_model_free(source);
    tool_model_free(model);
    tool_model_free(deployed);
    tool_images_free(images);
    free(mark);
    free(base);
    return 0;
}
