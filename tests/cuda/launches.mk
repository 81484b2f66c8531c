# make count-launches: what a device is asked to do, one launch, copy, fill or library call after the other, by each loss and by a whole
# training step of the first host with CUDNN=1. Counted in the emulation, where nothing is computed for it (LGG_EMULATION_DRY).

COUNTED_STEPS := wrn28-0.5
COUNTED_HOST = $(call emulated_build,1)

$(EMULATION)/count_launches: tests/cuda/count_launches.cu $(EMULATION_OBJECTS) $(BUILD)/liblgg.a
	@$(CXX) $(EMULATION_FLAGS) -x c++ $< -x none $(filter %.o %.a,$^) -o $@ -fopenmp -lopenblas -lm

.PHONY: count-launches
count-launches: export LGG_EMULATION := $(abspath $(EMULATED_LIBRARIES))
count-launches: export CUDA_HOME := $(abspath $(EMULATION))
count-launches: export LGG_EMULATION_DRY := 1
count-launches: pristine $(EMULATION)/count_launches $(EMULATED_LIBRARIES)/libcudart.so
	@mkdir -p $(COUNTED_HOST)
	+@$(call emulated_make,1) host BUILD=$(COUNTED_HOST) > $(COUNTED_HOST)/log 2>&1 || { grep -m1 -E 'error|Error' $(COUNTED_HOST)/log; exit 1; }
	@$(CC) -O2 $(OWN_WARNINGS) -DGPU -DCUDNN -DLGG_HOST_HEADER='"host_pjreddie.h"' -isystem tests/cuda/emulation \
		$(patsubst %,-isystem $(COUNTED_HOST)/darknet-pjreddie/%,include src $(ROOMS:%=lgg/%)) tests/cuda/count_step.c \
		-o $(COUNTED_HOST)/count_step -L$(COUNTED_HOST)/darknet-pjreddie -ldarknet -lm \
		-L$(EMULATED_LIBRARIES) -lcudart -Wl,-rpath,$(abspath $(COUNTED_HOST)/darknet-pjreddie):$(abspath $(EMULATED_LIBRARIES))
	@$(EMULATION)/count_launches
	@for name in $(COUNTED_STEPS); do $(COUNTED_HOST)/count_step step_$$name cfg/$$name.cfg 2> /dev/null || exit 1; done
