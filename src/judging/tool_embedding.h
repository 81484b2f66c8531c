/* tool_embedding.h: what a layer gives for images, as `lgg embed` keeps it and `lgg nearest` finds it again:
 *
 *     NAME.npy   (images, values) floats, a row for each image
 *     NAME.csv   row,label,path; the label is empty where the path names none
 *     NAME.txt   what they were made with: layer, pooling, size, the checksums of the weights and the cfg
 */
#ifndef TOOL_EMBEDDING_H
#define TOOL_EMBEDDING_H

#include "tool.h"

/* What is taken of an image. */
typedef struct {
    tool_model *model;
    int layer;
    int pool; /* 1: each channel's mean over its positions */
} tool_embedding;

/* What a command that embeds a list is told. */
typedef struct {
    const char *layer, *set, *list;
    int pool, images, batch, set_given;
} tool_embedding_options;

#define TOOL_EMBEDDING_OPTIONS 6
void tool_embedding_options_default(tool_embedding_options *o);
void tool_embedding_option_list(tool_embedding_options *o, tool_option list[TOOL_EMBEDDING_OPTIONS]);
/* The list of images that they name, by `data`, read from data_file, where -list does not. Fails where that has none. */
const char *tool_embedding_list(const tool_embedding_options *o, const tool_data *data, const char *data_file);

/* The layer that `text` names, or the network's embedding without it; a detection network has none, so there it must be named. */
tool_embedding tool_embedding_of(tool_model *model, const char *text, int pool);
/* Values of an image. */
int tool_embedding_size(const tool_embedding *embedding);
/* x (count, size) from the last forward pass of the model. */
void tool_embedding_take(const tool_embedding *embedding, int count, float *x);

/* Reads up to a batch of the list's next paths into `images`, new, with room for a batch; sets their number. */
tool_images *tool_embedding_batch(const tool_embedding *embedding);
void tool_embedding_read(tool_images *images, tool_list *list, int count);

/* The text of NAME.txt, new; and how it begins. */
#define TOOL_EMBEDDING_TEXT "lgg embed\n"
char *tool_embedding_text(const tool_embedding *embedding, const char *cfg, const char *weights);
/* What of a layer NAME.txt names; fails where it was made with another cfg or other weights. */
void tool_embedding_find(const char *name, const char *cfg, const char *weights, char layer[16], int *pool);

/* Line `row` of NAME.csv, new, without its end. */
char *tool_embedding_line(long row, const tool_data *data, const char *path);
/* Splits such a line in place: its label and path. Returns 0 where it is none. */
int tool_embedding_split(char *line, const char **label, const char **path);

#endif
