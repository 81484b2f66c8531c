/* test_analytic.c: graphs and losses small enough to work out by hand. */
#include "unit.h"
#include <math.h>
#include <string.h>

static const float one_hot[] = {1, 0, 0, 1, 1, 0}; /* classes 0, 1, 0 */

/* The adjacency of x (n, d) under the given options, into a (n, n). */
static void build(lgg_graph_options options, int n, int d, const float *x, float *a) {
    lgg_graph *graph;
    assert_int_equal(lgg_graph_create(&graph, &options, n), LGG_OK);
    assert_int_equal(lgg_graph_build(graph, n, d, x), LGG_OK);
    for (int t = 0; t < n * n; t++)
        a[t] = lgg_graph_adjacency(graph)[t];
    lgg_graph_free(graph);
}

static void cosine_of_three_vectors(void **state) {
    const float x[] = {2, 0, 1, 1, 0, 3};
    float a[9];
    (void)state;
    build((lgg_graph_options){LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 3, 2, x, a);
    const double half_root = sqrt(0.5), expected[] = {0, half_root, 0, half_root, 0, half_root, 0, half_root, 0};
    for (int t = 0; t < 9; t++)
        unit_assert_near((double)a[t], expected[t], 1e-6);
}

static void rbf_and_exp_of_a_line(void **state) {
    const float x[] = {0, 1, 3};
    float a[9];
    (void)state;
    build((lgg_graph_options){LGG_RBF, 0.5f, 0, 0, 0, LGG_ALPHA_GIVEN}, 3, 1, x, a);
    unit_assert_near((double)a[1], exp(-0.5), 1e-6);
    unit_assert_near((double)a[2], exp(-4.5), 1e-6);
    unit_assert_near((double)a[5], exp(-2.0), 1e-6);
    build((lgg_graph_options){LGG_EXP, 0.5f, 0, 0, 0, LGG_ALPHA_GIVEN}, 3, 1, x, a);
    unit_assert_near((double)a[1], exp(-0.5), 1e-6);
    unit_assert_near((double)a[2], exp(-1.5), 1e-6);
    for (int i = 0; i < 3; i++)
        assert_true(a[4 * i] == 0);
}

static void unit_length_before_the_exponential(void **state) {
    const float x[] = {5, 0, 0, 0.1f, 7, 0};
    float a[9];
    (void)state;
    build((lgg_graph_options){LGG_EXP, 2, 1, 0, 0, LGG_ALPHA_GIVEN}, 3, 2, x, a);
    unit_assert_near((double)a[1], exp(-2 * sqrt(2)), 1e-6);
    unit_assert_near((double)a[2], 1, 1e-6);
}

static void an_edge_stays_if_either_end_keeps_it(void **state) {
    const float x[] = {0, 1, 3, 7}; /* nearest: 0-1, 1-0, 2-1, 3-2 */
    const int kept[] = {0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0};
    float a[16];
    (void)state;
    build((lgg_graph_options){LGG_RBF, 0.1f, 0, 1, 0, LGG_ALPHA_GIVEN}, 4, 1, x, a);
    for (int t = 0; t < 16; t++)
        assert_int_equal(a[t] > 0, kept[t]);
}

static void ties_go_to_the_lower_index(void **state) {
    const float line[] = {0, 2, -2, -3}, angles[] = {1, 0, 0, 1, 0, 1, 0, 1};
    float a[16];
    (void)state;
    /* 1 and 2 are as far from 0, which keeps 1; 2 keeps 3 */
    build((lgg_graph_options){LGG_EXP, 0.1f, 0, 1, 0, LGG_ALPHA_GIVEN}, 4, 1, line, a);
    assert_true(a[0 * 4 + 1] > 0 && a[2 * 4 + 3] > 0);
    assert_true(a[0 * 4 + 2] == 0);
    /* 1, 2 and 3 coincide: 1 keeps 2, 2 and 3 keep 1 */
    build((lgg_graph_options){LGG_COSINE, 1, 0, 1, 0, LGG_ALPHA_GIVEN}, 4, 2, angles, a);
    assert_true(a[1 * 4 + 2] > 0.99f && a[1 * 4 + 3] > 0.99f);
    assert_true(a[2 * 4 + 3] == 0);
}

/* The odd vertices coincide, k = 2: each keeps the lowest two of the others, whatever rounding the product has. */
static void coincident_neighbours_tie(void **state) {
    enum { n = 24, d = 37 };
    float x[n * d], a[n * n];
    uint64_t random = 5;
    (void)state;
    for (int t = 0; t < n * d; t++)
        x[t] = (float)unit_random(&random) + 1;
    for (int i = 3; i < n; i += 2)
        memcpy(x + i * d, x + d, d * sizeof(float));
    for (int similarity = LGG_COSINE; similarity <= LGG_EXP; similarity++) {
        build((lgg_graph_options){(lgg_similarity)similarity, 0.1f, 0, 2, 0, LGG_ALPHA_GIVEN}, n, d, x, a);
        for (int i = 1; i < n; i += 2) {
            for (int j = 1; j < i; j += 2)
                assert_int_equal(a[i * n + j] > 0.9f, j <= 3);
        }
    }
}

static void ranked_by_distance_where_the_exponential_underflows(void **state) {
    const float x[] = {0, 1000, 3000, 6000};
    const int kept[] = {0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0};
    reference_case *c = unit_case(LGG_GKD, 1, 4, 1, 2, 0, 1);
    (void)state;
    /* every similarity is 0, yet the teacher's mask must be the line's: the student below it shows which edges it has */
    c->options.graph = (lgg_graph_options){LGG_RBF, 1, 0, 1, 0, LGG_ALPHA_GIVEN};
    c->options.neighbors = LGG_NEIGHBORS_TEACHER;
    c->options.edges = LGG_EDGES_ALL;
    c->d_teacher[0] = 1;
    double expected = 0;
    for (int i = 0; i < 4; i++) {
        c->teacher[0][i] = (double)x[i];
        c->student[0][i] = 0.1 * i;
    }
    unit_round(c);
    for (int t = 0; t < 16; t++) {
        const double distance = c->student[0][t / 4] - c->student[0][t % 4];
        expected += kept[t] ? exp(-2 * distance * distance) : 0;
    }
    float *gradient[REFERENCE_LAYERS];
    unit_assert_near(unit_evaluate(c, gradient), expected, 1e-5);
    unit_free_gradients(c, gradient);
    unit_case_free(c);
}

/* Enough rows for the symmetric rank-k product. */
static void cosines_of_a_large_batch(void **state) {
    enum { n = 300, d = 9 };
    static float x[n * d], a[n * n];
    uint64_t random = 8;
    (void)state;
    for (int t = 0; t < n * d; t++)
        x[t] = (float)unit_random(&random);
    build((lgg_graph_options){LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, n, d, x, a);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            double product = 0, length_i = 0, length_j = 0;
            for (int t = 0; t < d; t++) {
                product += (double)x[i * d + t] * (double)x[j * d + t];
                length_i += (double)x[i * d + t] * (double)x[i * d + t];
                length_j += (double)x[j * d + t] * (double)x[j * d + t];
            }
            unit_assert_near((double)a[i * n + j], product / sqrt(length_i * length_j), 1e-6);
            assert_true(a[i * n + j] == a[j * n + i]);
        }
    }
}

