/* test_degenerate.c: degenerate input contributes zero, and never NaN or infinity (unit_evaluate checks that everywhere). */
#include "unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 10
#define CLASSES 3
#define D 7

static const lgg_kind kinds[] = {LGG_LABEL_VARIATION, LGG_SMOOTH, LGG_GKD, LGG_RKD_DISTANCE, LGG_RKD_ANGLE, LGG_HKD};
#define KINDS 6

static reference_case *new_case(lgg_kind kind, int rectified) {
    return unit_case(kind, kind == LGG_SMOOTH ? 2 : 1, BATCH, D, CLASSES, rectified, 11);
}

static void set_row(reference_case *c, int layer, int row, double value) {
    for (int t = 0; t < c->d[layer]; t++)
        c->student[layer][row * c->d[layer] + t] = value;
    for (int t = 0; t < c->d_teacher[layer]; t++)
        c->teacher[layer][row * c->d_teacher[layer] + t] = value;
}

static void copy_row(reference_case *c, int layer, int from, int to) {
    const int d = c->d[layer], dt = c->d_teacher[layer];
    memcpy(c->student[layer] + to * d, c->student[layer] + from * d, sizeof(double) * (size_t)d);
    memcpy(c->teacher[layer] + to * dt, c->teacher[layer] + from * dt, sizeof(double) * (size_t)dt);
}

static void assert_row_is_inert(const reference_case *c, int row) {
    float *gradient[REFERENCE_LAYERS];
    unit_evaluate(c, gradient);
    for (int t = 0; t < c->d[0]; t++)
        assert_true(gradient[0][row * c->d[0] + t] == 0);
    unit_free_gradients(c, gradient);
}

static void zero_vectors_have_no_similarity_and_no_gradient(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (int k = 0; k <= 4; k += 4) {
            for (int unit = 0; unit < 2; unit++) {
                reference_case *c = new_case(kinds[kind], 1);
                c->options.graph.k = k;
                c->options.graph.unit = unit;
                c->options.graph.similarity = unit ? LGG_EXP : LGG_COSINE;
                for (int l = 0; l < c->layers; l++) {
                    set_row(c, l, 3, 0);
                    set_row(c, l, 7, 0);
                }
                assert_row_is_inert(c, 3);
                assert_row_is_inert(c, 7);
                unit_case_free(c);
            }
        }
    }
}

static void a_dead_layer_has_no_variation(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        reference_case *c = new_case(kinds[kind], 1);
        for (int l = 0; l < c->layers; l++) {
            for (int i = 0; i < BATCH; i++)
                set_row(c, l, i, 0);
        }
        unit_assert_inert(c, 0);
        unit_case_free(c);
    }
}

/* exp, RKD-D, RKD-A: coincident points pull nothing on each other; the others' gradients stay right. */
static void coincident_points(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS - 1; kind++) {
        reference_case *c = new_case(kinds[kind], 0);
        c->options.graph.similarity = LGG_EXP;
        c->options.graph.alpha = 0.3f;
        for (int l = 0; l < c->layers; l++) {
            copy_row(c, l, 2, 4);
            copy_row(c, l, 2, 9);
        }
        float *gradient[REFERENCE_LAYERS];
        unit_assert_near(unit_evaluate(c, gradient), reference_loss(c), 1e-5);
        unit_free_gradients(c, gradient);
        unit_case_free(c);
    }
}

/* Whatever their offset, and although a float32 Gram matrix says otherwise. */
static void all_points_coincident(void **state) {
    const double offsets[] = {0.1, 1, 1000.7, 123456.7, 1e-3};
    (void)state;
    for (int kind = 0; kind < KINDS - 1; kind++) {
        for (int o = 0; o < 5; o++) {
            for (int similarity = LGG_RBF; similarity <= LGG_EXP; similarity++) {
                reference_case *c = new_case(kinds[kind], 0);
                c->options.graph.similarity = (lgg_similarity)similarity;
                for (int l = 0; l < c->layers; l++) {
                    for (int t = 0; t < D; t++)
                        c->student[l][t] += offsets[o];
                    for (int i = 1; i < BATCH; i++)
                        copy_row(c, l, 0, i);
                }
                unit_round(c);
                float *gradient[REFERENCE_LAYERS];
                const double loss = unit_evaluate(c, gradient);
                unit_free_gradients(c, gradient);
                unit_assert_inert(c, loss);
                if (kinds[kind] != LGG_LABEL_VARIATION) unit_assert_near(loss, 0, 1e-6);
                unit_case_free(c);
            }
        }
    }
}

