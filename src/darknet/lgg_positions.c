/* lgg_positions.c: see lgg_positions.h. */
#include "lgg_positions.h"

#include <stdlib.h>

#include "allocate.h"
#include "random.h"

struct lgg_sampled_map {
    lgg_map student, teacher; /* the whole maps */
    int grid_h, grid_w;
    lgg_representation whole; /* the student's, whose gradient the vertices' is added to */
    int *position, *order;    /* (n), what was drawn; (positions), those under boxes first */
    int capacity, positions;
    float *x, *gradient, *taught; /* (n, c), on the device in trainings there */
    size_t x_capacity, taught_capacity;
    int *position_gpu;
};

static const char what[] = "the vertices of a section";

/* The maps of layer l. */
static lgg_map map_of(const layer *l) {
    lgg_map map = {l->out_c, l->out_h, l->out_w};
    return map;
}

static int is_map(const layer *l) {
    return l->out_c > 0 && l->out_h > 0 && l->out_w > 0 && l->out_c * l->out_h * l->out_w == l->outputs;
}

/* The layer whose truth is a list of boxes; NULL if there is none. */
static const layer *layer_of_boxes(const layer *layers, int count) {
    for (int i = 0; i < count; ++i) {
        if (host_box_values(&layers[i])) return &layers[i];
    }
    return NULL;
}

void check_lgg_vertices(const lgg_section *s, const network *net) {
    const char *name = s->vertices == LGG_VERTICES_BOXES ? "boxes" : "pixels";
    if (s->vertices == LGG_VERTICES_IMAGES) return;
    if (s->kind == LGG_GKD && s->options.edges != LGG_EDGES_ALL)
        lgg_fail(&s->place, "vertices=%s: positions have no class to tell edges by; give edges=all", name);
    if (s->vertices == LGG_VERTICES_BOXES && !layer_of_boxes(net->layers, net->n))
        lgg_fail(&s->place,
                 "vertices=boxes: this network has no [yolo] or [region], whose truth is boxes; give vertices=pixels");
    for (int i = 0; i < s->n; ++i) {
        if (is_map(&net->layers[s->tapped[i]])) continue;
        lgg_fail(&s->place, "vertices=%s: layer %d gives no map; tap a layer that gives channels, height and width",
                 name, s->tapped[i]);
    }
}

void check_taught_lgg_vertices(const lgg_section *s) {
    for (int i = 0; i < s->n && s->vertices != LGG_VERTICES_IMAGES; ++i) {
        if (is_map(&s->teacher->net->layers[s->teacher_layers[i]])) continue;
        lgg_fail(&s->place, "teacher_layers=%d: gives no map; tap a layer that gives channels, height and width",
                 s->teacher_layers[i]);
    }
}

/* At most `most`, and as many as each of the maps has positions. */
static int fewest_positions(const layer *layers, const int *maps, int n, int batch, int most) {
    for (int i = 0; i < n; ++i) {
        const layer *l = &layers[maps[i]];
        const double positions = (double)batch * l->out_h * l->out_w;
        if (positions < most) most = (int)positions;
    }
    return most;
}

int count_lgg_vertices(const lgg_section *s, const layer *layers, int batch) {
    if (s->vertices == LGG_VERTICES_IMAGES) return batch;
    return fewest_positions(layers, s->tapped, s->n, batch, s->samples);
}

int count_taught_lgg_vertices(const lgg_section *s, int batch) {
    return fewest_positions(s->teacher->net->layers, s->teacher_layers, s->n, batch, s->samples);
}

/* The grid of a pair: that of the coarser map. */
static void meet_maps(lgg_section *s, const layer *layers, int i) {
    lgg_sampled_map *v = &s->sampled[i];
    const layer *taught = &s->teacher->net->layers[s->teacher_layers[i]], *l = &layers[s->tapped[i]];
    v->student = map_of(l);
    v->teacher = map_of(taught);
    v->grid_h = v->student.h < v->teacher.h ? v->student.h : v->teacher.h;
    v->grid_w = v->student.w < v->teacher.w ? v->student.w : v->teacher.w;
}

/* Whether the middle of a cell, or the box's own, is under a box of this image. */
static int is_under_box(const float *boxes, int count, int values, const lgg_sampled_map *v, int row, int column) {
    const float x = ((float)column + .5f) / (float)v->grid_w, y = ((float)row + .5f) / (float)v->grid_h;
    for (int i = 0; i < count; ++i) {
        const float *box = boxes + (size_t)i * (size_t)values;
        if (box[0] == 0) return 0;
        const int inside = 2 * fabsf(x - box[0]) <= box[2] && 2 * fabsf(y - box[1]) <= box[3];
        const int holds = (int)(box[0] * (float)v->grid_w) == column && (int)(box[1] * (float)v->grid_h) == row;
        if (inside || holds) return 1;
    }
    return 0;
}

