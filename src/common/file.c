/* file.c: see file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *lgg_path_with(const char *path, const char *suffix) {
    const size_t length = strlen(path);
    char *joined = malloc(length + strlen(suffix) + 1);
    if (!joined) return NULL;
    memcpy(joined, path, length);
    strcpy(joined + length, suffix);
    return joined;
}

/* ---- what does not outlive the process ---- */

enum { MOST_UNFINISHED = 16 };
enum { LIST_FREE, LIST_TAKEN, LIST_ENDED };

/* Temporary and lock files, for the program's end to remove. */
static char *unfinished[MOST_UNFINISHED];
static pid_t owner; /* a forked child's end is not the program's */

/* Who holds the list. The end of the program keeps it, so that no other thread creates a file after its last look. */
static atomic_int list = LIST_FREE;

/* Takes the list, from before a file is there until it is noted; 0 if the program has ended with it. With signals blocked: a handler, which may
 * be the program's end, never waits for the thread that it interrupts. */
static int take_list(sigset_t *signals) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, signals);
    for (;;) {
        int state = LIST_FREE;
        if (atomic_compare_exchange_strong(&list, &state, LIST_TAKEN)) return 1;
        if (state == LIST_ENDED) return 0;
        poll(NULL, 0, 1);
    }
}

static void give_list(const sigset_t *signals, int state) {
    atomic_store(&list, state);
    pthread_sigmask(SIG_SETMASK, signals, NULL);
}

/* The same for a thread that the program's end does not wait for: it waits for the end. */
static void take_list_or_end(sigset_t *signals) {
    while (!take_list(signals))
        pause();
}

static void remove_unfinished(void) {
    sigset_t signals;
    if (getpid() != owner) return;
    if (take_list(&signals))
        for (int i = 0; i < MOST_UNFINISHED; ++i)
            if (unfinished[i]) unlink(unfinished[i]);
    give_list(&signals, LIST_ENDED);
}

void lgg_file_stop(int signal_number) {
    remove_unfinished();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

int lgg_output_is_unread(void) {
    struct pollfd outputs[] = {{.fd = STDOUT_FILENO}, {.fd = STDERR_FILENO}};
    const int error = errno;
    const int good = poll(outputs, 2, 0) >= 0;
    errno = error;
    return good && ((outputs[0].revents | outputs[1].revents) & (POLLERR | POLLHUP));
}

static void stop_if_unread(int signal_number) {
    if (lgg_output_is_unread()) lgg_file_stop(signal_number);
}

/* Signals whose default is to end the process; one that is ignored, as under nohup, or handled stays so. But SIGPIPE, which libraries
 * ignore for the whole program: for their own connections they may. */
static void clean_up_at_the_end(void) {
    static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGUSR1, SIGXCPU};
    if (owner) return;
    owner = getpid();
    atexit(remove_unfinished);
    at_quick_exit(remove_unfinished);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        struct sigaction action;
        if (sigaction(ends[i], NULL, &action) != 0) continue;
        if (action.sa_handler == SIG_DFL) signal(ends[i], lgg_file_stop);
        if (action.sa_handler == SIG_IGN && ends[i] == SIGPIPE) signal(SIGPIPE, stop_if_unread);
    }
    /* Past a limit on the size of files (ulimit -f) let write fail, as on a full disk, instead of killing us. */
    signal(SIGXFSZ, SIG_IGN);
}

/* With the list taken. */
static void remember(char *path) {
    for (int i = 0; i < MOST_UNFINISHED; ++i) {
        if (unfinished[i]) continue;
        unfinished[i] = path;
        return;
    }
}

static void forget(const char *path) {
    sigset_t signals;
    take_list_or_end(&signals);
    for (int i = 0; i < MOST_UNFINISHED; ++i)
        if (unfinished[i] == path) unfinished[i] = NULL;
    give_list(&signals, LIST_FREE);
}

/* ---- writing ---- */