/* RKD-A of pairs much nearer to each other than to all others, in one of the two representations or in both. Scaled up, which leaves angles as
 * they are, so that the reference's differences are small beside the pairs. */
static void angles_beside_near_pairs(void **state) {
    (void)state;
    for (double near = 1e-2; near > 1e-7; near /= 10) {
        for (int where = 1; where < 4; where++) {
            reference_case *c = new_case(LGG_RKD_ANGLE, 0);
            double *const x[] = {c->student[0], c->teacher[0]};
            const int d[] = {c->d[0], c->d_teacher[0]};
            for (int side = 0; side < 2; side++) {
                for (int t = 0; t < BATCH * d[side]; t++)
                    x[side][t] /= near;
                for (int t = 0; t < BATCH * d[side] && where >> side & 1; t++) {
                    const int i = t / d[side];
                    if (i % 2) x[side][t] = x[side][t - d[side]] + (t % 3 - 1) * (1 + i / 7.);
                }
            }
            unit_round(c);
            unit_assert_agrees(c, "near pairs");
            unit_case_free(c);
        }
    }
}

static void zero_mean_distance_of_one_side_only(void **state) {
    (void)state;
    reference_case *c = new_case(LGG_RKD_DISTANCE, 0);
    for (int i = 0; i < BATCH; i++) {
        for (int t = 0; t < c->d_teacher[0]; t++)
            c->teacher[0][i * c->d_teacher[0] + t] = 0.3;
    }
    unit_round(c);
    unit_assert_inert(c, 0);
    unit_case_free(c);
}

/* A vertex whose signed cosines sum to less than zero. */
static void negative_degrees_stay_isolated(void **state) {
    (void)state;
    reference_case *c = new_case(LGG_LABEL_VARIATION, 1);
    c->options.graph.normalize = 1;
    for (int t = 0; t < D; t++)
        c->student[0][5 * D + t] = -1;
    unit_assert_agrees(c, "negative degree");
    unit_case_free(c);

    const float x[] = {1, 1, 1, 2, 2, 1, -1, -2};
    const lgg_graph_options options = {LGG_COSINE, 1, 0, 0, 1, LGG_ALPHA_GIVEN};
    lgg_graph *graph;
    assert_int_equal(lgg_graph_create(&graph, &options, 4), LGG_OK);
    assert_int_equal(lgg_graph_build(graph, 4, 2, x), LGG_OK);
    for (int j = 0; j < 4; j++)
        assert_true(lgg_graph_adjacency(graph)[3 * 4 + j] == 0);
    assert_true(lgg_graph_adjacency(graph)[1] > 0);
    lgg_graph_free(graph);
}

/* Vectors of one value: cosines of 1 and -1, whose sums are 0 but for rounding. */
static void cancelled_degrees_are_isolated(void **state) {
    static const float x[] = {.247799993f, .302899987f, -.541199982f, .0834f, .9818f, -.6368f};
    const lgg_graph_options options = {.similarity = LGG_COSINE, .normalize = 1};
    (void)state;
    for (int first = 0; first < 6; first += 3) {
        lgg_graph *graph;
        assert_int_equal(lgg_graph_create(&graph, &options, 3), LGG_OK);
        assert_int_equal(lgg_graph_build(graph, 3, 1, x + first), LGG_OK);
        for (int t = 0; t < 9; t++)
            assert_true(lgg_graph_adjacency(graph)[t] == 0);
        lgg_graph_free(graph);
    }
}

/* A teacher's vector that counts as zero is one. */
static void similarities_to_a_teachers_zero_vector(void **state) {
    double value[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        reference_case *c = unit_case(LGG_RKD_SIMILARITY, 1, BATCH, D, CLASSES, 1, 37);
        float *gradient[REFERENCE_LAYERS];
        for (int t = 0; t < c->d_teacher[0]; t++)
            c->teacher[0][t] = i ? 0 : 1e-17 * c->teacher[0][t];
        unit_round(c);
        value[i] = unit_evaluate(c, gradient);
        unit_free_gradients(c, gradient);
        unit_case_free(c);
    }
    unit_assert_near(value[0], value[1], 1e-9);
}

static void one_class_has_no_variation(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        for (int power = 1; power <= 3; power++) {
            reference_case *c = new_case(kinds[kind], 1);
            for (int i = 0; i < BATCH; i++) {
                for (int t = 0; t < CLASSES; t++)
                    c->labels[i * CLASSES + t] = t == 1;
            }
            c->options.power = power;
            unit_assert_inert(c, 0);
            unit_case_free(c);
        }
    }
}

