# test-speed: the fast CPU functions against the host's own.

TESTS += test-speed
SPEED_TEST := $(BUILD)/tests/speed
# What chooses the functions that FAST and DNNL bring; compiled without them it takes the place of the library's.
SPEED_STOCK := layer_fast
SPEED_CFLAGS = -w -Ofast -fopenmp $(patsubst %,-I$(HOST_TREE)/%,include src lgg/lgg lgg/darknet) -DLGG_HOST_HEADER='"host_pjreddie.h"'
SPEED_LIBS = -L$(HOST_TREE) -ldarknet -lm -Wl,-rpath,$(abspath $(HOST_TREE))

.PHONY: test-speed
test-speed: darknet
	@mkdir -p $(SPEED_TEST)
	@for file in $(SPEED_STOCK); do $(CC) $(SPEED_CFLAGS) -c $(HOST_TREE)/lgg/darknet/$$file.c -o $(SPEED_TEST)/$$file.o & done; wait
	@$(CC) $(SPEED_CFLAGS) tests/speed/training_step.c $(SPEED_STOCK:%=$(SPEED_TEST)/%.o) -o $(SPEED_TEST)/step_stock $(SPEED_LIBS)
	@$(CC) $(SPEED_CFLAGS) tests/speed/training_step.c -o $(SPEED_TEST)/step_fast $(SPEED_LIBS)
	@$(CC) -O2 -Wall -Wextra tests/speed/compare_steps.c -o $(SPEED_TEST)/compare_steps -lm
	@tests/speed/test_speed.sh $(SPEED_TEST)
