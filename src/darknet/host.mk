# Builds the latent geometry sources into Darknet. Installed as DARKNET/lgg/lgg.mk; Darknet's own Makefile includes it after
# its lists of objects and before its rules.
#
# The project's own Makefile sees this file too, and must find nothing in it: only Darknet has an OBJDIR.

ifdef OBJDIR
.DEFAULT_GOAL := all
LGG_HOST ?= pjreddie
LGG_SOURCES := $(wildcard lgg/lgg/*.c lgg/darknet/*.c lgg/tool/*.c lgg/tool/*.cpp)
# of the files that touch the host, the one for this host
LGG_SOURCES := $(filter-out lgg/tool/host_tool_%, $(LGG_SOURCES)) $(wildcard lgg/tool/host_tool_$(LGG_HOST).c)
ifeq ($(GPU), 1)
LGG_SOURCES += $(wildcard lgg/lgg/*.cu)
endif
LGG_OBJECTS := $(addsuffix .o, $(basename $(notdir $(LGG_SOURCES))))

OBJ += $(LGG_OBJECTS)
VPATH := $(VPATH):lgg/lgg:lgg/darknet:lgg/tool
COMMON += -Ilgg/lgg -Ilgg/darknet -Ilgg/tool -DLGG_HOST_HEADER='"host_$(LGG_HOST).h"'

$(addprefix $(OBJDIR), $(LGG_OBJECTS)): lgg/lgg.mk
$(addprefix $(OBJDIR), $(addsuffix .o, $(basename $(notdir $(filter %.cu, $(LGG_SOURCES)))))): $(wildcard lgg/lgg/*.h)

# Darknet's -Ofast assumes that there is no NaN and no infinity, which our checks look for.
ifneq ($(DEBUG), 1)
$(addprefix $(OBJDIR), $(LGG_OBJECTS)): OPTS = -O3 -fno-math-errno -fopenmp-simd
endif

ifeq ($(BLAS), 1)
$(addprefix $(OBJDIR), $(LGG_OBJECTS)): COMMON += -DLGG_BLAS
LDFLAGS += -lopenblas
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
endif
