/* detection.c: a detection set from CIFAR-10: its images, enlarged or reduced, pasted at random places on textured canvases, with YOLO labels.
 * The same seed gives the same bytes.
 *
 *     scene:    SIDE x SIDE pixels of value noise in three octaves, each scene with two colours of its own
 *     objects:  1 to 5 images of 16 to 48 pixels a side, of which no two overlap by more than a quarter of the smaller
 *     files:    OUT/train/00000.png and 00000.txt (class x y w h, parts of the side) …, OUT/test, OUT/train.list, OUT/test.list
 *
 * Train scenes have training images, test scenes test images.
 *
 * usage: detection TRAIN-LIST TEST-LIST LABELS OUT TRAIN-SCENES TEST-SCENES SEED [PATH-IN-LISTS] */
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = 96, OBJECT = 32, CLASSES = 10, MOST = 5, LEAST_SIZE = 16, MOST_SIZE = 48 };

static _Noreturn void fail(const char *what, const char *which) {
    fprintf(stderr, "detection: %s %s\n", what, which);
    exit(1);
}

/* Uniform in 0 .. n - 1 (splitmix64). */
static uint64_t state;
static int below(int n) {
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (int)((z ^ (z >> 31)) >> 33) % n;
}

/* ---- images ---- */

typedef struct {
    char **path;
    int count;
} list;

static list read_list(const char *file) {
    list l = {0};
    char line[4096];
    FILE *stream = fopen(file, "r");
    if (!stream) fail("cannot open", file);
    while (fgets(line, sizeof line, stream)) {
        line[strcspn(line, "\r\n")] = '\0';
        l.path = realloc(l.path, (size_t)(l.count + 1) * sizeof *l.path);
        if (!l.path || !(l.path[l.count] = strdup(line))) fail("out of memory for", file);
        ++l.count;
    }
    fclose(stream);
    if (!l.count) fail("no lines in", file);
    return l;
}

static void read_object(const char *path, uint8_t pixels[OBJECT * OBJECT * 3]) {
    int w, h, most;
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "P6 %d %d %d", &w, &h, &most) != 3 || w != OBJECT || h != OBJECT || most != 255 ||
        fgetc(file) == EOF || fread(pixels, OBJECT * OBJECT * 3, 1, file) != 1)
        fail("is no 32 x 32 PPM file:", path);
    fclose(file);
}

/* "00012_cat.ppm" of a class whose name ends the file's. */
static int class_of(const char *path, const list *labels) {
    const char *name = strrchr(path, '_');
    for (int i = 0; name && i < labels->count; ++i) {
        const size_t length = strlen(labels->path[i]);
        if (strncmp(name + 1, labels->path[i], length) == 0 && name[1 + length] == '.') return i;
    }
    fail("no class in the name", path);
}

static void write_png(const char *path, uint8_t *pixels) {
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!file || !info || setjmp(png_jmpbuf(png))) fail("cannot write", path);
    png_init_io(png, file);
    png_set_IHDR(png, info, SIDE, SIDE, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 3);
    png_write_info(png, info);
    for (int y = 0; y < SIDE; ++y)
        png_write_row(png, pixels + y * SIDE * 3);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    if (fclose(file)) fail("cannot write", path);
}

/* ---- scenes ---- */

/* Adds noise of one octave, weight (0 .. 256) of it, to level (SIDE, SIDE): values at the corners of cells, bilinear between them. */
static void add_octave(int *level, int cell, int weight) {
    int corner[SIDE / 4 + 2][SIDE / 4 + 2];
    for (int y = 0; y <= SIDE / cell + 1; ++y)
        for (int x = 0; x <= SIDE / cell + 1; ++x)
            corner[y][x] = below(256);
    for (int y = 0; y < SIDE; ++y) {
        for (int x = 0; x < SIDE; ++x) {
            const int i = y / cell, j = x / cell, v = y % cell, u = x % cell;
            const int above = corner[i][j] * (cell - u) + corner[i][j + 1] * u,
                      under = corner[i + 1][j] * (cell - u) + corner[i + 1][j + 1] * u;
            level[y * SIDE + x] += weight * (above * (cell - v) + under * v) / (cell * cell);
        }
    }
}

static void draw_canvas(uint8_t *pixels) {
    static int level[SIDE * SIDE];
    int from[3], to[3];
    memset(level, 0, sizeof level);
    for (int c = 0; c < 3; ++c)
        from[c] = below(256), to[c] = below(256);
    add_octave(level, 32, 128);
    add_octave(level, 12, 80);
    add_octave(level, 4, 48);
    for (int i = 0; i < SIDE * SIDE * 3; ++i) {
        const int part = level[i / 3] / 256;
        pixels[i] = (uint8_t)((from[i % 3] * (255 - part) + to[i % 3] * part) / 255);
    }
}

typedef struct {
    int x, y, size;
} box;

