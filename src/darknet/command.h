/* command.h: what the command of the program does, such as `darknet classifier train ...`. */
#ifndef COMMAND_H
#define COMMAND_H

/* Notes the command, from main()'s arguments. Only a training may start from a weights file that ends after some of the layers, as
 * darknet53.conv.74 does; and what only a training needs is made and checked in no other command. */
void note_darknet_command(int argc, char **argv);

/* Whether that command trains. */
int darknet_is_training(void);

/* Whether it trains by a trainer of the host's that may look at what its network puts out, as `segmenter train -display` does. */
int darknet_looks_at_outputs(void);

#endif
