# make gpu-pack: the report on a GPU, and the tables at full scale, in a folder that runs on any machine with a driver (pack/README.md).
#
#   make gpu-pack [PART=MiB] [CUDA_LIBRARIES=1] [SECOND=tree]     build/gpu-report; needs nvcc, and no GPU. SECOND: AlexeyAB/darknet's
#                                                   pristine tree, whose darknet trains as well then
#   make gpu-report [QUICK=1]                       the same, run here, and its report kept as tests/gpu/REPORT.md
#   make test-gpu-report                            both scripts in an empty folder, with programs built for the emulation

PACK_BUILD := $(BUILD)/gpu-pack
PACKED := $(BUILD)/gpu-report
# compute capability 9.0, and what a newer device's driver compiles (PACK_ARCH=options of nvcc: others)
PACK_ARCH := -gencode arch=compute_90,code=sm_90 -gencode arch=compute_90,code=compute_90
PACK_CACHE := $(BUILD)/gpu-images

# What needs no CUDA at all.
PACK_TOOLS := versions images rebuild_batches
$(PACK_BUILD)/versions: tests/gpu/pack/versions.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O2 $(OWN_WARNINGS) $< -o $@ -ldl
$(PACK_BUILD)/images: tests/gpu/pack/images.c data/cifar10.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O2 $(OWN_WARNINGS) $< -o $@ -lwebp
$(PACK_BUILD)/rebuild_batches: tests/data/rebuild_batches.c data/cifar10.c data/cifar10.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O2 $(OWN_WARNINGS) $(filter %.c,$^) -o $@ -lpng -lz
$(PACK_BUILD)/cifar10: $(CIFAR_TOOL)
	@mkdir -p $(@D)
	@cp $< $@

# $(1)=CUDNN: what a build for other machines is told, and its folder.
pack_folder = $(PACK_BUILD)/$(if $(filter 1,$(1)),cudnn,plain)
pack_make = $(MAKE) --no-print-directory HOST=pjreddie DARKNET= GPU=1 CUDNN=$(1) OPENCV=0 NVCC="$(CUDA_NVCC)" ARCH="$(PACK_ARCH)"
pack_objects = $(patsubst src/lgg/%.cu,$(call pack_folder,$(1))/darknet-pjreddie/obj/%.o,$(CUDA_SOURCES))
pack_programs = $(patsubst %,$(call pack_folder,$(1))/%,compare_networks share_weights bench_step save_weights paper_table)
define pack_build
	@mkdir -p $(call pack_folder,$(1))
	+@$(call pack_make,$(1)) host BUILD=$(call pack_folder,$(1)) > $(call pack_folder,$(1))/log 2>&1 || \
		{ grep -m1 -E '(fatal|error): |cannot find|Error [0-9]' $(call pack_folder,$(1))/log; exit 1; }
	+@$(call pack_make,$(1)) -s GPU_BUILD=$(call pack_folder,$(1)) HAVE_CUDNN=$(1) $(call pack_programs,$(1))
endef

.PHONY: pack-plain pack-cudnn pack-losses pack-second gpu-pack gpu-report
pack-plain: pristine
	$(call pack_build,0)
pack-cudnn: pristine
	$(if $(filter 1,$(HAVE_CUDNN)),$(call pack_build,1))
pack-losses: pack-plain
	+@$(call pack_make,0) -s GPU_BUILD=$(PACK_BUILD) GPU_OBJECTS="$(call pack_objects,0)" \
		$(patsubst %,$(PACK_BUILD)/%,golden test_twins test_product test_tap bench_losses)

PACK_SECOND = $(if $(SECOND),$(PACK_BUILD)/second/darknet-alexeyab/darknet)
pack-second:
	$(if $(SECOND),@mkdir -p $(PACK_BUILD)/second)
	+$(if $(SECOND),@$(call pack_make,1) HOST=alexeyab DARKNET='$(SECOND)' host BUILD=$(PACK_BUILD)/second > $(PACK_BUILD)/second/log 2>&1 || \
		{ grep -m1 -E '(fatal|error): |cannot find|Error [0-9]' $(PACK_BUILD)/second/log; exit 1; })

