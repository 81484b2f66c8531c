/* golden_case.c: reads a golden case (format in golden.h). Believes nothing: whatever is wrong is one line that names the file, the
 * line and what was expected. */
#include "golden.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_MAX_LAYERS 1024
#define GOLDEN_MAX_BATCH 65536
#define GOLDEN_MAX_CLASSES 1000000

typedef struct {
    FILE *file;
    const char *path;
    int line;        /* of the next character */
    int token_line;  /* of the token */
    char token[128]; /* "" at the end of the file */
    char *message;
    size_t size;
} golden_reader;

/* Writes "path:line: expected ..., got ..."; returns -1. */
__attribute__((format(printf, 2, 3))) static int golden_expected(golden_reader *r, const char *format, ...) {
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    for (char *t = r->token; *t; t++) {
        if (!isprint((unsigned char)*t)) *t = '?';
    }
    snprintf(r->message, r->size, "%s:%d: expected %s, got %s%s%s", r->path, r->token_line, what, *r->token ? "'" : "",
             *r->token ? r->token : "the end of the file", *r->token ? "'" : "");
    return -1;
}

/* Reads the next token; an overlong one is cut, and so matches nothing. */
static void golden_next(golden_reader *r) {
    size_t length = 0;
    int byte = getc(r->file);
    while (byte != EOF && isspace(byte)) {
        r->line += byte == '\n';
        byte = getc(r->file);
    }
    r->token_line = r->line;
    while (byte != EOF && !isspace(byte)) {
        if (length + 1 < sizeof r->token) r->token[length++] = byte ? (char)byte : '?';
        byte = getc(r->file);
    }
    if (byte != EOF) ungetc(byte, r->file);
    r->token[length] = 0;
}

static int golden_integer(golden_reader *r, const char *what, long low, long high, int *value) {
    char *end;
    golden_next(r);
    errno = 0;
    const long number = strtol(r->token, &end, 10);
    if (!*r->token || *end || errno || number < low || number > high) {
        return golden_expected(r, "%s, an integer from %ld to %ld", what, low, high);
    }
    *value = (int)number;
    return 0;
}

/* The token at hand as a number. */
static int golden_number(golden_reader *r, const char *what, double *value) {
    char *end;
    *value = strtod(r->token, &end);
    if (!*r->token || *end || !isfinite((float)*value)) return golden_expected(r, "%s, a finite number", what);
    return 0;
}

static int golden_real(golden_reader *r, const char *what, double *value) {
    golden_next(r);
    return golden_number(r, what, value);
}

/* The index of the next token among names, which end with NULL; -1 with a message that lists them. */
static int golden_choice(golden_reader *r, const char *const *names) {
    char list[200] = "";
    golden_next(r);
    for (int i = 0; names[i]; i++) {
        if (!strcmp(r->token, names[i])) return i;
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? "|" : "", names[i]);
    }
    return golden_expected(r, "%s", list);
}

static const char *const kind_names[] = {
    "label_variation", "smooth", "gkd", "rkd_distance", "rkd_angle", "rkd_similarity", "rkd_probability", "hkd", NULL};
static const char *const similarity_names[] = {"cosine", "rbf", "exp", NULL};
static const char *const reduction_names[] = {"sum", "mean", "mean_kept", "log", "log_rows", NULL};
static const char *const edges_names[] = {"all", "inter", "intra", NULL};
static const char *const neighbors_names[] = {"own", "teacher", NULL};
static const char *const distance_names[] = {"squared", "frobenius", NULL};

enum { SIMILARITY, ALPHA, UNIT, K, NORMALIZE, POWER, REDUCTION, EDGES, NEIGHBORS, DISTANCE, TEMPERATURE };
static const char *const option_names[] = {"similarity", "alpha", "unit",      "k",        "normalize",   "power",
                                           "reduction",  "edges", "neighbors", "distance", "temperature", NULL};

static int golden_positive(golden_reader *r, const char *what, float *value) {
    double number = 0;
    if (golden_real(r, what, &number)) return -1;
    if (!((float)number > 0)) return golden_expected(r, "%s, a number above 0", what);
    *value = (float)number;
    return 0;
}

