# make test: everything the project tests, JOBS areas at once (default: as many as there are cores). A fragment that brings tests adds its
# target to TESTS, and what other areas build, too, to TEST_PRODUCTS, which are built once and before. The areas test the CPU build; with
# GPU=1 there is one more, which makes a GPU build of its own.

# The second host brings its own programs: these areas test its sources, the others the first host's.
ifeq ($(HOST),alexeyab)
TESTS := $(filter golden test-math test-gradient test-layers test-speed test-recipe test-cfg test-robust test-tool test-cuda test-gpu-link test-gpu-emulated \
	test-second-host test-teacher test-demo test-opencv test-bench test-every-cfg test-deploy test-paper test-detectors test-docs test-queue, $(TESTS))
TEST_PRODUCTS := $(ROBUST_TEST)/make_images $(BUILD)/liblgg.a $(EMULATION_RUNTIME) $(DETECTION_TOOL) $(PAPER)/paper_table
endif

# The longest begin first, so that none of them is left for the end.
TESTS_LONG := test-schedulers test-gpu-emulated test-tool test-cuda test-queue test-gpu-link test-fuzz test-second-host test-math test-opencv test-every-cfg \
	test-paper test-deploy test-host test-robust test-gradient check-warnings test-demo
TESTS_IN_ORDER = $(filter $(TESTS),$(TESTS_LONG)) $(sort $(filter-out $(TESTS_LONG),$(TESTS)))

# What is there before the first area begins; no area looks at it again.
TESTS_HOST := darknet host-test-libs host-stock stock-tree onnxruntime
TESTS_FIND := deps data pristine host $(TESTS_HOST)
TESTS_MAKE = $(MAKE) --no-print-directory GPU=0 CUDNN=0
TESTS_MAKE_JOBS = $(TESTS_MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(or $(JOBS),$(shell nproc)))

.PHONY: test test-products
test: deps
	+@$(TESTS_MAKE_JOBS) data $(TESTS_HOST)
	+@$(TESTS_MAKE_JOBS) -k $(TESTS_FIND:%=-o %) test-products > /dev/null 2>&1 || true # the area that needs it says what is wrong
	+@BUILD=$(BUILD) JOBS='$(JOBS)' MAKE="$(TESTS_MAKE) $(TESTS_FIND:%=-o %)" tests/run.sh $(TESTS_IN_ORDER)

test-products: $(TEST_PRODUCTS)