static int overlaps(box a, const box *others, int count) {
    for (int i = 0; i < count; ++i) {
        const box b = others[i];
        const int right = a.x + a.size < b.x + b.size ? a.x + a.size : b.x + b.size, left = a.x > b.x ? a.x : b.x;
        const int bottom = a.y + a.size < b.y + b.size ? a.y + a.size : b.y + b.size, top = a.y > b.y ? a.y : b.y;
        const int least = a.size < b.size ? a.size : b.size;
        if (right > left && bottom > top && 4 * (right - left) * (bottom - top) > least * least) return 1;
    }
    return 0;
}

/* The object's pixel in the middle of each of the box's, bilinear. */
static void paste(uint8_t *pixels, box b, const uint8_t *object) {
    for (int y = 0; y < b.size; ++y) {
        for (int x = 0; x < b.size; ++x) {
            const double v = (y + .5) * OBJECT / b.size - .5, u = (x + .5) * OBJECT / b.size - .5;
            const double cv = v < 0            ? 0
                              : v > OBJECT - 1 ? OBJECT - 1
                                               : v,
                         cu = u < 0            ? 0
                              : u > OBJECT - 1 ? OBJECT - 1
                                               : u;
            const int i = (int)cv, j = (int)cu, k = i + (i < OBJECT - 1), l = j + (j < OBJECT - 1);
            for (int c = 0; c < 3; ++c) {
                const double above =
                    object[(i * OBJECT + j) * 3 + c] * (1 - cu + j) + object[(i * OBJECT + l) * 3 + c] * (cu - j);
                const double under =
                    object[(k * OBJECT + j) * 3 + c] * (1 - cu + j) + object[(k * OBJECT + l) * 3 + c] * (cu - j);
                pixels[((b.y + y) * SIDE + b.x + x) * 3 + c] = (uint8_t)(above * (1 - cv + i) + under * (cv - i) + .5);
            }
        }
    }
}

static void write_scene(const char *out, int number, const list *images, const list *labels) {
    static uint8_t pixels[SIDE * SIDE * 3], object[OBJECT * OBJECT * 3];
    char path[4096];
    box boxes[MOST];
    int count = 0, wanted = 1 + below(MOST);
    draw_canvas(pixels);
    snprintf(path, sizeof path, "%s/%05d.txt", out, number);
    FILE *file = fopen(path, "w");
    if (!file) fail("cannot write", path);
    for (int tries = 0; count < wanted && tries < 50; ++tries) {
        box b = {0, 0, LEAST_SIZE + below(MOST_SIZE - LEAST_SIZE + 1)};
        b.x = below(SIDE - b.size + 1);
        b.y = below(SIDE - b.size + 1);
        if (overlaps(b, boxes, count)) continue;
        const char *image = images->path[below(images->count)];
        read_object(image, object);
        paste(pixels, b, object);
        fprintf(file, "%d %.6f %.6f %.6f %.6f\n", class_of(image, labels), (b.x + b.size / 2.) / SIDE,
                (b.y + b.size / 2.) / SIDE, (double)b.size / SIDE, (double)b.size / SIDE);
        boxes[count++] = b;
    }
    if (fclose(file)) fail("cannot write", path);
    snprintf(path, sizeof path, "%s/%05d.png", out, number);
    write_png(path, pixels);
}

static void write_scenes(const char *out, const char *set, const char *in_lists, int scenes, const list *images,
                         const list *labels) {
    char folder[2048], path[4096];
    snprintf(folder, sizeof folder, "%s/%s", out, set);
    snprintf(path, sizeof path, "%s/%s.list", out, set);
    FILE *file = fopen(path, "w");
    if (mkdir(folder, 0777) || !file) fail("cannot write in", out);
    for (int i = 0; i < scenes; ++i) {
        write_scene(folder, i, images, labels);
        fprintf(file, "%s/%s/%05d.png\n", in_lists, set, i);
        if (i % 100 == 99 && isatty(2)) fprintf(stderr, "\r%s: %d of %d scenes ", set, i + 1, scenes);
    }
    if (isatty(2)) fprintf(stderr, "\r\033[K");
    if (fclose(file)) fail("cannot write", path);
}

int main(int argc, char **argv) {
    if (argc != 8 && argc != 9) {
        fprintf(stderr,
                "usage: detection TRAIN-LIST TEST-LIST LABELS OUT TRAIN-SCENES TEST-SCENES SEED [PATH-IN-LISTS]\n");
        return 2;
    }
    const list train = read_list(argv[1]), test = read_list(argv[2]), labels = read_list(argv[3]);
    const char *in_lists = argc == 9 ? argv[8] : argv[4];
    if (labels.count != CLASSES) fail("has not ten labels:", argv[3]);
    if (mkdir(argv[4], 0777)) fail("there is one already, or it cannot be made:", argv[4]);
    state = (uint64_t)strtoull(argv[7], NULL, 10) * 2 + 1;
    write_scenes(argv[4], "train", in_lists, atoi(argv[5]), &train, &labels);
    write_scenes(argv[4], "test", in_lists, atoi(argv[6]), &test, &labels);
    return 0;
}
