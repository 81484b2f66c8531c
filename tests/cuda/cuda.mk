# make test-cuda: the CUDA twins of the mathematics where there is no GPU. The same kernel sources run on the CPU (emulation/), over
# all golden cases and against the C library, products by float32 and on tensor cores (LGG_EMULATION_PTX=80); each of their barriers is taken
# out once, and the emulation's streams are tried. tests/gpu has what needs a GPU.

CUDA_SOURCES := $(sort $(wildcard src/lgg/*.cu))
CUDA_HEADERS := $(wildcard src/lgg/*.h) tests/golden/golden.h $(wildcard tests/cuda/*.h)
GOLDEN_READER := tests/golden/golden.c tests/golden/golden_case.c

EMULATION := $(BUILD)/emulation
EMULATION_FLAGS := -std=c++17 -O3 -ffp-contract=off $(LGG_WARNINGS) -Itests/cuda/emulation $(ROOM_FLAGS) -Itests/golden
EMULATION_RUNTIME := $(patsubst %,$(EMULATION)/%.o,memory queues kernels tensor_cores libraries)
EMULATION_HEADERS := $(wildcard tests/cuda/emulation/*.h)
EMULATION_OBJECTS := $(patsubst src/lgg/%.cu,$(EMULATION)/%.o,$(CUDA_SOURCES)) $(EMULATION_RUNTIME)

.SECONDARY: $(patsubst src/lgg/%.cu,$(EMULATION)/%.cpp,$(CUDA_SOURCES)) $(EMULATION)/lgg_tap_kernels.cpp
define emulate_launches
	@mkdir -p $(@D)
	@perl -0777 -p tests/cuda/emulation/launches.pl $< > $@
endef
$(EMULATION)/%.cpp: src/lgg/%.cu tests/cuda/emulation/launches.pl
	$(emulate_launches)
$(EMULATION)/%.cpp: src/darknet/%.cu tests/cuda/emulation/launches.pl
	$(emulate_launches)
$(EMULATION)/%.o: $(EMULATION)/%.cpp $(CUDA_HEADERS) src/darknet/lgg_tap_kernels.h $(EMULATION_HEADERS)
	@$(CXX) $(EMULATION_FLAGS) -c $< -o $@
$(EMULATION)/%.o: tests/cuda/emulation/%.cpp $(EMULATION_HEADERS)
	@mkdir -p $(@D)
	@$(CXX) $(EMULATION_FLAGS) -fPIC -c $< -o $@
$(EMULATION)/reader.o: $(GOLDEN_READER) $(CUDA_HEADERS)
	@mkdir -p $(@D)
	@$(CC) $(LGG_CFLAGS) -O1 -r $(GOLDEN_READER) -o $@
$(EMULATION)/golden: tests/cuda/golden_cuda.cu $(EMULATION)/reader.o $(EMULATION_OBJECTS) $(BUILD)/liblgg.a
	@$(CXX) $(EMULATION_FLAGS) -x c++ $< -x none $(filter %.o %.a,$^) -o $@ -fopenmp -lopenblas -lm
$(EMULATION)/test_twins: tests/cuda/test_twins.cu $(EMULATION_OBJECTS) $(BUILD)/liblgg.a
	@$(CXX) $(EMULATION_FLAGS) -x c++ $< -x none $(filter %.o %.a,$^) -o $@ -fopenmp -lopenblas -lm
$(EMULATION)/test_product: tests/cuda/test_product.cu $(EMULATION_OBJECTS) $(BUILD)/liblgg.a
	@$(CXX) $(EMULATION_FLAGS) -x c++ $< -x none $(filter %.o %.a,$^) -o $@ -fopenmp -lopenblas -lm
$(EMULATION)/bench_losses: tests/gpu/bench_losses.cu tests/gpu/pack/emulated_events.h $(EMULATION_OBJECTS) $(BUILD)/liblgg.a
	@$(CXX) $(EMULATION_FLAGS) -include tests/gpu/pack/emulated_events.h -x c++ $< -x none $(filter %.o %.a,$^) -o $@ -fopenmp -lopenblas -lm
$(EMULATION)/test_tap: tests/cuda/test_tap.cu $(EMULATION)/lgg_tap_kernels.o $(EMULATION_RUNTIME)
	@$(CXX) $(EMULATION_FLAGS) -x c++ $< -x none $(filter %.o,$^) -o $@ -lopenblas -lm

$(EMULATION)/test_streams: tests/cuda/test_streams.cpp $(EMULATION_RUNTIME)
	@$(CXX) $(EMULATION_FLAGS) $^ -o $@ -lopenblas

# Many small products: threads of their own would only get into each other's way.
.PHONY: test-cuda
test-cuda: $(patsubst %,$(EMULATION)/%,golden test_twins test_product test_tap test_streams count_launches)
	@export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1; status=0; \
	LGG_EMULATION_PTX=80 $(EMULATION)/golden $(CASES) || status=1; \
	LGG_EMULATION_PTX=80 LGG_EMULATION_SEED=2 LGG_EMULATION_PAGEABLE=1 $(EMULATION)/test_twins || status=1; \
	LGG_EMULATION_PTX=80 $(EMULATION)/test_product || status=1; \
	$(EMULATION)/test_tap || status=1; \
	$(EMULATION)/test_streams || status=1; \
	LGG_EMULATION_DRY=1 $(EMULATION)/count_launches > /dev/null && echo "PASS launches: as few as there should be" || status=1; \
	tests/cuda/test_barriers.sh $(EMULATION)/test_twins $(EMULATION)/test_tap || status=1; \
	exit $$status

# The same at the paper's shapes, and the check of values in the benchmark of tests/gpu: some minutes.
.PHONY: test-cuda-large
test-cuda-large: $(EMULATION)/test_twins $(EMULATION)/bench_losses
	@export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1; status=0; \
	tests/gpu/test_bench.sh $(EMULATION)/bench_losses $(EMULATION)/bench || status=1; \
	LGG_EMULATION_PTX=80 $(EMULATION)/test_twins -large || status=1; exit $$status

TESTS += test-cuda
TEST_PRODUCTS += $(BUILD)/liblgg.a $(EMULATION_RUNTIME) $(EMULATION)/reader.o