PACK_COMMIT = $(shell git rev-parse --short=12 HEAD 2> /dev/null || echo unknown)$(shell git diff --quiet HEAD 2> /dev/null || echo -changed)
gpu-pack: deps data
	@if lacks=$$(tests/gpu/toolkit.sh lacks "$(CUDA_NVCC)"); then echo "gpu-pack: $$lacks" >&2; exit 1; fi
	+@$(MAKE) --no-print-directory -s pack-plain pack-cudnn pack-losses pack-second $(PACK_TOOLS:%=$(PACK_BUILD)/%) $(PACK_BUILD)/cifar10
	@COMMIT="commit $(PACK_COMMIT)" BUILT_WITH="nvcc $$("$(CUDA_NVCC)" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p') for compute capability 9.0 and PTX" \
		HOST=pjreddie PART='$(PART)' CUDA_LIBRARIES='$(CUDA_LIBRARIES)' SECOND='$(PACK_SECOND)' tests/gpu/pack/pack.sh \
		$(PACK_BUILD) $(call pack_folder,0) "$(if $(filter 1,$(HAVE_CUDNN)),$(call pack_folder,1))" $(PACK_CACHE) $(PACKED)

gpu-report:
	@tests/gpu/have_gpu.sh gpu-report "$(CUDA_NVCC)" || exit 0; \
	$(MAKE) --no-print-directory gpu-pack && rm -f $(PACKED)/out/{report.md,log.txt} && status=0; \
	$(PACKED)/report.sh || status=1; \
	cp $(PACKED)/out/report.md tests/gpu/REPORT.md; exit $$status

# The rehearsal: with the builds of test-gpu-emulated.
REHEARSAL := $(BUILD)/gpu-rehearsal
REHEARSED = $(REHEARSAL)-programs
rehearsed_programs = $(patsubst %,$(call emulated_build,$(1))/%,compare_networks share_weights bench_step save_weights paper_table)
define rehearsed_build
	+@$(call emulated_make,$(1)) HOST=pjreddie DARKNET= host BUILD=$(call emulated_build,$(1)) > $(call emulated_build,$(1))/log 2>&1 || \
		{ grep -m1 -E 'error|Error' $(call emulated_build,$(1))/log; exit 1; }
	+@$(call emulated_make,$(1)) HOST=pjreddie DARKNET= -s GPU_BUILD=$(call emulated_build,$(1)) HAVE_CUDNN=$(1) \
		GPU_HOST_INCLUDED="-include $(abspath tests/gpu/pack/emulated_events.h)" $(call rehearsed_programs,$(1))
endef
.PHONY: test-gpu-report
test-gpu-report: export LGG_EMULATION := $(abspath $(EMULATED_LIBRARIES))
test-gpu-report: export CUDA_HOME := $(abspath $(EMULATION))
test-gpu-report: pristine data $(EMULATED_LIBRARIES)/libcudart.so $(EMULATION)/golden $(EMULATION)/test_tap $(PACK_TOOLS:%=$(PACK_BUILD)/%) $(PACK_BUILD)/cifar10
	@mkdir -p $(call emulated_build,0) $(call emulated_build,1)
	$(call rehearsed_build,0)
	$(call rehearsed_build,1)
	@rm -rf $(REHEARSED) && mkdir -p $(REHEARSED) && \
	ln -s $(abspath $(EMULATION)/golden $(EMULATION)/test_tap $(PACK_TOOLS:%=$(PACK_BUILD)/%) $(PACK_BUILD)/cifar10) $(REHEARSED)
	@unset CUDA_HOME; HOST=pjreddie tests/gpu/pack/test_report.sh $(REHEARSED) $(call emulated_build,0) $(call emulated_build,1) \
		$(EMULATED_LIBRARIES) $(PACK_CACHE)-fast $(REHEARSAL)
