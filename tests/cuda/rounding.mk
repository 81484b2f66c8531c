# make test-cuda-rounding, of make test-cuda: the emulation once more, rounding as little like the CPU library as a GPU may. Products are
# summed in another order, and multiplications and additions are fused wherever the compiler likes, so that the twins do not
# agree with the library merely because both call the same BLAS and round the same way.

ROUNDING := $(BUILD)/emulation-rounding
# fused: what the processor has an instruction for
ROUNDING_FLAGS := -O2 -march=native -ffp-contract=fast -Dcblas_sgemm=four_sums_sgemm -Itests/cuda/emulation -include tests/cuda/rounding/rounding.h

$(ROUNDING)/four_sums_sgemm.o: tests/cuda/rounding/four_sums_sgemm.cpp
	@mkdir -p $(@D)
	@$(CXX) $(EMULATION_FLAGS) -c $< -o $@
$(ROUNDING)/test_twins: $(ROUNDING)/four_sums_sgemm.o tests/cuda/rounding/rounding.h

# The same rules under another EMULATION.
.PHONY: test-cuda-rounding
test-cuda-rounding:
	@$(MAKE) --no-print-directory EMULATION=$(ROUNDING) EMULATION_FLAGS="$(EMULATION_FLAGS) $(ROUNDING_FLAGS)" $(ROUNDING)/test_twins
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 LGG_EMULATION_SEED=3 $(ROUNDING)/test_twins | sed 's/twins: /twins, rounded otherwise: /'; \
	exit $${PIPESTATUS[0]}
test-cuda: test-cuda-rounding
