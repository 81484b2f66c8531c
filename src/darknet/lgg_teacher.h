/* lgg_teacher.h: loads teacher networks, and runs them on the student's batch.
 *
 * A teacher is loaded when a network is read for training, once for all sections of it that name the same files, and runs once a
 * batch, in inference mode. It is no part of the student: nothing of it is trained or saved. */
#ifndef LGG_TEACHER_H
#define LGG_TEACHER_H

#include "lgg_cfg.h"

#include "host.h"

struct lgg_network;

/* The size of a network's images; width, height and channels are 0 where it only says how many inputs. */
typedef struct {
    int width, height, channels, inputs;
} lgg_shape;

lgg_shape lgg_shape_of(const network *net);

typedef struct lgg_teacher {
    char *cfg, *weights; /* canonical paths */
    network *net;
    int last;    /* the last of its layers that a section reads: those behind it are not run */
    size_t pass; /* of the student, whose batch it was last run on */
    struct lgg_teacher *next;
} lgg_teacher;

/* The student's teacher with these files, for batches of `batch` images; loaded if no section has asked for it before. Fails if
 * a file is missing, has the wrong length, or takes images of another size. */
lgg_teacher *find_lgg_teacher(const lgg_place *place, struct lgg_network *student, const char *cfg, const char *weights,
                              int batch);

/* Whether this thread is reading a teacher's .cfg file: the sections in it do nothing. */
int is_reading_lgg_teacher(void);

/* Runs the teacher on the `batch` images that the student is working on in this pass, unless it has been run on them. */
void run_lgg_teacher(lgg_teacher *teacher, const struct lgg_network *student, const host_pass *pass, int batch);

void free_lgg_teachers(lgg_teacher *teachers);

#endif
