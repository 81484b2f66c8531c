# make test: everything the project tests, one area after another. A fragment that brings tests adds its target to TESTS. The areas
# test the CPU build; with GPU=1 there is one more, which makes a GPU build of its own.

# The second host brings its own programs: these areas test its sources, the others the first host's.
ifeq ($(HOST),alexeyab)
TESTS := $(filter golden test-math test-gradient test-layers test-recipe test-cfg test-robust test-tool test-gpu-link \
	test-second-host test-teacher test-every-cfg, $(TESTS))
endif

.PHONY: test
test: deps data
	@$(MAKE) --no-print-directory darknet GPU=0 CUDNN=0
	@BUILD=$(BUILD) MAKE="$(MAKE) GPU=0 CUDNN=0" tests/run.sh $(sort $(TESTS))