static void normalized_rows(void **state) {
    const float x[] = {0, 1, 3};
    float s[9], a[9];
    (void)state;
    build((lgg_graph_options){LGG_EXP, 1, 0, 0, 0, LGG_ALPHA_GIVEN}, 3, 1, x, s);
    build((lgg_graph_options){LGG_EXP, 1, 0, 0, 1, LGG_ALPHA_GIVEN}, 3, 1, x, a);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double d_i = 0, d_j = 0;
            for (int l = 0; l < 3; l++)
                d_i += (double)s[i * 3 + l], d_j += (double)s[j * 3 + l];
            unit_assert_near((double)a[i * 3 + j], (double)s[i * 3 + j] / sqrt(d_i * d_j), 1e-6);
        }
    }
}

/* Path 0 - 1 - 2 with classes 0, 1, 0 and weights w = exp(-1): sigma = 4w, and tr(V' L^2 V) by hand. */
static void variation_of_a_path(void **state) {
    const float x[] = {0, 1, 2};
    const double w = exp(-1);
    lgg_graph *graph;
    double sigma;
    (void)state;
    const lgg_graph_options options = {LGG_EXP, 1, 0, 1, 0, LGG_ALPHA_GIVEN};
    assert_int_equal(lgg_graph_create(&graph, &options, 3), LGG_OK);
    assert_int_equal(lgg_graph_build(graph, 3, 1, x), LGG_OK);
    assert_int_equal(lgg_graph_variation(graph, one_hot, 2, 1, LGG_SUM, &sigma), LGG_OK);
    unit_assert_near(sigma, 4 * w, 1e-6);
    assert_int_equal(lgg_graph_variation(graph, one_hot, 2, 1, LGG_MEAN, &sigma), LGG_OK);
    unit_assert_near(sigma, w, 1e-6); /* four ordered inter-class pairs, all linked with weight w */
    /* L = w [1 -1 0; -1 2 -1; 0 -1 1]; LV = w [1 -1; -2 2; 1 -1]; |LV|^2 = 12 w^2 */
    assert_int_equal(lgg_graph_variation(graph, one_hot, 2, 2, LGG_SUM, &sigma), LGG_OK);
    unit_assert_near(sigma, 12 * w * w, 1e-6);
    /* L^2 V = 3 w LV, so tr(V' L^3 V) = 3 w |LV|^2 */
    assert_int_equal(lgg_graph_variation(graph, one_hot, 2, 3, LGG_SUM, &sigma), LGG_OK);
    unit_assert_near(sigma, 36 * w * w * w, 1e-6);
    lgg_graph_free(graph);
}

