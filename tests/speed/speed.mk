# test-speed: the fast CPU functions against the host's own.

TESTS += test-speed
SPEED_TEST := $(BUILD)/tests/speed

.PHONY: test-speed
test-speed: darknet host-stock
	@mkdir -p $(SPEED_TEST)
	@$(CC) $(STOCK_CFLAGS) tests/speed/training_step.c -o $(SPEED_TEST)/step_stock $(STOCK_TEST_LIBS)
	@$(CC) $(STOCK_CFLAGS) tests/speed/training_step.c -o $(SPEED_TEST)/step_fast $(HOST_TEST_LIBS)
	@$(CC) -O2 -Wall -Wextra tests/speed/compare_steps.c -o $(SPEED_TEST)/compare_steps -lm
	@HOST=$(HOST) tests/speed/test_speed.sh $(SPEED_TEST)
ifeq ($(HOST),pjreddie)
	@tests/speed/test_valid.sh $(SPEED_TEST)
endif
