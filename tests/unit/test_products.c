/* test_products.c: the tiles behind the Gram matrix and the gradient's product, each instruction set that this machine has; and the
 * gradient of label variation from sums over classes against that product. */
#include "lgg_graphs.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static const lgg_instructions every_set[] = {LGG_AVX512, LGG_AVX2, LGG_PLAIN};
enum { SETS = sizeof every_set / sizeof every_set[0] };

static float *random_rows(int n, int d) {
    uint64_t state = 7;
    float *x = malloc((size_t)n * (size_t)d * sizeof *x);
    assert_non_null(x);
    for (size_t t = 0; t < (size_t)n * (size_t)d; t++)
        x[t] = (float)unit_random(&state);
    return x;
}

/* Workspace for the products of n rows, to be freed by its arena's base. */
static lgg_workspace make_workspace(size_t n, size_t classes, lgg_arena *arena) {
    lgg_workspace workspace = {0};
    *arena = (lgg_arena){0};
    lgg_workspace_take(&workspace, arena, n, classes);
    arena->base = calloc(1, arena->used);
    assert_non_null(arena->base);
    arena->used = 0;
    lgg_workspace_take(&workspace, arena, n, classes);
    return workspace;
}

/* Fewer rows and columns than a tile has, values that fill no vector; with a copy of the rows and without, added and not. */
static void tiles_of_dot_products(void **state) {
    enum { COUNT = 37, STRIDE = COUNT + 3, WIDE = LGG_DOT_COLUMNS_MAX + 1 };
    float *x = random_rows(LGG_DOT_ROWS_MAX + LGG_DOT_COLUMNS_MAX, COUNT);
    const float *row[LGG_DOT_ROWS_MAX + LGG_DOT_COLUMNS_MAX], **a = row, **b = row + LGG_DOT_ROWS_MAX;
    (void)state;
    for (int i = 0; i < LGG_DOT_ROWS_MAX + LGG_DOT_COLUMNS_MAX; i++)
        row[i] = x + i * COUNT;
    for (int s = 0; s < 4 * SETS; s++) {
        const lgg_tiles *tiles = lgg_tiles_of(every_set[s / 4]);
        const int copying = s % 2, adding = s / 2 % 2;
        if (!tiles) continue;
        for (size_t rows = 1; rows <= lgg_tiles_dot_rows(tiles); rows++) {
            for (size_t columns = 1; columns <= lgg_tiles_dot_columns(tiles); columns++) {
                float c[LGG_DOT_ROWS_MAX * WIDE], copy[LGG_DOT_ROWS_MAX * STRIDE];
                const lgg_dot_tile tile = {COUNT, a, b, x, copying ? copy : NULL, STRIDE, adding};
                for (size_t t = 0; t < LGG_DOT_ROWS_MAX * WIDE; t++)
                    c[t] = 1;
                lgg_tiles_dot(tiles, &tile, rows, columns, c, WIDE);
                for (size_t i = 0; i < LGG_DOT_ROWS_MAX; i++) {
                    for (size_t j = 0; j < WIDE; j++) {
                        const int wanted = i < rows && j < columns;
                        double sum = !wanted || adding;
                        for (size_t t = 0; wanted && t < COUNT; t++)
                            sum += (double)a[i][t] * (double)b[j][t];
                        unit_assert_near((double)c[i * WIDE + j], sum, 1e-6 * COUNT);
                    }
                    if (copying && i < rows) assert_memory_equal(copy + i * STRIDE, a[i], COUNT * sizeof(float));
                }
            }
        }
    }
    free(x);
}

/* The lower triangle of x x' (n, n) in float64, to be freed. */
static double *expect_gram(int n, int d, const float *x) {
    double *expected = malloc((size_t)n * (size_t)n * sizeof *expected);
    assert_non_null(expected);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int t = 0; t < d; t++)
                sum += (double)x[i * d + t] * (double)x[j * d + t];
            expected[i * n + j] = sum;
        }
    }
    return expected;
}

