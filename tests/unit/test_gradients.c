/* test_gradients.c: values and gradients against the double-precision reference, over the options of every loss. */
#include "unit.h"
#include <math.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include <stdio.h>

#define BATCH 9
#define CLASSES 3
#define D 8 /* enough for no vector of a rectified case to be zero, where no derivative is */

/* The graph options a test goes through. */
static const lgg_graph_options graphs[] = {
    {LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN},   {LGG_COSINE, 1, 0, 0, 1, LGG_ALPHA_GIVEN},
    {LGG_COSINE, 1, 0, 3, 0, LGG_ALPHA_GIVEN},   {LGG_COSINE, 1, 0, 3, 1, LGG_ALPHA_GIVEN},
    {LGG_COSINE, 1, 1, 2, 1, LGG_ALPHA_GIVEN},   {LGG_RBF, 0.3f, 0, 0, 0, LGG_ALPHA_GIVEN},
    {LGG_RBF, 0.3f, 0, 0, 1, LGG_ALPHA_GIVEN},   {LGG_RBF, 0.3f, 0, 3, 1, LGG_ALPHA_GIVEN},
    {LGG_RBF, 0.7f, 1, 0, 0, LGG_ALPHA_GIVEN},   {LGG_RBF, 0.7f, 1, 3, 1, LGG_ALPHA_GIVEN},
    {LGG_EXP, 0.5f, 0, 0, 0, LGG_ALPHA_GIVEN},   {LGG_EXP, 0.5f, 0, 3, 0, LGG_ALPHA_GIVEN},
    {LGG_EXP, 0.5f, 0, 0, 1, LGG_ALPHA_GIVEN},   {LGG_EXP, 2, 1, 0, 0, LGG_ALPHA_GIVEN},
    {LGG_EXP, 2, 1, 3, 1, LGG_ALPHA_GIVEN},      {LGG_EXP, 2, 1, BATCH - 1, 0, LGG_ALPHA_GIVEN},
    {LGG_COSINE, 1, 0, 100, 0, LGG_ALPHA_GIVEN}, {LGG_EXP, 1, 0, BATCH, 1, LGG_ALPHA_GIVEN},
};
#define GRAPHS (int)(sizeof graphs / sizeof graphs[0])

static void agrees(reference_case *c, const char *what) {
    char name[160];
    const lgg_graph_options *g = &c->options.graph;
    snprintf(name, sizeof name, "%s similarity %d unit %d k %d normalize %d power %d", what, (int)g->similarity,
             g->unit, g->k, g->normalize, c->options.power);
    unit_assert_agrees(c, name);
}

static void label_variation_agrees(void **state) {
    (void)state;
    for (int g = 0; g < GRAPHS; g++) {
        for (int power = 1; power <= 4; power++) {
            reference_case *c = unit_case(LGG_LABEL_VARIATION, 1, BATCH, D, CLASSES, g % 2, (uint64_t)g);
            c->options.graph = graphs[g];
            c->options.power = power;
            c->options.reduction = power % 2 ? LGG_MEAN : LGG_SUM;
            agrees(c, "one-hot");
            unit_soften_labels(c, 7);
            agrees(c, "soft");
            unit_case_free(c);
        }
    }
}

static void smooth_agrees(void **state) {
    (void)state;
    for (int g = 0; g < GRAPHS; g++) {
        for (int power = 1; power <= 3; power++) {
            reference_case *c = unit_case(LGG_SMOOTH, 4, BATCH, D, CLASSES, g % 2, (uint64_t)(g + 50));
            c->options.graph = graphs[g];
            c->options.power = power;
            c->options.reduction = power % 2 ? LGG_MEAN : LGG_SUM;
            if (g % 3 == 0) unit_soften_labels(c, 3);
            agrees(c, "smooth");
            unit_case_free(c);
        }
    }
}

static void gkd_agrees(void **state) {
    (void)state;
    for (int g = 0; g < GRAPHS; g++) {
        for (int variant = 0; variant < 6; variant++) {
            reference_case *c = unit_case(LGG_GKD, 2, BATCH, D, CLASSES, g % 2, (uint64_t)(g + 100));
            c->options.graph = graphs[g];
            c->options.edges = (lgg_edges)(variant % 3);
            c->options.power = 1 + (g + variant) % 4;
            c->options.neighbors = variant & 1 ? LGG_NEIGHBORS_TEACHER : LGG_NEIGHBORS_OWN;
            c->options.distance = variant >= 3 ? LGG_FROBENIUS : LGG_SQUARED;
            c->options.reduction = g % 4 ? LGG_MEAN : LGG_SUM;
            agrees(c, "gkd");
            unit_case_free(c);
        }
    }
}

