# make test-gpu-emulated: Darknet with GPU=1, without and with CUDNN=1, where there is no GPU and no CUDA: all of its kernels and ours run on
# the CPU (emulation/). Whole networks against their CPU side, trainings, and that mistakes on the GPU side are noticed. Either host.

EMULATED_LIBRARIES := $(EMULATION)/lib
EMULATED_NVCC := $(abspath tests/cuda/emulation/nvcc)

# The run time and the driver's library, one library; cuBLAS and cuRAND, one; cuDNN. Each has its own name, as on a machine where one of them may be missing.
emulated_library = $(CXX) -shared -Wl,-soname,lib$(1).so $(2) -o $(EMULATED_LIBRARIES)/lib$(1).so
$(EMULATED_LIBRARIES)/libcudart.so: $(EMULATION_RUNTIME) $(EMULATION)/cudnn.o
	@mkdir -p $(@D)
	@$(call emulated_library,cudart,$(filter-out %/libraries.o %/cudnn.o,$^))
	@$(call emulated_library,cublas,$(EMULATION)/libraries.o -L$(@D) -lcudart -lopenblas)
	@$(call emulated_library,cudnn,$(EMULATION)/cudnn.o -L$(@D) -lcudart -lopenblas)
	@ln -sf libcublas.so $(@D)/libcurand.so
	@ln -sf libcudart.so $(@D)/libcuda.so

# $(1)=CUDNN: what builds and tests such a Darknet are told. Its networks are small: optimization would take longer than it gains.
emulated_build = $(BUILD)/emulated$(if $(filter 1,$(1)),-cudnn)
emulated_switches = GPU=1 CUDNN=$(1) OPENCV=0 OPENMP=1 BLAS=1 DEBUG=0 NVCC=$(EMULATED_NVCC) OPTS=-O0
emulated_make = $(MAKE) --no-print-directory $(emulated_switches)
emulated_host = $(call emulated_make,$(1)) host BUILD=$(emulated_build) > $(emulated_build)/log 2>&1 || { grep -m1 -E ' error|Error' $(emulated_build)/log; exit 1; }

# The programs that compare a network on the GPU with its CPU side. A GPU build of AlexeyAB/darknet has no CPU side: the CPU's build is
# another, and what both write down is compared.
ifeq ($(HOST),alexeyab)
RECORDER := $(HOST_TREE)/record_network
RECORDS := $(BUILD)/tests/compare_records
emulated_programs = $(call emulated_make,$(1)) BUILD=$(emulated_build) $(emulated_build)/darknet-$(HOST)/record_network $(emulated_build)/share_weights $(emulated_build)/count_step
$(RECORDS): tests/gpu/compare_records.c tests/gpu/record.h tests/gpu/compare.h
	@mkdir -p $(@D)
	@$(CC) -O1 $(OWN_WARNINGS) $< -o $@ -lm
host_gpu_program = $(CC) -O1 $(OWN_WARNINGS) $(filter-out -include tests/second_host/as_first_host.h,$(HOST_TEST_CFLAGS)) \
	$(if $(filter 1,$(GPU)),$(call gpu_defines,$(CUDNN))) $(1) -o $(2) $(HOST_OBJECTS) \
	$(HOST_LDFLAGS) -lstdc++
$(BUILD)/share_weights: tests/gpu/share_weights.c $(wildcard $(HOST_TREE)/obj/*.o)
	@$(call host_gpu_program,$<,$@)
$(RECORDER): tests/gpu/record_network.c tests/gpu/record.h $(wildcard $(HOST_TREE)/obj/*.o)
	@$(call host_gpu_program,$<,$@)
else
emulated_programs = $(call emulated_make,$(1)) BUILD=$(emulated_build) GPU_BUILD=$(emulated_build) HAVE_CUDNN=$(1) $(patsubst %,$(emulated_build)/%,compare_networks share_weights count_step)
endif

.PHONY: test-gpu-emulated
test-gpu-emulated: export LGG_EMULATION := $(abspath $(EMULATED_LIBRARIES))
test-gpu-emulated: export CUDA_HOME := $(abspath $(EMULATION))
test-gpu-emulated: export COMPARE_RECORDS := $(RECORDS)
test-gpu-emulated: export RECORD_CPU := $(RECORDER)
test-gpu-emulated: pristine $(EMULATED_LIBRARIES)/libcudart.so $(RECORDS) $(if $(RECORDER),host)
	@mkdir -p $(call emulated_build,0) $(call emulated_build,1)
	+@$(call emulated_host,0)
	+@$(call emulated_programs,0)
	+@$(call emulated_host,1)
	+@$(call emulated_programs,1)
	+@$(if $(RECORDER),$(MAKE) --no-print-directory $(RECORDER))
	@status=0; \
	tests/cuda/test_emulated_host.sh $(HOST) $(call emulated_build,0) || status=1; \
	tests/cuda/test_emulated_host.sh $(HOST) $(call emulated_build,1) || status=1; \
	MAKE="$(MAKE)" tests/cuda/test_mutants.sh $(HOST) $(call emulated_build,0) $(call emulated_switches,0) || status=1; \
	exit $$status

TESTS += test-gpu-emulated
