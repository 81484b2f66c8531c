/* command_embed.c: `lgg embed`: what a layer gives for each image of a list, streamed to NAME.npy and NAME.csv. Both grow as NAME.npy.part and
 * NAME.csv.part, and get their names when the last image is done: a run that was stopped goes on behind the last image that is in both, as
 * long as the list begins with the same images and the network is the same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "file.h"
#include "tool_embedding.h"
#include "tool_npy.h"

static const char csv_header[] = "row,label,path\n";

/* The two files on their way. */
typedef struct {
    const char *name;
    char *npy_path, *csv_path;
    FILE *npy, *csv;
    int d;
    long done; /* images */
} growing;

static char *path_of(const char *name, const char *suffix) {
    char *path = lgg_path_with(name, suffix);
    if (!path) lgg_out_of_memory("a path", (double)strlen(name));
    return path;
}

/* Opened for reading and writing, made where it is not there. */
static FILE *open_growing(const char *path) {
    FILE *file = fopen(path, "r+b");
    if (!file && errno == ENOENT) file = fopen(path, "w+b");
    if (!file) tool_fail("cannot write %s: %s", path, strerror(errno));
    return file;
}

static void check_written(const growing *files) {
    if (fflush(files->npy) || ferror(files->npy)) tool_fail("cannot write %s: %s", files->npy_path, strerror(errno));
    if (fflush(files->csv) || ferror(files->csv)) tool_fail("cannot write %s: %s", files->csv_path, strerror(errno));
}

/* Whether NAME.txt says what this run would. */
static int is_same_network(const char *path, const char *text) {
    char line[512] = "";
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    line[fread(line, 1, sizeof line - 1, file)] = '\0';
    fclose(file);
    return strcmp(line, text) == 0;
}

static long rows_in(FILE *npy, int d) {
    if (fseeko(npy, 0, SEEK_END) != 0) return 0;
    const off_t bytes = ftello(npy) - TOOL_NPY_HEADER;
    return bytes > 0 ? (long)(bytes / ((off_t)d * (off_t)sizeof(float))) : 0;
}

/* How many rows of the CSV are those that the list begins with, at most `most`; *end is where they end. The list stands behind their images
 * then. */
static long rows_of_list(FILE *csv, long most, tool_list *list, const tool_data *data, off_t *end) {
    char *line = NULL;
    size_t size = 0;
    long rows = 0;
    rewind(csv);
    *end = 0;
    const int begins = tool_getline(&line, &size, csv) >= 0 && strcmp(line, csv_header) == 0;
    if (begins) *end = ftello(csv);
    while (begins && rows < most && tool_getline(&line, &size, csv) > 0) {
        char *expected = tool_embedding_line(rows, data, tool_list_next(list));
        const size_t length = strlen(expected);
        const int same = strncmp(line, expected, length) == 0 && line[length] == '\n';
        free(expected);
        if (!same) break;
        ++rows;
        *end = ftello(csv);
    }
    tool_list_seek(list, rows);
    free(line);
    return rows;
}

/* Opens the files, with what is of use of an earlier run in them; the list stands behind those images. */
static void begin(growing *files, const char *text, tool_list *list, const tool_data *data) {
    char *made_with = path_of(files->name, ".txt.part");
    const int same = is_same_network(made_with, text);
    off_t csv_end;
    files->npy_path = path_of(files->name, ".npy.part");
    files->csv_path = path_of(files->name, ".csv.part");
    if (!same && access(files->npy_path, F_OK) == 0)
        tool_note("%s is not of this cfg, these weights and this layer: begins anew", files->npy_path);
    files->npy = open_growing(files->npy_path);
    files->csv = open_growing(files->csv_path);
    long most = same ? rows_in(files->npy, files->d) : 0;
    if (most > tool_list_count(list)) most = tool_list_count(list);
    files->done = rows_of_list(files->csv, most, list, data, &csv_end);
    const off_t npy_end = TOOL_NPY_HEADER + (off_t)files->done * files->d * (off_t)sizeof(float);
    if (ftruncate(fileno(files->csv), csv_end)) tool_fail("cannot write %s: %s", files->csv_path, strerror(errno));
    if (ftruncate(fileno(files->npy), npy_end)) tool_fail("cannot write %s: %s", files->npy_path, strerror(errno));
    rewind(files->npy);
    tool_npy_write_header_rows(files->npy, tool_list_count(list), files->d);
    fseeko(files->npy, npy_end, SEEK_SET);
    fseeko(files->csv, csv_end, SEEK_SET);
    if (csv_end == 0) fputs(csv_header, files->csv);
    check_written(files);
    if (!same) {
        tool_output output = tool_output_open(made_with);
        fputs(text, output.file);
        tool_output_commit(&output);
    }
    free(made_with);
}

/* On the disk, before a name says that it is whole. */
static void close_synced(FILE *file, const char *path) {
    if (fsync(fileno(file))) tool_fail("cannot write %s: %s", path, strerror(errno));
    if (fclose(file)) tool_fail("cannot write %s: %s", path, strerror(errno));
}

static void give_name(const char *part, const char *path) {
    if (rename(part, path)) tool_fail("cannot write %s: %s", path, strerror(errno));
}

/* Gives the files their names. */
static void finish(growing *files) {
    char *npy = path_of(files->name, ".npy"), *csv = path_of(files->name, ".csv");
    char *text = path_of(files->name, ".txt"), *text_part = path_of(files->name, ".txt.part");
    check_written(files);
    close_synced(files->npy, files->npy_path);
    close_synced(files->csv, files->csv_path);
    unlink(text); /* it never stands beside an array that another network gave */
    give_name(files->npy_path, npy);
    give_name(files->csv_path, csv);
    give_name(text_part, text);
    free(files->npy_path);
    free(files->csv_path);
    free(npy);
    free(csv);
    free(text);
    free(text_part);
}

