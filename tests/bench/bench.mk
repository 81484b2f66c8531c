# make bench: the speed and memory of the losses and of whole training steps. Lines "name value unit"; build/bench/ keeps them as
# CSV, and draws the losses' times.

BENCH := $(BUILD)/bench
BENCH_STEP_CFLAGS = -O2 -fopenmp $(OWN_WARNINGS) $(HOST_TEST_CFLAGS)
BENCH_STEP_LIBS = $(HOST_TEST_LIBS)
$(BENCH)/bench_losses: tests/bench/bench_losses.c tests/bench/bench.h $(BUILD)/liblgg.a
	@mkdir -p $(@D)
	@$(CC) -O3 $(LGG_CFLAGS) $(LGG_OPENMP) -D_POSIX_C_SOURCE=200809L $< $(BUILD)/liblgg.a -o $@ -lopenblas -lm

# Stock Darknet as its own Makefile builds it for every core, beside ours.
BENCH_STOCK_TREE := $(BUILD)/bench/stock-$(HOST)
BENCH_STOCK = STOCK_TREE=$(BENCH_STOCK_TREE) \
	STOCK_SWITCHES="GPU=0 CUDNN=0 OPENCV=0 OPENMP=1 $(if $(filter alexeyab,$(HOST)),$(if $(shell grep -wm1 avx2 /proc/cpuinfo),AVX=1))"
BENCH_HOST_CFLAGS = $(OWN_WARNINGS) $(filter-out -include tests/second_host/as_first_host.h, $(HOST_TEST_CFLAGS)) \
	$(if $(filter alexeyab,$(HOST)),-DSECOND_HOST)

# $(call bench_stock,STOCK_TREE,PROGRAM)
bench_stock = $(CC) -O2 $(subst $(HOST_TREE),$(1),$(BENCH_HOST_CFLAGS)) tests/bench/bench_host.c -o $(BENCH)/$(2) \
	$(subst $(STOCK_TREE),$(1),$(STOCK_LIBS)) -fopenmp

# BENCH_GATE: with GPU=1, ends it where there is none (tests/gpu).
.PHONY: bench bench-all
bench:
	@$(BENCH_GATE) $(MAKE) --no-print-directory bench-all
bench-all: darknet bench-programs
ifneq ($(GPU),1)
	@$(MAKE) --no-print-directory stock-tree $(BENCH_STOCK)
	@$(call bench_stock,$(BENCH_STOCK_TREE),bench_stock)
endif
	@tests/bench/bench.sh $(BENCH) $(HOST_PRISTINE)/cfg

.PHONY: bench-programs test-bench
bench-programs: host-test-libs $(BENCH)/bench_losses
	@for program in bench_step bench_load save_weights; do \
		$(CC) $(BENCH_STEP_CFLAGS) tests/bench/$$program.c -o $(BENCH)/$$program $(BENCH_STEP_LIBS) || exit 1; done
ifneq ($(GPU),1)
	@$(CC) -O2 $(BENCH_HOST_CFLAGS) tests/bench/bench_host.c -o $(BENCH)/bench_host $(HOST_TEST_LIBS) -fopenmp
endif

# That they can be built, the one of stock Darknet with the stock tree of the tests; what they measure is no test.
test-bench: bench-programs stock-tree
ifneq ($(GPU),1)
	@$(call bench_stock,$(STOCK_TREE),bench_stock_of_tests)
endif
	@echo "PASS the benchmark's programs are built"

TESTS += test-bench