/* Fails unless the lower triangle of gram is the expected one and nothing behind it was written. */
static void assert_gram(int n, int d, const double *expected, const float *gram, float sentinel) {
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++)
            unit_assert_near((double)gram[i * n + j], expected[i * n + j], 1e-6 * d + 1e-6);
    }
    assert_true(gram[n * n] == sentinel);
}

/* Rows and columns that fill no tile, no panel and no vector; more columns than are taken at a time; rows that would meet in the cache; so
 * many rows that they go by blocks. */
static void grams_of_every_shape(void **state) {
    static const int rows[] = {1, 2, 3, 4, 5, 7, 12, 47, 49, 101, 256, 323},
                     widths[] = {1, 7, 8, 15, 16, 17, 33, 4096, 8201, 17 * 1024};
    const float sentinel = -1234;
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            const int n = rows[r], d = widths[w];
            if ((double)n * n * d > 50 * 50 * 17 * 1024.) continue;
            float *x = random_rows(n, d), *gram = malloc(((size_t)n * (size_t)n + 1) * sizeof *gram);
            double *expected = expect_gram(n, d, x);
            lgg_arena arena;
            lgg_workspace workspace = make_workspace((size_t)n, 0, &arena);
            assert_non_null(gram);
            for (int s = 0; s < SETS; s++) {
                const lgg_tiles *tiles = lgg_tiles_of(every_set[s]);
                if (!tiles) continue;
                for (int t = 0; t <= n * n; t++)
                    gram[t] = sentinel;
                lgg_triangle_gram(tiles, &workspace, n, d, x, gram);
                assert_gram(n, d, expected, gram, sentinel);
            }
            free(arena.base);
            free(expected);
            free(x);
            free(gram);
        }
    }
}

/* Rows of one value each: every addition rounds the same way, and the error is within what ties and parallel vectors are judged by. */
static void grams_of_constant_rows(void **state) {
    static const int rows[] = {33, 257}, widths[] = {512, 8192, 16384};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            const int n = rows[r], d = widths[w];
            float *x = malloc((size_t)n * (size_t)d * sizeof *x), *gram = malloc((size_t)n * (size_t)n * sizeof *gram);
            lgg_arena arena;
            lgg_workspace workspace = make_workspace((size_t)n, 0, &arena);
            assert_non_null(x);
            assert_non_null(gram);
            for (int t = 0; t < n * d; t++)
                x[t] = 1 + (float)(t / d) / (float)n;
            for (int s = 0; s < SETS; s++) {
                const lgg_tiles *tiles = lgg_tiles_of(every_set[s]);
                if (!tiles) continue;
                lgg_triangle_gram(tiles, &workspace, n, d, x, gram);
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j <= i; j++) {
                        const double expected = (double)d * (double)x[i * d] * (double)x[j * d];
                        assert_true(fabs((double)gram[i * n + j] / expected - 1) <= LGG_PRODUCT_ERROR);
                    }
                }
            }
            free(arena.base);
            free(x);
            free(gram);
        }
    }
}

static void gram_is_symmetric_to_the_bit(void **state) {
    enum { N = 61, D = 300 };
    static float gram[N * N + 1];
    float *x = random_rows(N, D);
    double *expected = expect_gram(N, D, x);
    (void)state;
    lgg_arena arena;
    lgg_workspace workspace = make_workspace(N, 0, &arena);
    lgg_product_gram_shared(&workspace, N, D, x, gram);
    free(arena.base);
    assert_gram(N, D, expected, gram, 0);
    free(expected);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++)
            assert_true(gram[i * N + j] == gram[j * N + i]);
    }
    free(x);
}

