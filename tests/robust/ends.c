/* ends.c: how a process ends whose threads are at work.
 *
 * usage: ends FOLDER
 *
 * A thread begins and abandons files, and takes and gives back a lock, over and over, until another ends the process: by exit in the first
 * thread, by a signal, or by lgg_exit in a thread while the first is at work. No temporary file and no lock's file may be left, in none
 * of many such ends; and the first thread is not to meet libraries that have been cleaned up. */
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit.h"
#include "file.h"

enum { ENDS = 150, LONGEST = 3000, LIBRARY_TAKES = 2000, SECONDS_UNTIL_STUCK = 20 }; /* times in microseconds */

typedef enum { BY_EXIT, BY_SIGNAL, BY_THREAD, KINDS } end_kind;

static volatile sig_atomic_t library_is_there = 1;

/* Stands for what libraries do at the end of a program. */
__attribute__((destructor)) static void end_library(void) {
    library_is_there = 0;
    usleep(LIBRARY_TAKES);
}

static void *write_files(void *library) {
    for (;;) {
        lgg_file *file = lgg_file_begin("written");
        if (file) lgg_file_abandon(file);
        pid_t holder;
        const int lock = lgg_lock("held", &holder);
        if (lock >= 0) lgg_unlock(lock, "held");
        if (library && !library_is_there) abort();
    }
    return NULL;
}

static void *end_by_thread(void *microseconds) {
    usleep((useconds_t) * (int *)microseconds);
    printf("said before\n");
    lgg_exit(1);
}

static _Noreturn void work_until(int microseconds, end_kind kind) {
    pthread_t other;
    alarm(SECONDS_UNTIL_STUCK);
    lgg_file *first =
        lgg_file_begin("first"); /* from now on an end by itself or by a signal removes what is unfinished */
    if (!first || !freopen("/dev/null", "w", stdout)) _exit(2);
    if (pthread_create(&other, NULL, kind == BY_THREAD ? end_by_thread : write_files,
                       kind == BY_THREAD ? &microseconds : NULL))
        _exit(2);
    if (kind == BY_THREAD) write_files(&first);
    usleep((useconds_t)microseconds);
    if (kind == BY_SIGNAL) kill(getpid(), SIGTERM);
    exit(1);
}

/* Whether the process ended as it should, and left nothing; what it left is removed. */
static int ends_well(int microseconds, end_kind kind) {
    const pid_t child = fork();
    if (child == 0) work_until(microseconds, kind);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return 0;
    const int as_asked = kind == BY_SIGNAL ? WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM
                                           : WIFEXITED(status) && WEXITSTATUS(status) == 1;
    glob_t left;
    const int nothing = glob("*", 0, NULL, &left) == GLOB_NOMATCH;
    for (size_t k = 0; !nothing && k < left.gl_pathc; ++k)
        unlink(left.gl_pathv[k]);
    if (!nothing) globfree(&left);
    return as_asked && nothing;
}

/* What was printed before is there after an end by a thread. */
static int is_written_out(void) {
    int ends[2], microseconds = 0, status;
    char said[64] = "";
    if (pipe(ends)) return 0;
    const pid_t child = fork();
    if (child == 0) {
        pthread_t other;
        dup2(ends[1], STDOUT_FILENO);
        if (pthread_create(&other, NULL, end_by_thread, &microseconds)) _exit(2);
        for (;;)
            pause();
    }
    close(ends[1]);
    const ssize_t got = read(ends[0], said, sizeof said - 1);
    close(ends[0]);
    return waitpid(child, &status, 0) == child && got > 0 && strcmp(said, "said before\n") == 0;
}

int main(int argc, char **argv) {
    static const char *const how[] = {"exit", "a_signal", "a_thread"};
    int failures = 0;
    if (argc != 2 || chdir(argv[1])) {
        fprintf(stderr, "usage: ends FOLDER\n");
        return 2;
    }
    for (int kind = 0; kind < KINDS; ++kind) {
        int bad = 0;
        for (int i = 0; i < ENDS; ++i)
            bad += !ends_well(i * LONGEST / ENDS, (end_kind)kind);
        if (bad)
            printf("FAIL what_a_thread_is_writing_goes_with_an_end_by_%s: not in %d of %d\n", how[kind], bad, ENDS);
        else
            printf("PASS what_a_thread_is_writing_goes_with_an_end_by_%s\n", how[kind]);
        fflush(stdout); /* or a child would write it, too */
        failures += bad;
    }
    const int written = is_written_out();
    printf("%s what_was_printed_is_written_out_at_an_end_by_a_thread%s\n", written ? "PASS" : "FAIL",
           written ? "" : ": it is not");
    return failures || !written;
}
