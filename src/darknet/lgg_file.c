/* lgg_file.c: see lgg_file.h. */
#include "lgg_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

/* A device or a pipe is written to, not replaced. */
static int is_special(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* The file itself where path is a link to one: the link stays. The caller frees it. */
static char *real_file(const char *path) {
    char *real = realpath(path, NULL);
    return real ? real : lgg_path_with(path, "");
}

FILE *lgg_file_begin(const char *path) {
    if (is_special(path)) return fopen(path, "wb");
    /* Past a limit on the size of files (ulimit -f) let write fail, as on a full disk, instead of killing us. */
    signal(SIGXFSZ, SIG_IGN);
    char *real = real_file(path);
    char *temporary = lgg_path_with(real, ".tmp");
    FILE *file = fopen(temporary, "wb");
    struct stat st;
    if (file && stat(real, &st) == 0 && fchmod(fileno(file), st.st_mode & 07777)) errno = 0;
    const int error = errno;
    free(temporary);
    free(real);
    errno = error;
    return file;
}

/* Why a stream has failed some time ago: what one more byte meets. */
static int reason_of_failure(FILE *file) {
    return write(fileno(file), "", 1) < 0 ? errno : EIO;
}

int lgg_file_sync(FILE *file, const char *path) {
    int failed = ferror(file) ? reason_of_failure(file) : 0;
    errno = 0;
    if (fflush(file)) failed = errno;
    if (!failed && fsync(fileno(file)) && errno != EINVAL && errno != EROFS && errno != ENOTSUP) failed = errno;
    if (fclose(file) && !failed) failed = errno;
    if (!failed) return 0;
    lgg_file_abandon(path);
    errno = failed;
    return -1;
}

/* Makes a rename last through a crash of the machine; a file system that cannot is no reason to fail. */
static void sync_folder(const char *path) {
    char *copy = lgg_path_with(path, "");
    const int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    free(copy);
}

int lgg_file_replace(const char *path) {
    if (is_special(path)) return 0;
    char *real = real_file(path);
    char *temporary = lgg_path_with(real, ".tmp");
    const int result = rename(temporary, real);
    const int error = errno;
    if (result)
        unlink(temporary);
    else
        sync_folder(real);
    free(temporary);
    free(real);
    errno = error;
    return result;
}

void lgg_file_abandon(const char *path) {
    if (is_special(path)) return;
    char *real = real_file(path);
    char *temporary = lgg_path_with(real, ".tmp");
    unlink(temporary);
    free(temporary);
    free(real);
}

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
