# What needs nvcc, and what needs a GPU:
#
#   make test-gpu-link              Darknet with GPU=1 CUDNN=1 OPENCV=1, or as much of that as is installed, compiled and linked; then
#                                   trained with -nogpu, which must not touch CUDA
#   make test-gpu-toolkit           that the toolkit is found wherever it is, and aims are judged with cuDNN alone; needs no CUDA
#   make golden CUDA=1 [CASES=...]  golden cases on a GPU
#   make test GPU=1, make test-gpu  everything that wants a GPU
#   make bench GPU=1                with the losses on the GPU, beside the device's floor
#   make gpu-report                 the report of pack/, which can also be packed for other machines, written into tests/gpu/REPORT.md
#
# Where nvcc, the toolkit behind it or a GPU is missing they say SKIPPED, and why.

CUDA_NVCC = $(shell tests/gpu/toolkit.sh nvcc $(NVCC))
CUDA_FOLDERS = $(shell tests/gpu/toolkit.sh folders $(CUDA_NVCC))
# ARCH: as in Darknet's Makefile
CUDA_ARCH = $(or $(ARCH),-arch=native)
GPU_BUILD := $(BUILD)/gpu
GPU_OBJECTS := $(patsubst src/lgg/%.cu,$(GPU_BUILD)/%.o,$(CUDA_SOURCES))
GPU_FLAGS = $(CUDA_ARCH) $(CUDA_FOLDERS) -O3 -std=c++17 $(ROOM_FLAGS) -Itests/golden --compiler-options "-Wall -Wextra -fopenmp"
GPU_LIBS = -lcublas $(LGG_LIBS) $(shell tests/gpu/toolkit.sh rpath $(CUDA_NVCC))

$(GPU_BUILD)/%.o: src/lgg/%.cu $(CUDA_HEADERS)
	@mkdir -p $(@D)
	@$(CUDA_NVCC) $(GPU_FLAGS) -c $< -o $@
$(GPU_BUILD)/golden: tests/cuda/golden_cuda.cu $(EMULATION)/reader.o $(GPU_OBJECTS) $(BUILD)/liblgg.a
	@$(CUDA_NVCC) $(GPU_FLAGS) $^ -o $@ $(GPU_LIBS)
$(GPU_BUILD)/test_twins: tests/cuda/test_twins.cu $(GPU_OBJECTS) $(BUILD)/liblgg.a
	@$(CUDA_NVCC) $(GPU_FLAGS) $^ -o $@ $(GPU_LIBS)
$(GPU_BUILD)/test_product: tests/cuda/test_product.cu $(GPU_OBJECTS) $(BUILD)/liblgg.a
	@$(CUDA_NVCC) $(GPU_FLAGS) $^ -o $@ $(GPU_LIBS)
$(GPU_BUILD)/lgg_tap_kernels.o: src/darknet/lgg_tap_kernels.cu $(CUDA_HEADERS) src/darknet/lgg_tap_kernels.h
	@mkdir -p $(@D)
	@$(CUDA_NVCC) $(GPU_FLAGS) -c $< -o $@
$(GPU_BUILD)/test_tap: tests/cuda/test_tap.cu $(GPU_BUILD)/lgg_tap_kernels.o
	@$(CUDA_NVCC) $(GPU_FLAGS) $^ -o $@
$(GPU_BUILD)/bench_losses: tests/gpu/bench_losses.cu $(GPU_OBJECTS) $(BUILD)/liblgg.a
	@$(CUDA_NVCC) $(GPU_FLAGS) $^ -o $@ $(GPU_LIBS)

.PHONY: golden-gpu
golden-gpu:
	@tests/gpu/have_gpu.sh golden-gpu "$(CUDA_NVCC)" || exit 0; \
	$(MAKE) --no-print-directory $(GPU_BUILD)/golden && $(GPU_BUILD)/golden $(CASES)

# Compare whole networks through libdarknet, in a GPU build of its own.
HAVE_CUDNN = $(shell tests/gpu/toolkit.sh cudnn $(CUDA_NVCC))
# $(call gpu_defines,CUDNN): what a program must be compiled with that uses the structures of such a build.
gpu_defines = -DGPU $(if $(filter 1,$(1)),-DCUDNN) $(patsubst -I%,-isystem %,$(filter-out -I/usr/include,$(filter -I%,$(CUDA_FOLDERS))))
GPU_TREE := $(GPU_BUILD)/darknet-$(HOST)
$(GPU_BUILD)/compare_networks $(GPU_BUILD)/share_weights: $(GPU_BUILD)/%: tests/gpu/%.c tests/gpu/compare.h $(wildcard $(GPU_TREE)/libdarknet.so)
	@$(CC) -O2 $(OWN_WARNINGS) $(call gpu_defines,$(HAVE_CUDNN)) -DLGG_HOST_HEADER='"host_pjreddie.h"' $< -o $@ \
		$(patsubst %,-isystem $(GPU_TREE)/%,include src $(ROOMS:%=lgg/%)) \
		-L$(GPU_TREE) -ldarknet -lm $(call rpath,$(GPU_TREE))