static void every_pair_linked_is_one_under_mean(void **state) {
    const float x[] = {1, 1, 1}, labels[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    lgg_graph *graph;
    double sigma;
    (void)state;
    const lgg_graph_options options = {LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN};
    assert_int_equal(lgg_graph_create(&graph, &options, 3), LGG_OK);
    assert_int_equal(lgg_graph_build(graph, 3, 1, x), LGG_OK);
    assert_int_equal(lgg_graph_variation(graph, labels, 3, 1, LGG_MEAN, &sigma), LGG_OK);
    unit_assert_near(sigma, 1, 1e-6);
    lgg_graph_free(graph);
}

/* Two samples: S = cos(x_0, x_1), sigma = 2 S; d sigma/dx_0 = 2 (x_1 - S x_0) at unit length. */
static void gradient_of_two_samples(void **state) {
    const float labels[] = {1, 0, 0, 1};
    const double angle = 1.1;
    float x[] = {1, 0, (float)cos(angle), (float)sin(angle)}, gradient[4] = {0};
    const lgg_representation student = {x, gradient, 2};
    lgg_options options;
    lgg_loss *loss;
    double value;
    (void)state;
    lgg_options_default(LGG_LABEL_VARIATION, &options);
    options.reduction = LGG_SUM;
    assert_int_equal(lgg_loss_create(&loss, LGG_LABEL_VARIATION, &options, 1, 2, 2), LGG_OK);
    assert_int_equal(lgg_loss_evaluate(loss, 2, labels, &student, NULL, 1, &value, NULL), LGG_OK);
    unit_assert_near(value, 2 * cos(angle), 1e-6);
    unit_assert_near((double)gradient[0], 0, 1e-6);
    unit_assert_near((double)gradient[1], 2 * sin(angle), 1e-6);
    lgg_loss_free(loss);
}

/* KL between (3/4, 1/4) and (1/2, 1/2) at temperature 1 */
static void hkd_of_one_sample(void **state) {
    reference_case *c = unit_case(LGG_HKD, 1, 1, 2, 2, 0, 3);
    float *gradient[REFERENCE_LAYERS];
    (void)state;
    c->options.temperature = 1;
    c->student[0][0] = c->student[0][1] = 5;
    c->teacher[0][0] = (double)(float)log(3);
    c->teacher[0][1] = 0;
    unit_assert_near(unit_evaluate(c, gradient), 0.75 * log(1.5) + 0.25 * log(0.5), 1e-6);
    unit_assert_near((double)gradient[0][0], 0.5 - 0.75, 1e-6);
    unit_free_gradients(c, gradient);
    unit_case_free(c);
}

int run_analytic_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosine_of_three_vectors),
        cmocka_unit_test(rbf_and_exp_of_a_line),
        cmocka_unit_test(unit_length_before_the_exponential),
        cmocka_unit_test(an_edge_stays_if_either_end_keeps_it),
        cmocka_unit_test(ties_go_to_the_lower_index),
        cmocka_unit_test(coincident_neighbours_tie),
        cmocka_unit_test(ranked_by_distance_where_the_exponential_underflows),
        cmocka_unit_test(cosines_of_a_large_batch),
        cmocka_unit_test(normalized_rows),
        cmocka_unit_test(variation_of_a_path),
        cmocka_unit_test(every_pair_linked_is_one_under_mean),
        cmocka_unit_test(gradient_of_two_samples),
        cmocka_unit_test(hkd_of_one_sample),
    };
    return cmocka_run_group_tests_name("analytic", tests, NULL, NULL);
}
