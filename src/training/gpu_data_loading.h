/* gpu_data_loading.h: given by the build (-include) to the host's data.c where it is built for a GPU: its loader of classes may make notes of images
 * that are on the device (gpu_data.h). */
#ifndef GPU_DATA_LOADING_H
#define GPU_DATA_LOADING_H

#include "random_draws.h" /* before all else */

#include "darknet.h"
#include "image.h"

image load_or_note(char *path, int w, int h, const char *asker);
void flip_or_note(image im);

#define load_image_color(path, w, h) load_or_note(path, w, h, __func__)
#define flip_image(im) flip_or_note(im)

#endif
