# make count-launches: what a device is asked to do, one launch, copy, fill or library call after the other, by each loss and by a whole
# training step of the host with CUDNN=1. Counted in the emulation, where nothing is computed for it (LGG_EMULATION_DRY).

COUNTED_STEPS := wrn28-0.5
COUNTED_HOST = $(call emulated_build,1)

$(EMULATION)/count_launches: tests/cuda/count_launches.cu $(EMULATION_OBJECTS) $(BUILD)/liblgg.a
	@$(CXX) $(EMULATION_FLAGS) -x c++ $< -x none $(filter %.o %.a,$^) -o $@ -fopenmp -lopenblas -lm

ifeq ($(HOST),alexeyab)
$(BUILD)/count_step: tests/cuda/count_step.c $(wildcard $(HOST_TREE)/obj/*.o)
	@$(call host_gpu_program,$<,$@)
else
$(BUILD)/count_step: tests/cuda/count_step.c $(wildcard $(HOST_TREE)/libdarknet.so)
	@$(CC) -O2 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) $(call gpu_defines,$(CUDNN)) $< -o $@ $(HOST_TEST_LIBS) \
		-L$(LGG_EMULATION) -lcudart -Wl,-rpath,$(LGG_EMULATION)
endif

.PHONY: count-launches
count-launches: export LGG_EMULATION := $(abspath $(EMULATED_LIBRARIES))
count-launches: export CUDA_HOME := $(abspath $(EMULATION))
count-launches: export LGG_EMULATION_DRY := 1
count-launches: pristine $(EMULATION)/count_launches $(EMULATED_LIBRARIES)/libcudart.so
	@mkdir -p $(COUNTED_HOST)
	+@$(call emulated_host,1)
	+@$(call emulated_make,1) BUILD=$(COUNTED_HOST) $(COUNTED_HOST)/count_step
	@$(EMULATION)/count_launches
	@for name in $(COUNTED_STEPS); do $(COUNTED_HOST)/count_step step_$$name cfg/$$name.cfg 2> /dev/null | grep -E '^(launches|waits)' || exit 1; done
