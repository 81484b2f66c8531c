# make bench: the speed and memory of the losses and of whole training steps. Lines "name value unit"; build/bench/ keeps them as
# CSV, and draws the losses' times.

BENCH := $(BUILD)/bench
BENCH_STEP_CFLAGS = -O2 -fopenmp $(OWN_WARNINGS) $(HOST_TEST_CFLAGS)
BENCH_STEP_LIBS = $(HOST_TEST_LIBS)
$(BENCH)/bench_losses: tests/bench/bench_losses.c tests/bench/bench.h $(BUILD)/liblgg.a
	@mkdir -p $(@D)
	@$(CC) -O3 $(LGG_CFLAGS) $(LGG_OPENMP) -D_POSIX_C_SOURCE=200809L $< $(BUILD)/liblgg.a -o $@ -lopenblas -lm

# BENCH_GATE: with GPU=1, ends it where there is none (tests/gpu).
.PHONY: bench bench-all
bench:
	@$(BENCH_GATE) $(MAKE) --no-print-directory bench-all
bench-all: darknet host-test-libs $(BENCH)/bench_losses
	@for program in bench_step bench_load save_weights; do \
		$(CC) $(BENCH_STEP_CFLAGS) tests/bench/$$program.c -o $(BENCH)/$$program $(BENCH_STEP_LIBS) || exit 1; done
	@tests/bench/bench.sh $(BENCH)
