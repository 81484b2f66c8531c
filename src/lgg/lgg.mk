# The mathematics: build/liblgg.a, which any C program can link.
#
# OPENMP=1 (default) uses every core.

OPENMP ?= 1

LGG_SOURCES := $(sort $(wildcard src/lgg/*.c))
LGG_HEADERS := $(wildcard src/lgg/*.h)
LGG_WARNINGS := -Wall -Wextra -Wshadow -Wconversion
LGG_CFLAGS := -std=c11 -fno-math-errno $(LGG_WARNINGS) -Isrc/lgg
LGG_OPENMP := $(if $(filter 1,$(OPENMP)),-fopenmp,-fopenmp-simd)

# $(call lgg_library,archive,object folder,flags): the library in one flavour.
define lgg_library
$(1): $(patsubst src/lgg/%.c,$(2)/%.o,$(LGG_SOURCES))
	@rm -f $$@ && $$(AR) rcs $$@ $$^
$(2)/%.o: src/lgg/%.c $(LGG_HEADERS) $(2)/flags
	@mkdir -p $$(@D)
	$$(CC) $(LGG_CFLAGS) $(3) -c $$< -o $$@
# another compiler, or other flags, make all anew
$(2)/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(CC) $(LGG_CFLAGS) $(3)' | cmp -s - $$@ || echo '$$(CC) $(LGG_CFLAGS) $(3)' > $$@
endef

.PHONY: FORCE

$(eval $(call lgg_library,$(BUILD)/liblgg.a,$(BUILD)/lgg,-O3 $(LGG_OPENMP)))

.PHONY: liblgg
liblgg: $(BUILD)/liblgg.a
