# test-layers: the sections as layers of the real host, what they say of bad input, and the published teacher's accuracy.

TESTS += test-layers
LAYERS_TEST := $(BUILD)/tests/layers

# What a test program needs to be linked with the host's library and to see our own headers as the host does.
HOST_TEST_CFLAGS = -isystem $(HOST_TREE)/include -isystem $(HOST_TREE)/src -Isrc/lgg -Isrc/darknet \
	-DLGG_HOST_HEADER='"host_$(HOST).h"'
HOST_TEST_LIBS = -L$(HOST_TREE) -ldarknet -lm -Wl,-rpath,$(abspath $(HOST_TREE))

.PHONY: test-layers test-teacher
test-layers: host
	@mkdir -p $(LAYERS_TEST)
	@$(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) -o $(LAYERS_TEST)/layers tests/layers/*.c $(HOST_TEST_LIBS)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(LAYERS_TEST)/layers $(LAYERS_TEST) 2> $(LAYERS_TEST)/log \
		|| { tail -5 $(LAYERS_TEST)/log; exit 1; }

TESTS += test-teacher
test-teacher: darknet
	@tests/layers/teacher.sh
