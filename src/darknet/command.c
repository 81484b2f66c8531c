/* command.c: see command.h. */
#include "command.h"

#include <stddef.h>
#include <string.h>

static int is_training, is_of_another_trainer;

/* The number-th word of the command, from 1, `classifier` or the like being the first; NULL without it. Darknet's options may stand before it, and
 * some have a value. */
static const char *word_of_command(int argc, char **argv, int number) {
    static const char *const with_value[] = {"-i", "-gpus", "-ngpus"};
    int words = 0;
    for (int i = 1; i < argc && argv[i]; ++i) {
        int takes_value = 0;
        for (size_t j = 0; j < sizeof with_value / sizeof *with_value; ++j)
            takes_value |= strcmp(argv[i], with_value[j]) == 0;
        i += takes_value;
        if (takes_value || argv[i][0] == '-') continue;
        if (++words == number) return argv[i];
    }
    return NULL;
}

void note_darknet_command(int argc, char **argv) {
    const char *what = word_of_command(argc, argv, 1), *word = word_of_command(argc, argv, 2);
    /* `partial train.cfg …` trains nothing */
    is_training = word && strncmp(word, "train", strlen("train")) == 0 && !strchr(word, '.');
    is_of_another_trainer = is_training && strcmp(what, "classifier") != 0 && strcmp(what, "detector") != 0;
}

int darknet_looks_at_outputs(void) {
    return is_of_another_trainer;
}

int darknet_is_training(void) {
    return is_training;
}
