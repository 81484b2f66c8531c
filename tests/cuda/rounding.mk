# make test-cuda-rounding, of make test-cuda: the emulation once more, rounding as little like the CPU library as a GPU may: multiplications
# and additions are fused wherever the compiler likes, so that the twins do not agree with the library merely because both round the
# same way. Products are float32's: the model of tensor cores rounds in a way of its own already.

ROUNDING := $(BUILD)/emulation-rounding
# fused: what the processor has an instruction for
ROUNDING_FLAGS := -march=native -ffp-contract=fast -include tests/cuda/rounding/rounding.h

$(ROUNDING)/test_twins $(ROUNDING)/test_product: tests/cuda/rounding/rounding.h

# The same rules under another EMULATION.
.PHONY: test-cuda-rounding
test-cuda-rounding: $(BUILD)/liblgg.a
	@$(MAKE) --no-print-directory EMULATION=$(ROUNDING) EMULATION_FLAGS="$(EMULATION_FLAGS) $(ROUNDING_FLAGS)" $(ROUNDING)/test_twins $(ROUNDING)/test_product
	@export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 LGG_EMULATION_SEED=3; \
	{ $(ROUNDING)/test_twins && $(ROUNDING)/test_product; } | sed -E 's/(twins|product): /\1, rounded otherwise: /'; exit $${PIPESTATUS[0]}
test-cuda: test-cuda-rounding
