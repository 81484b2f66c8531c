# make test-robust: trainings that are stopped, killed, starved of disk or fed rubbish.
# make test-robust-long: the same with a hundred kills at random moments.

TESTS += test-robust
ROBUST_TEST := $(BUILD)/tests/robust
KILLS := 6

.PHONY: test-robust test-robust-long
test-robust: $(ROBUST_TEST)/make_images
	@tests/robust/test_robust.sh ./darknet $< $(ROBUST_TEST)/work $(KILLS)

test-robust-long:
	@$(MAKE) --no-print-directory test-robust KILLS=100

$(ROBUST_TEST)/make_images: tests/robust/make_images.c | darknet
	@mkdir -p $(@D)
	@$(CC) -O1 $(OWN_WARNINGS) -isystem $(HOST_TREE)/include $< -o $@ -L$(HOST_TREE) -ldarknet -lm -Wl,-rpath,$(abspath $(HOST_TREE))
