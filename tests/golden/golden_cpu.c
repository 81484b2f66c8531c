/* golden_cpu.c: evaluates golden cases with the C library. */
#include "golden.h"
#include <stdlib.h>

static lgg_status golden_cpu_evaluate(const golden_case *c, double *loss, float **gradient) {
    lgg_loss *handle;
    lgg_representation *student = calloc((size_t)c->layers, sizeof *student);
    lgg_representation *teacher = calloc((size_t)c->layers, sizeof *teacher);
    lgg_status status = student && teacher ? LGG_OK : LGG_ERROR_MEMORY;
    for (int i = 0; status == LGG_OK && i < c->layers; i++) {
        student[i] = (lgg_representation){c->student[i].value, gradient[i], c->student[i].columns};
        teacher[i] = (lgg_representation){c->teacher[i].value, NULL, c->teacher[i].columns};
    }
    if (status == LGG_OK) status = lgg_loss_create(&handle, c->kind, &c->options, c->layers, c->batch, c->classes);
    if (status == LGG_OK) {
        status = lgg_loss_evaluate(handle, c->batch, c->labels, student, teacher, 1, loss, NULL);
        lgg_loss_free(handle);
    }
    free(student);
    free(teacher);
    return status;
}

const golden_backend golden_cpu = {"CPU", golden_cpu_evaluate};
