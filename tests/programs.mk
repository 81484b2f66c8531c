# What the areas share that test the host from inside: how a test program is compiled with the host's headers and ours, linked with its
# library, and run.

# -isystem: the host's headers are not ours to warn of.
HOST_TEST_CFLAGS = -isystem $(HOST_TREE)/include -isystem $(HOST_TREE)/src $(ROOM_FLAGS) \
	-DLGG_HOST_HEADER='"host_$(HOST).h"' $(HOST_WITHOUT)
# The groups of patches that this tree does without, as its build says it to the compiler.
HOST_WITHOUT = $(shell printf 'include Makefile\nwithout:\n\t@echo $$(LGG_WITHOUT:%%=-DLGG_WITHOUT_%%)\n' | \
	$(MAKE) --no-print-directory -s -C $(HOST_TREE) -f - without)
HOST_TEST_LIBS = -L$(HOST_TREE) -ldarknet -lm $(call rpath,$(HOST_TREE))

# All that the host is made of but its main(). Not by wildcard: what make has once seen of a folder it does not look at again, and here it is
# filled meanwhile.
HOST_OBJECTS = $(filter-out %/darknet.o, $(shell ls $(HOST_TREE)/obj/*.o))

.PHONY: host-test-libs host-stock
ifeq ($(HOST),alexeyab)
# It has no library of its own by default, and other names for what the tests call.
HOST_TEST_CFLAGS += -D_GNU_SOURCE= -isystem $(HOST_TREE)/3rdparty/stb/include -include tests/second_host/as_first_host.h
HOST_LDFLAGS = $(shell printf 'include Makefile\nldflags:\n\t@echo $$(LDFLAGS)\n' | \
	$(MAKE) --no-print-directory -s -C $(HOST_TREE) -f - ldflags $(HOST_SWITCHES) $(if $(NVCC),NVCC=$(NVCC)))
HOST_TEST_LIBS = $(BUILD)/tests/second-host.o $(HOST_OBJECTS) \
	$(HOST_LDFLAGS) -lstdc++
host-test-libs: host
	@mkdir -p $(BUILD)/tests
	@$(CC) -O1 $(OWN_WARNINGS) $(filter-out -include tests/second_host/as_first_host.h, $(HOST_TEST_CFLAGS)) \
		-c tests/second_host/as_first_host.c -o $(BUILD)/tests/second-host.o
else
host-test-libs: host
endif

# $(call host_program,PROGRAM,SOURCES AND FLAGS)
host_program = $(CC) -O1 $(OWN_WARNINGS) $(HOST_TEST_CFLAGS) $(2) -o $(1) $(HOST_TEST_LIBS)

# $(call run_on_one_thread,COMMAND,LOG): for networks so small that threads would get into each other's way. Where it fails, the end of
# what it said.
run_on_one_thread = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(1) 2> $(2) || { tail -5 $(2); exit 1; }

# What chooses the functions that FAST and DNNL bring, compiled without them: linked into a program, it takes the place of the library's.
STOCK_CFLAGS = -w -Ofast -fopenmp $(HOST_TEST_CFLAGS)
STOCK_FILES := layer_fast
STOCK_OBJECTS := $(STOCK_FILES:%=$(BUILD)/tests/stock/%.o)
STOCK_TEST_LIBS = $(STOCK_OBJECTS) $(filter-out $(STOCK_FILES:%=$(HOST_TREE)/obj/%.o), $(HOST_TEST_LIBS))
host-stock: host-test-libs
	@mkdir -p $(BUILD)/tests/stock
	@for file in $(STOCK_FILES); do \
		$(CC) $(filter-out -include tests/second_host/as_first_host.h, $(STOCK_CFLAGS)) -c $(HOST_TREE)/lgg/speed/$$file.c \
			-o $(BUILD)/tests/stock/$$file.o || exit 1; done

# Stock Darknet as a whole, without our patches, which is only asked to read, write and run small networks: built quickly.
STOCK_TREE := $(BUILD)/stock/$(HOST)
STOCK_SWITCHES := GPU=0 CUDNN=0 OPENCV=0 OPENMP=0 OPTS=-O1
ifeq ($(HOST),alexeyab)
STOCK_TARGET := obj/ darknet
STOCK_LIBS = $$(ls $(STOCK_TREE)/obj/*.o | grep -v /darknet.o) -lm -lpthread -lstdc++
else
STOCK_TARGET := obj libdarknet.so
STOCK_LIBS = -L$(STOCK_TREE) -ldarknet -lm $(call rpath,$(STOCK_TREE))
endif
.PHONY: stock-tree
stock-tree: pristine
	@mkdir -p $(dir $(STOCK_TREE))
	@cmp -s $(HOST_PRISTINE).id $(STOCK_TREE).id || { rm -rf $(STOCK_TREE) && cp -RH $(HOST_PRISTINE) $(STOCK_TREE); }
	@$(MAKE) --no-print-directory -s -C $(STOCK_TREE) -j2 $(STOCK_TARGET) $(STOCK_SWITCHES) > $(STOCK_TREE).log 2>&1
	@cp $(HOST_PRISTINE).id $(STOCK_TREE).id