/* order (positions) <- those under boxes, then the others; returns how many are under one. */
static int order_by_boxes(lgg_sampled_map *v, const layer *l, const float *truth, int truths, int batch) {
    const int size = v->grid_h * v->grid_w, positions = batch * size, values = host_box_values(l);
    if (positions > v->positions) {
        v->order = lgg_grow(v->order, (size_t)positions, sizeof *v->order, what);
        v->positions = positions;
    }
    int inside = 0, outside = positions;
    for (int p = 0; p < positions; ++p) {
        const float *boxes = truth + (size_t)(p / size) * (size_t)truths;
        const int under = is_under_box(boxes, truths / values, values, v, p / v->grid_w % v->grid_h, p % v->grid_w);
        v->order[under ? inside++ : --outside] = p;
    }
    return inside;
}

/* position (n) <- n of all positions, none twice; with `inside` > 0 as many of order[0 .. inside-1] as there are, first. */
static void draw(lgg_sampled_map *v, int n, int batch, int inside, uint64_t seed, uint64_t pass) {
    const size_t all = (size_t)batch * (size_t)v->grid_h * (size_t)v->grid_w, first = (size_t)inside;
    for (int i = 0; i < n; ++i) {
        const size_t j = (size_t)i;
        if (!v->order) {
            v->position[i] = (int)lgg_random_order(seed, pass, j, all);
        } else if (j < first) {
            v->position[i] = v->order[lgg_random_order(seed, pass, j, first)];
        } else {
            v->position[i] = v->order[first + lgg_random_order(seed, pass, j - first, all - first)];
        }
    }
}

/* Draws the vertices of all pairs. `truth` (batch, truths) is on the CPU. */
static int draw_vertices(lgg_section *s, const host_pass *pass, const float *truth, int batch) {
    const network *net = host_network(s->network->net, pass);
    const layer *boxes = layer_of_boxes(host_layers(pass), host_layer_count(pass));
    int n = s->samples;
    if (!s->sampled) s->sampled = lgg_allocate((size_t)s->n, sizeof *s->sampled, what);
    for (int i = 0; i < s->n; ++i) {
        meet_maps(s, host_layers(pass), i);
        const int positions = batch * s->sampled[i].grid_h * s->sampled[i].grid_w;
        if (positions < n) n = positions;
    }
    for (int i = 0; i < s->n; ++i) {
        lgg_sampled_map *v = &s->sampled[i];
        const uint64_t stream = (uint64_t)s->place.index << 40 | (uint64_t)i << 56;
        if (n > v->capacity) {
            v->position = lgg_grow(v->position, (size_t)n, sizeof *v->position, what);
            v->capacity = n;
        }
        const int inside =
            s->vertices == LGG_VERTICES_BOXES ? order_by_boxes(v, boxes, truth, host_truths(pass), batch) : 0;
        draw(v, n, batch, inside, s->network->seed ^ stream, (uint64_t)*net->seen);
    }
    return n;
}

static void grow(float **x, size_t *capacity, size_t n) {
    if (n <= *capacity) return;
    free(*x);
    *x = lgg_allocate(n, sizeof **x, what);
    *capacity = n;
}

static void check_status(const lgg_section *s, lgg_status status) {
#ifdef GPU
    if (status == LGG_ERROR_DEVICE) check_lgg_status(s, status);
#endif
    if (status != LGG_OK) lgg_fail(&s->place, "%s, for vertices of maps", lgg_status_string(status));
}

int take_lgg_vertices(lgg_section *s, const host_pass *pass, int batch) {
    const int n = draw_vertices(s, pass, host_truth(pass), batch);
    for (int i = 0; i < s->n; ++i) {
        lgg_sampled_map *v = &s->sampled[i];
        const size_t values = (size_t)n * (size_t)v->student.c, capacity = v->x_capacity;
        v->whole = s->student[i];
        grow(&v->x, &v->x_capacity, values);
        if (values > capacity) {
            free(v->gradient);
            v->gradient = lgg_allocate(values, sizeof *v->gradient, what);
        }
        grow(&v->taught, &v->taught_capacity, (size_t)n * (size_t)v->teacher.c);
        memset(v->gradient, 0, values * sizeof *v->gradient);
        check_status(s, lgg_vertices_gather(n, v->position, v->grid_h, v->grid_w, v->student, v->whole.x, v->x));
        check_status(s,
                     lgg_vertices_gather(n, v->position, v->grid_h, v->grid_w, v->teacher, s->taught[i].x, v->taught));
        s->student[i] = (lgg_representation){.x = v->x, .gradient = v->gradient, .d = v->student.c};
        s->taught[i] = (lgg_representation){.x = v->taught, .d = v->teacher.c};
    }
    return n;
}