/* Each element is a sum in the same order, whoever does it. */
static void gram_is_the_same_for_any_number_of_threads(void **state) {
    enum { N = 20, D = 9 * 1024 };
    (void)state;
#ifdef _OPENMP
    static float one[N * N], many[N * N];
    float *x = random_rows(N, D);
    const int threads = omp_get_max_threads();
    omp_set_num_threads(5);
    lgg_arena arena;
    lgg_workspace workspace = make_workspace(N, 0, &arena);
    for (int s = 0; s < SETS; s++) {
        const lgg_tiles *tiles = lgg_tiles_of(every_set[s]);
        if (!tiles) continue;
        omp_set_num_threads(1);
        lgg_triangle_gram(tiles, &workspace, N, D, x, one);
        for (int count = 2; count <= 7; count++) { /* more than the workspace has, too */
            omp_set_num_threads(count);
            lgg_triangle_gram(tiles, &workspace, N, D, x, many);
            for (int i = 0; i < N; i++)
                assert_memory_equal(one + i * N, many + i * N, ((size_t)i + 1) * sizeof *one);
        }
    }
    omp_set_num_threads(threads);
    free(arena.base);
    free(x);
#endif
}

/* Fails unless gradient (n, d) is 1 + w x; w (n, n) need not be symmetric. */
static void assert_product(int n, int d, const float *w, const float *x, const float *gradient) {
    for (int i = 0; i < n; i++) {
        for (int t = 0; t < d; t++) {
            double sum = 1;
            for (int j = 0; j < n; j++)
                sum += (double)w[i * n + j] * (double)x[j * d + t];
            unit_assert_near((double)gradient[i * d + t], sum, 1e-6 * n + 1e-6);
        }
    }
}

/* gradient += w x, by as many threads as that is worth. */
static void product_by_threads(const lgg_tiles *tiles, const lgg_workspace *workspace, int n, int d, const float *w,
                               const float *x, float *gradient) {
#pragma omp parallel num_threads(lgg_workspace_threads(workspace, (double)n *(double)n *(double)d))
    lgg_block_product_shared(tiles, workspace, n, d, w, x, gradient);
}

/* Rows and columns that fill no tile and no block, and more than one block of either. Nothing before or behind is written. */
static void products_of_every_shape(void **state) {
    static const int rows[] = {1, 2, 5, 8, 11, 12, 13, 50, 259}, widths[] = {1, 31, 32, 33, 256, 300};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t c = 0; c < sizeof widths / sizeof *widths; c++) {
            const int n = rows[r], d = widths[c];
            const size_t size = (size_t)n * (size_t)d;
            float *x = random_rows(n, d), *w = random_rows(n, n), *gradient = malloc((size + 2) * sizeof *gradient);
            lgg_arena arena;
            lgg_workspace workspace = make_workspace((size_t)n, 0, &arena);
            assert_non_null(gradient);
            for (int s = 0; s < SETS; s++) {
                const lgg_tiles *tiles = lgg_tiles_of(every_set[s]);
                if (!tiles) continue;
                for (size_t t = 0; t < size + 2; t++)
                    gradient[t] = 1;
                product_by_threads(tiles, &workspace, n, d, w, x, gradient + 1);
                assert_product(n, d, w, x, gradient + 1);
                assert_true(gradient[0] == 1 && gradient[size + 1] == 1);
            }
            free(arena.base);
            free(gradient);
            free(w);
            free(x);
        }
    }
}

static void product_is_the_same_for_any_number_of_threads(void **state) {
    enum { N = 70, D = 3000 };
    (void)state;
#ifdef _OPENMP
    static float one[N * D], many[N * D];
    float *x = random_rows(N, D), *w = random_rows(N, N);
    const int threads = omp_get_max_threads();
    omp_set_num_threads(4);
    lgg_arena arena;
    lgg_workspace workspace = make_workspace(N, 0, &arena);
    omp_set_num_threads(1);
    memset(one, 0, sizeof one);
    product_by_threads(lgg_tiles_best(), &workspace, N, D, w, x, one);
    for (int count = 2; count <= 7; count++) { /* more than the workspace has, too */
        omp_set_num_threads(count);
        memset(many, 0, sizeof many);
        product_by_threads(lgg_tiles_best(), &workspace, N, D, w, x, many);
        assert_memory_equal(one, many, sizeof one);
    }
    omp_set_num_threads(threads);
    free(arena.base);
    free(w);
    free(x);
#endif
}

enum { CLASSES = 5 };

