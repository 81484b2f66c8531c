/* test_interface.c: what lgg.h promises beside the numbers: defaults, statuses, ownership, accumulation. */
#include "unit.h"
#include <limits.h>
#include <math.h>
#include <string.h>

#define BATCH 8
#define D 5

static const float labels[BATCH * 2] = {1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1};

static void fill(int count, float *x, uint64_t seed) {
    for (int t = 0; t < count; t++)
        x[t] = (float)unit_random(&seed) + 1;
}

static void defaults_are_the_documented_ones(void **state) {
    lgg_options o;
    (void)state;
    assert_int_equal(lgg_options_default(LGG_LABEL_VARIATION, &o), LGG_OK);
    assert_int_equal(o.graph.similarity, LGG_COSINE);
    assert_int_equal(o.graph.k, 0);
    assert_int_equal(o.graph.unit, 0);
    assert_int_equal(o.graph.normalize, 0);
    assert_int_equal(o.reduction, LGG_MEAN);
    assert_int_equal(o.power, 1);
    assert_true(o.graph.alpha == 1);
    lgg_options_default(LGG_SMOOTH, &o);
    assert_int_equal(o.power, 2);
    assert_int_equal(o.graph.normalize, 0);
    assert_int_equal(o.reduction, LGG_MEAN);
    lgg_options_default(LGG_GKD, &o);
    assert_int_equal(o.power, 1);
    assert_int_equal(o.graph.normalize, 1);
    assert_int_equal(o.distance, LGG_SQUARED);
    assert_int_equal(o.neighbors, LGG_NEIGHBORS_OWN);
    assert_int_equal(o.edges, LGG_EDGES_ALL);
    lgg_options_default(LGG_HKD, &o);
    assert_true(o.temperature == 4);
    assert_int_equal(lgg_options_default(LGG_HKD, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_options_default((lgg_kind)99, &o), LGG_ERROR_ARGUMENT);
}

/* create refuses, and lgg_loss_bytes says 0 */
static void refused(lgg_kind kind, lgg_options options, int layers, int batch, int classes) {
    lgg_loss *loss = (lgg_loss *)&options;
    assert_int_equal(lgg_loss_create(&loss, kind, &options, layers, batch, classes), LGG_ERROR_ARGUMENT);
    assert_null(loss);
    assert_int_equal(lgg_loss_bytes(kind, &options, layers, batch, classes), 0);
}

static void bad_options_are_refused(void **state) {
    lgg_options good, o;
    (void)state;
    lgg_options_default(LGG_GKD, &good);
#define REFUSED_WITH(field, bad) (o = good, o.field = (bad), refused(LGG_GKD, o, 1, BATCH, 2))
    REFUSED_WITH(graph.k, -1);
    REFUSED_WITH(graph.unit, 2);
    REFUSED_WITH(graph.normalize, -1);
    REFUSED_WITH(graph.similarity, (lgg_similarity)7);
    REFUSED_WITH(power, 0);
    REFUSED_WITH(reduction, (lgg_reduction)7);
    REFUSED_WITH(reduction, LGG_LOG);
    REFUSED_WITH(reduction, LGG_MEAN_KEPT);
    REFUSED_WITH(graph.alpha_from, (lgg_alpha)3);
    REFUSED_WITH(edges, (lgg_edges)7);
    REFUSED_WITH(neighbors, (lgg_neighbors)7);
    REFUSED_WITH(distance, (lgg_graph_distance)7);
#undef REFUSED_WITH
    for (int i = 0; i < 4; i++) {
        const float alphas[] = {0, -1, NAN, INFINITY};
        o = good;
        o.graph.similarity = LGG_EXP;
        o.graph.alpha = alphas[i];
        refused(LGG_GKD, o, 1, BATCH, 2);
        o = good;
        o.temperature = alphas[i];
        refused(LGG_HKD, o, 1, BATCH, 2);
    }
    lgg_options_default(LGG_LABEL_VARIATION, &o);
    o.reduction = LGG_LOG_ROWS;
    o.power = 2;
    refused(LGG_LABEL_VARIATION, o, 1, BATCH, 2);
    refused(LGG_GKD, good, 0, BATCH, 2);
    refused(LGG_GKD, good, 1, 0, 2);
    refused(LGG_GKD, good, 1, BATCH, -1);
    refused(LGG_LABEL_VARIATION, good, 2, BATCH, 2);
    refused(LGG_LABEL_VARIATION, good, 1, BATCH, 0);
    refused(LGG_SMOOTH, good, 1, BATCH, 2);
    refused(LGG_HKD, good, 2, BATCH, 2);
    refused((lgg_kind)9, good, 1, BATCH, 2);
    o = good;
    o.edges = LGG_EDGES_INTER;
    refused(LGG_GKD, o, 1, BATCH, 0);
    assert_int_equal(lgg_loss_create(NULL, LGG_GKD, &good, 1, BATCH, 2), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_bytes(LGG_GKD, NULL, 1, BATCH, 2), 0);
}

static void bad_arguments_add_nothing(void **state) {
    float x[BATCH * D], gradient[BATCH * D] = {0};
    lgg_options o;
    lgg_loss *loss;
    double value = 42;
    (void)state;
    fill(BATCH * D, x, 1);
    const lgg_representation good = {x, gradient, D}, no_x = {NULL, gradient, D}, no_d = {x, gradient, 0};
    const lgg_representation narrow = {x, NULL, D - 1};
    lgg_options_default(LGG_GKD, &o);
    o.edges = LGG_EDGES_INTRA;
    assert_int_equal(lgg_loss_create(&loss, LGG_GKD, &o, 1, BATCH, 2), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(NULL, BATCH, labels, &good, &good, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, 0, labels, &good, &good, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH + 1, labels, &good, &good, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, NULL, &good, &good, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, NULL, &good, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, &good, NULL, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, &no_x, &good, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, &good, &no_d, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    lgg_loss_free(loss);
    lgg_options_default(LGG_HKD, &o);
    assert_int_equal(lgg_loss_create(&loss, LGG_HKD, &o, 1, BATCH, 0), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, NULL, &good, &narrow, 1, &value, NULL), LGG_ERROR_ARGUMENT);
    lgg_loss_free(loss);
    assert_true(value == 42);
    for (int t = 0; t < BATCH * D; t++)
        assert_true(gradient[t] == 0);
}

static void sizes_that_do_not_fit_are_an_error(void **state) {
    lgg_options o;
    lgg_loss *loss;
    lgg_graph *graph;
    (void)state;
    lgg_options_default(LGG_SMOOTH, &o);
    assert_int_equal(lgg_loss_bytes(LGG_SMOOTH, &o, 3, INT_MAX, INT_MAX), 0);
    assert_int_equal(lgg_loss_create(&loss, LGG_SMOOTH, &o, 3, INT_MAX, INT_MAX), LGG_ERROR_MEMORY);
    assert_null(loss);
    o.power = INT_MAX;
    assert_int_equal(lgg_loss_create(&loss, LGG_SMOOTH, &o, 3, INT_MAX, INT_MAX), LGG_ERROR_MEMORY);
    assert_int_equal(lgg_graph_create(&graph, &o.graph, INT_MAX), LGG_ERROR_MEMORY);
    assert_null(graph);
}

static void bytes_grow_with_the_square_of_the_batch(void **state) {
    lgg_options o;
    (void)state;
    for (int kind = LGG_LABEL_VARIATION; kind < LGG_HKD; kind++) {
        lgg_options_default((lgg_kind)kind, &o);
        const int layers = kind == LGG_SMOOTH ? 3 : 1;
        const double small = (double)lgg_loss_bytes((lgg_kind)kind, &o, layers, 256, 10);
        const double middle = (double)lgg_loss_bytes((lgg_kind)kind, &o, layers, 512, 10);
        const double large = (double)lgg_loss_bytes((lgg_kind)kind, &o, layers, 1024, 10);
        const double growth = (large - middle) / (middle - small); /* what each thread has for itself does not grow */
        assert_true(small >= 256 * 256 * sizeof(float));
        assert_true(growth > 3.5 && growth < 4.1);
    }
}

/* gradient += scale dL/dx, for any number of calls, with or without what may be NULL. */
static void gradients_are_added_and_scaled(void **state) {
    float x[BATCH * D], t[BATCH * D], once[BATCH * D] = {0}, twice[BATCH * D];
    lgg_options o;
    lgg_loss *loss;
    double value, again;
    (void)state;
    fill(BATCH * D, x, 1);
    fill(BATCH * D, t, 2);
    const lgg_representation teacher = {t, NULL, D};
    for (int kind = LGG_LABEL_VARIATION; kind <= LGG_HKD; kind++) {
        const int layers = kind == LGG_SMOOTH ? 2 : 1;
        lgg_representation student[2] = {{x, once, D}, {t, NULL, D}};
        memset(once, 0, sizeof once);
        for (int i = 0; i < BATCH * D; i++)
            twice[i] = 3;
        lgg_options_default((lgg_kind)kind, &o);
        assert_int_equal(lgg_loss_create(&loss, (lgg_kind)kind, &o, layers, BATCH, 2), LGG_OK);
        assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, student, &teacher, 1, &value, NULL), LGG_OK);
        student[0].gradient = twice;
        assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, student, &teacher, -25, NULL, NULL), LGG_OK);
        assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, student, &teacher, 23, &again, NULL), LGG_OK);
        for (int i = 0; i < BATCH * D; i++) {
            unit_assert_near((double)twice[i], 3 - 2 * (double)once[i], 1e-4 * fabs((double)once[i]) + 1e-4);
        }
        assert_true(value == again && value > 0);
        student[0].gradient = NULL;
        assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, student, &teacher, 1, &again, NULL), LGG_OK);
        assert_true(value == again);
        lgg_loss_free(loss);
    }
}