static void rkd_agrees(void **state) {
    (void)state;
    for (int seed = 0; seed < 8; seed++) {
        for (int kind = LGG_RKD_DISTANCE; kind <= LGG_RKD_ANGLE; kind++) {
            reference_case *c = unit_case((lgg_kind)kind, 2, BATCH, D, CLASSES, seed % 2, (uint64_t)(seed + 200));
            c->options.reduction = seed % 2 ? LGG_MEAN : LGG_SUM;
            c->options.graph.unit = seed % 3 == 0; /* no option of RKD: must change nothing */
            agrees(c, kind == LGG_RKD_ANGLE ? "rkd angle" : "rkd distance");
            unit_case_free(c);
        }
    }
}

/* Distances so unlike the teacher's that the Huber loss is linear for many pairs. */
static void rkd_distance_agrees_where_huber_is_linear(void **state) {
    (void)state;
    reference_case *c = unit_case(LGG_RKD_DISTANCE, 1, BATCH, 3, CLASSES, 0, 9);
    for (int t = 0; t < 3; t++)
        c->student[0][t] *= 40;
    unit_round(c);
    agrees(c, "outlier");
    unit_case_free(c);
}

static void hkd_agrees(void **state) {
    (void)state;
    for (int seed = 0; seed < 6; seed++) {
        reference_case *c = unit_case(LGG_HKD, 1, BATCH, 7, CLASSES, 0, (uint64_t)(seed + 300));
        c->options.temperature = (float)(seed + 1) / 2;
        agrees(c, "hkd");
        unit_case_free(c);
    }
}

/* Common offsets of 1000 times the spread: a Gram matrix in float32 holds no digit of the distances. */
static void large_offsets_agree(void **state) {
    const lgg_kind kinds[] = {LGG_LABEL_VARIATION, LGG_GKD, LGG_RKD_DISTANCE, LGG_RKD_ANGLE};
    (void)state;
    for (int i = 0; i < 4; i++) {
        for (int similarity = LGG_RBF; similarity <= LGG_EXP; similarity++) {
            reference_case *c = unit_case(kinds[i], 1, BATCH, 6, CLASSES, 0, (uint64_t)(i + 400));
            c->options.graph.similarity = (lgg_similarity)similarity;
            for (int t = 0; t < BATCH * c->d[0]; t++)
                c->student[0][t] += 1000;
            for (int t = 0; t < BATCH * c->d_teacher[0]; t++)
                c->teacher[0][t] -= 1000;
            unit_round(c);
            agrees(c, "offset");
            unit_case_free(c);
        }
    }
}

/* A normalized graph of points so far apart that exp(-alpha D) leaves float32's range: its edges are those of nearer points. */
static void far_points_of_a_normalized_graph_agree(void **state) {
    const lgg_kind kinds[] = {LGG_LABEL_VARIATION, LGG_GKD};
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        reference_case *c = unit_case(kinds[variant / 2], 1, BATCH, BATCH, CLASSES, 0, 450);
        double *const x[] = {c->student[0], c->teacher[0]};
        const int d[] = {c->d[0], c->d_teacher[0]};
        c->options.graph.similarity = variant % 2 ? LGG_EXP : LGG_RBF;
        c->options.graph.alpha = variant % 2 ? 10 : 1;
        c->options.graph.normalize = 1;
        for (int side = 0; side < 2; side++) {
            for (int t = 0; t < BATCH * d[side]; t++)
                x[side][t] = x[side][t] * .3 + (t / d[side] == t % d[side] ? 10 : 0);
        }
        unit_round(c);
        agrees(c, "far");
        unit_case_free(c);
    }
}

/* Points at 1e-4 of the others' distance from each other. */
static void near_points_agree(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        reference_case *c = unit_case(LGG_LABEL_VARIATION, 1, BATCH, 6, BATCH, 0, 500);
        c->options.graph.similarity = variant & 1 ? LGG_EXP : LGG_RBF;
        c->options.graph.unit = variant >> 1;
        for (int t = 0; t < 6; t++)
            c->student[0][6 + t] = c->student[0][t] * (1 + (t % 2 ? 1e-3 : -1e-3));
        unit_round(c);
        agrees(c, "near");
        unit_case_free(c);
    }
}

