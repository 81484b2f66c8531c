/* lgg_file.h: files that are either the old one or the new one, never half of one.
 *
 * A file is written under FILE.tmp in the same folder, synced to the disk and only then renamed. Whatever happens in between, a full
 * disk, a killed process, a crash of the machine, FILE is what it was. */
#ifndef LGG_FILE_H
#define LGG_FILE_H

#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens FILE.tmp for writing; NULL with errno set where that cannot be. A FILE that is no regular file (/dev/stdout) is opened itself. */
FILE *lgg_file_begin(const char *path);

/* Writes out, syncs and closes what lgg_file_begin opened. 0, or -1 with errno set and FILE.tmp removed. */
int lgg_file_sync(FILE *file, const char *path);

/* Puts FILE.tmp in the place of FILE; 0, or -1 with errno set. */
int lgg_file_replace(const char *path);

/* Removes FILE.tmp. */
void lgg_file_abandon(const char *path);

/* A checksum over all bytes of a file; 0 if it cannot be read. */
uint64_t lgg_file_checksum(const char *path);

/* PATH with SUFFIX appended; the caller frees it. */
char *lgg_path_with(const char *path, const char *suffix);

#ifdef __cplusplus
}
#endif

#endif