/* A batch smaller than max_batch is as good as a loss of its own. */
static void smaller_batches(void **state) {
    float x[BATCH * D], t[BATCH * D], a[BATCH * D] = {0}, b[BATCH * D] = {0};
    lgg_options o;
    lgg_loss *large, *small;
    double value, expected;
    (void)state;
    fill(BATCH * D, x, 3);
    fill(BATCH * D, t, 4);
    const lgg_representation teacher = {t, NULL, D}, first = {x, a, D}, second = {x, b, D}, whole = {x, NULL, D};
    lgg_options_default(LGG_GKD, &o);
    o.graph.k = 2;
    o.power = 2;
    o.edges = LGG_EDGES_INTER;
    assert_int_equal(lgg_loss_create(&large, LGG_GKD, &o, 1, BATCH, 2), LGG_OK);
    assert_int_equal(lgg_loss_create(&small, LGG_GKD, &o, 1, BATCH - 3, 2), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(large, BATCH, labels, &whole, &teacher, 1, &value, NULL), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(large, BATCH - 3, labels, &first, &teacher, 1, &value, NULL), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(small, BATCH - 3, labels, &second, &teacher, 1, &expected, NULL), LGG_OK);
    assert_true(value == expected);
    assert_memory_equal(a, b, sizeof a);
    lgg_loss_free(large);
    lgg_loss_free(small);
}

