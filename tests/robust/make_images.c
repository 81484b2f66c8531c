/* make_images.c: a tiny data set for tests: N images of SIDE x SIDE pixels in CLASSES classes that differ in colour and texture.
 *
 * usage: make_images FOLDER N CLASSES SIDE      writes FOLDER/<i>_class<c>.png, FOLDER/train.list, labels.list, tiny.data */
#include <stdio.h>
#include <stdlib.h>

#include "darknet.h"

static FILE *list_in(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    const char *folder = argv[1];
    const int n = atoi(argv[2]), classes = atoi(argv[3]), side = atoi(argv[4]);
    srand(1);
    FILE *train = list_in(folder, "train.list");
    for (int i = 0; i < n; ++i) {
        image im = make_image(side, side, 3);
        const int label = i % classes;
        for (int p = 0; p < side * side; ++p)
            for (int c = 0; c < 3; ++c)
                im.data[c * side * side + p] =
                    (float)(.25 + .25 * (double)((p % side * (label + 1 + c) / 3) % 2) + .4 * rand() / RAND_MAX);
        char name[4096];
        snprintf(name, sizeof name, "%s/%d_class%d", folder, i, label);
        save_image_options(im, name, PNG, 0);
        fprintf(train, "%s.png\n", name);
        free_image(im);
    }
    fclose(train);
    FILE *labels = list_in(folder, "labels.list");
    for (int c = 0; c < classes; ++c)
        fprintf(labels, "class%d\n", c);
    fclose(labels);
    FILE *data = list_in(folder, "tiny.data");
    fprintf(data,
            "classes=%d\ntrain=%s/train.list\nvalid=%s/train.list\nlabels=%s/labels.list\nbackup=%s/backup\ntop=1\n",
            classes, folder, folder, folder, folder);
    fclose(data);
    return 0;
}
