/* fail_sync.c: a library to load before others: no file reaches the disk. */
#include <errno.h>

int fsync(int file);

int fsync(int file) {
    (void)file;
    errno = EIO;
    return -1;
}
