/* golden_cpu.c: evaluates golden cases with the C library. */
#include "golden.h"
#include <stdlib.h>

/* What one layer hands to the loss: its matrix, or the vertices taken from its maps. */
typedef struct {
    float *x, *gradient, *taught;
} golden_vertices;

static lgg_status golden_take(const golden_case *c, int i, golden_vertices *v) {
    const lgg_map s = c->student_map[i], t = c->teacher_map[i];
    const size_t n = (size_t)c->batch;
    v->x = malloc(n * (size_t)s.c * sizeof *v->x);
    v->gradient = calloc(n * (size_t)s.c, sizeof *v->gradient);
    v->taught = malloc(n * (size_t)t.c * sizeof *v->taught);
    if (!v->x || !v->gradient || !v->taught) return LGG_ERROR_MEMORY;
    lgg_status status = lgg_vertices_gather(c->batch, c->position, c->grid_h, c->grid_w, s, c->student[i].value, v->x);
    if (status != LGG_OK) return status;
    return lgg_vertices_gather(c->batch, c->position, c->grid_h, c->grid_w, t, c->teacher[i].value, v->taught);
}

static lgg_status golden_cpu_evaluate(const golden_case *c, double *loss, float **gradient) {
    lgg_loss *handle;
    lgg_representation *student = calloc((size_t)c->layers, sizeof *student);
    lgg_representation *teacher = calloc((size_t)c->layers, sizeof *teacher);
    golden_vertices *v = calloc((size_t)c->layers, sizeof *v);
    lgg_status status = student && teacher && v ? LGG_OK : LGG_ERROR_MEMORY;
    for (int i = 0; status == LGG_OK && i < c->layers; i++) {
        student[i] = (lgg_representation){c->student[i].value, gradient[i], c->student[i].columns};
        teacher[i] = (lgg_representation){c->teacher[i].value, NULL, c->teacher[i].columns};
        if (!c->position) continue;
        status = golden_take(c, i, &v[i]);
        student[i] = (lgg_representation){v[i].x, v[i].gradient, c->student_map[i].c};
        teacher[i] = (lgg_representation){v[i].taught, NULL, c->teacher_map[i].c};
    }
    if (status == LGG_OK) status = lgg_loss_create(&handle, c->kind, &c->options, c->layers, c->batch, c->classes);
    if (status == LGG_OK) {
        status = lgg_loss_evaluate(handle, c->batch, c->labels, student, teacher, 1, loss, NULL);
        lgg_loss_free(handle);
    }
    for (int i = 0; v && i < c->layers; i++) {
        if (status == LGG_OK && c->position)
            status = lgg_vertices_scatter(c->batch, c->position, c->grid_h, c->grid_w, c->student_map[i], v[i].gradient,
                                          gradient[i]);
        free(v[i].x);
        free(v[i].gradient);
        free(v[i].taught);
    }
    free(v);
    free(student);
    free(teacher);
    return status;
}

static const golden_backend golden_cpu = {"CPU", "", NULL, golden_cpu_evaluate};
const golden_backend *const golden_backends[GOLDEN_MOST_BACKENDS] = {&golden_cpu};
