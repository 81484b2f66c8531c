# test-data: the readers under address and undefined sanitizers, then `make data` from outside, and the detection set.

TESTS += test-data
TEST_PRODUCTS += $(DETECTION_TOOL)
DATA_TEST := $(BUILD)/tests/data

.PHONY: test-data
test-data: $(DATA_TEST)/test_readers $(DATA_TEST)/rebuild_batches $(DETECTION_TOOL) data
	$(DATA_TEST)/test_readers
	tests/data/test_data.sh $(BUILD)
	tests/data/test_detection.sh $(DETECTION_TOOL) $(DATA_TEST)/detection

$(DATA_TEST)/test_readers: tests/data/test_readers.c data/cifar10.c data/cifar10.h | deps
	@mkdir -p $(@D)
	$(CC) -std=c11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(OWN_WARNINGS) -o $@ $(filter %.c,$^) -lcmocka -lpng

$(DATA_TEST)/rebuild_batches: tests/data/rebuild_batches.c data/cifar10.c data/cifar10.h | deps
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 $(OWN_WARNINGS) -o $@ $(filter %.c,$^) -lpng