static void one_class_has_no_inter_class_edges(void **state) {
    (void)state;
    reference_case *c = new_case(LGG_GKD, 1);
    c->options.edges = LGG_EDGES_INTER;
    for (int i = 0; i < BATCH; i++) {
        for (int t = 0; t < CLASSES; t++)
            c->labels[i * CLASSES + t] = t == 2;
    }
    unit_assert_inert(c, 0);
    unit_case_free(c);
}

/* Rounds so that five times a value is exact in float32, and its square is not. */
static double coarse(double value) {
    return floor(value * 1048576) / 1048576;
}

/* The student is its teacher, scaled: equal graphs, but for rounding. */
static void equal_graphs(void **state) {
    (void)state;
    for (int distance = LGG_SQUARED; distance <= LGG_FROBENIUS; distance++) {
        reference_case *c = new_case(LGG_GKD, 1);
        c->options.distance = (lgg_graph_distance)distance;
        c->d_teacher[0] = D;
        for (int t = 0; t < BATCH * D; t++)
            c->teacher[0][t] = 3 * (c->student[0][t] = coarse(c->student[0][t]));
        unit_assert_inert(c, 0);
        unit_case_free(c);
    }
}

static void equal_variations(void **state) {
    (void)state;
    for (int power = 1; power <= 3; power++) {
        reference_case *c = unit_case(LGG_SMOOTH, 3, BATCH, D, CLASSES, 1, 13);
        c->options.power = power;
        c->d[1] = c->d[2] = D;
        for (int t = 0; t < BATCH * D; t++) {
            c->student[0][t] = coarse(c->student[0][t]);
            c->student[1][t] = 3 * c->student[0][t];
            c->student[2][t] = 5 * c->student[0][t];
        }
        unit_assert_inert(c, 0);
        unit_case_free(c);
    }
}

static void one_sample_has_an_empty_graph(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS - 1; kind++) {
        for (int similarity = LGG_COSINE; similarity <= LGG_EXP; similarity++) {
            reference_case *c = unit_case(kinds[kind], kinds[kind] == LGG_SMOOTH ? 2 : 1, 1, D, CLASSES, 1, 17);
            c->options.graph = (lgg_graph_options){(lgg_similarity)similarity, 1, 0, 3, 1, LGG_ALPHA_GIVEN};
            c->options.power = 2;
            unit_assert_inert(c, 0);
            unit_case_free(c);
        }
    }
}

static void two_samples(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        reference_case *c = unit_case(kinds[kind], kinds[kind] == LGG_SMOOTH ? 2 : 1, 2, D, 2, 1, 19);
        unit_assert_agrees(c, "two samples");
        unit_case_free(c);
    }
}

/* Lengths from 1e-20 to 1e15 (squares and inverses within float32, or counted as zero). */
static void extreme_lengths_stay_finite(void **state) {
    const double scales[] = {1e-30, 1e-20, 1e-16, 1e-12, 1e-6, 1e6, 1e12, 1e15};
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int s = 0; s < 8; s++) {
            for (int similarity = LGG_COSINE; similarity <= LGG_EXP; similarity++) {
                for (int unit = 0; unit < 2; unit++) {
                    reference_case *c = new_case(kinds[kind], 1);
                    float *gradient[REFERENCE_LAYERS];
                    c->options.graph = (lgg_graph_options){(lgg_similarity)similarity, 1, unit, 3, 1, LGG_ALPHA_GIVEN};
                    for (int l = 0; l < c->layers; l++) {
                        for (int t = 0; t < BATCH * c->d[l]; t++)
                            c->student[l][t] *= scales[s];
                    }
                    unit_evaluate(c, gradient);
                    unit_free_gradients(c, gradient);
                    unit_case_free(c);
                }
            }
        }
    }
}

