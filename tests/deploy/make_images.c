/* make_images.c: images for networks as tensors (c, h, w), values in [0, 1]: the first of a list of binary PPM files, or noise that is
 * brighter in some places than in others.
 *
 * usage: make_images OUT COUNT LIST         make_images OUT COUNT C H W */
#include <string.h>

#include "tensors.h"

static void read_ppm(const char *path, tensors *t, int i) {
    int w = 0, h = 0, most = 0;
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "P6 %d %d %d", &w, &h, &most) != 3 || fgetc(file) == EOF || most != 255) exit(2);
    if (!t->x) *t = tensors_new(t->count, 3 * w * h);
    for (int p = 0; p < w * h; ++p) {
        for (int c = 0; c < 3; ++c)
            t->x[(size_t)i * (size_t)t->size + (size_t)(c * w * h + p)] = (float)fgetc(file) / 255.f;
    }
    fclose(file);
}

static float draw(void) {
    static unsigned state = 7;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (float)(1 << 24);
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6) return 2;
    tensors t = {atoi(argv[2]), 0, NULL};
    if (argc == 4) {
        char line[4096];
        FILE *list = fopen(argv[3], "r");
        for (int i = 0; i < t.count; ++i) {
            if (!list || !fgets(line, sizeof line, list)) return 2;
            line[strcspn(line, "\n")] = '\0';
            read_ppm(line, &t, i);
        }
        fclose(list);
    } else {
        t = tensors_new(t.count, atoi(argv[3]) * atoi(argv[4]) * atoi(argv[5]));
        for (int i = 0; i < t.count * t.size; ++i) {
            static float level;
            if (i % 16 == 0) level = draw();
            t.x[i] = .5f * (level + draw());
        }
    }
    tensors_write(argv[1], t);
    return 0;
}
