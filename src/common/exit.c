/* exit.c: see exit.h. */
#include "exit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int checked, failed;

/* 0 if all of it is where it was sent to, or if there is none, the user having closed it (>&-). */
static int output_is_lost(void) {
    const int fails_now = fflush(stdout) != 0;
    int why = errno;
    if (!fails_now && !ferror(stdout)) return 0;
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) return 0;
    /* what failed some time ago: one more byte meets the reason */
    if (!fails_now) why = write(STDOUT_FILENO, "\n", 1) < 0 ? errno : EIO;
    fprintf(stderr, "Cannot write to the standard output: %s\n", strerror(why));
    return 1;
}

static void check(void) {
    const int lost = output_is_lost();
    if (!lost && !failed) return;
    fflush(NULL);
    _exit(EXIT_FAILURE);
}

void lgg_check_exit(void) {
    if (checked) return;
    checked = 1;
    atexit(check);
    at_quick_exit(check);
}

static int is_first_thread(void) {
#ifdef SYS_gettid
    return syscall(SYS_gettid) == getpid();
#else
    return 1;
#endif
}

void lgg_exit(int status) {
    if (is_first_thread()) exit(status);
    fflush(stdout);
    quick_exit(status);
}

void lgg_fail_exit(void) {
    lgg_check_exit();
    failed = 1;
}
