/* run_lgg.h: `./darknet lgg …`; all that Darknet's main() needs to know. */
#ifndef RUN_LGG_H
#define RUN_LGG_H

/* argv[1] is "lgg", argv[2] the command. Returns the exit status. */
int run_lgg(int argc, char **argv);

#endif
