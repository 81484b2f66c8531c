# make test-gpu-emulated: Darknet with GPU=1, without and with CUDNN=1, where there is no GPU and no CUDA: all of its kernels and ours run on
# the CPU (emulation/). Whole networks against their CPU side, trainings, and that mistakes on the GPU side are noticed.

EMULATED_LIBRARIES := $(EMULATION)/lib
EMULATED_NVCC := $(abspath tests/cuda/emulation/nvcc)

# The run time; cuBLAS and cuRAND, one library; cuDNN. Each has its own name, as on a machine where one of them may be missing.
emulated_library = $(CXX) -shared -Wl,-soname,lib$(1).so $(2) -o $(EMULATED_LIBRARIES)/lib$(1).so
$(EMULATED_LIBRARIES)/libcudart.so: $(EMULATION_RUNTIME) $(EMULATION)/cudnn.o
	@mkdir -p $(@D)
	@$(call emulated_library,cudart,$(filter-out %/libraries.o %/cudnn.o,$^))
	@$(call emulated_library,cublas,$(EMULATION)/libraries.o -L$(@D) -lcudart -lopenblas)
	@$(call emulated_library,cudnn,$(EMULATION)/cudnn.o -L$(@D) -lcudart -lopenblas)
	@ln -sf libcublas.so $(@D)/libcurand.so

# $(1)=CUDNN: what builds and tests such a Darknet are told. Its networks are small: optimization would take longer than it gains.
emulated_build = $(BUILD)/emulated$(if $(filter 1,$(1)),-cudnn)
emulated_switches = GPU=1 CUDNN=$(1) OPENCV=0 OPENMP=1 BLAS=1 DEBUG=0 NVCC=$(EMULATED_NVCC) OPTS=-O0
emulated_make = $(MAKE) --no-print-directory HOST=pjreddie DARKNET= $(emulated_switches)
define emulated_host
	+@$(call emulated_make,$(1)) host BUILD=$(emulated_build) > $(emulated_build)/log 2>&1 || { grep -m1 -E 'error|Error' $(emulated_build)/log; exit 1; }
	+@$(call emulated_make,$(1)) GPU_BUILD=$(emulated_build) HAVE_CUDNN=$(1) $(emulated_build)/compare_networks $(emulated_build)/share_weights
endef

.PHONY: test-gpu-emulated
test-gpu-emulated: export LGG_EMULATION := $(abspath $(EMULATED_LIBRARIES))
test-gpu-emulated: export CUDA_HOME := $(abspath $(EMULATION))
test-gpu-emulated: pristine $(EMULATED_LIBRARIES)/libcudart.so
	@mkdir -p $(call emulated_build,0) $(call emulated_build,1)
	$(call emulated_host,0)
	$(call emulated_host,1)
	@status=0; \
	tests/cuda/test_emulated_host.sh $(call emulated_build,0) || status=1; \
	tests/cuda/test_emulated_host.sh $(call emulated_build,1) || status=1; \
	MAKE="$(MAKE)" tests/cuda/test_mutants.sh $(call emulated_build,0) $(call emulated_switches,0) || status=1; \
	exit $$status

TESTS += test-gpu-emulated
