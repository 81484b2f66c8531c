/* command_nearest.c: `lgg nearest`: which images of a list a network finds most similar to some others, as a table and a contact sheet. The
 * search is exact. The list is embedded on the way, or with -in taken from what `lgg embed` has written: then only the images asked for go
 * through the network. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "label.h"
#include "tool_embedding.h"
#include "tool_npy.h"
#include "tool_sheet.h"

/* As often an image that is asked for may be in the list itself. */
enum { LISTED = 16 };

static tool_found_lists make_search(const char *const *query, int queries, int k, int euclidean) {
    const size_t room = (size_t)k + LISTED;
    tool_found_lists s = {query, queries, k, (int)room, euclidean, NULL, NULL, NULL};
    s.matches = lgg_allocate((size_t)queries, sizeof *s.matches, "matches");
    s.found = lgg_allocate((size_t)queries * (size_t)k, sizeof *s.found, "matches");
    s.count = lgg_allocate((size_t)queries, sizeof *s.count, "matches");
    tool_match *match = lgg_allocate((size_t)queries * room, sizeof *match, "matches");
    for (int i = 0; i < queries; ++i)
        s.matches[i] = (tool_matches){match + (size_t)i * room, 0, (int)room};
    return s;
}

static void free_search(tool_found_lists *s) {
    for (int i = 0; i < s->queries * s->k; ++i) {
        free(s->found[i].label);
        free(s->found[i].path);
    }
    free(s->matches[0].match);
    free(s->matches);
    free(s->found);
    free(s->count);
}

/* q (queries, size) */
static float *embed_queries(const tool_embedding *embedding, const tool_found_lists *s) {
    const int batch = tool_model_batch(embedding->model);
    const size_t d = (size_t)tool_embedding_size(embedding);
    tool_images images = {.count = s->queries, .path = (char **)s->query};
    tool_model_input_size(embedding->model, &images.w, &images.h, &images.c);
    const size_t pixels = (size_t)images.w * (size_t)images.h * (size_t)images.c;
    float *x = lgg_allocate((size_t)batch * pixels, sizeof *x, "a batch of images");
    float *q = lgg_allocate((size_t)s->queries * d, sizeof *q, "the images' outputs");
    for (int first = 0; first < s->queries; first += batch) {
        const int count = s->queries - first < batch ? s->queries - first : batch;
        tool_images_read(&images, first, count, x);
        tool_model_forward(embedding->model, x, count);
        tool_embedding_take(embedding, count, q + (size_t)first * d);
    }
    free(x);
    return q;
}

/* ---- where the others come from ---- */

/* All images of a list through the network. */
static void search_list(const tool_embedding *embedding, tool_list *list, const float *q, tool_found_lists *s) {
    const int batch = tool_model_batch(embedding->model), d = tool_embedding_size(embedding);
    const long total = tool_list_count(list);
    tool_images *images = tool_embedding_batch(embedding);
    const size_t pixels = (size_t)images->w * (size_t)images->h * (size_t)images->c;
    float *x = lgg_allocate((size_t)batch * pixels, sizeof *x, "a batch of images");
    float *values = lgg_allocate((size_t)batch * (size_t)d, sizeof *values, "a batch of outputs");
    tool_progress progress = tool_progress_begin("images", total);
    for (long first = 0; first < total; first += batch) {
        const int count = total - first < batch ? (int)(total - first) : batch;
        tool_embedding_read(images, list, count);
        tool_images_read(images, 0, count, x);
        tool_model_forward(embedding->model, x, count);
        tool_embedding_take(embedding, count, values);
        tool_search(q, s->queries, values, first, count, d, s->euclidean, s->matches, &progress);
    }
    tool_progress_end(&progress);
    tool_images_free(images);
    free(values);
    free(x);
}

/* Puts a name to each match on that row. */
static void name_row(const tool_found_lists *s, tool_found *all, long row, const char *label, const char *path) {
    for (int i = 0; i < s->queries; ++i) {
        for (int j = 0; j < s->matches[i].count; ++j) {
            if (s->matches[i].match[j].row != row) continue;
            tool_found *f = &all[(size_t)i * (size_t)s->room + (size_t)j];
            *f = (tool_found){s->matches[i].match[j].score, row, lgg_copy_string(label), lgg_copy_string(path)};
        }
    }
}