# The benchmark's steps and the statistics of the tables with such a build.
GPU_HOST_FLAGS = -O2 -fopenmp $(OWN_WARNINGS) $(call gpu_defines,$(HAVE_CUDNN)) -DLGG_HOST_HEADER='"host_$(HOST).h"' $(GPU_HOST_INCLUDED) \
	$(patsubst %,-isystem $(GPU_TREE)/%,include src $(ROOMS:%=lgg/%))
GPU_HOST_LIBS = -L$(GPU_TREE) -ldarknet $(filter -L%,$(CUDA_FOLDERS)) -lcudart -lm $(call rpath,$(GPU_TREE))
$(GPU_BUILD)/bench_step $(GPU_BUILD)/save_weights: $(GPU_BUILD)/%: tests/bench/%.c $(wildcard $(GPU_TREE)/libdarknet.so)
	@$(CC) $(GPU_HOST_FLAGS) $< -o $@ $(GPU_HOST_LIBS)
$(GPU_BUILD)/paper_table: experiments/paper/paper_table.c $(wildcard $(GPU_TREE)/libdarknet.so)
	@$(CC) $(GPU_HOST_FLAGS) $< -o $@ $(GPU_HOST_LIBS) -lgsl -lopenblas

# What compares a whole network on the GPU with the CPU. A GPU build of AlexeyAB/darknet has no CPU side: that is another build (tests/cuda/host.mk).
gpu_make = $(MAKE) --no-print-directory BUILD=$(GPU_BUILD) GPU=1 CUDNN=$(HAVE_CUDNN) ARCH="$(CUDA_ARCH)"
ifeq ($(HOST),alexeyab)
GPU_COMPARISON = $(MAKE) --no-print-directory host && $(MAKE) --no-print-directory $(RECORDER) $(RECORDS) && \
	$(gpu_make) $(GPU_TREE)/record_network $(GPU_BUILD)/share_weights
else
GPU_COMPARISON = $(MAKE) --no-print-directory $(GPU_BUILD)/compare_networks $(GPU_BUILD)/share_weights
endif

.PHONY: test-gpu gpu-programs
test-gpu: export RECORD_CPU = $(RECORDER)
test-gpu: export RECORD_GPU = $(GPU_TREE)/record_network
test-gpu: export COMPARE_RECORDS = $(RECORDS)
test-gpu:
	@tests/gpu/have_gpu.sh test-gpu "$(CUDA_NVCC)" || exit 0; \
	$(MAKE) --no-print-directory gpu-programs && \
	tests/gpu/test_gpu.sh "$(CUDA_NVCC)" $(HOST) $(GPU_BUILD) $(GPU_TREE) $(abspath $(CASES))
gpu-programs:
	@$(gpu_make) host && \
	$(MAKE) --no-print-directory $(patsubst %,$(GPU_BUILD)/%,golden test_twins test_product test_tap) && $(GPU_COMPARISON)

.PHONY: test-gpu-link
test-gpu-link: pristine
	@MAKE="$(MAKE)" tests/gpu/test_link.sh "$(CUDA_NVCC)" $(BUILD)/gpu-link $(HOST)

.PHONY: test-gpu-toolkit
test-gpu-toolkit: pristine
	@status=0; tests/gpu/test_aims.sh $(BUILD)/gpu-toolkit/aims || status=1; \
	tests/gpu/test_toolkit.sh $(HOST) $(HOST_PRISTINE) $(BUILD)/gpu-toolkit || status=1; exit $$status

.PHONY: bench-gpu
bench-gpu:
	@tests/gpu/have_gpu.sh bench-gpu "$(CUDA_NVCC)" || exit 0; \
	$(MAKE) --no-print-directory $(GPU_BUILD)/bench_losses && tests/gpu/bench.sh $(GPU_BUILD)/bench_losses

TESTS += test-gpu-link test-gpu-toolkit
ifeq ($(GPU),1)
TESTS += test-gpu
bench-all: bench-gpu
BENCH_GATE = tests/gpu/have_gpu.sh bench "$(CUDA_NVCC)" || exit 0;
BENCH_STEP_CFLAGS += $(call gpu_defines,$(CUDNN))
BENCH_STEP_LIBS += $(filter -L%,$(CUDA_FOLDERS)) -lcudart $(shell tests/gpu/toolkit.sh rpath $(CUDA_NVCC))
endif