void give_lgg_vertices(lgg_section *s, int n) {
    for (int i = 0; i < s->n; ++i) {
        const lgg_sampled_map *v = &s->sampled[i];
        check_status(
            s, lgg_vertices_scatter(n, v->position, v->grid_h, v->grid_w, v->student, v->gradient, v->whole.gradient));
    }
}

#ifdef GPU

static void grow_gpu(float **x, size_t *capacity, size_t n) {
    if (n <= *capacity) return;
    if (*x) cuda_free(*x);
    *x = cuda_make_array(NULL, n);
    *capacity = n;
}

static void grow_vertices_gpu(lgg_sampled_map *v, size_t n) {
    const size_t capacity = v->x_capacity, values = n * (size_t)v->student.c;
    grow_gpu(&v->x, &v->x_capacity, values);
    if (values > capacity) {
        if (v->gradient) cuda_free(v->gradient);
        if (v->position_gpu) cuda_free((float *)v->position_gpu);
        v->gradient = cuda_make_array(NULL, values);
        v->position_gpu = (int *)cuda_make_array(NULL, n);
    }
    grow_gpu(&v->taught, &v->taught_capacity, n * (size_t)v->teacher.c);
}

int take_lgg_vertices_gpu(lgg_section *s, const host_pass *pass, int batch) {
    const float *truth = host_truth_at_hand(pass);
    float *pulled = NULL;
    if (s->vertices == LGG_VERTICES_BOXES && !truth) {
        const size_t values = (size_t)batch * (size_t)host_truths(pass);
        pulled = lgg_allocate(values, sizeof *pulled, what);
        cuda_pull_array(host_truth_gpu(pass), pulled, values);
    }
    collect_lgg_report(s); /* then the device has read the positions of the pass before, which are drawn anew */
    const int n = draw_vertices(s, pass, truth ? truth : pulled, batch);
    free(pulled);
    for (int i = 0; i < s->n; ++i) {
        lgg_sampled_map *v = &s->sampled[i];
        v->whole = s->student[i];
        grow_vertices_gpu(v, (size_t)n);
        cudaMemcpyAsync(v->position_gpu, v->position, (size_t)n * sizeof *v->position, cudaMemcpyHostToDevice,
                        host_stream());
        cudaMemsetAsync(v->gradient, 0, (size_t)n * (size_t)v->student.c * sizeof *v->gradient, host_stream());
        check_status(s, lgg_vertices_gather_gpu(host_stream(), n, v->position_gpu, v->grid_h, v->grid_w, v->student,
                                                v->whole.x, v->x));
        check_status(s, lgg_vertices_gather_gpu(host_stream(), n, v->position_gpu, v->grid_h, v->grid_w, v->teacher,
                                                s->taught[i].x, v->taught));
        s->student[i] = (lgg_representation){.x = v->x, .gradient = v->gradient, .d = v->student.c};
        s->taught[i] = (lgg_representation){.x = v->taught, .d = v->teacher.c};
    }
    return n;
}

void give_lgg_vertices_gpu(lgg_section *s, int n) {
    for (int i = 0; i < s->n; ++i) {
        const lgg_sampled_map *v = &s->sampled[i];
        check_status(s, lgg_vertices_scatter_gpu(host_stream(), n, v->position_gpu, v->grid_h, v->grid_w, v->student,
                                                 v->gradient, v->whole.gradient));
    }
}

static void free_floats(float *x) {
    if (gpu_index < 0) {
        free(x);
    } else if (x) {
        cuda_free(x);
    }
}
#else
static void free_floats(float *x) {
    free(x);
}
#endif

void free_lgg_vertices(lgg_section *s) {
    for (int i = 0; s->sampled && i < s->n; ++i) {
        lgg_sampled_map *v = &s->sampled[i];
        free(v->position);
        free(v->order);
        free_floats(v->x);
        free_floats(v->gradient);
        free_floats(v->taught);
        free_floats((float *)v->position_gpu);
    }
    free(s->sampled);
}
