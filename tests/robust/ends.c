/* ends.c: what one thread is writing goes with a process that another thread ends, whenever that is.
 *
 * usage: ends FOLDER
 *
 * A process in which a thread begins and replaces files, and takes and gives back a lock, over and over is ended by exit in another thread,
 * or by a signal. No temporary file and no lock's file may be left, in none of many such ends. */
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

enum { ENDS = 300, LONGEST = 3000, SECONDS_UNTIL_STUCK = 20 };

static void *write_files(void *unused) {
    (void)unused;
    for (;;) {
        lgg_file *file = lgg_file_begin("written");
        if (file) lgg_file_abandon(file);
        pid_t holder;
        const int lock = lgg_lock("held", &holder);
        if (lock >= 0) lgg_unlock(lock, "held");
    }
    return NULL;
}

static _Noreturn void write_until(int microseconds, int by_signal) {
    pthread_t writer;
    alarm(SECONDS_UNTIL_STUCK);
    lgg_file *first =
        lgg_file_begin("first"); /* from now on an end by itself or by a signal removes what is unfinished */
    if (!first || pthread_create(&writer, NULL, write_files, NULL)) _exit(2);
    usleep((useconds_t)microseconds);
    if (by_signal) kill(getpid(), SIGTERM);
    exit(1);
}

/* Whether the process ended as it should, and left nothing; what it left is removed. */
static int ends_well(int i) {
    const int by_signal = i % 2;
    const pid_t child = fork();
    if (child == 0) write_until(i * LONGEST / ENDS, by_signal);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return 0;
    const int as_asked =
        by_signal ? WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM : WIFEXITED(status) && WEXITSTATUS(status) == 1;
    glob_t left;
    const int nothing = glob("*", 0, NULL, &left) == GLOB_NOMATCH;
    for (size_t k = 0; !nothing && k < left.gl_pathc; ++k)
        unlink(left.gl_pathv[k]);
    if (!nothing) globfree(&left);
    return as_asked && nothing;
}

int main(int argc, char **argv) {
    if (argc != 2 || chdir(argv[1])) {
        fprintf(stderr, "usage: ends FOLDER\n");
        return 2;
    }
    int bad[2] = {0};
    for (int i = 0; i < ENDS; ++i)
        bad[i % 2] += !ends_well(i);
    static const char *const how[] = {"exit", "a signal"};
    for (int i = 0; i < 2; ++i)
        if (bad[i])
            printf("FAIL what_a_thread_is_writing_goes_with_an_end_by %s: not in %d of %d\n", how[i], bad[i], ENDS / 2);
        else
            printf("PASS what_a_thread_is_writing_goes_with_an_end_by %s\n", how[i]);
    return bad[0] || bad[1];
}
