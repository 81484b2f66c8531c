/* host_image.h: image files, read and written by the Darknet that the commands are compiled into. */
#ifndef HOST_IMAGE_H
#define HOST_IMAGE_H

/* Reads an image as `classifier valid` does: its centre, as large as it goes, scaled to (w, h); x (c, h, w) in [0, 1].
 * Fails with one line that names a file that is no image. */
void host_read_image(const char *path, int w, int h, int c, float *x);
/* PNG of pixels (h, w, c) in memory, to be freed; NULL on failure. */
unsigned char *host_png(const unsigned char *pixels, int w, int h, int c, int *length);

#endif
