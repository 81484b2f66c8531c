/* test_opencv.c: the build with OpenCV loads the same pixels as the build without, whose decoder is in it too.
 *
 * usage: test_opencv IMAGE...     to be linked with a Darknet built with OPENCV=1 */
#include <math.h>
#include <stdio.h>

#include "darknet.h"
#include "image.h"
#include "../larger.h"

image load_image_stb(char *filename, int channels);

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

int main(int argc, char **argv) {
    int failures = 0;
    for (int i = 1; i < argc; ++i) {
        for (int channels = 1; channels <= 3; channels += 2) {
            failures += check("loads", argv[i], channels, load_image(argv[i], 0, 0, channels),
                              load_image_stb(argv[i], channels), 0);
            /* OpenCV's own decoders, for what the other cannot read: exact but for the rounding of grey and jpegs */
            failures += check("decodes", argv[i], channels, load_image_cv(argv[i], channels),
                              load_image_stb(argv[i], channels), strstr(argv[i], ".jpg") ? 3.001 : 1.001);
        }
    }
    return failures != 0;
}
