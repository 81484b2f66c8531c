# make test-robust: trainings that are stopped, killed, starved of disk or fed rubbish.
# make test-robust-long: the same with a hundred kills at random moments.

TESTS += test-robust
ROBUST_TEST := $(BUILD)/tests/robust
TEST_PRODUCTS += $(ROBUST_TEST)/make_images
KILLS := 6

.PHONY: test-robust test-robust-long
test-robust: $(ROBUST_TEST)/make_images $(ROBUST_TEST)/checkpoints $(ROBUST_TEST)/ends
	@rm -rf $(ROBUST_TEST)/killed && mkdir -p $(ROBUST_TEST)/killed
	@OMP_NUM_THREADS=1 $(ROBUST_TEST)/checkpoints $(ROBUST_TEST)/killed 2> $(ROBUST_TEST)/killed.log || \
		{ tail -5 $(ROBUST_TEST)/killed.log; exit 1; }
	@rm -rf $(ROBUST_TEST)/ended && mkdir -p $(ROBUST_TEST)/ended && $(ROBUST_TEST)/ends $(ROBUST_TEST)/ended
	@HOST=$(HOST) tests/robust/test_robust.sh ./darknet $< $(ROBUST_TEST)/work $(KILLS)

test-robust-long:
	@$(MAKE) --no-print-directory test-robust KILLS=100

$(ROBUST_TEST)/make_images $(ROBUST_TEST)/checkpoints $(ROBUST_TEST)/ends: $(ROBUST_TEST)/%: tests/robust/%.c host-test-libs | darknet
	@mkdir -p $(@D)
	@$(call host_program,$@,$<)

# Longer checks, whose figures are in RESULTS.md: memory over 20,000 iterations, leaks that grow with iterations (valgrind), and races
# (thread sanitizer, without OpenMP, whose runtime it does not know).
.PHONY: test-soak test-leaks test-races
test-soak: $(ROBUST_TEST)/make_images
	@HOST=$(HOST) tests/robust/soak.sh ./darknet $< $(ROBUST_TEST)/soak

test-leaks: $(ROBUST_TEST)/make_images
	@HOST=$(HOST) tests/robust/leaks.sh ./darknet $< $(ROBUST_TEST)/leaks

TSAN_BUILD := $(BUILD)/tsan
TSAN_TREE := $(TSAN_BUILD)/darknet-$(HOST)
TSAN_SWITCHES := CC='gcc -g -O1 -fsanitize=thread' OPENMP=0 BLAS=0 DNNL=0
test-races: $(ROBUST_TEST)/make_images
	@mkdir -p $(TSAN_BUILD)
	@darknet_patch/stage.sh $(HOST) $(HOST_PRISTINE) $(TSAN_TREE) $(TSAN_SWITCHES)
	@$(MAKE) --no-print-directory -s -C $(TSAN_TREE) darknet $(TSAN_SWITCHES) > $(TSAN_BUILD)/log 2>&1
	@HOST=$(HOST) tests/robust/races.sh $(TSAN_TREE)/darknet $< $(ROBUST_TEST)/races
