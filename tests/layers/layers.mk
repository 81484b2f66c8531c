# test-layers: the sections as layers of the real host, what they say of bad input, and the published teacher's accuracy.

TESTS += test-layers
LAYERS_TEST := $(BUILD)/tests/layers

# What a test program needs to be linked with the host's library and to see our own headers as the host does.
HOST_TEST_CFLAGS = -isystem $(HOST_TREE)/include -isystem $(HOST_TREE)/src -Isrc/lgg -Isrc/darknet \
	-DLGG_HOST_HEADER='"host_$(HOST).h"'
HOST_TEST_LIBS = -L$(HOST_TREE) -ldarknet -lm -Wl,-rpath,$(abspath $(HOST_TREE))
ifeq ($(HOST),alexeyab)
# It has no library of its own by default, and other names for what the tests call.
HOST_TEST_CFLAGS += -D_GNU_SOURCE= -isystem $(HOST_TREE)/3rdparty/stb/include -include tests/second_host/as_first_host.h
HOST_LDFLAGS = $(shell printf 'include Makefile\nldflags:\n\t@echo $$(LDFLAGS)\n' | \
	$(MAKE) --no-print-directory -s -C $(HOST_TREE) -f - ldflags $(HOST_SWITCHES))
HOST_TEST_LIBS = $(BUILD)/tests/second-host.o $(filter-out %/darknet.o, $(wildcard $(HOST_TREE)/obj/*.o)) \
	$(HOST_LDFLAGS) -lstdc++
host-test-libs: host
	@mkdir -p $(BUILD)/tests
	@$(CC) -O1 $(OWN_WARNINGS) $(filter-out -include tests/second_host/as_first_host.h, $(HOST_TEST_CFLAGS)) \
		-c tests/second_host/as_first_host.c -o $(BUILD)/tests/second-host.o
else
host-test-libs: host
endif

.PHONY: test-layers test-teacher host-test-libs
test-layers: host-test-libs
	@mkdir -p $(LAYERS_TEST)
	@$(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) -o $(LAYERS_TEST)/layers tests/layers/*.c $(HOST_TEST_LIBS)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(LAYERS_TEST)/layers $(LAYERS_TEST) 2> $(LAYERS_TEST)/log \
		|| { tail -5 $(LAYERS_TEST)/log; exit 1; }
	@HOST=$(HOST) tests/layers/commands.sh $(HOST_TREE)/darknet $(LAYERS_TEST)/commands

TESTS += test-teacher
test-teacher: darknet
	@tests/layers/teacher.sh
