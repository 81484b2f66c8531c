/* gpu_data.h: [net] gpu_data=1: the training images stay on the GPU, as bytes, and are cropped and mirrored there.
 *
 * The loader draws what it always draws, image by image, but instead of an image it makes a note: which one, from where, whether mirrored.
 * A note takes the place of the image's first numbers, so that the host hands it on like any image; where it would push a batch to the
 * device, the notes are pushed, and a kernel makes the batch, equal to the bit to the one that the loader would have made.
 *
 * The images are read once, when the first batch is loaded. They must be of one size and of 8 bits, without changes of colour. */
#ifndef GPU_DATA_H
#define GPU_DATA_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ends the program with one line where the options of net do not go with gpu_data=1; pads is 0 without pad_crop, changed the name of an
 * option of ours that changes images on the CPU, NULL without one. Returns whether there is a
 * GPU: if not, one line says that images are cropped on the CPU. */
int check_gpu_data(const network *net, int pads, const char *changed);

/* Loader thread: whether it makes notes from now on. */
void begin_gpu_data(int is_on);
/* Loader thread that makes notes: these n paths are those that it draws from. The first time all images are read; any that does not
 * fit ends the program with one line. */
void know_gpu_data(char **paths, int n);

/* load_image_color for the function `asker` of the host: a note with the image's size, if this thread makes notes and the host's loader of
 * classes asks. */
image load_or_note(char *path, int w, int h, const char *asker);
/* flip_image, also of a note. */
void flip_or_note(image im);
int is_noted(image im);
/* The note for a crop (c, size, size) of it at (left, top), which may be negative. */
image note_crop(image im, int size, int left, int top);

#ifdef GPU
/* cuda_push_array, which does not wait for the device, and makes the batch where there are notes of one. (CUDA itself may wait where whole images are
 * pushed, since they are not in pinned memory; notes are few bytes, and are copied at once.) */
void push_batch(float *to_gpu, float *from, size_t n);
/* The same into n floats that it takes from the device; as cuda_make_array. */
float *make_batch(float *from, size_t n);
#endif

#ifdef __cplusplus
}
#endif

#endif