/* Embeds the list from where it stands. */
static void embed(const tool_embedding *embedding, growing *files, tool_list *list, const tool_data *data) {
    const long total = tool_list_count(list);
    const int batch = tool_model_batch(embedding->model);
    tool_images *images = tool_embedding_batch(embedding);
    const size_t pixels = (size_t)images->w * (size_t)images->h * (size_t)images->c, d = (size_t)files->d;
    float *x = lgg_allocate((size_t)batch * pixels, sizeof *x, "a batch of images");
    float *values = lgg_allocate((size_t)batch * d, sizeof *values, "a batch of outputs");
    tool_progress progress = tool_progress_begin("images", total - files->done);
    while (files->done < total) {
        const int count = total - files->done < batch ? (int)(total - files->done) : batch;
        tool_embedding_read(images, list, count);
        tool_images_read(images, 0, count, x);
        tool_model_forward(embedding->model, x, count);
        tool_embedding_take(embedding, count, values);
        fwrite(values, d * sizeof *values, (size_t)count, files->npy);
        for (int i = 0; i < count; ++i) {
            char *line = tool_embedding_line(files->done + i, data, images->path[i]);
            fprintf(files->csv, "%s\n", line);
            free(line);
        }
        check_written(files);
        files->done += count;
        tool_progress_step(&progress, progress.done + count);
    }
    tool_progress_end(&progress);
    tool_images_free(images);
    free(values);
    free(x);
}

/* Fails where one of the files is there and not of this command's making. An array is where its CSV is there, too. */
static void refuse_to_replace(const char *name) {
    static const struct {
        const char *end, *begins, *kind;
    } files[] = {{".txt", TOOL_EMBEDDING_TEXT, "note of what was embedded"},
                 {".csv", csv_header, "CSV of an embedding"},
                 {".npy", "\x93NUMPY", "array"},
                 {".lock", NULL, "lock"}};
    char *csv = path_of(name, ".csv"), *csv_part = path_of(name, ".csv.part"), *npy = path_of(name, ".npy");
    for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
        char *path = path_of(name, files[i].end);
        tool_output_check_kind(path, files[i].begins, files[i].kind);
        free(path);
    }
    if (access(npy, F_OK) == 0 && access(csv, F_OK) != 0 && access(csv_part, F_OK) != 0)
        tool_fail("-o: %s is there without its CSV, and would be lost; another name would be right", npy);
    free(csv);
    free(csv_part);
    free(npy);
}

/* Fails where NAME is none, or one of the files is read by this command: a list may well be called NAME.txt. */
static void check_names(const char *name) {
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
    if (!*(slash ? slash + 1 : name)) tool_fail("-o '%s': should be a name, such as embedding", name);
    if (dot && strcmp(dot, ".npy") == 0)
        tool_fail("-o %s: should be the name without its ending, %.*s", name, (int)(dot - name), name);
    static const char *const ends[] = {".npy", ".csv", ".txt", ".npy.part", ".csv.part", ".txt.part"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        char *path = path_of(name, ends[i]);
        if (tool_is_input(path))
            tool_fail("-o %s: %s is read by this command; another NAME would be right", name, path);
        free(path);
    }
    refuse_to_replace(name);
}

int command_embed(int argc, char **argv) {
    const char *name = "embedding";
    tool_embedding_options o;
    tool_embedding_options_default(&o);
    tool_option options[TOOL_EMBEDDING_OPTIONS + 1];
    tool_embedding_option_list(&o, options);
    options[TOOL_EMBEDDING_OPTIONS] =
        (tool_option){"o", TOOL_STRING, &name, 0, 0, "writes NAME.npy, NAME.csv and NAME.txt", NULL, NULL};
    const char *file[3];
    if (tool_parse_options(argc, argv, options, sizeof options / sizeof *options, file, 3) != 3)
        tool_fail("usage: ./darknet lgg embed data.cfg net.cfg net.weights [options]; -help lists them");
    tool_data *data = tool_data_read_lists(file[0]);
    tool_list *list = tool_list_open(tool_embedding_list(&o, data, file[0]), o.images);
    check_names(name);
    char *lock_path = path_of(name, ".lock");
    pid_t holder = 0;
    const int lock = lgg_lock(lock_path, &holder);
    if (lock < 0 && errno == EBUSY) tool_fail("%s: process %ld is writing it", name, (long)holder);
    if (lock < 0) tool_fail("cannot write %s: %s", lock_path, strerror(errno));

    tool_model *model = tool_model_load(file[1], file[2], o.batch);
    const tool_embedding embedding = tool_embedding_of(model, o.layer, o.pool);
    growing files = {.name = name, .d = tool_embedding_size(&embedding)};
    char *text = tool_embedding_text(&embedding, file[1], file[2]);
    begin(&files, text, list, data);
    if (files.done) tool_note("goes on after %ld of %ld images", files.done, tool_list_count(list));
    embed(&embedding, &files, list, data);
    finish(&files);
    printf("%s.npy: %ld rows of %d values, layer %s; %s.csv: their labels and paths\n", name, files.done, files.d,
           tool_model_layer_name(model, embedding.layer), name);
    lgg_unlock(lock, lock_path);
    free(lock_path);
    free(text);
    tool_list_close(list);
    tool_model_free(model);
    tool_data_free(data);
    return 0;
}
