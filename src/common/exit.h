/* exit.h: a program that could not write what it had to write does not end with status 0. */
#ifndef EXIT_H
#define EXIT_H

#ifdef __cplusplus
extern "C" {
#endif

/* From now on the end of the program looks at the standard output: where some of it could not be written (a full disk, a closed pipe),
 * one line says so and the status is 1. */
void lgg_check_exit(void);

/* For what has been said already: the status at the end will be 1. */
void lgg_fail_exit(void);

#ifdef __cplusplus
}
#endif

#endif
