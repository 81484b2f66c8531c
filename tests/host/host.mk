# Tests of the host: its fetching, installing and removing, what its patches and our functions mend, and its queue.

TESTS += test-host
.PHONY: test-host

test-host: $(BUILD)/tests/host/patches_test
	@cd $(BUILD)/tests/host && ./patches_test
	@tests/host/test_scripts.sh build/pristine/pjreddie $(BUILD)/darknet-pjreddie

# Every group of the host's patches but hooks can be left out; the queue as commits and back, and on other versions of the host.
# make test-queue ONLY="group...": those alone. A user's environment may have an ONLY of its own.
TESTS += test-queue
.PHONY: test-queue
test-queue: pristine
	@status=0; tests/host/test_queue_script.sh $(HOST) $(HOST_PRISTINE) || status=1; \
	MAKE="$(MAKE)" ONLY='$(if $(filter command,$(origin ONLY)),$(ONLY))' \
		tests/host/test_queue.sh $(HOST) $(HOST_PRISTINE) $(BUILD)/tests/queue OPENMP=1 BLAS=1 || status=1; \
	exit $$status

$(BUILD)/tests/host/patches_test: tests/host/patches_test.c $(BUILD)/darknet-pjreddie/libdarknet.so
	@mkdir -p $(@D)
	@$(CC) -Wall -Wextra -O1 -g -isystem $(BUILD)/darknet-pjreddie/include -isystem $(BUILD)/darknet-pjreddie/src $< -o $@ \
		$(ROOMS:%=-isystem $(BUILD)/darknet-pjreddie/lgg/%) -DLGG_HOST_HEADER='"host_pjreddie.h"' \
		-L$(BUILD)/darknet-pjreddie -ldarknet $(call rpath,$(BUILD)/darknet-pjreddie) -lcmocka -lm

$(BUILD)/darknet-pjreddie/libdarknet.so: host
