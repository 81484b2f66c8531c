/* text_file.h: whether a path can be a file of text that a person has written: a .cfg, a list of images. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

/* Why the file at `path` cannot be read as text: "is a folder", "is a device", "is over 1 GB long"; NULL if it can, and where it cannot
 * be opened, which the reader finds out. A pipe is text: it ends when its writer does. */
const char *lgg_text_file_fault(const char *path);

#endif