static int compare_rows(const void *a, const void *b) {
    const long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* The rows of all matches in order, new; their number. */
static int rows_wanted(const tool_found_lists *s, long **rows) {
    int count = 0;
    *rows = lgg_allocate((size_t)s->queries * (size_t)s->room, sizeof **rows, "matches");
    for (int i = 0; i < s->queries; ++i) {
        for (int j = 0; j < s->matches[i].count; ++j)
            (*rows)[count++] = s->matches[i].match[j].row;
    }
    qsort(*rows, (size_t)count, sizeof **rows, compare_rows);
    return count;
}

/* The paths of the matches, from the list. */
static void name_by_list(const tool_found_lists *s, tool_found *all, tool_list *list, const tool_data *data) {
    long *rows, at = 0;
    const int count = rows_wanted(s, &rows);
    tool_list_seek(list, 0);
    for (int i = 0; i < count; ++i) {
        if (i && rows[i] == rows[i - 1]) continue;
        const char *path = NULL;
        for (; at <= rows[i]; ++at)
            path = tool_list_next(list);
        const int label = label_of_path(path, data->names, data->classes);
        name_row(s, all, rows[i], label < 0 ? "" : data->names[label], path);
    }
    free(rows);
}

/* The same from NAME.csv. */
static void name_by_csv(const tool_found_lists *s, tool_found *all, const char *path) {
    long *rows, at = -1; /* the header */
    const int count = rows_wanted(s, &rows);
    char *line = NULL;
    size_t size = 0;
    FILE *file = tool_open_text(path);
    for (int i = 0; i < count; ++i) {
        if (i && rows[i] == rows[i - 1]) continue;
        const char *label, *image;
        for (; at <= rows[i]; ++at) {
            if (tool_getline(&line, &size, file) < 0) tool_fail("%s: has no row %ld", path, rows[i]);
        }
        if (!tool_embedding_split(line, &label, &image)) tool_fail("%s: row %ld is no row,label,path", path, rows[i]);
        name_row(s, all, rows[i], label, image);
    }
    fclose(file);
    free(line);
    free(rows);
}

/* What `lgg embed` has written as NAME. */
static void search_file(const char *name, int d, const float *q, tool_found_lists *s) {
    char path[4096];
    snprintf(path, sizeof path, "%s.npy", name);
    tool_npy npy = tool_npy_open(path);
    if (strcmp(npy.type, "<f4") != 0 || npy.dimensions != 2 || npy.shape[1] != d)
        tool_fail("%s: should hold rows of %d floats (<f4), as lgg embed writes them", path, d);
    tool_progress progress = tool_progress_begin("rows", npy.shape[0]);
    tool_search(q, s->queries, (const float *)(const void *)npy.data, 0, npy.shape[0], d, s->euclidean, s->matches,
                &progress);
    tool_progress_end(&progress);
    tool_npy_close(&npy);
}

/* The k best of each query, but for the image itself. */
static void keep_others(tool_found_lists *s, tool_found *all) {
    for (int i = 0; i < s->queries; ++i) {
        int own = 0;
        for (int j = 0; j < s->matches[i].count; ++j) {
            tool_found *f = &all[(size_t)i * (size_t)s->room + (size_t)j];
            const int is_own = tool_is_same_file(f->path, s->query[i]);
            own += is_own;
            if (!is_own && s->count[i] < s->k) {
                s->found[(size_t)i * (size_t)s->k + (size_t)s->count[i]++] = *f;
            } else {
                free(f->label);
                free(f->path);
            }
        }
        if (own > LISTED) tool_note("%s is there more than %d times, and fewer others are found", s->query[i], LISTED);
    }
}

int command_nearest(int argc, char **argv) {
    const char *in = NULL, *metric = "cosine", *sheet = NULL, *csv = NULL;
    int k = 10;
    tool_embedding_options o;
    tool_embedding_options_default(&o);
    tool_option options[TOOL_EMBEDDING_OPTIONS + 5] = {
        {"k", TOOL_INT, &k, 1, 1000, "most similar images of each", NULL, NULL},
        {"in", TOOL_STRING, &in, 0, 0, "NAME of what lgg embed has written, instead of a list", NULL, NULL},
        {"metric", TOOL_STRING, &metric, 0, 0, "of similarity", "cosine|euclidean", NULL},
        {"o", TOOL_STRING, &sheet, 0, 0, "contact sheet: file.svg, or file.html", NULL, NULL},
        {"csv", TOOL_STRING, &csv, 0, 0, "write the table", NULL, NULL},
    };
    tool_embedding_option_list(&o, options + 5);
    const char **file = lgg_allocate((size_t)argc, sizeof *file, "the names of files");
    const int files = tool_parse_options(argc, argv, options, sizeof options / sizeof *options, file, argc);
    if (files < 4)
        tool_fail("usage: ./darknet lgg nearest data.cfg net.cfg net.weights IMAGE... [options]; -help lists them");
    tool_picture_check(sheet, 1);
    tool_csv_check(csv);
    char layer_of_file[16];
    if (in) {
        if (o.layer || o.pool || o.list || o.images || strcmp(o.set, "valid"))
            tool_fail("-in %s: goes without -layer, -pool, -list, -set and -images, which lgg embed had", in);
        const char *dot = strrchr(in, '.');
        if (dot && strcmp(dot, ".npy") == 0)
            tool_fail("-in %s: give NAME without its ending, %.*s", in, (int)(dot - in), in);
        tool_embedding_find(in, file[1], file[2], layer_of_file, &o.pool);
        o.layer = layer_of_file;
    }
    tool_data *data = tool_data_read_lists(file[0]);
    tool_list *list = in ? NULL : tool_list_open(tool_embedding_list(&o, data, file[0]), o.images);
    tool_model *model = tool_model_load(file[1], file[2], o.batch);
    const tool_embedding embedding = tool_embedding_of(model, o.layer, o.pool);

    tool_found_lists s = make_search(file + 3, files - 3, k, strcmp(metric, "euclidean") == 0);
    tool_found *all = lgg_allocate((size_t)s.queries * (size_t)s.room, sizeof *all, "matches");
    float *q = embed_queries(&embedding, &s);
    if (in) {
        char path[4096];
        search_file(in, tool_embedding_size(&embedding), q, &s);
        snprintf(path, sizeof path, "%s.csv", in);
        name_by_csv(&s, all, path);
    } else {
        search_list(&embedding, list, q, &s);
        name_by_list(&s, all, list, data);
        tool_list_close(list);
    }
    keep_others(&s, all);
    tool_found_print(&s);
    tool_found_write_csv(csv, &s);
    char title[256];
    snprintf(title, sizeof title, "Most similar by layer %s of %s, %s", tool_model_layer_name(model, embedding.layer),
             file[1], metric);
    tool_found_write_sheet(sheet, &s, title);
    free(all);
    free(q);
    free_search(&s);
    free(file);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