static void sigma_is_reported(void **state) {
    float x[BATCH * D], y[BATCH * D];
    const lgg_representation student[2] = {{x, NULL, D}, {y, NULL, D}};
    lgg_options o;
    lgg_loss *loss;
    lgg_graph *graph;
    double value, sigma[2], expected;
    (void)state;
    fill(BATCH * D, x, 5);
    fill(BATCH * D, y, 6);
    lgg_options_default(LGG_SMOOTH, &o);
    assert_int_equal(lgg_loss_create(&loss, LGG_SMOOTH, &o, 2, BATCH, 2), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, student, NULL, 1, &value, sigma), LGG_OK);
    unit_assert_near(value, fabs(sigma[1] - sigma[0]), 1e-9);
    assert_int_equal(lgg_graph_create(&graph, &o.graph, BATCH), LGG_OK);
    for (int l = 0; l < 2; l++) {
        assert_int_equal(lgg_graph_build(graph, BATCH, D, student[l].x), LGG_OK);
        assert_int_equal(lgg_graph_variation(graph, labels, 2, 2, LGG_SUM, &expected), LGG_OK);
        assert_true(sigma[l] == expected);
    }
    lgg_graph_free(graph);
    lgg_loss_free(loss);
}

static void zero_vectors_are_counted(void **state) {
    float x[BATCH * D], t[BATCH * D];
    const lgg_representation student[2] = {{t, NULL, D}, {x, NULL, D}}, teacher[2] = {{t, NULL, D}, {t, NULL, D}};
    lgg_options o;
    lgg_loss *loss;
    (void)state;
    fill(BATCH * D, x, 5);
    fill(BATCH * D, t, 6);
    memset(x + 2 * D, 0, 2 * D * sizeof(float));
    for (int kind = LGG_LABEL_VARIATION; kind <= LGG_HKD; kind++) {
        const int one = kind == LGG_LABEL_VARIATION || kind == LGG_HKD;
        lgg_options_default((lgg_kind)kind, &o);
        assert_int_equal(lgg_loss_create(&loss, (lgg_kind)kind, &o, one ? 1 : 2, BATCH, 2), LGG_OK);
        assert_int_equal(lgg_loss_evaluate(loss, BATCH, labels, student + one, teacher, 1, NULL, NULL), LGG_OK);
        unit_assert_near(lgg_loss_zero_share(loss), 2. / BATCH, 1e-9);
        lgg_loss_free(loss);
    }
    assert_true(lgg_loss_zero_share(NULL) == 0);
}