/* Classes of different sizes; none has label 1. */
static void fill_labels(int n, float *labels) {
    memset(labels, 0, (size_t)n * CLASSES * sizeof *labels);
    for (int i = 0; i < n; i++)
        labels[i * CLASSES + (i % 7 == 0 ? 0 : i % 3 + 2)] = 1;
}

/* The label variation loss of x (n, d), and its gradient twice: as the library takes it, and as the product with all edges. */
typedef struct {
    lgg_loss *loss;
    float *labels, *gradient, *expected;
    int by_class; /* whether the library can take the sums over classes */
} class_case;

static class_case make_class_case(int power, int n, int d, const float *x) {
    class_case c = {.labels = malloc((size_t)n * CLASSES * sizeof(float)),
                    .gradient = calloc((size_t)n * (size_t)d, sizeof(float)),
                    .expected = calloc((size_t)n * (size_t)d, sizeof(float))};
    lgg_options options;
    assert_true(c.labels && c.gradient && c.expected);
    fill_labels(n, c.labels);
    lgg_options_default(LGG_LABEL_VARIATION, &options);
    options.power = power;
    options.reduction = LGG_SUM;
    assert_int_equal(lgg_loss_create(&c.loss, LGG_LABEL_VARIATION, &options, 1, n, CLASSES), LGG_OK);
    lgg_loss *loss = c.loss;
    lgg_graph *graph = loss->student;
    loss->by_class.one_hot = lgg_one_hot(n, CLASSES, c.labels, loss->label_class);
    lgg_label_distance(n, CLASSES, c.labels, loss->label_distance, loss->row_total);
    lgg_graph_forward(graph, n, d, x, NULL);
    lgg_variation_forward(graph, CLASSES, power, c.labels, loss->label_distance, loss->laplacian_power,
                          loss->row_total);
    lgg_variation_backward(n, CLASSES, power, 0.5f, c.labels, loss->label_distance, loss->laplacian_power,
                           loss->edge_gradient);
    c.by_class = lgg_class_gradient_add(loss, graph, loss->edge_gradient, 0.5, c.gradient);
    lgg_graph_backward(graph, loss->edge_gradient, c.expected);
    return c;
}

static void free_class_case(class_case *c) {
    lgg_loss_free(c->loss);
    free(c->labels);
    free(c->gradient);
    free(c->expected);
}

/* ||a - b|| / ||b|| */
static double relative_error(size_t count, const float *a, const float *b) {
    double difference = 0, size = 0;
    for (size_t t = 0; t < count; t++) {
        difference += ((double)a[t] - (double)b[t]) * ((double)a[t] - (double)b[t]);
        size += (double)b[t] * (double)b[t];
    }
    return sqrt(difference / size);
}

static void class_sums_give_the_gradient_of_all_edges(void **state) {
    static const int rows[] = {2, 9, 100, 256, 300, 513}, widths[] = {1, 40, 300};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            for (int power = 1; power <= 2; power++) {
                const int n = rows[r], d = widths[w];
                float *x = random_rows(n, d);
                if (d > 1) memset(x + d, 0, (size_t)d * sizeof *x); /* a zero vector */
                class_case c = make_class_case(power, n, d, x);
                if (d > 1 && n > 2) {
                    assert_true(c.by_class);
                    unit_assert_near(relative_error((size_t)n * (size_t)d, c.gradient, c.expected), 0, 2e-6);
                }
                free_class_case(&c);
                free(x);
            }
        }
    }
}

/* The whole loss of a wide representation takes the sums, and gives what they give. */
static void evaluation_takes_class_sums(void **state) {
    enum { N = 40, D = 1030 };
    float *x = random_rows(N, D), *gradient = calloc(N * D, sizeof *gradient);
    const lgg_representation student = {x, gradient, D};
    (void)state;
    class_case c = make_class_case(2, N, D, x);
    assert_int_equal(lgg_loss_evaluate(c.loss, N, c.labels, &student, NULL, 0.5f, NULL, NULL), LGG_OK);
    assert_memory_equal(gradient, c.gradient, N * D * sizeof *gradient);
    free_class_case(&c);
    free(gradient);
    free(x);
}

