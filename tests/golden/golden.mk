# make golden [CASES="file..."] [CUDA=1: on a GPU]: losses and gradients against numbers computed in float64 with automatic
# differentiation. The cases named near-, offset-, parallel- and rectified64- are where float32 itself is at its limit.

CASES ?= $(sort $(wildcard tests/golden/cases/*.txt))
GOLDEN_SOURCES := tests/golden/golden.c tests/golden/golden_case.c tests/golden/golden_cpu.c

$(BUILD)/golden: $(GOLDEN_SOURCES) tests/golden/golden.h $(BUILD)/liblgg.a
	$(CC) $(LGG_CFLAGS) -O2 $(LGG_OPENMP) $(GOLDEN_SOURCES) $(BUILD)/liblgg.a -o $@ -lm

.PHONY: golden
ifeq ($(CUDA),1)
golden: golden-gpu
else
golden: $(BUILD)/golden
	@$(BUILD)/golden $(CASES)
endif

TESTS += golden