/* Whether descriptor is the file of that name. */
static int is_open_as(int descriptor, const char *path) {
    struct stat open_file, named_file;
    return fstat(descriptor, &open_file) == 0 && stat(path, &named_file) == 0 &&
           open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

/* The descriptor that the program prints to where that is path, -1 where it is none. */
static int printed_to(const char *path) {
    for (int descriptor = STDOUT_FILENO; descriptor <= STDERR_FILENO; ++descriptor)
        if (is_open_as(descriptor, path)) return descriptor;
    return -1;
}

int lgg_file_is_stream(const char *path) {
    struct stat st;
    if (printed_to(path) >= 0) return 1;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* Of a file that the program prints to anyway, behind what is in it already. */
static FILE *open_stream(const char *path) {
    const int printed = printed_to(path);
    if (printed < 0) return fopen(path, "wb");
    fflush(NULL);
    return fdopen(fcntl(printed, F_DUPFD_CLOEXEC, 0), "wb");
}

/* The file itself where path is a link to one: the link stays. The caller frees it. */
static char *real_file(const char *path) {
    char *real = realpath(path, NULL);
    return real ? real : lgg_path_with(path, "");
}

/* Opens path, emptied and for this process alone; -1 with errno EBUSY if another has it open, else as open sets it. */
static int open_alone(const char *path) {
    for (;;) {
        const int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (descriptor < 0) return -1;
        const int taken = flock(descriptor, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
        if (!taken && is_open_as(descriptor, path) && ftruncate(descriptor, 0) == 0) return descriptor;
        const int gone = !taken && !is_open_as(descriptor, path);
        const int error = taken ? EBUSY : errno;
        close(descriptor);
        errno = error;
        if (!gone) return -1;
    }
}

static int open_and_remember(char *path) {
    sigset_t signals;
    take_list_or_end(&signals);
    const int descriptor = open_alone(path);
    const int error = errno;
    if (descriptor >= 0) remember(path);
    give_list(&signals, LIST_FREE);
    errno = error;
    return descriptor;
}

static int open_temporary(lgg_file *file) {
    char suffix[32] = ".tmp";
    int descriptor = -1;
    for (int attempt = 0; attempt < 2 && descriptor < 0; ++attempt) {
        free(file->temporary);
        file->temporary = lgg_path_with(file->target, suffix);
        if (!file->temporary) return -1;
        descriptor = open_and_remember(file->temporary);
        if (descriptor < 0 && errno != EBUSY) return -1;
        snprintf(suffix, sizeof suffix, ".%ld.tmp", (long)getpid());
    }
    return descriptor;
}

/* The new file has the rights of the one that it replaces. */
static void copy_rights(int descriptor, const char *target) {
    struct stat st;
    if (stat(target, &st) == 0) fchmod(descriptor, st.st_mode & 07777);
}

static void free_file(lgg_file *file) {
    const int error = errno;
    if (file->stream) fclose(file->stream);
    if (file->lock >= 0) close(file->lock);
    if (file->temporary) forget(file->temporary);
    free(file->temporary);
    free(file->target);
    free(file);
    errno = error;
}

lgg_file *lgg_file_begin(const char *path) {
    clean_up_at_the_end();
    lgg_file *file = calloc(1, sizeof *file);
    if (!file) return NULL;
    file->lock = -1;
    file->target = real_file(path);
    struct stat st;
    if (file->target && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
    } else if (file->target && lgg_file_is_stream(path)) {
        file->stream = open_stream(path);
    } else if (file->target) {
        file->lock = open_temporary(file);
        if (file->lock >= 0) {
            copy_rights(file->lock, file->target);
            /* a lock lasts until the last copy of its descriptor is closed */
            file->stream = fdopen(fcntl(file->lock, F_DUPFD_CLOEXEC, 0), "wb");
        }
    }
    if (file->stream) return file;
    lgg_file_abandon(file);
    return NULL;
}

/* Why a stream has failed some time ago: what one more byte meets. */
static int reason_of_failure(FILE *stream) {
    return write(fileno(stream), "", 1) < 0 ? errno : EIO;
}

int lgg_file_sync(lgg_file *file) {
    FILE *stream = file->stream;
    int failed = ferror(stream) ? reason_of_failure(stream) : 0;
    errno = 0;
    if (fflush(stream) && !failed) failed = errno;
    if (!failed && fsync(fileno(stream)) && errno != EINVAL && errno != EROFS && errno != ENOTSUP) failed = errno;
    if (fclose(stream) && !failed) failed = errno;
    file->stream = NULL;
    if (!failed) return 0;
    lgg_file_abandon(file);
    errno = failed;
    return -1;
}

/* Makes the rename to path last through a crash of the machine; a file system that cannot is no reason to fail. The text of path is used
 * up. */
static void sync_folder(char *path) {
    const int folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

int lgg_file_replace(lgg_file *file) {
    if (file->temporary && rename(file->temporary, file->target)) {
        lgg_file_abandon(file);
        return -1;
    }
    if (file->temporary) sync_folder(file->target);
    free_file(file);
    return 0;
}

void lgg_file_abandon(lgg_file *file) {
    if (!file) return;
    const int error = errno;
    if (file->lock >= 0) unlink(file->temporary);
    errno = error;
    free_file(file);
}

/* ---- locks ---- */

/* Locks the whole of an open file; 0, or -1 with errno EBUSY and *holder set. */
static int lock_or_name_holder(int descriptor, pid_t *holder) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_SETLK, &lock) == 0 || (errno != EACCES && errno != EAGAIN)) return 0;
    *holder = fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
    errno = EBUSY;
    return -1;
}

/* Opens, locks and notes the file; -1 as lgg_lock, or with errno EAGAIN where its last holder has just removed it. */
static int open_and_lock(const char *path, pid_t *holder) {
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return -1;
    if (lock_or_name_holder(descriptor, holder) == 0) {
        if (is_open_as(descriptor, path)) {
            char *name = lgg_path_with(path, "");
            if (name) remember(name);
            return descriptor;
        }
        errno = EAGAIN;
    }
    const int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

int lgg_lock(const char *path, pid_t *holder) {
    int lock, error;
    clean_up_at_the_end();
    do {
        sigset_t signals;
        take_list_or_end(&signals);
        lock = open_and_lock(path, holder);
        error = errno;
        give_list(&signals, LIST_FREE);
    } while (lock < 0 && error == EAGAIN);
    errno = error;
    return lock;
}

void lgg_unlock(int lock, const char *path) {
    sigset_t signals;
    take_list_or_end(&signals);
    unlink(path);
    for (int i = 0; i < MOST_UNFINISHED; ++i) {
        char *name = unfinished[i];
        if (!name || strcmp(name, path) != 0) continue;
        unfinished[i] = NULL;
        free(name);
    }
    give_list(&signals, LIST_FREE);
    close(lock);
}

/* ---- checksums ---- */

uint64_t lgg_file_checksum(const char *path) {
    static const uint64_t prime = UINT64_C(0x100000001b3);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    uint64_t hash = UINT64_C(0xcbf29ce484222325), word[512];
    size_t got;
    /* FNV-1a over words of eight bytes, the last one filled up with zeros, and the length */
    size_t length = 0;
    while (memset(word, 0, sizeof word), (got = fread(word, 1, sizeof word, file)) > 0) {
        length += got;
        for (size_t i = 0; i < (got + 7) / 8; ++i)
            hash = ((hash ^ word[i]) * prime) ^ (hash >> 29);
    }
    fclose(file);
    return (hash ^ length) * prime;
}
