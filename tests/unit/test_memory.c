/* test_memory.c: no memory. Linked with --wrap for the functions that allocate, each allocation of a call fails once: the call says so,
 * hands out nothing and keeps nothing. */
#include "unit.h"
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

/* The call under test: of its allocations that one fails; how many it made, and how many blocks it has not freed. */
static struct { int watching, failing, allocations, kept; } memory_of_call;

/* Whether the allocation at hand is to fail. */
static int fails(void) {
    return memory_of_call.watching && memory_of_call.allocations++ == memory_of_call.failing;
}

static void *keep(void *memory) {
    memory_of_call.kept += memory_of_call.watching && memory;
    return memory;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : keep(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : keep(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size) {
    if (fails()) return NULL;
    return memory ? __real_realloc(memory, size) : keep(__real_realloc(NULL, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : keep(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory) {
    memory_of_call.kept -= memory_of_call.watching && memory;
    __real_free(memory);
}

static void watch(int failing) {
    memory_of_call.watching = 1;
    memory_of_call.failing = failing;
    memory_of_call.allocations = memory_of_call.kept = 0;
}

/* Ends the watch; returns whether an allocation failed, of which the call must have told and after which it keeps nothing. */
static int call_failed(lgg_status status) {
    memory_of_call.watching = 0;
    const int failed = memory_of_call.allocations > memory_of_call.failing;
    assert_true(memory_of_call.allocations > 0);
    assert_int_equal(status, failed ? LGG_ERROR_MEMORY : LGG_OK);
    if (failed) assert_int_equal(memory_of_call.kept, 0);
    return failed;
}

/* Fails each allocation of lgg_loss_create in turn, until none is left to fail. */
static void fail_loss(lgg_kind kind, const lgg_options *options) {
    const int layers = kind == LGG_LABEL_VARIATION || kind == LGG_HKD ? 1 : 3;
    for (int failing = 0;; failing++) {
        lgg_loss *loss = (lgg_loss *)&memory_of_call;
        watch(failing);
        const lgg_status status = lgg_loss_create(&loss, kind, options, layers, 9, 4);
        if (!call_failed(status)) {
            memory_of_call.watching = 1;
            lgg_loss_free(loss);
            memory_of_call.watching = 0;
            assert_int_equal(memory_of_call.kept, 0);
            return;
        }
        assert_null(loss);
    }
}

static void a_loss_without_memory_is_an_error(void **state) {
    (void)state;
    for (int kind = LGG_LABEL_VARIATION; kind <= LGG_HKD; kind++) {
        lgg_options options;
        assert_int_equal(lgg_options_default((lgg_kind)kind, &options), LGG_OK);
        fail_loss((lgg_kind)kind, &options);
        options.graph = (lgg_graph_options){LGG_RBF, 1, 1, 3, 1, LGG_ALPHA_GIVEN};
        options.power = 3;
        options.edges = LGG_EDGES_INTER;
        fail_loss((lgg_kind)kind, &options);
    }
}

static void a_graph_without_memory_is_an_error(void **state) {
    const lgg_graph_options options = {LGG_EXP, 1, 1, 3, 1, LGG_ALPHA_GIVEN};
    (void)state;
    for (int failing = 0;; failing++) {
        lgg_graph *graph = (lgg_graph *)&memory_of_call;
        watch(failing);
        const lgg_status status = lgg_graph_create(&graph, &options, 9);
        if (!call_failed(status)) {
            memory_of_call.watching = 1;
            lgg_graph_free(graph);
            memory_of_call.watching = 0;
            assert_int_equal(memory_of_call.kept, 0);
            return;
        }
        assert_null(graph);
    }
}

/* The graph is there for the next try. */
static void a_variation_without_memory_is_an_error(void **state) {
    const lgg_graph_options options = {LGG_COSINE, 1, 0, 0, 0, LGG_ALPHA_GIVEN};
    const float x[] = {1, 0, 1, 1}, labels[] = {1, 0, 0, 1};
    lgg_graph *graph;
    (void)state;
    assert_int_equal(lgg_graph_create(&graph, &options, 2), LGG_OK);
    assert_int_equal(lgg_graph_build(graph, 2, 2, x), LGG_OK);
    for (int failing = 0;; failing++) {
        double sigma = -1;
        watch(failing);
        const lgg_status status = lgg_graph_variation(graph, labels, 2, 2, LGG_MEAN, &sigma);
        const int failed = call_failed(status);
        assert_int_equal(memory_of_call.kept, 0);
        unit_assert_near(sigma, failed ? -1 : 1, 1e-6); /* 4 A^2, A^2 = 1/2, over the weight 2 */
        if (!failed) break;
    }
    lgg_graph_free(graph);
}

/* What a batch takes is there before. */
static void an_evaluation_allocates_nothing(void **state) {
    enum { BATCH = 9, D = 5 };
    float x[BATCH * D], gradient[BATCH * D] = {0}, labels[BATCH * 2] = {0};
    uint64_t random = 3;
    (void)state;
    for (int t = 0; t < BATCH * D; t++)
        x[t] = (float)unit_random(&random);
    for (int i = 0; i < BATCH; i++)
        labels[2 * i + i % 2] = 1;
    for (int kind = LGG_LABEL_VARIATION; kind <= LGG_HKD; kind++) {
        const int layers = kind == LGG_LABEL_VARIATION || kind == LGG_HKD ? 1 : 2;
        const lgg_representation layer[] = {{x, gradient, D}, {x, gradient, D}};
        lgg_options options;
        lgg_loss *loss;
        lgg_options_default((lgg_kind)kind, &options);
        assert_int_equal(lgg_loss_create(&loss, (lgg_kind)kind, &options, layers, BATCH, 2), LGG_OK);
        watch(0);
        const lgg_status status = lgg_loss_evaluate(loss, BATCH, labels, layer, layer, 1, NULL, NULL);
        memory_of_call.watching = 0;
        assert_int_equal(status, LGG_OK);
        assert_int_equal(memory_of_call.allocations, 0);
        lgg_loss_free(loss);
    }
}

int run_memory_tests(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_without_memory_is_an_error),
        cmocka_unit_test(a_graph_without_memory_is_an_error),
        cmocka_unit_test(a_variation_without_memory_is_an_error),
        cmocka_unit_test(an_evaluation_allocates_nothing),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
