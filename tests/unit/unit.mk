# make test-math: the mathematics, in two builds, each under the address and undefined sanitizers: with OpenMP, and without (its coverage is
# printed: threads would share the counters, and wait for each other at every line). A third, as fast as it is used, goes through the
# tiles of every processor and several numbers of threads.

comma := ,
LGG_SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
LGG_TEST_THREADS := $(LGG_SANITIZE) -fopenmp
LGG_TEST_SINGLE := $(LGG_SANITIZE) --coverage -fopenmp-simd
UNIT_SOURCES := $(sort $(filter-out %/reference.c,$(wildcard tests/unit/*.c)))
# Any of the library's tiles on any processor that has them.
CHOSEN_TILES := tests/unit/chosen_tiles.c -Wl,--wrap=lgg_tiles_best
# Allocations that fail on demand.
FAILING_MEMORY := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=aligned_alloc -Wl,--wrap=free
UNIT_HEADERS := $(wildcard tests/unit/*.h)

$(eval $(call lgg_library,$(BUILD)/test/threads/liblgg.a,$(BUILD)/test/threads/lgg,$(LGG_TEST_THREADS)))
$(eval $(call lgg_library,$(BUILD)/test/single/liblgg.a,$(BUILD)/test/single/lgg,$(LGG_TEST_SINGLE)))
$(eval $(call lgg_library,$(BUILD)/test/fast/liblgg.a,$(BUILD)/test/fast/lgg,-O3 -fopenmp))

# The reference is only slow, not under test.
$(BUILD)/test/reference.o: tests/unit/reference.c $(UNIT_HEADERS) $(LGG_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LGG_CFLAGS) -O2 -c $< -o $@

# $(call math_tests,flavour,flags): the unit tests and the golden runner against one flavour of the library.
define math_tests
$(BUILD)/test/$(1)/unit: $(UNIT_SOURCES) $(UNIT_HEADERS) $(BUILD)/test/reference.o $(BUILD)/test/$(1)/liblgg.a
	$$(CC) $(LGG_CFLAGS) -O1 -g $(2) -Wl,--wrap=lgg_tiles_best $(FAILING_MEMORY) $(UNIT_SOURCES) $(BUILD)/test/reference.o $(BUILD)/test/$(1)/liblgg.a \
		-o $$@ -lcmocka -lm
$(BUILD)/test/$(1)/golden: $(GOLDEN_SOURCES) tests/golden/golden.h tests/unit/chosen_tiles.c $(BUILD)/test/$(1)/liblgg.a
	$$(CC) $(LGG_CFLAGS) $(LGG_SANITIZE) $(2) $(CHOSEN_TILES) $(GOLDEN_SOURCES) $(BUILD)/test/$(1)/liblgg.a -o $$@ -lm
endef

$(eval $(call math_tests,threads,-fsanitize=address$(comma)undefined -fopenmp))
$(eval $(call math_tests,single,-fsanitize=address$(comma)undefined --coverage))
$(eval $(call math_tests,fast,-fopenmp))

# The golden cases once more, with another rounding of the Gram matrix.
$(BUILD)/test/threads/golden-rounded: $(GOLDEN_SOURCES) tests/golden/rounded_gram.c tests/golden/golden.h $(BUILD)/test/threads/liblgg.a
	$(CC) $(LGG_CFLAGS) $(LGG_TEST_THREADS) -Wl,--wrap=lgg_product_gram_shared $(GOLDEN_SOURCES) tests/golden/rounded_gram.c \
		$(BUILD)/test/threads/liblgg.a -o $@ -lm

.PHONY: test-math
test-math: $(foreach flavour,threads single fast,$(BUILD)/test/$(flavour)/unit $(BUILD)/test/$(flavour)/golden) $(BUILD)/test/threads/golden-rounded
	@BUILD=$(BUILD) CC="$(CC)" tests/unit/test-math.sh

# Warnings of both compilers, with and without what the preprocessor and OpenMP leave out.
.PHONY: check-warnings
check-warnings:
	@CFLAGS="$(LGG_CFLAGS) -Itests/golden" tests/unit/check-warnings.sh $(LGG_SOURCES) $(GOLDEN_SOURCES) $(UNIT_SOURCES) tests/unit/reference.c

FORMATTED := $(wildcard src/*/*.[ch] src/*/*.cu src/*/*.cuh tests/*.h tests/*/*.[ch] tests/*/*.cu experiments/*/*.[ch] data/*.[ch])

.PHONY: format check-format
format:
	@clang-format -i $(FORMATTED)
check-format:
	@if ! command -v clang-format > /dev/null; then echo "SKIPPED format: there is no clang-format"; \
	elif ! clang-format --version | grep -q 'version 14\.'; then echo "SKIPPED format: it is that of clang-format 14, here is $$(clang-format --version)"; \
	else clang-format --dry-run -Werror $(FORMATTED) && echo "PASS format"; fi

TESTS += test-math check-warnings check-format
