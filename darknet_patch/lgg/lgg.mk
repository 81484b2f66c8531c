# Builds the latent geometry sources into Darknet. Installed as DARKNET/lgg/lgg.mk; Darknet's own Makefile includes it after
# its lists of objects and before its rules.

ifeq ($(USE_CPP), 1)
$(error USE_CPP=1: the latent geometry sources are C11, which a C++ compiler does not take; build with USE_CPP=0)
endif

lgg_comma := ,
.DEFAULT_GOAL := all
LGG_HOST ?= pjreddie
LGG_ROOMS := $(patsubst %/, %, $(wildcard lgg/*/))
LGG_SOURCES := $(wildcard $(LGG_ROOMS:%=%/*.c) lgg/tool/*.cpp)
# of the tool's files that touch the host, the one for this host; no tool without one
LGG_TOOL_ROOMS := tool attacks judging figures export commands
LGG_TOOL_HOST := $(wildcard lgg/tool/host_tool_$(LGG_HOST).c)
LGG_SOURCES := $(filter-out $(if $(LGG_TOOL_HOST), lgg/tool/host_tool_%, $(LGG_TOOL_ROOMS:%=lgg/%/%)), $(LGG_SOURCES)) $(LGG_TOOL_HOST)
LGG_SOURCES := $(filter-out lgg/layers/complete_layer_%, $(LGG_SOURCES)) lgg/layers/complete_layer_$(LGG_HOST).c
ifeq ($(GPU), 1)
LGG_SOURCES += $(wildcard $(LGG_ROOMS:%=%/*.cu))
endif

# Groups of patches that this tree does without (darknet_patch/README.md), known by what they add to a structure.
LGG_WITHOUT := $(if $(shell grep -l 'lgg_recipe \*recipe' include/darknet.h),,TRAINING)
LGG_WITHOUT += $(if $(shell grep -l bn_momentum include/darknet.h),,GRADIENTS)
COMMON += $(LGG_WITHOUT:%=-DLGG_WITHOUT_%)

# The host's Makefile takes the CUDA toolkit to be in /usr/local/cuda. It is that of the nvcc on PATH, else the one in CUDA_HOME. Where its
# headers and libraries are, nvcc itself says best (-I and -L of its dry run): it may be a script, and the toolkit one folder or spread over
# the system. A symbolic link to nvcc finds neither, the program behind it does.
ifeq ($(GPU), 1)
CUDA_HOME ?= /usr/local/cuda
ifeq ($(shell command -v $(NVCC)),)
NVCC = $(CUDA_HOME)/bin/nvcc
endif
lgg_dry_run = $(shell $(1) --dryrun -x cu /dev/null -o /dev/null 2>&1 | tr -d '"' | tr '= ' '\n\n' | grep '^-[IL].*/' | awk '!seen[$$0]++')
LGG_CUDA := $(call lgg_dry_run,$(NVCC))
ifeq ($(LGG_CUDA),)
LGG_NVCC := $(realpath $(shell command -v $(NVCC)))
LGG_CUDA := $(if $(LGG_NVCC),$(call lgg_dry_run,$(LGG_NVCC)))
ifneq ($(LGG_CUDA),)
override NVCC := $(LGG_NVCC)
endif
endif
LGG_CUDA += $(patsubst %,-I%,$(wildcard $(CUDA_HOME)/include)) $(patsubst %,-L%,$(wildcard $(CUDA_HOME)/lib64))
# The architectures are every generation that this nvcc knows, and PTX of the newest for those to come, where the host has those of 2016
# (pjreddie) or 2019 (AlexeyAB), which today's nvcc refuses (ARCH=-arch=native: this machine's only). A line that a user gives in
# the place of the host's list, known by its first and last, decides; Volta, which CUDNN_HALF adds to it, only where nvcc still knows it.
LGG_NVCC_HELP := $(shell $(NVCC) --help)
LGG_HOST_ARCH := $(if $(filter pjreddie,$(LGG_HOST)),compute_30 compute_52,compute_50 compute_61)
ifeq ($(strip $(foreach c,$(LGG_HOST_ARCH),$(findstring $c,$(ARCH)))),$(LGG_HOST_ARCH))
ifneq ($(findstring all-major,$(LGG_NVCC_HELP)),)
ARCH := -arch=all-major
else
LGG_KNOWN := $(sort $(shell $(NVCC) --help | grep -o 'compute_[0-9]*'))
ARCH := $(foreach c,$(LGG_KNOWN),-gencode arch=$c,code=$(c:compute_%=sm_%)) -gencode arch=$(lastword $(LGG_KNOWN)),code=$(lastword $(LGG_KNOWN))
endif
else ifeq ($(findstring compute_70,$(LGG_NVCC_HELP)),)
ARCH := $(subst -gencode arch=compute_70$(lgg_comma)code=[sm_70$(lgg_comma)compute_70],,$(ARCH))
endif
COMMON := $(filter-out -I/usr/local/cuda/include/,$(COMMON))
# The toolkit's libraries are found again at run time, but for where the loader looks anyway, and for stubs. Nothing in pjreddie's calls the
# driver's own library (libcuda), so that a machine without a driver can link, and run -nogpu.
LGG_CUDA_LIBRARIES := $(sort $(realpath $(patsubst -L%,%,$(filter -L%,$(LGG_CUDA)))))
LGG_CUDA_LIBRARIES := $(filter-out %/stubs /usr/lib /usr/lib64 /usr/lib/%-linux-gnu,$(LGG_CUDA_LIBRARIES))
LDFLAGS := $(filter-out $(if $(filter pjreddie,$(LGG_HOST)),-lcuda) -L/usr/local/cuda/lib64,$(LDFLAGS))
LDFLAGS := $(patsubst %,-Wl$(lgg_comma)-rpath$(lgg_comma)%,$(LGG_CUDA_LIBRARIES)) $(LDFLAGS)
COMMON += $(filter -I%,$(LGG_CUDA))
LDFLAGS := $(filter -L%,$(LGG_CUDA)) $(LDFLAGS)
endif

# OpenCV 4, which has another name for pkg-config, and of it what is used.
ifeq ($(OPENCV)$(LGG_HOST), 1pjreddie)
OPENCV_PACKAGE ?= $(shell pkg-config --exists opencv4 && echo opencv4 || echo opencv)
COMMON := $(subst `pkg-config --cflags opencv`,`pkg-config --cflags $(OPENCV_PACKAGE)`,$(COMMON))
LDFLAGS := $(subst `pkg-config --libs opencv`,-Wl$(lgg_comma)--as-needed `pkg-config --libs $(OPENCV_PACKAGE)` -Wl$(lgg_comma)--no-as-needed,$(LDFLAGS))
endif

# FAST: batch normalization and what is done value by value on every core. DNNL: convolutions through oneDNN 2, where it is
# installed. With both 0 the host computes as it always has.
FAST ?= 1
ifeq ($(origin DNNL), undefined)
DNNL := $(shell printf '%b\n' '\043include <oneapi/dnnl/dnnl.h>' 'int main(void) { return DNNL_VERSION_MAJOR == 2 ? 0 : 1 / 0; }' | \
	$(CC) -Werror -x c - -o /dev/null -ldnnl 2> /dev/null && echo 1 || echo 0)
endif
ifneq ($(LGG_HOST), pjreddie)
LGG_SOURCES := $(filter-out %/cuda_compatibility.c %/cuda_without_gpu.c %/vector_loops.c, $(LGG_SOURCES))
else ifeq ($(BLAS), 1)
# the host's gemm is OpenBLAS's (speed/gemm_blas.h)
COMMON += -DBLAS $(shell pkg-config --cflags openblas 2> /dev/null)
$(OBJDIR)gemm.o: COMMON += -include gemm_blas.h
endif
ifeq ($(FAST), 1)
COMMON += -DLGG_FAST
endif
ifeq ($(DNNL), 1)
COMMON += -DDNNL
LDFLAGS += -ldnnl
else
LGG_SOURCES := $(filter-out %_dnnl.c, $(LGG_SOURCES))
endif
ifneq ($(BLAS)$(LGG_HOST), 1pjreddie)
LGG_SOURCES := $(filter-out %_blas.c, $(LGG_SOURCES))
endif

# Whether the compiler finds a header.
lgg_has_header = $(shell $(CC) -E -include $(1) -x c /dev/null > /dev/null 2>&1 && echo 1)

# The ONNX schema, which its compiler turns into C when darknet is built.
LGG_ONNX_PROTO ?= $(firstword $(wildcard /usr/include/onnx/onnx.proto /usr/local/include/onnx/onnx.proto))
ifeq ($(call lgg_has_header,protobuf-c/protobuf-c.h)$(if $(LGG_ONNX_PROTO),$(if $(shell command -v protoc-c),1)), 11)
OBJ += onnx.pb-c.o
LDFLAGS += -lprotobuf-c
$(OBJDIR)onnx.pb-c.o: $(LGG_ONNX_PROTO)
	@mkdir -p $(OBJDIR)
	protoc-c --c_out=$(OBJDIR) --proto_path=$(dir $<) $<
	$(CC) $(CFLAGS) -w -c $(OBJDIR)onnx.pb-c.c -o $@
.PHONY: lgg_clean
clean: lgg_clean
lgg_clean:
	@rm -f $(OBJDIR)onnx.pb-c.c $(OBJDIR)onnx.pb-c.h
$(OBJDIR)tool_onnx.o: $(OBJDIR)onnx.pb-c.o
$(OBJDIR)tool_onnx.o $(OBJDIR)command_export.o: COMMON += -DLGG_ONNX -I$(OBJDIR)
else
LGG_SOURCES := $(filter-out lgg/export/tool_onnx.c $(wildcard lgg/export/tool_export*.c), $(LGG_SOURCES))
endif

LGG_OBJECTS := $(addsuffix .o, $(basename $(notdir $(LGG_SOURCES))))

OBJ += $(LGG_OBJECTS)
VPATH += $(LGG_ROOMS)
COMMON += -Isrc $(LGG_ROOMS:%=-I%) -DLGG_HOST_HEADER='"host_$(LGG_HOST).h"'
COMMON += $(if $(filter pjreddie,$(LGG_HOST)),-DLGG_IS_PJREDDIE)

$(addprefix $(OBJDIR), $(LGG_OBJECTS)): lgg/lgg.mk
$(addprefix $(OBJDIR), $(addsuffix .o, $(basename $(notdir $(filter %.cu, $(LGG_SOURCES)))))): $(wildcard lgg/lgg/*.h lgg/darknet/*_kernels.h)

# TF32: convolutions may round float32 to TF32 on the GPUs that have it, where this is ours to say. The losses never lose digits by it.
ifeq ($(TF32), 1)
$(OBJDIR)cuda_compatibility.o: COMMON += -DTF32
endif

# Ours that stand before all else in files of the host's: what is one word in many of their lines.
ifeq ($(LGG_HOST), pjreddie)
LGG_TRAINERS := $(EXECOBJA)
$(OBJDIR)image.o: COMMON += -include image_memory.h
$(OBJDIR)activations.o: COMMON += -include activations_pjreddie.h
$(OBJDIR)blas.o: COMMON += -include vector_loops.h
$(OBJDIR)cuda.o: COMMON += -include cuda_without_gpu.h
$(OBJDIR)activation_kernels.o: COMMON += -include activations_gpu.h
$(OBJDIR)convolutional_kernels.o: COMMON += -include convolution_assigns.h
else
LGG_TRAINERS := $(addsuffix .o, captcha cifar classifier coco compare detector dice go rnn rnn_vid super swag tag voxel writing yolo)
$(addprefix $(OBJDIR), detection_layer.o gaussian_yolo_layer.o region_layer.o yolo_layer.o): COMMON += -include layers_without_clock.h
$(addprefix $(OBJDIR), convolutional_layer.o dark_cuda.o): COMMON += -include cuda_alexeyab.h
endif
$(addprefix $(OBJDIR), $(LGG_TRAINERS)): COMMON += -include weights_names.h
$(addprefix $(OBJDIR), crop_layer.o data.o detection_layer.o utils.o): COMMON += -include random_draws.h
$(addprefix $(OBJDIR), data.o image.o utils.o): COMMON += -include thread_exit.h
ifeq ($(GPU), 1)
$(OBJDIR)data.o: COMMON += -include gpu_data_loading.h
$(OBJDIR)$(if $(filter pjreddie,$(LGG_HOST)),network.o,network_kernels.o): COMMON += -include training_pass_gpu.h
endif

# The host's rules make every object anew when any header has changed: instead, the compiler notes what each includes. The folder for objects
# is made before them, so that make -j works from a clean tree.
ifeq ($(LGG_HOST), pjreddie)
override DEPS := Makefile
LGG_CUDA_OBJECTS := $(filter %_kernels.o, $(OBJ)) $(addsuffix .o, $(basename $(notdir $(filter %.cu, $(LGG_SOURCES)))))
$(addprefix $(OBJDIR), $(OBJ) $(EXECOBJA)): | obj
$(addprefix $(OBJDIR), $(filter-out $(LGG_CUDA_OBJECTS), $(OBJ)) $(EXECOBJA)): CFLAGS += -MMD -MP
$(addprefix $(OBJDIR), $(LGG_CUDA_OBJECTS)): $(wildcard src/*.h lgg/*/*.h) include/darknet.h
-include $(wildcard $(OBJDIR)*.d)
endif

# Darknet's -Ofast assumes that there is no NaN and no infinity, which our checks look for.
ifneq ($(DEBUG), 1)
$(addprefix $(OBJDIR), $(LGG_OBJECTS)): OPTS = -O3 -fno-math-errno -fopenmp-simd
endif

# Those of AlexeyAB's own files that look for it too find it then.
ifeq ($(LGG_HOST), alexeyab)
$(addprefix $(OBJDIR), blas.o box.o classifier.o gaussian_yolo_layer.o region_layer.o utils.o yolo_layer.o): CFLAGS += -fno-finite-math-only
# What OpenCV loads are the numbers that the build without it loads.
$(OBJDIR)image_opencv.o: CFLAGS += -fno-fast-math
endif

ifeq ($(BLAS), 1)
LDFLAGS += -lopenblas
# Of Debian's builds of OpenBLAS, the one that works with OpenMP's own threads: two sets of threads spin against each other.
ifeq ($(OPENMP), 1)
LGG_OPENBLAS := $(firstword $(dir $(wildcard /usr/lib/*/openblas-openmp/libopenblas.so.0)))
LDFLAGS += $(if $(LGG_OPENBLAS),-Wl$(lgg_comma)-rpath$(lgg_comma)$(LGG_OPENBLAS))
endif
# OpenBLAS brings LAPACK
$(addprefix $(OBJDIR), $(LGG_OBJECTS)): COMMON += -DLGG_LAPACK
$(OBJDIR)arithmetic.o: COMMON += -DLGG_BLAS
endif

# Libraries that single `./darknet lgg` commands use: built in where they are, and where they are not, the option that needs one
# says so.
ifeq ($(call lgg_has_header,lbfgs.h), 1)
$(OBJDIR)tool_logistic.o: COMMON += -DLGG_LBFGS
LDFLAGS += -llbfgs
endif
ifeq ($(call lgg_has_header,jpeglib.h), 1)
$(OBJDIR)tool_corruptions.o: COMMON += -DLGG_JPEG
LDFLAGS += -ljpeg
endif
# of OpenCV only these two: its image codecs would drag a hundred libraries into every start of darknet
LGG_OPENCV_FLAGS := $(shell pkg-config --cflags opencv4 2> /dev/null || echo -I/usr/include/opencv4)
ifeq ($(shell $(CXX) -E $(LGG_OPENCV_FLAGS) -include opencv2/imgproc.hpp -x c++ /dev/null > /dev/null 2>&1 && echo 1), 1)
$(OBJDIR)tool_opencv.o: COMMON += -DLGG_OPENCV $(LGG_OPENCV_FLAGS)
LDFLAGS += -lopencv_imgproc -lopencv_core -lstdc++
endif
