/* file.h: files that are either the old one or the new one, never half of one; and locks.
 *
 * A file is written under FILE.tmp in the same folder, synced to the disk and only then renamed. Whatever happens in between, a full
 * disk, a killed process, a crash of the machine, FILE is what it was. FILE.tmp goes with the process, whether it returns, calls exit
 * or is ended by a signal, in whichever of its threads; what SIGKILL leaves is written over the next time. */
#ifndef LGG_FILE_H
#define LGG_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file that is being written. */
typedef struct lgg_file {
    FILE *stream;    /* to write to, up to lgg_file_sync */
    char *target;    /* the file that it becomes; where path is a link to a file, that file */
    char *temporary; /* where its bytes are until then; NULL: a device or a pipe, written to as it is */
    int lock;        /* keeps other processes off temporary */
} lgg_file;

/* Opens FILE.tmp for writing (FILE.PID.tmp while another process has that one open); NULL with errno set where that cannot be. */
lgg_file *lgg_file_begin(const char *path);

/* Writes out, syncs and closes the stream. 0; or -1 with errno set, and the file abandoned. */
int lgg_file_sync(lgg_file *file);

/* Puts FILE.tmp in the place of FILE; 0, or -1 with errno set. The lgg_file is freed. */
int lgg_file_replace(lgg_file *file);

/* Closes and removes FILE.tmp, and frees the lgg_file. NULL: nothing. */
void lgg_file_abandon(lgg_file *file);

/* 1 if path exists and is neither a file nor a folder: a device, a pipe; and 1 for what stdout or stderr go to, if that is a file: lgg_file_begin
 * then writes behind what was printed there. */
int lgg_file_is_stream(const char *path);

/* A lock that ends with the process, however it ends: creates the file and returns a number for lgg_unlock; -1 with errno set where it
 * cannot. errno is EBUSY, and *holder the number of the process (0: of another machine or container), where another process has it. A
 * file system without locks gives one to everybody. */
int lgg_lock(const char *path, pid_t *holder);

/* Gives the lock back and removes its file. */
void lgg_unlock(int lock, const char *path);

/* For a signal's handler: removes what is unfinished and ends the process by the signal. */
void lgg_file_stop(int signal_number);

/* For a handler of SIGPIPE: whether the standard output or the standard error has lost its reader; if not, it is another pipe or connection that
 * has, and its writer is told by write. */
int lgg_output_is_unread(void);

/* A checksum over all bytes of a file; 0 if it cannot be read. */
uint64_t lgg_file_checksum(const char *path);

/* PATH with SUFFIX appended, which the caller frees; NULL without memory. */
char *lgg_path_with(const char *path, const char *suffix);

#ifdef __cplusplus
}
#endif

#endif