/* Batches that are worked on by several threads: the loss, and its derivative along one random direction. */
static void large_batches_agree(void **state) {
    enum { batch = 70, d = 6 };
    const double step = 1e-5;
    (void)state;
    for (int kind = LGG_LABEL_VARIATION; kind <= LGG_RKD_ANGLE; kind++) {
        for (int similarity = LGG_COSINE; similarity <= LGG_EXP; similarity++) {
            reference_case *c = unit_case((lgg_kind)kind, kind == LGG_SMOOTH ? 2 : 1, batch, d, CLASSES, 0, 600);
            float *gradient[REFERENCE_LAYERS];
            double direction[batch * d], slope = 0, expected;
            uint64_t random = 3;
            c->options.graph.similarity = (lgg_similarity)similarity;
            c->options.graph.unit = similarity == LGG_EXP;
            c->options.graph.normalize = similarity != LGG_COSINE;
            if (kind == LGG_RKD_ANGLE && similarity != LGG_COSINE) {
                unit_case_free(c);
                continue;
            }
            expected = reference_loss(c);
            unit_assert_near(unit_evaluate(c, gradient), expected, 1e-4 * fabs(expected) + 1e-6);
            for (int t = 0; t < batch * d; t++) {
                /* along the gradient, mostly: a derivative far from zero is known to more digits */
                direction[t] = (double)gradient[0][t] * (1.5 + unit_random(&random));
                slope += direction[t] * (double)gradient[0][t];
            }
            for (int t = 0; t < batch * d; t++)
                c->student[0][t] += step * direction[t];
            expected = reference_loss(c);
            for (int t = 0; t < batch * d; t++)
                c->student[0][t] -= 2 * step * direction[t];
            expected = (expected - reference_loss(c)) / (2 * step);
            unit_assert_near(slope, expected, 1e-4 * fabs(expected) + 1e-8);
            unit_free_gradients(c, gradient);
            unit_case_free(c);
        }
    }
}

#ifdef _OPENMP

/* What one thread computes, more must, to the bit. */
static void assert_threads_do_not_matter(const reference_case *c) {
    float *one[REFERENCE_LAYERS], *many[REFERENCE_LAYERS];
    omp_set_num_threads(1);
    const double expected = unit_evaluate(c, one);
    for (int threads = 2; threads <= 5; threads += 3) {
        omp_set_num_threads(threads);
        assert_true(unit_evaluate(c, many) == expected);
        for (int l = 0; l < c->layers; l++)
            assert_memory_equal(one[l], many[l], (size_t)c->batch * (size_t)c->d[l] * sizeof(float));
        unit_free_gradients(c, many);
    }
    unit_free_gradients(c, one);
}

/* Every loss and similarity, all neighbours and some, and the options that take loops of their own. */
static void the_same_for_any_number_of_threads(void **state) {
    enum { batch = 101, d = 9 };
    const int threads = omp_get_max_threads();
    (void)state;
    for (int kind = LGG_LABEL_VARIATION; kind <= LGG_HKD; kind++) {
        for (int variant = 0; variant < 12; variant++) {
            const int layers = kind == LGG_SMOOTH ? 2 : 1;
            reference_case *c = unit_case((lgg_kind)kind, layers, batch, d, CLASSES, variant % 2, 700);
            c->options.graph.similarity = (lgg_similarity)(LGG_COSINE + variant % 3);
            c->options.graph.k = variant % 4 == 1 ? 7 : 0;
            c->options.graph.normalize = variant % 4 >= 2;
            c->options.power = 1 + variant / 4;
            c->options.edges = (lgg_edges)(LGG_EDGES_ALL + variant / 2 % 3);
            c->options.distance = variant < 6 ? LGG_SQUARED : LGG_FROBENIUS;
            assert_threads_do_not_matter(c);
            unit_case_free(c);
        }
    }
    omp_set_num_threads(threads);
}

/* Of every way to multiply: few and many rows, narrow and wide ones, rows that meet in the cache. */
static void shapes_the_same_for_any_number_of_threads(void **state) {
    static const struct {
        int batch, d;
    } shapes[] = {{260, 33}, {257, 600}, {70, 300}, {33, 8192}, {130, 10}, {17, 1500}};
    const int threads = omp_get_max_threads();
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (int kind = LGG_LABEL_VARIATION; kind < LGG_HKD; kind++) {
            const int layers = kind == LGG_SMOOTH ? 2 : 1;
            const int rkd = kind == LGG_RKD_DISTANCE || kind == LGG_RKD_ANGLE;
            /* the angles of many rows take long, and are multiplied as distances are */
            if (kind == LGG_RKD_ANGLE && shapes[s].batch > 100) continue;
            for (int power = 1; power <= (rkd ? 1 : 2); power++) {
                reference_case *c = unit_case((lgg_kind)kind, layers, shapes[s].batch, shapes[s].d, CLASSES, 1, 701);
                c->options.power = power;
                assert_threads_do_not_matter(c);
                unit_case_free(c);
            }
        }
    }
    omp_set_num_threads(threads);
}

#endif

int run_gradient_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(label_variation_agrees),
        cmocka_unit_test(smooth_agrees),
        cmocka_unit_test(gkd_agrees),
        cmocka_unit_test(rkd_agrees),
        cmocka_unit_test(rkd_distance_agrees_where_huber_is_linear),
        cmocka_unit_test(hkd_agrees),
        cmocka_unit_test(large_offsets_agree),
        cmocka_unit_test(far_points_of_a_normalized_graph_agree),
        cmocka_unit_test(near_points_agree),
        cmocka_unit_test(large_batches_agree),
#ifdef _OPENMP
        cmocka_unit_test(the_same_for_any_number_of_threads),
        cmocka_unit_test(shapes_the_same_for_any_number_of_threads),
#endif
    };
    return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