/* Vertices apart by so much that float32 nearly loses the edge between them, and all others: no inverse of it may overflow. */
static void faded_edges_stay_finite(void **state) {
    static const lgg_kind of[] = {LGG_GKD, LGG_LABEL_VARIATION, LGG_SMOOTH};
    static const lgg_reduction reductions[] = {LGG_MEAN, LGG_LOG, LGG_LOG_ROWS};
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (int choice = 0; choice < (kind < 2 ? 3 : 1); choice++) {
            for (int t = 0; t < 2 * 2 * 60; t++) {
                reference_case *c = unit_case(of[kind], kind == 2 ? 2 : 1, BATCH, D, CLASSES, 1, 29);
                float *gradient[REFERENCE_LAYERS];
                const int squared = t % 2, apart = 60 + t / 4;
                c->options.graph.similarity = squared ? LGG_RBF : LGG_EXP;
                c->options.graph.normalize = t / 2 % 2;
                if (kind == 0) c->options.distance = choice ? LGG_FROBENIUS : LGG_SQUARED;
                if (kind == 1) c->options.reduction = reductions[choice];
                for (int l = 0; l < c->layers; l++) {
                    for (int i = 0; i < BATCH * c->d[l]; i++)
                        c->student[l][i] = i % c->d[l] ? 0 : 1000. * (i / c->d[l]);
                    c->student[l][c->d[l]] = squared ? sqrt(apart) : apart;
                }
                for (int i = 0; i < BATCH * c->d_teacher[0] && kind == 0; i++)
                    c->teacher[0][i] = i % c->d_teacher[0] ? 0 : 1000. * (i / c->d_teacher[0]);
                unit_round(c);
                unit_evaluate(c, gradient);
                unit_free_gradients(c, gradient);
                unit_case_free(c);
            }
        }
    }
}

/* Of a whole batch that counts as zero no Gram matrix is divided by its length. */
static void similarities_of_zero_vectors_have_no_gradient(void **state) {
    (void)state;
    for (double scale = 1e-16; scale > 1e-24; scale /= 10) {
        reference_case *c = unit_case(LGG_RKD_SIMILARITY, 1, BATCH, D, CLASSES, 1, 31);
        float *gradient[REFERENCE_LAYERS];
        for (int t = 0; t < BATCH * D; t++)
            c->student[0][t] *= scale;
        unit_round(c);
        unit_evaluate(c, gradient);
        for (int t = 0; t < BATCH * D; t++)
            assert_true(gradient[0][t] == 0);
        unit_free_gradients(c, gradient);
        unit_case_free(c);
    }
}

static void huge_logits_stay_finite(void **state) {
    (void)state;
    reference_case *c = new_case(LGG_HKD, 0);
    float *gradient[REFERENCE_LAYERS];
    for (int t = 0; t < BATCH * D; t++)
        c->student[0][t] *= 1e30;
    unit_round(c);
    unit_evaluate(c, gradient);
    unit_free_gradients(c, gradient);
    unit_case_free(c);
}

/* 65536 values a sample, non-negative: the sums are long, and all of one sign. */
static void wide_representations(void **state) {
    enum { wide = 65536 };
    (void)state;
    for (int kind = 0; kind < KINDS - 1; kind++) {
        reference_case *c = unit_case(kinds[kind], kinds[kind] == LGG_SMOOTH ? 2 : 1, 6, wide, CLASSES, 1, 23);
        float *gradient[REFERENCE_LAYERS];
        c->options.graph.similarity = kind % 2 ? LGG_EXP : LGG_COSINE;
        c->options.graph.alpha = 0.01f;
        for (int t = 0; kinds[kind] == LGG_SMOOTH && t < 6 * wide; t++)
            c->student[0][t] /= 2;
        const double expected = reference_loss(c);
        unit_assert_near(unit_evaluate(c, gradient), expected, 1e-4 * fabs(expected) + 1e-6);
        unit_free_gradients(c, gradient);
        unit_case_free(c);
    }
}

int run_degenerate_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_vectors_have_no_similarity_and_no_gradient),
        cmocka_unit_test(a_dead_layer_has_no_variation),
        cmocka_unit_test(coincident_points),
        cmocka_unit_test(all_points_coincident),
        cmocka_unit_test(angles_beside_near_pairs),
        cmocka_unit_test(zero_mean_distance_of_one_side_only),
        cmocka_unit_test(negative_degrees_stay_isolated),
        cmocka_unit_test(cancelled_degrees_are_isolated),
        cmocka_unit_test(similarities_to_a_teachers_zero_vector),
        cmocka_unit_test(one_class_has_no_variation),
        cmocka_unit_test(one_class_has_no_inter_class_edges),
        cmocka_unit_test(equal_graphs),
        cmocka_unit_test(equal_variations),
        cmocka_unit_test(one_sample_has_an_empty_graph),
        cmocka_unit_test(two_samples),
        cmocka_unit_test(extreme_lengths_stay_finite),
        cmocka_unit_test(faded_edges_stay_finite),
        cmocka_unit_test(similarities_of_zero_vectors_have_no_gradient),
        cmocka_unit_test(huge_logits_stay_finite),
        cmocka_unit_test(wide_representations),
    };
    return cmocka_run_group_tests_name("degenerate", tests, NULL, NULL);
}