static void graph_functions_refuse_nonsense(void **state) {
    float x[BATCH * D];
    lgg_graph_options o = {LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, bad = {LGG_EXP, -1, 0, 0, 0, LGG_ALPHA_GIVEN};
    lgg_graph *graph;
    double sigma;
    (void)state;
    fill(BATCH * D, x, 1);
    assert_int_equal(lgg_graph_create(NULL, &o, BATCH), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_create(&graph, NULL, BATCH), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_create(&graph, &bad, BATCH), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_create(&graph, &o, 0), LGG_ERROR_ARGUMENT);
    assert_null(graph);
    assert_int_equal(lgg_graph_create(&graph, &o, BATCH), LGG_OK);
    assert_null(lgg_graph_adjacency(graph));
    assert_int_equal(lgg_graph_variation(graph, labels, 2, 1, LGG_SUM, &sigma), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_build(graph, BATCH + 1, D, x), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_build(graph, BATCH, 0, x), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_build(graph, BATCH, D, NULL), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_build(NULL, BATCH, D, x), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_build(graph, BATCH, D, x), LGG_OK);
    assert_int_equal(lgg_graph_variation(graph, NULL, 2, 1, LGG_SUM, &sigma), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_variation(graph, labels, 0, 1, LGG_SUM, &sigma), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_variation(graph, labels, 2, 0, LGG_SUM, &sigma), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_variation(graph, labels, 2, INT_MAX, LGG_SUM, &sigma), LGG_ERROR_MEMORY);
    assert_int_equal(lgg_graph_variation(graph, labels, 2, 1, (lgg_reduction)5, &sigma), LGG_ERROR_ARGUMENT);
    assert_int_equal(lgg_graph_variation(graph, labels, 2, 1, LGG_SUM, NULL), LGG_ERROR_ARGUMENT);
    lgg_graph_free(graph);
    lgg_graph_free(NULL);
    lgg_loss_free(NULL);
    assert_null(lgg_graph_adjacency(NULL));
}

static void every_status_has_a_sentence(void **state) {
    (void)state;
    for (int status = LGG_OK; status <= LGG_ERROR_DEVICE + 1; status++) {
        assert_true(strlen(lgg_status_string((lgg_status)status)) > 0);
    }
}

int run_interface_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(bad_arguments_add_nothing),
        cmocka_unit_test(sizes_that_do_not_fit_are_an_error),
        cmocka_unit_test(bytes_grow_with_the_square_of_the_batch),
        cmocka_unit_test(gradients_are_added_and_scaled),
        cmocka_unit_test(smaller_batches),
        cmocka_unit_test(sigma_is_reported),
        cmocka_unit_test(zero_vectors_are_counted),
        cmocka_unit_test(graph_functions_refuse_nonsense),
        cmocka_unit_test(every_status_has_a_sentence),
    };
    return cmocka_run_group_tests_name("interface", tests, NULL, NULL);
}