/* A number, or where else alpha comes from. */
static int golden_alpha(golden_reader *r, lgg_graph_options *o) {
    double number = 0;
    golden_next(r);
    o->alpha_from = !strcmp(r->token, "auto_size")        ? LGG_ALPHA_SIZE
                    : !strcmp(r->token, "auto_deviation") ? LGG_ALPHA_DEVIATION
                                                          : LGG_ALPHA_GIVEN;
    if (o->alpha_from != LGG_ALPHA_GIVEN) return 0;
    if (golden_number(r, "alpha", &number)) return -1;
    if (!((float)number > 0)) return golden_expected(r, "alpha, a number above 0");
    o->alpha = (float)number;
    return 0;
}

/* "option NAME VALUE", after "option"; *reduced is set where it is the reduction. */
static int golden_option(golden_reader *r, lgg_options *o, int *reduced) {
    const int option = golden_choice(r, option_names);
    int choice = 0;
    switch (option) {
    case SIMILARITY:
        choice = golden_choice(r, similarity_names);
        if (choice >= 0) o->graph.similarity = (lgg_similarity)choice;
        break;
    case ALPHA:
        return golden_alpha(r, &o->graph);
    case UNIT:
        return golden_integer(r, "unit", 0, 1, &o->graph.unit);
    case K:
        return golden_integer(r, "k", 0, INT_MAX, &o->graph.k);
    case NORMALIZE:
        return golden_integer(r, "normalize", 0, 1, &o->graph.normalize);
    case POWER:
        return golden_integer(r, "power", 1, 100, &o->power);
    case REDUCTION:
        choice = golden_choice(r, reduction_names);
        if (choice >= 0) o->reduction = (lgg_reduction)choice;
        *reduced = 1;
        break;
    case EDGES:
        choice = golden_choice(r, edges_names);
        if (choice >= 0) o->edges = (lgg_edges)choice;
        break;
    case NEIGHBORS:
        choice = golden_choice(r, neighbors_names);
        if (choice >= 0) o->neighbors = (lgg_neighbors)choice;
        break;
    case DISTANCE:
        choice = golden_choice(r, distance_names);
        if (choice >= 0) o->distance = (lgg_graph_distance)choice;
        break;
    case TEMPERATURE:
        return golden_positive(r, "temperature", &o->temperature);
    default:
        return -1;
    }
    return choice < 0 ? -1 : 0;
}

/* "labels y_1 ... y_B", after "labels": one-hot rows. */
static int golden_labels(golden_reader *r, golden_case *c) {
    if (!c->batch || !c->classes) return golden_expected(r, "batch and classes before labels");
    if (c->labels) return golden_expected(r, "labels only once");
    c->labels = calloc((size_t)c->batch * (size_t)c->classes, sizeof(float));
    if (!c->labels) return golden_expected(r, "a batch and classes that fit into memory");
    for (int i = 0; i < c->batch; i++) {
        int label = 0;
        if (golden_integer(r, "a label", 0, c->classes - 1, &label)) return -1;
        c->labels[(size_t)i * (size_t)c->classes + (size_t)label] = 1;
    }
    return 0;
}

/* "I ROWS COLS" and ROWS*COLS numbers. Memory grows with what is really there, whatever the header says. */
static int golden_read_matrix(golden_reader *r, const char *what, golden_matrix *matrices, int *layers) {
    int index = 0, rows = 0, columns = 0;
    size_t capacity = 0;
    if (golden_integer(r, "an index", 0, GOLDEN_MAX_LAYERS - 1, &index)) return -1;
    golden_matrix *m = &matrices[index];
    if (m->value) return golden_expected(r, "%s %d only once", what, index);
    if (golden_integer(r, "a number of rows", 1, GOLDEN_MAX_BATCH, &rows)) return -1;
    if (golden_integer(r, "a number of columns", 1, INT_MAX, &columns)) return -1;
    *m = (golden_matrix){.rows = rows, .columns = columns};
    if (index >= *layers) *layers = index + 1;
    for (size_t t = 0; t < (size_t)rows * (size_t)columns; t++) {
        double number = 0;
        if (golden_real(r, "a value", &number)) return -1;
        if (t == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            float *grown = realloc(m->value, capacity * sizeof(float));
            if (!grown) return golden_expected(r, "a matrix that fits into memory");
            m->value = grown;
        }
        m->value[t] = (float)number;
    }
    return 0;
}