/* Their terms cancel: the sums would leave rounding where the gradient is 0. */
static void class_sums_leave_parallel_vectors_alone(void **state) {
    enum { N = 30, D = 64 };
    float *x = random_rows(N, D);
    (void)state;
    for (int t = 0; t < D; t++)
        x[9 * D + t] = 3 * x[7 * D + t]; /* vertex 7 is of class 0, 9 of class 2 */
    class_case c = make_class_case(2, N, D, x);
    assert_false(c.by_class);
    for (int t = 0; t < N * D; t++)
        assert_true(c.gradient[t] == 0);
    free_class_case(&c);
    free(x);
}

/* Two parallel vectors of one class have no part in each other's gradient. */
static void class_sums_serve_parallel_vectors_of_one_class(void **state) {
    enum { N = 30, D = 64 };
    float *x = random_rows(N, D);
    (void)state;
    memcpy(x + 15 * D, x + 9 * D, D * sizeof *x); /* both of class 2 */
    class_case c = make_class_case(2, N, D, x);
    assert_true(c.by_class);
    unit_assert_near(relative_error(N * D, c.gradient, c.expected), 0, 2e-6);
    free_class_case(&c);
    free(x);
}

static void class_sums_are_for_one_hot_labels(void **state) {
    float labels[2 * 3] = {0, 1, 0, 0, 0, 1};
    int label_class[2];
    (void)state;
    assert_true(lgg_one_hot(2, 3, labels, label_class));
    assert_int_equal(label_class[0], 1);
    assert_int_equal(label_class[1], 2);
    labels[0] = 1;
    assert_false(lgg_one_hot(2, 3, labels, label_class));
    labels[0] = 0.5f;
    assert_false(lgg_one_hot(2, 3, labels, label_class));
    labels[0] = labels[1] = 0;
    assert_false(lgg_one_hot(2, 3, labels, label_class));
}

/* Which losses may take the sums over classes: those whose edges' slopes depend on the classes alone. */
static void class_sums_are_for_whole_cosine_graphs(void **state) {
    enum { N = 64, D = 1024 };
    static const struct {
        lgg_graph_options graph;
        int power, pays;
    } cases[] = {
        {{LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 1, 1},     {{LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 2, 1},
        {{LGG_COSINE, 1, 0, N - 1, 0, LGG_ALPHA_GIVEN}, 2, 1}, {{LGG_COSINE, 1, 0, N - 2, 0, LGG_ALPHA_GIVEN}, 2, 0},
        {{LGG_COSINE, 1, 0, 0, 1, LGG_ALPHA_GIVEN}, 1, 0},     {{LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 3, 0},
        {{LGG_RBF, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 1, 0},        {{LGG_EXP, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 1, 0}};
    float *x = random_rows(N, D);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lgg_options options;
        lgg_loss *loss;
        lgg_options_default(LGG_LABEL_VARIATION, &options);
        options.graph = cases[i].graph;
        options.power = cases[i].power;
        assert_int_equal(lgg_loss_create(&loss, LGG_LABEL_VARIATION, &options, 1, N, CLASSES), LGG_OK);
        lgg_graph_forward(loss->student, N, D, x, NULL);
        assert_int_equal(lgg_class_gradient_pays(loss, loss->student), cases[i].pays);
        lgg_loss_free(loss);
    }
    free(x);
}

int run_product_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_of_dot_products),
        cmocka_unit_test(grams_of_every_shape),
        cmocka_unit_test(grams_of_constant_rows),
        cmocka_unit_test(gram_is_symmetric_to_the_bit),
        cmocka_unit_test(gram_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(products_of_every_shape),
        cmocka_unit_test(product_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(class_sums_give_the_gradient_of_all_edges),
        cmocka_unit_test(evaluation_takes_class_sums),
        cmocka_unit_test(class_sums_leave_parallel_vectors_alone),
        cmocka_unit_test(class_sums_serve_parallel_vectors_of_one_class),
        cmocka_unit_test(class_sums_are_for_one_hot_labels),
        cmocka_unit_test(class_sums_are_for_whole_cosine_graphs),
    };
    return cmocka_run_group_tests_name("products", tests, NULL, NULL);
}
