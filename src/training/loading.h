/* loading.h: which images a trainer of the host's loads, and what becomes of each, by the recipe of [net] (recipe.h).
 *
 * Without an option of ours nothing of the host's loader changes. Only training asks for a recipe (load_args.recipe): images that are
 * validated or predicted are never augmented.
 *
 * The main thread asks for a batch at lgg_next_position. Each of the loader's threads, for its share of the batch:
 *
 *     lgg_begin_loading        at the share's position
 *     lgg_draw_paths           the images of the share; again for others to mix with them
 *     lgg_begin_image(i)       and then lgg_pads, lgg_flips, lgg_pad_crop for image i, in any order; lgg_begin_mixed_image(i, k) likewise
 */
#ifndef LOADING_H
#define LOADING_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lgg_recipe;

/* The recipe for load_args, its position that of the network: as many images as it has seen. */
struct lgg_recipe *lgg_start_loading(const network *net);

/* The same for a detector, with a line for what its loader cannot do. */
struct lgg_recipe *lgg_start_detecting(const network *net);

/* Main thread, before each iteration of a detector whose images change their size every ten: -1 while they keep it, else the iteration
 * that the new size belongs to, which is drawn with lgg_rand(). `passes` counts from 0 in this run. With a seed the size depends on
 * the iteration alone, so that a training that goes on takes the one that it had. */
int lgg_begin_resizing(const network *net, int passes);

/* Loader: position of the next n images, for load_args.position. */
size_t lgg_next_position(struct lgg_recipe *recipe, int n);

/* Loader: the images asked for last were not used; they come again. */
void lgg_ask_again(struct lgg_recipe *recipe, int n);

/* Loader thread: everything until it is called again draws for the images that start at this position; as the host does without a recipe. */
void lgg_begin_loading(const struct lgg_recipe *recipe, size_t position);

/* Loader thread: fills n paths out of m by the recipe; 0 where there is none and the host draws itself. Called again for the same
 * share it draws others, with replacement: the images that the first ones are mixed with. */
int lgg_draw_paths(char **drawn, char **paths, int n, int m);

/* Loader thread: what is drawn from now on belongs to image i of this thread's share, of the paths drawn last. */
void lgg_begin_image(int i);

/* The same of the image that is mixed into image i as its k-th, 1 and up; 0: of image i itself. */
void lgg_begin_mixed_image(int i, int k);

/* Loader thread: is this image cropped by pad_crop? mirrored? are its colours left alone? */
int lgg_pads(void);
int lgg_flips(void);
int lgg_keeps_colours(float hue, float saturation, float exposure);

/* (c, size, size) out of (c, h, w) padded with zeros, at a random whole pixel. The image is the caller's. */
image lgg_pad_crop(image im, int size, const char *path);

/* Main thread, before loading: what balanced needs of the data file, and a line where the batches of a pass cannot hold each class equally
 * often. */
void lgg_balance_labels(const network *net, int classes, const char *datacfg);

#ifdef __cplusplus
}
#endif

#endif
