/* layers.c: the LGG sections as layers of a real Darknet.
 *
 * usage: layers FOLDER   works in FOLDER */
#include <stdlib.h>
#include <unistd.h>

#include "bad_input.h"
#include "behaviour.h"
#include "fixture.h"
#include "other_classes.h"
#include "trained_data.h"

int main(int argc, char **argv) {
    if (argc < 2 || chdir(argv[1]) != 0) return EXIT_FAILURE;
    gpu_index = -1;
    test_transparency();
    test_training();
    test_teachers();
    test_detector();
    test_positions();
    test_words();
    test_bad_input();
    test_other_classes();
    test_trained_data();
    return count_failures() ? EXIT_FAILURE : EXIT_SUCCESS;
}
