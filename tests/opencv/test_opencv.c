/* test_opencv.c: the build with OpenCV loads the same pixels as the build without, whose decoder is in it too.
 *
 * usage: test_opencv PICTURE.jpg IMAGE...     to be linked with a Darknet built with OPENCV=1; PICTURE.jpg is written from the first image */
#include <math.h>
#include <stdio.h>

#include "darknet.h"
#include "image.h"
#include "../larger.h"

image load_image_stb(char *filename, int channels);

/* Whether the host leaves the loading of images to OpenCV. */
#ifdef SECOND_HOST
#define LOADS_BY_OPENCV 1
#else
#define LOADS_BY_OPENCV 0
#endif

/* The largest difference of any pixel in grey levels; 1000 if the sizes differ. */
static double difference(image a, image b) {
    double largest = 0;
    if (a.w != b.w || a.h != b.h || a.c != b.c) return 1000;
    for (int i = 0; i < a.w * a.h * a.c; ++i)
        largest = larger(largest, fabs((double)a.data[i] - (double)b.data[i]) * 255);
    return largest;
}

static int check(const char *what, const char *path, int channels, image with, image without, double bound) {
    const double levels = difference(with, without);
    const int good = levels <= bound;
    printf("%s opencv_%s_%s_with_%d_channels: at most %.3f grey levels from the build without\n",
           good ? "PASS" : "FAIL", what, path, channels, levels);
    free_image(with);
    free_image(without);
    return !good;
}

/* Writes `path`, which ends in .jpg, from an image. */
static void make_picture(const char *path, char *from) {
    char stem[256];
    image im = load_image_color(from, 0, 0), large = resize_image(im, 83, 61);
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(path) - strlen(".jpg")), path);
    save_image(large, stem);
    free_image(large);
    free_image(im);
}

int main(int argc, char **argv) {
    int failures = 0;
    if (argc < 3) return 2;
    make_picture(argv[1], argv[2]);
    for (int i = 1; i < argc; ++i) {
        for (int channels = 1; channels <= 3; channels += 2) {
            /* OpenCV's own decoders, for what the other cannot read: exact but for the rounding of grey and jpegs */
            const double bound = strstr(argv[i], ".jpg") ? 3.001 : channels == 1 ? 1.001 : 0;
            failures += check("loads", argv[i], channels, load_image(argv[i], 0, 0, channels),
                              load_image_stb(argv[i], channels), LOADS_BY_OPENCV ? bound : 0);
            failures += check("decodes", argv[i], channels, load_image_cv(argv[i], channels),
                              load_image_stb(argv[i], channels), bound);
        }
    }
    return failures != 0;
}
