# make test-math: the mathematics, in two builds, each under the address and undefined sanitizers: with CBLAS and OpenMP (its
# coverage is printed), and with neither.

comma := ,
LGG_SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
LGG_TEST_BLAS := $(LGG_SANITIZE) --coverage -fopenmp -DLGG_BLAS
LGG_TEST_PLAIN := $(LGG_SANITIZE) -fopenmp-simd
UNIT_SOURCES := $(sort $(filter-out %/reference.c,$(wildcard tests/unit/*.c)))
UNIT_HEADERS := $(wildcard tests/unit/*.h)

$(eval $(call lgg_library,$(BUILD)/test/blas/liblgg.a,$(BUILD)/test/blas/lgg,$(LGG_TEST_BLAS)))
$(eval $(call lgg_library,$(BUILD)/test/plain/liblgg.a,$(BUILD)/test/plain/lgg,$(LGG_TEST_PLAIN)))

# The reference is only slow, not under test.
$(BUILD)/test/reference.o: tests/unit/reference.c $(UNIT_HEADERS) $(LGG_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LGG_CFLAGS) -O2 -c $< -o $@

# $(call math_tests,flavour,flags,libraries): the unit tests and the golden runner against one flavour of the library.
define math_tests
$(BUILD)/test/$(1)/unit: $(UNIT_SOURCES) $(UNIT_HEADERS) $(BUILD)/test/reference.o $(BUILD)/test/$(1)/liblgg.a
	$$(CC) $(LGG_CFLAGS) -O1 -g $(2) $(UNIT_SOURCES) $(BUILD)/test/reference.o $(BUILD)/test/$(1)/liblgg.a -o $$@ -lcmocka $(3) -lm
$(BUILD)/test/$(1)/golden: $(GOLDEN_SOURCES) tests/golden/golden.h $(BUILD)/test/$(1)/liblgg.a
	$$(CC) $(LGG_CFLAGS) $(LGG_SANITIZE) $(2) $(GOLDEN_SOURCES) $(BUILD)/test/$(1)/liblgg.a -o $$@ $(3) -lm
endef

$(eval $(call math_tests,blas,-fsanitize=address$(comma)undefined --coverage -fopenmp,-lopenblas))
$(eval $(call math_tests,plain,-fsanitize=address$(comma)undefined,))

# The golden cases once more, with another rounding of the Gram matrix.
$(BUILD)/test/blas/golden-rounded: $(GOLDEN_SOURCES) tests/golden/rounded_gram.c tests/golden/golden.h $(BUILD)/test/blas/liblgg.a
	$(CC) $(LGG_CFLAGS) $(LGG_TEST_BLAS) -Wl,--wrap=lgg_blas_gram $(GOLDEN_SOURCES) tests/golden/rounded_gram.c \
		$(BUILD)/test/blas/liblgg.a -o $@ -lopenblas -lm

.PHONY: test-math
test-math: $(foreach flavour,blas plain,$(BUILD)/test/$(flavour)/unit $(BUILD)/test/$(flavour)/golden) $(BUILD)/test/blas/golden-rounded
	@BUILD=$(BUILD) CC="$(CC)" tests/unit/test-math.sh

# Warnings of both compilers, with and without what the preprocessor and OpenMP leave out.
.PHONY: check-warnings
check-warnings:
	@CFLAGS="$(LGG_CFLAGS) -Itests/golden" tests/unit/check-warnings.sh $(LGG_SOURCES) $(GOLDEN_SOURCES) $(UNIT_SOURCES) tests/unit/reference.c

FORMATTED := $(wildcard src/*/*.[ch] src/*/*.cu src/*/*.cuh tests/*/*.[ch] tests/*/*.cu experiments/*/*.[ch] data/*.[ch])

.PHONY: format check-format
format:
	@clang-format -i $(FORMATTED)
check-format:
	@if ! command -v clang-format > /dev/null; then echo "SKIPPED format: there is no clang-format"; \
	else clang-format --dry-run -Werror $(FORMATTED) && echo "PASS format"; fi

TESTS += test-math check-warnings check-format
