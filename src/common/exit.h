/* exit.h: how a program ends: not with status 0 where it could not write what it had to write, and from any of its threads. */
#ifndef EXIT_H
#define EXIT_H

#ifdef __cplusplus
extern "C" {
#endif

/* From now on the end of the program looks at the standard output: where some of it could not be written (a full disk, a closed pipe),
 * one line says so and the status is 1. */
void lgg_check_exit(void);

/* Ends the program, as exit does. In another thread than the first it does not run what libraries have registered for the end: the others are in
 * the middle of what that would take away. Standard output is written out, and what is unfinished is removed. */
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void lgg_exit(int status);

/* For what has been said already: the status at the end will be 1. */
void lgg_fail_exit(void);

#ifdef __cplusplus
}
#endif

#endif
