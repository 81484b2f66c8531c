# Builds the latent geometry sources into Darknet. Installed as DARKNET/lgg/lgg.mk; Darknet's own Makefile includes it after
# its lists of objects and before its rules.

lgg_comma := ,
.DEFAULT_GOAL := all
LGG_HOST ?= pjreddie
LGG_ROOMS := $(patsubst %/, %, $(wildcard lgg/*/))
LGG_SOURCES := $(wildcard $(LGG_ROOMS:%=%/*.c) lgg/tool/*.cpp)
# of the tool's files that touch the host, the one for this host; no tool without one
LGG_TOOL_HOST := $(wildcard lgg/tool/host_tool_$(LGG_HOST).c)
LGG_SOURCES := $(filter-out $(if $(LGG_TOOL_HOST), lgg/tool/host_tool_%, lgg/tool/%), $(LGG_SOURCES)) $(LGG_TOOL_HOST)
ifeq ($(GPU), 1)
LGG_SOURCES += $(wildcard $(LGG_ROOMS:%=%/*.cu))
# A Makefile that takes the CUDA toolkit to be in /usr/local/cuda: where else nvcc looks for headers and libraries.
ifeq ($(origin CUDA_FOLDERS), undefined)
CUDA_FOLDERS := $(shell $(NVCC) --dryrun -x cu /dev/null -o /dev/null 2>&1 | tr -d '"' | tr '= ' '\n\n' | grep '^-[IL].*/' | awk '!seen[$$0]++')
COMMON += $(filter -I%, $(CUDA_FOLDERS))
LDFLAGS += $(filter -L%, $(CUDA_FOLDERS))
endif
endif

# Groups of patches that this tree does without (darknet_patch/README.md), known by what they add to a structure.
LGG_WITHOUT := $(if $(shell grep -l 'lgg_recipe \*recipe' include/darknet.h),,TRAINING)
LGG_WITHOUT += $(if $(shell grep -l bn_momentum include/darknet.h),,GRADIENTS)
COMMON += $(LGG_WITHOUT:%=-DLGG_WITHOUT_%)

# FAST: batch normalization and what is done value by value on every core. DNNL: convolutions through oneDNN 2, where it is
# installed. With both 0 the host computes as it always has.
FAST ?= 1
ifeq ($(origin DNNL), undefined)
DNNL := $(shell printf '%b\n' '\043include <oneapi/dnnl/dnnl.h>' 'int main(void) { return DNNL_VERSION_MAJOR == 2 ? 0 : 1 / 0; }' | \
	$(CC) -Werror -x c - -o /dev/null -ldnnl 2> /dev/null && echo 1 || echo 0)
endif
ifneq ($(LGG_HOST), pjreddie)
override FAST := 0
override DNNL := 0
LGG_SOURCES := $(filter-out %_fast.c, $(LGG_SOURCES))
endif
ifeq ($(FAST), 1)
COMMON += -DFAST
endif
ifeq ($(DNNL), 1)
COMMON += -DDNNL
LDFLAGS += -ldnnl
else
LGG_SOURCES := $(filter-out %_dnnl.c, $(LGG_SOURCES))
endif

LGG_OBJECTS := $(addsuffix .o, $(basename $(notdir $(LGG_SOURCES))))

OBJ += $(LGG_OBJECTS)
VPATH += $(LGG_ROOMS)
COMMON += -Isrc $(LGG_ROOMS:%=-I%) -DLGG_HOST_HEADER='"host_$(LGG_HOST).h"'

$(addprefix $(OBJDIR), $(LGG_OBJECTS)): lgg/lgg.mk
$(addprefix $(OBJDIR), $(addsuffix .o, $(basename $(notdir $(filter %.cu, $(LGG_SOURCES)))))): $(wildcard lgg/lgg/*.h lgg/darknet/*_kernels.h)

# Darknet's -Ofast assumes that there is no NaN and no infinity, which our checks look for.
ifneq ($(DEBUG), 1)
$(addprefix $(OBJDIR), $(LGG_OBJECTS)): OPTS = -O3 -fno-math-errno -fopenmp-simd
endif

# Those of AlexeyAB's own files that look for it too find it then.
ifeq ($(LGG_HOST), alexeyab)
$(addprefix $(OBJDIR), blas.o box.o classifier.o gaussian_yolo_layer.o region_layer.o utils.o yolo_layer.o): CFLAGS += -fno-finite-math-only
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
endif

# Libraries that single `./darknet lgg` commands use: built in where they are, and where they are not, the option that needs one
# says so.
lgg_has_header = $(shell $(CC) -E -include $(1) -x c /dev/null > /dev/null 2>&1 && echo 1)
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
