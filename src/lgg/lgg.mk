# The mathematics: build/liblgg.a, which any C program can link.
#
# BLAS=1 (default) takes the products from CBLAS, BLAS=0 from plain loops; OPENMP=1 (default) uses every core.

OPENMP ?= 1
BLAS ?= 1

LGG_SOURCES := $(sort $(wildcard src/lgg/*.c))
LGG_HEADERS := $(wildcard src/lgg/*.h)
LGG_WARNINGS := -Wall -Wextra -Wshadow -Wconversion
LGG_CFLAGS := -std=c11 -fno-math-errno $(LGG_WARNINGS) -Isrc/lgg
LGG_OPENMP := $(if $(filter 1,$(OPENMP)),-fopenmp,-fopenmp-simd)
LGG_BLAS := $(if $(filter 1,$(BLAS)),-DLGG_BLAS)
LGG_LIBS := $(if $(filter 1,$(BLAS)),-lopenblas) -lm

# $(call lgg_library,archive,object folder,flags): the library in one flavour.
define lgg_library
$(1): $(patsubst src/lgg/%.c,$(2)/%.o,$(LGG_SOURCES))
	@rm -f $$@ && $$(AR) rcs $$@ $$^
$(2)/%.o: src/lgg/%.c $(LGG_HEADERS)
	@mkdir -p $$(@D)
	$$(CC) $(LGG_CFLAGS) $(3) -c $$< -o $$@
endef

$(eval $(call lgg_library,$(BUILD)/liblgg.a,$(BUILD)/lgg,-O3 $(LGG_OPENMP) $(LGG_BLAS)))

.PHONY: liblgg
liblgg: $(BUILD)/liblgg.a