/* "positions H W p_1 ... p_B", after "positions". */
static int golden_positions(golden_reader *r, golden_case *c) {
    if (!c->batch) return golden_expected(r, "batch before positions");
    if (c->position) return golden_expected(r, "positions only once");
    if (golden_integer(r, "a height", 1, 4096, &c->grid_h) || golden_integer(r, "a width", 1, 4096, &c->grid_w))
        return -1;
    c->position = calloc((size_t)c->batch, sizeof *c->position);
    if (!c->position) return golden_expected(r, "a batch that fits into memory");
    for (int i = 0; i < c->batch; i++) {
        if (golden_integer(r, "a position", 0, INT_MAX, &c->position[i])) return -1;
    }
    return 0;
}

/* "I C H W" */
static int golden_map(golden_reader *r, lgg_map *maps) {
    int index = 0;
    if (golden_integer(r, "an index", 0, GOLDEN_MAX_LAYERS - 1, &index)) return -1;
    lgg_map *m = &maps[index];
    return golden_integer(r, "channels", 1, 4096, &m->c) || golden_integer(r, "a height", 1, 4096, &m->h) ||
                   golden_integer(r, "a width", 1, 4096, &m->w)
               ? -1
               : 0;
}

/* Whether matrix m has the maps of enough images for the positions. */
static int golden_fits_map(const golden_case *c, const golden_matrix *m, const lgg_map *map) {
    if ((long)map->c * map->h * map->w != m->columns || map->h < c->grid_h || map->w < c->grid_w) return 0;
    for (int i = 0; i < c->batch; i++) {
        if (c->position[i] / (c->grid_h * c->grid_w) >= m->rows) return 0;
    }
    return 1;
}

/* What the file has said so far beside the case itself. */
typedef struct {
    int kind, reduction, loss;         /* seen */
    int students, teachers, gradients; /* highest index + 1 */
} golden_seen;

/* One statement, whose first token has been read. */
static int golden_statement(golden_reader *r, golden_case *c, golden_seen *seen) {
    static const char *const statements =
        "kind, batch, classes, labels, option, positions, student_map, teacher_map, student, teacher, loss or gradient";
    if (!strcmp(r->token, "kind")) {
        const int kind = golden_choice(r, kind_names);
        if (kind < 0) return -1;
        c->kind = (lgg_kind)kind;
        seen->kind = 1;
        return 0;
    }
    if (!strcmp(r->token, "batch")) {
        if (c->labels) return golden_expected(r, "batch before labels");
        return golden_integer(r, "batch", 1, GOLDEN_MAX_BATCH, &c->batch);
    }
    if (!strcmp(r->token, "classes")) {
        if (c->labels) return golden_expected(r, "classes before labels");
        return golden_integer(r, "classes", 1, GOLDEN_MAX_CLASSES, &c->classes);
    }
    if (!strcmp(r->token, "labels")) return golden_labels(r, c);
    if (!strcmp(r->token, "option")) return golden_option(r, &c->options, &seen->reduction);
    if (!strcmp(r->token, "positions")) return golden_positions(r, c);
    if (!strcmp(r->token, "student_map")) return golden_map(r, c->student_map);
    if (!strcmp(r->token, "teacher_map")) return golden_map(r, c->teacher_map);
    if (!strcmp(r->token, "student")) return golden_read_matrix(r, "student", c->student, &seen->students);
    if (!strcmp(r->token, "teacher")) return golden_read_matrix(r, "teacher", c->teacher, &seen->teachers);
    if (!strcmp(r->token, "gradient")) return golden_read_matrix(r, "gradient", c->gradient, &seen->gradients);
    if (!strcmp(r->token, "loss")) {
        seen->loss = 1;
        return golden_real(r, "the loss", &c->loss);
    }
    return golden_expected(r, "%s", statements);
}

/* What must hold once the file has been read; the token is its end. */
static int golden_complete(golden_reader *r, golden_case *c, const golden_seen *seen) {
    const int distillation = c->kind != LGG_LABEL_VARIATION && c->kind != LGG_SMOOTH;
    if (!seen->kind) return golden_expected(r, "kind");
    if (!c->labels) return golden_expected(r, "labels");
    if (!seen->loss) return golden_expected(r, "loss");
    if (!seen->students) return golden_expected(r, "student 0");
    if (c->kind == LGG_SMOOTH && seen->students < 2) return golden_expected(r, "student 1, smooth compares layers");
    if ((c->kind == LGG_LABEL_VARIATION || c->kind == LGG_HKD) && seen->students > 1) {
        return golden_expected(r, "one student for %s", kind_names[c->kind]);
    }
    if (!distillation && seen->teachers) return golden_expected(r, "no teacher for %s", kind_names[c->kind]);
    if (seen->teachers > seen->students) return golden_expected(r, "student %d", seen->students);
    if (seen->gradients > seen->students) return golden_expected(r, "student %d", seen->students);
    for (int i = 0; i < seen->students; i++) {
        const golden_matrix *s = &c->student[i], *t = &c->teacher[i], *g = &c->gradient[i];
        if (!s->value) return golden_expected(r, "student %d", i);
        if (!g->value) return golden_expected(r, "gradient %d", i);
        if (distillation && !t->value) return golden_expected(r, "teacher %d", i);
        if (c->position && !golden_fits_map(c, s, &c->student_map[i]))
            return golden_expected(r, "maps of the positions in student %d", i);
        if (c->position && distillation && !golden_fits_map(c, t, &c->teacher_map[i]))
            return golden_expected(r, "maps of the positions in teacher %d", i);
        const int rows = c->position ? s->rows : c->batch;
        if (s->rows != rows) return golden_expected(r, "%d rows in student %d", rows, i);
        if (g->rows != rows || g->columns != s->columns) {
            return golden_expected(r, "gradient %d to be %d x %d", i, rows, s->columns);
        }
        if (distillation && t->rows != rows) return golden_expected(r, "%d rows in teacher %d", rows, i);
        if (c->kind == LGG_HKD && t->columns != s->columns) {
            return golden_expected(r, "%d columns in teacher %d", s->columns, i);
        }
    }
    c->layers = seen->students;
    return 0;
}

static int golden_read_all(golden_reader *r, golden_case *c) {
    golden_seen seen = {0};
    for (golden_next(r); *r->token; golden_next(r)) {
        if (golden_statement(r, c, &seen)) return -1;
    }
    if (ferror(r->file)) return golden_expected(r, "a readable file");
    if (!seen.reduction) c->options.reduction = c->kind == LGG_LABEL_VARIATION ? LGG_SUM : LGG_MEAN;
    return golden_complete(r, c, &seen);
}

int golden_case_read(golden_case *c, const char *path, char *message, size_t size) {
    golden_reader r = {.path = path, .line = 1, .message = message, .size = size};
    memset(c, 0, sizeof *c);
    lgg_options_default(LGG_LABEL_VARIATION, &c->options);
    c->student = calloc(GOLDEN_MAX_LAYERS, sizeof *c->student);
    c->teacher = calloc(GOLDEN_MAX_LAYERS, sizeof *c->teacher);
    c->gradient = calloc(GOLDEN_MAX_LAYERS, sizeof *c->gradient);
    c->student_map = calloc(GOLDEN_MAX_LAYERS, sizeof *c->student_map);
    c->teacher_map = calloc(GOLDEN_MAX_LAYERS, sizeof *c->teacher_map);
    r.file = fopen(path, "r");
    int status = -1;
    if (!r.file) {
        snprintf(message, size, "%s: cannot open: %s", path, strerror(errno));
    } else if (!c->student || !c->teacher || !c->gradient || !c->student_map || !c->teacher_map) {
        snprintf(message, size, "%s: out of memory", path);
    } else {
        status = golden_read_all(&r, c);
    }
    if (r.file) fclose(r.file);
    if (status) golden_case_free(c);
    return status;
}

void golden_case_free(golden_case *c) {
    for (int i = 0; i < GOLDEN_MAX_LAYERS; i++) {
        if (c->student) free(c->student[i].value);
        if (c->teacher) free(c->teacher[i].value);
        if (c->gradient) free(c->gradient[i].value);
    }
    free(c->labels);
    free(c->student);
    free(c->teacher);
    free(c->gradient);
    free(c->position);
    free(c->student_map);
    free(c->teacher_map);
    memset(c, 0, sizeof *c);
}
